"""``rf_viz.load`` of a module, and of what PyTorch exports in memory."""

from __future__ import annotations

import copy
import gc
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rf_viz
from rf_viz.readers.pytorch import memory
from rf_viz.verify import verify


class Block(nn.Module):
    """Two convolutions around a shortcut, written as people write them: in place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(self.relu(self.norm(self.conv1(x))))
        y += x
        return y


class Net(nn.Module):
    """A stem, a block, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 5, stride=2, padding=2)
        self.layer1 = nn.Sequential(Block(4), Block(4))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout()
        self.fc = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.drop(self.pool(self.layer1(self.stem(x))).flatten(1)))


def net(seed: int = 0) -> Net:
    torch.manual_seed(seed)
    return Net()


def image(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).random(shape or (1, 3, 32, 32), np.float32)


def last_map(traced: rf_viz.Network) -> rf_viz.Layer:
    return [layer for layer in traced.layers if max(layer.grid, default=1) > 1][-1]


# ---- what it sees, and its values


def test_a_module_is_traced_from_a_shape() -> None:
    layer = last_map(rf_viz.load(net(), (1, 3, 32, 32)).trace())
    assert layer.receptive_field == rf_viz.ReceptiveField((21, 21), (2, 2), (10, 10))
    assert layer.region((8, 8)) == rf_viz.Region((6, 6), (27, 27))
    assert layer.exact


def test_values_are_those_of_the_module() -> None:
    module, x = net(), image()
    values = dict[str, Tensor]()
    for name, part in module.named_modules():
        part.register_forward_hook(lambda _, __, out, name=name: values.update({name: out.clone()}))
    module.eval()(torch.from_numpy(x))
    expected = {name: value.detach().numpy() for name, value in values.items()}
    for hook in module.modules():
        hook._forward_hooks.clear()
    model = rf_viz.load(module, (1, 3, 32, 32))
    computed = model.activations(x, list(model.names))
    for name in ("stem", "layer1.0.conv1", "layer1.1", "pool", ""):
        same = [v for v in computed.values() if np.array_equal(v, expected[name])]
        assert same, f"no tensor holds what {name} returns"


def test_values_are_named_by_modules_too() -> None:
    model, x = rf_viz.load(net(), (1, 3, 32, 32)), image()
    layer = model.trace()["layer1.0.conv1"]
    values = model.activations(x, ["layer1.0.conv1", layer.name])
    assert np.array_equal(values["layer1.0.conv1"], values[layer.name])


def test_any_tensor_may_be_fed() -> None:
    module = net()
    model = rf_viz.load(module, (1, 3, 32, 32))
    x = image()
    inner = next(iter(model.names))
    whole = model.activations(x, [inner, last_map(model.trace()).name])
    again = model.activations(whole[inner], [last_map(model.trace()).name], input=inner)
    for name, value in again.items():
        assert np.array_equal(value, whole[name])


def test_theory_agrees_with_the_running_module() -> None:
    model = rf_viz.load(net(), (1, 3, 32, 32))
    report = verify(model, model.trace(), cells=3)
    assert report.ok, report.summary()
    assert len(report.agreed) > 20


def test_it_is_traced_and_run_at_any_size() -> None:
    """Each size is exported anew, so that what the module computes from its size is followed."""

    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 4, stride=4)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(nn.functional.pad(x, (0, -x.shape[3] % 4, 0, -x.shape[2] % 4)))

    model = rf_viz.load(Padded(), (1, 1, 8, 8))
    assert model.trace().layers[-1].shape == (1, 1, 2, 2)
    layer = model.trace(input_size=(10, 9)).layers[-1]
    assert layer.shape == (1, 1, 3, 3)
    assert layer.region((2, 2)) == rf_viz.Region((8, 8), (10, 9))
    assert model.activations(image(1, 1, 10, 9), [layer.name])[layer.name].shape == (1, 1, 3, 3)


def test_images_that_belong_together_are_resized_together() -> None:
    class Difference(nn.Module):
        def forward(self, left: Tensor, right: Tensor) -> Tensor:
            return nn.functional.avg_pool2d(left - right, 2)

    model = rf_viz.load(Difference(), ((1, 3, 8, 8), (1, 3, 8, 8)))
    assert [i.name for i in model.inputs] == ["left", "right"]
    assert model.trace(input_size=(12, 16)).layers[-1].grid == (6, 8)


def test_weights_of_zero_do_not_count_where_they_should_not() -> None:
    module = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1))
    with torch.no_grad():
        module[0].weight[...] = 1
        module[0].weight[:, :, :, 2] = 0
    model = rf_viz.load(module, (1, 1, 8, 8))
    assert model.trace().layers[-1].region((4, 4)).size == (3, 3)
    assert model.trace(weight_aware=True).layers[-1].region((4, 4)).size == (3, 2)


# ---- the module stays as it was


class Remembers(nn.Module):
    """Counts its calls, keeps what it last saw, and adds to a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.last: Tensor | None = None
        self.calls = 0
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.last = self.norm(self.conv(x))
        self.count += 1
        if float(x.sum()) > 1e9:  # which torch.export cannot follow
            return self.last * 2
        return self.last


def state(module: nn.Module) -> dict[str, Any]:
    return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("build", [net, Remembers])
def test_the_module_is_left_as_it_was(build: Callable[[], nn.Module]) -> None:
    module = build().train()
    part = next(p for p in module.modules() if isinstance(p, nn.BatchNorm2d)).eval()
    before, random = state(module), torch.get_rng_state()
    attributes = {name: copy.copy(vars(m)) for name, m in module.named_modules()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        rf_viz.load(module, (1, 3, 12, 12)).trace()
    assert not part.training
    assert all(m.training for m in module.modules() if m is not part)
    for name, value in state(module).items():
        assert torch.equal(value, before[name]), name
    for name, m in module.named_modules():
        assert vars(m).keys() == attributes[name].keys()
    assert getattr(module, "calls", 0) == 0
    assert getattr(module, "last", None) is None
    assert torch.equal(torch.get_rng_state(), random)


def test_what_cannot_be_followed_is_watched_and_that_is_said() -> None:
    with pytest.warns(UserWarning, match="watched it run on the example") as caught:
        model = rf_viz.load(Remembers(), (1, 3, 12, 12))
    assert caught[0].filename == __file__
    assert "torch.export cannot follow it" in model.remarks[0].text
    layer = last_map(model.trace())
    assert layer.region((4, 4)) == rf_viz.Region((4, 4), (7, 7))
    assert model.activations(image(1, 3, 12, 12), [layer.name])[layer.name].shape == (1, 4, 10, 10)


# ---- examples


class Two(nn.Module):
    """An image and a gate, with a factor and a mask by name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(
        self, picture: Tensor, gate: Tensor, *, factor: int = 2, mask: Tensor | None = None
    ) -> Tensor:
        y = self.conv(picture) * gate * factor
        return y if mask is None else y * mask


@pytest.mark.parametrize(
    ("example", "inputs"),
    [
        (((1, 3, 8, 8), (1, 4, 1, 1)), ["picture", "gate"]),
        ([(1, 3, 8, 8), np.ones((1, 4, 1, 1))], ["picture", "gate"]),
        ((torch.zeros(1, 3, 8, 8), torch.ones(4, 1, 1)), ["picture", "gate"]),
        ({"picture": (1, 3, 8, 8), "gate": torch.ones(1), "factor": 3}, ["picture", "gate"]),
        ({"gate": (1, 4, 1, 1), "picture": (1, 3, 8, 8)}, ["picture", "gate"]),
        (((1, 3, 8, 8), (1,), {"mask": (6, 6), "factor": 3}), ["picture", "gate", "mask"]),
    ],
)
def test_examples_are_tensors_or_shapes_by_position_or_by_name(
    example: Any,  # noqa: ANN401
    inputs: list[str],
) -> None:
    model = rf_viz.load(Two(), example)
    assert sorted(i.name for i in model.inputs) == sorted(inputs)
    assert model.trace(input="picture").layers[-1].region((2, 2)).size == (3, 3)
    bigger = {"picture": (1, 3, 10, 9), **({"mask": (8, 7)} if "mask" in inputs else {})}
    layer = model.trace(input="picture", input_shape=bigger).layers[-1]
    assert layer.shape == (1, 4, 8, 7)


def test_side_inputs_are_fed() -> None:
    module = Two()
    model = rf_viz.load(module, ((1, 3, 8, 8), (1, 4, 1, 1)))
    name = model.trace(input="picture").layers[-1].name
    x = image(1, 3, 8, 8)
    value = model.activations(x, [name], input="picture", feeds={"gate": 3})[name]
    expected = module(torch.from_numpy(x), torch.full((1, 4, 1, 1), 3.0)).detach().numpy()
    assert np.allclose(value, expected, atol=1e-6)


def test_tokens_need_an_example_of_their_own() -> None:
    module = nn.Sequential(nn.Embedding(20, 6), nn.Linear(6, 3))
    model = rf_viz.load(module, torch.zeros(1, 7, dtype=torch.long))
    assert model.inputs[0].dtype == "int64"
    layer = model.trace().layers[-1]
    assert layer.region_of(np.s_[0, 4, :]) == rf_viz.Region((4,), (5,))


def test_dictionaries_and_lists_within_the_arguments() -> None:
    class Pyramid(nn.Module):
        def forward(self, batch: dict[str, Any]) -> dict[str, Tensor]:
            fine, coarse = batch["levels"]
            return {"sum": nn.functional.max_pool2d(fine, 2) + coarse}

    model = rf_viz.load(Pyramid(), ({"levels": [(1, 1, 8, 8), (1, 1, 4, 4)]},))
    assert len(model.inputs) == 2
    fine = max(model.inputs, key=lambda i: i.bound({})).name
    assert model.trace(input=fine).layers[-1].region((1, 1)) == rf_viz.Region((2, 2), (4, 4))


@pytest.mark.parametrize(
    ("build", "shape", "size"),
    [
        (lambda: nn.Conv1d(2, 3, 5), (1, 2, 100), (5,)),
        (lambda: nn.Conv3d(1, 2, 3), (1, 1, 8, 9, 10), (3, 3, 3)),
        (lambda: nn.Conv2d(3, 2, 3), (3, 20, 21), (3, 3)),
        (lambda: nn.Conv2d(3, 2, 3), (4, 3, 20, 21), (3, 3)),
    ],
    ids=["signal", "volume", "no batch", "batch of four"],
)
def test_inputs_that_are_no_single_image(
    build: Callable[[], nn.Module], shape: tuple[int, ...], size: tuple[int, ...]
) -> None:
    layer = rf_viz.load(build(), shape).trace().layers[-1]
    assert layer.region((2,) * len(size)).size == size


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_a_module_in_another_precision(kind: torch.dtype) -> None:
    module = net().to(kind)
    model = rf_viz.load(module, (1, 3, 32, 32))
    layer = last_map(model.trace())
    assert layer.region((8, 8)) == rf_viz.Region((6, 6), (27, 27))
    x = image()
    end = model.trace().layers[-1].name
    value = model.activations(x, [end])[end]
    assert value.dtype == np.float32
    expected = module.eval()(torch.from_numpy(x).to(kind)).detach().float().numpy()
    assert np.array_equal(value, expected)


# ---- wrappers and other forms of a module


def test_compiled_spread_and_scripted_modules() -> None:
    module = net().eval()
    expected = last_map(rf_viz.load(module, (1, 3, 32, 32)).trace())
    for other in (torch.compile(module), nn.DataParallel(module)):
        layer = last_map(rf_viz.load(other, (1, 3, 32, 32)).trace())
        assert (layer.name, layer.receptive_field) == (expected.name, expected.receptive_field)
    for scripted in (torch.jit.script(module), torch.jit.trace(module, torch.zeros(1, 3, 32, 32))):
        with pytest.warns(UserWarning, match=r"torch\.onnx\.export"):
            layer = last_map(rf_viz.load(scripted, (1, 3, 32, 32)).trace())
        assert layer.receptive_field == expected.receptive_field


def test_an_exported_program_is_read_at_every_size_it_takes() -> None:
    free = torch.export.Dim.AUTO
    program = torch.export.export(
        net().eval(), (torch.zeros(1, 3, 32, 32),), dynamic_shapes=({2: free, 3: free},)
    )
    model = rf_viz.load(program)
    layer = last_map(model.trace(input_size=(48, 40)))
    assert layer.grid == (24, 20)
    assert layer.region((8, 8)) == rf_viz.Region((6, 6), (27, 27))
    value = model.activations(image(1, 3, 48, 40), [layer.name])[layer.name]
    assert value.shape == (1, 4, 24, 20)


def test_an_onnx_program_is_read_as_its_file() -> None:
    program = torch.onnx.export(
        net().eval(), (torch.zeros(1, 3, 32, 32),), dynamo=True, verbose=False
    )
    assert program is not None
    model = rf_viz.load(program)
    assert last_map(model.trace()).region((8, 8)) == rf_viz.Region((6, 6), (27, 27))
    assert rf_viz.load(program.model_proto).inputs == model.inputs


def test_an_operation_of_ones_own_is_named() -> None:
    @torch.library.custom_op("rf_viz_tests::mystery", mutates_args=())
    def mystery(x: Tensor) -> Tensor:
        return x.flip(3).clone()

    @mystery.register_fake
    def _(x: Tensor) -> Tensor:
        return torch.empty_like(x)

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return mystery(self.conv(x))

    model = rf_viz.load(Own(), (1, 3, 8, 8))
    layer = model.trace().layers[-1]
    assert not layer.exact
    assert "mystery" in layer.note
    assert layer.region((0, 0)).size == (8, 8)
    x = image(1, 3, 8, 8)
    assert model.activations(x, [layer.name])[layer.name].shape == (1, 3, 6, 6)


# ---- errors


@pytest.mark.parametrize(
    ("source", "example", "message"),
    [
        (net, None, r"rf_viz\.load\(module, \(1, 3, 224, 224\)\)"),
        (lambda: nn.Conv1d(2, 3, 5), None, r"rf_viz\.load\(module, \(1, 2, 16000\)\)"),
        (lambda: nn.Linear(7, 3), None, r"rf_viz\.load\(module, \(1, 7\)\)"),
        (lambda: Net, None, r"is the class of a module"),
        (lambda: net().state_dict(), None, "holds weights but no architecture"),
        (lambda: {"state_dict": net().state_dict(), "epoch": 3}, None, "holds weights"),
        (lambda: torch.zeros(1), None, "a tensor is no model"),
        (net, (1, 4, 32, 32), "does not run on this example: .*channels"),
        (net, (32, 32), "does not run on this example"),
        (net, {"picture": (1, 3, 8, 8)}, "does not run on this example"),
        (net, "small", "the example holds no tensor"),
        (net, 5, "the example holds no tensor"),
    ],
)
def test_one_sentence_says_what_to_do(
    source: Callable[[], Any],
    example: Any,  # noqa: ANN401
    message: str,
) -> None:
    with pytest.raises(rf_viz.ModelError, match=message) as error:
        rf_viz.load(source(), example=example)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def test_an_example_of_something_that_needs_none_is_refused() -> None:
    program = torch.export.export(nn.Conv2d(1, 1, 3), (torch.zeros(1, 1, 8, 8),))
    with pytest.raises(rf_viz.ModelError, match="tells its own inputs"):
        rf_viz.load(program, (1, 1, 9, 9))
    with pytest.raises(rf_viz.ModelError, match="a file tells its own inputs"):
        rf_viz.load(b"", example=(1, 1, 9, 9))


def test_a_size_that_the_module_does_not_take_is_told() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    model = rf_viz.load(module, (1, 3, 4, 4))
    with pytest.raises(rf_viz.ModelError, match="does not run on this example"):
        model.trace(input_size=(5, 5))
    assert model.trace().layers


class Chosen(nn.Module):
    """Returns one of the named tuples of PyTorch's own."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.topk(2, dim=1)


def test_a_module_may_return_what_cannot_be_saved() -> None:
    traced = rf_viz.load(Chosen(), (1, 4, 3)).trace(spatial_axes=(1, 2))
    values = traced["getitem"]
    assert values.exact
    assert values.mask_of((0, 1, 2)).sum() == 4


class Averaged(nn.Module):
    """An operation that PyTorch's ONNX exporters write down as another one."""

    def forward(self, x: Tensor) -> Tensor:
        places = torch.tensor([0, 1, 1, 0])
        return torch.zeros(2).scatter_reduce(0, places, x, "mean", include_self=False)


def test_an_onnx_export_that_computes_something_else_is_not_taken() -> None:
    traced = rf_viz.load(Averaged(), torch.rand(4)).trace(spatial_axes=(0,))
    layer = traced.layers[-1]
    assert not layer.exact
    assert layer.mask_of((0,)).all()


def test_weights_beyond_what_a_message_holds_lie_in_a_temporary_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory, "_LARGE", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 5))
    model = rf_viz.load(module, (1, 3, 8, 8))
    net = model.trace(weight_aware=True)
    assert model.remarks == ()
    assert net["0"].region((1, 2)) == rf_viz.Region((1, 2), (4, 5))
    x = torch.rand(1, 3, 8, 8)
    name = net["3"].name
    values = model.activations(x.numpy(), [name])[name]
    np.testing.assert_allclose(values, module(x).detach().numpy(), atol=1e-6)
    assert len(list(tmp_path.iterdir())) == 1
    del model, net
    gc.collect()
    assert list(tmp_path.iterdir()) == []
