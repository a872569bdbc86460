"""Archives of exported programs: every layout since PyTorch 2.5, and files made to do harm."""

from __future__ import annotations

import io
import json
import os
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rf_viz
from rf_viz.readers.pytorch.writer import Writer

DATA = Path(__file__).resolve().parents[2] / "data" / "pytorch"
CASES = Path(__file__).resolve().parents[2] / "data" / "cases" / "pytorch"

Change = Callable[[dict[str, bytes]], None]


def entries(name: str = "residual") -> dict[str, bytes]:
    with zipfile.ZipFile(DATA / f"{name}.pt2") as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def packed(files: dict[str, bytes], form: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", form) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def graph_entry(files: dict[str, bytes]) -> str:
    return next(name for name in files if name.endswith("models/model.json"))


def with_document(change: Callable[[Any], None]) -> bytes:
    """An archive whose graph's document is changed."""
    files = entries()
    document = json.loads(files[graph_entry(files)])
    change(document)
    files[graph_entry(files)] = json.dumps(document).encode()
    return packed(files)


# ---- layouts


@pytest.mark.parametrize("release", ["torch_2_5", "torch_2_8"])
@pytest.mark.parametrize("sizes", ["", "_free"])
def test_archives_of_older_releases_open(release: str, sizes: str) -> None:
    """Written by these releases. Their weights lie in files of torch.save; nothing is unpickled."""
    model = rf_viz.load(CASES / f"{release}{sizes}.pt2")
    net = model.trace(input_size=(16, 20))
    assert all(layer.exact for layer in net.layers)
    assert net["max_pool2d"].region((1, 2)).size == (5, 7)
    row, cells = (output.name for output in model.proto.graph.output)
    image = np.linspace(0, 1, 960).reshape(1, 3, 16, 20)
    values = model.activations(image, [row, cells])
    with np.load(CASES / f"{release}.npz") as file:
        np.testing.assert_allclose(values[row], file["row"], rtol=1e-4)
        np.testing.assert_allclose(values[cells], file["cells"], rtol=1e-4)


@pytest.mark.parametrize("file", ["exported.pt2", "exported_dyn.pt2"])
def test_an_archive_as_it_was_saved_opens(file: str) -> None:
    """Two convolutions, the second one dilated: r = 3 + (5 - 1) * 2 = 11, S = 2."""
    model = rf_viz.load(CASES / file)
    net = model.trace(input_size=(64, 64))
    field = net["conv2d_1"].receptive_field
    assert field is not None
    assert (field.size, field.stride) == ((11, 11), (2, 2))
    assert net["max_pool2d"].region((4, 4)).size == (13, 13)
    assert all(layer.exact for layer in net.layers)


def test_the_old_layout_has_free_sizes_by_name() -> None:
    symbols = rf_viz.load(CASES / "torch_2_5_free.pt2").inputs[0].symbols
    assert all(symbols[2:])
    assert symbols[2] != symbols[3]


def test_weights_are_left_in_the_file_where_they_can_be(tmp_path: Path) -> None:
    """A large network opens at once: its weights are read when they are asked for."""
    small = rf_viz.load(packed(entries()), name="small.pt2")
    assert not any(t.external_data for t in small.proto.graph.initializer)
    files = entries()
    config = next(name for name in files if name.endswith("weights_config.json"))
    weights = json.loads(files[config])["config"]
    entry = config.rpartition("/")[0] + "/" + weights["layer1.1.conv2.weight"]["path_name"]
    assert len(files[entry]) == 6 * 6 * 9 * 4
    path = tmp_path / "net.pt2"
    path.write_bytes(packed(files))
    same = rf_viz.load(path)
    image = np.ones((1, 3, 12, 16), np.float32)
    for tensor in ("relu", "linear"):
        np.testing.assert_array_equal(
            same.activations(image, [tensor])[tensor], small.activations(image, [tensor])[tensor]
        )


def test_an_archive_that_was_packed_again_opens() -> None:
    model = rf_viz.load(packed(entries(), zipfile.ZIP_DEFLATED), name="net.pt2")
    assert model.activations(np.ones((1, 3, 12, 16), np.float32), ["linear"])["linear"].any()


def test_several_programs_are_chosen_between_by_name() -> None:
    model = rf_viz.load(DATA / "operators.pt2", signature="softmax")
    assert "relu" in model.signatures
    assert model.signature == "softmax"


def test_an_archive_without_weights_has_regions_and_says_that_it_has_no_values() -> None:
    files = {n: b"" if "/weight_" in n else c for n, c in entries().items()}
    model = rf_viz.load(packed(files), name="net.pt2")
    assert model.trace()["conv2d"].region((2, 3)).size == (5, 5)
    with pytest.raises(rf_viz.ModelError, match="holds no values of its weights"):
        model.activations(np.ones((1, 3, 12, 16), np.float32), ["conv2d"])


# ---- other things than exported programs


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["p/archive_format", "p/data/aotinductor/model/w.so"], "compiled by AOTInductor"),
        (["data/aotinductor/model/c.wrapper.cpp"], "compiled by AOTInductor"),
        (["p/archive_format", "p/data/executorch/m.pte"], "ExecuTorch"),
        (["p/archive_format", "p/archive_version"], "holds no exported program"),
    ],
)
def test_archives_of_other_things_are_told(names: list[str], message: str) -> None:
    data = packed(dict.fromkeys(names, b"pt2"))
    with pytest.raises(rf_viz.ModelError, match=message):
        rf_viz.load(data, name="net.pt2")


# ---- harm


def refused(data: bytes) -> str:
    """The one sentence that says why a file is not read."""
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(data, name="net.pt2").trace()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


class Harmful:
    """Unpickling this would make a folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["RF_VIZ_HARM"],)


@pytest.mark.parametrize("place", ["weights", "constants", "inputs", "old"])
def test_pickles_are_never_opened(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm = tmp_path / "harm"
    monkeypatch.setenv("RF_VIZ_HARM", str(harm))
    pickled = pickle.dumps(Harmful())
    files = entries()
    config = next(name for name in files if name.endswith("weights_config.json"))
    folder = config.rpartition("/")[0]
    if place == "weights":
        listed = json.loads(files[config])
        for entry in listed["config"].values():
            entry["use_pickle"] = True
            files[f"{folder}/{entry['path_name']}"] = pickled
        files[config] = json.dumps(listed).encode()
    elif place == "constants":
        files[folder.replace("weights", "constants") + "/opaque_obj_0"] = pickled
    elif place == "inputs":
        files[folder.replace("weights", "sample_inputs") + "/model.pt"] = pickled
    else:
        document = files[graph_entry(files)]
        names = ("serialized_state_dict.pt", "serialized_constants.pt")
        files = {"serialized_exported_program.json": document, **dict.fromkeys(names, pickled)}
    model = rf_viz.load(packed(files), name="net.pt2")
    assert model.trace()["conv2d"].region((2, 3)).size == (5, 5)
    with suppress(rf_viz.ModelError):
        model.activations(np.ones((1, 3, 12, 16), np.float32), ["conv2d"])
    assert not harm.exists()


def test_an_archive_that_unpacks_to_far_more_is_refused() -> None:
    files = entries()
    files["residual/data/weights/weight_99"] = bytes(2**26)
    data = packed(files, zipfile.ZIP_DEFLATED)
    assert len(data) < 10**6
    assert "unpack to 0.1 GB" in refused(data)


def test_json_that_is_nested_without_end_is_refused() -> None:
    files = entries()
    files[graph_entry(files)] = b'{"a":' * 100_000
    assert "not valid JSON" in refused(packed(files))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b"null", b"[1", b'"a"', b'{"graph_module": 3}']
)
def test_json_that_is_no_program_is_refused(text: bytes) -> None:
    files = entries()
    files[graph_entry(files)] = text
    assert "JSON" in refused(packed(files))


def nodes(document: Any) -> Any:  # noqa: ANN401
    return document["graph_module"]["graph"]["nodes"]


def metas(document: Any) -> Any:  # noqa: ANN401
    return document["graph_module"]["graph"]["tensor_values"]


def _drop_node(document: Any) -> None:  # noqa: ANN401
    del nodes(document)[0]


def _call_itself(document: Any) -> None:  # noqa: ANN401
    nodes(document)[0]["inputs"][0]["arg"]["as_tensor"]["name"] = "linear"


def _make_twice(document: Any) -> None:  # noqa: ANN401
    nodes(document).append(nodes(document)[0])


def _claim_weights(document: Any) -> None:  # noqa: ANN401
    for meta in metas(document).values():
        meta["sizes"] = [{"as_int": 2**40} for _ in meta["sizes"]]


def _claim_axes(document: Any) -> None:  # noqa: ANN401
    metas(document)["x"]["sizes"] = [{"as_int": 1}] * 10_000


def _break_letters(document: Any) -> None:  # noqa: ANN401
    nodes(document)[0]["outputs"][0]["as_tensor"]["name"] = "\ud800"


def _write_to_nothing(document: Any) -> None:  # noqa: ANN401
    nodes(document)[2]["target"] = "torch.ops.aten.relu_.default"
    nodes(document)[2]["inputs"] = []


HARMS: dict[str, Callable[[Any], None]] = {
    "a node is missing": _drop_node,
    "a node reads its own result": _call_itself,
    "two nodes make the same": _make_twice,
    "weights of many terabytes": _claim_weights,
    "ten thousand axes": _claim_axes,
    "half a letter": _break_letters,
    "a write to nothing": _write_to_nothing,
}


@pytest.mark.parametrize("harm", HARMS)
def test_graphs_that_are_not_valid_are_refused(harm: str) -> None:
    refused(with_document(HARMS[harm]))


def _weight(**changes: Any) -> bytes:  # noqa: ANN401
    """An archive that says something else of how a weight lies in its storage."""
    files = entries()
    config = next(name for name in files if name.endswith("weights_config.json"))
    listed = json.loads(files[config])
    listed["config"]["layer1.1.conv2.weight"]["tensor_meta"].update(changes)
    files[config] = json.dumps(listed).encode()
    return packed(files)


@pytest.mark.parametrize(
    "changes",
    [
        {"storage_offset": {"as_int": 2**50}},
        {"storage_offset": {"as_int": -8}},
        {"strides": [{"as_int": 2**40}] * 4},
        {"strides": [{"as_int": -1}] * 4},
        {"sizes": [{"as_int": 2**20}] * 4, "strides": [{"as_int": 0}] * 4},
        {"dtype": 8},
    ],
    ids=["offset", "negative offset", "strides", "negative strides", "repeated", "type"],
)
def test_weights_that_reach_outside_their_storage_are_refused(changes: dict[str, Any]) -> None:
    assert "layer1.1.conv2.weight" in refused(_weight(**changes))


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(cut: float) -> None:
    data = packed(entries())
    refused(data[: int(len(data) * cut)])


def test_arguments_that_break_an_operators_rules_leave_it_opaque() -> None:
    """The layer is taken to see everything, and named; no other one is lost."""

    def change(document: Any) -> None:  # noqa: ANN401
        node = next(n for n in nodes(document) if n["target"].endswith("max_pool2d.default"))
        node["inputs"][1]["arg"] = {"as_ints": [3, 3, 3, 3, 3]}

    net = rf_viz.load(with_document(change), name="net.pt2").trace()
    pooled = net["max_pool2d"]
    assert not pooled.exact
    assert "max_pool2d" in pooled.note
    assert net["conv2d"].exact


def test_a_graph_that_grows_without_end_is_refused() -> None:
    """Each write makes all views that are read after it anew."""

    def change(document: Any) -> None:  # noqa: ANN401
        graph = document["graph_module"]["graph"]
        meta = dict(metas(document)["linear"], sizes=[{"as_int": 1}, {"as_int": 5}])
        first = nodes(document)[-1]["outputs"][0]["as_tensor"]["name"]
        names, view = [first], first
        for i in range(300):
            graph["nodes"].append(_node("alias.default", view, f"v{i}"))
            view = f"v{i}"
            metas(document)[view] = meta
            names.append(view)
        for i in range(300):
            graph["nodes"].append(_node("relu_.default", first, f"w{i}"))
            graph["nodes"].append(_node("relu.default", view, f"r{i}"))
            metas(document)[f"w{i}"] = metas(document)[f"r{i}"] = meta

    assert "grows far beyond its size" in refused(with_document(change))


def _node(target: str, reads: str, makes: str) -> dict[str, Any]:
    return {
        "target": f"torch.ops.aten.{target}",
        "inputs": [{"name": "self", "arg": {"as_tensor": {"name": reads}}}],
        "outputs": [{"as_tensor": {"name": makes}}],
        "metadata": {},
    }


def test_a_zip_of_a_version_that_nobody_writes_is_refused() -> None:
    data = bytearray(packed(entries()))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 6] = 153
    assert "damaged or cut off" in refused(bytes(data))


def test_arguments_of_a_kind_that_is_not_known_are_refused() -> None:
    """They could name a tensor; to leave them out would lose what depends on it."""

    def change(document: Any) -> None:  # noqa: ANN401
        nodes(document)[0]["inputs"][0]["arg"] = {"as_tensor_of_tomorrow": {"name": "x"}}

    assert "version that RF-Viz does not know" in refused(with_document(change))


# ---- claims: what is small in the file, and large where it is believed


def _calls(*nodes: dict[str, Any], sizes: dict[str, list[int]]) -> bytes:
    """An archive with these calls only; the last one makes the output."""

    def change(document: Any) -> None:  # noqa: ANN401
        graph = document["graph_module"]["graph"]
        graph["nodes"] = list(nodes)
        for name, shape in sizes.items():
            listed = [{"as_int": n} for n in shape]
            graph["tensor_values"][name] = dict(metas(document)["x"], sizes=listed, strides=listed)
        graph["outputs"] = nodes[-1]["outputs"]

    return with_document(change)


def _node_with(target: str, reads: str, makes: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401
    node = _node(target, reads, makes)
    node["inputs"] += [{"name": name, "arg": arg} for name, arg in arguments.items()]
    return node


def test_json_of_millions_of_parts_is_refused_before_it_fills_the_memory() -> None:
    files = entries()
    files[graph_entry(files)] = b"[" + b"[]," * 2_200_000 + b"[]]"
    tracemalloc.start()
    assert "not valid JSON" in refused(packed(files))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_an_entry_that_says_too_small_a_size_is_unpacked_no_further() -> None:
    files = {"serialized_exported_program.json": bytes(2**26)}
    data = bytearray(packed(files, zipfile.ZIP_DEFLATED))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    tracemalloc.start()
    assert "damaged" in refused(bytes(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_an_entry_that_says_too_large_a_size_is_refused() -> None:
    """Weights would be read that are not there."""
    files = entries()
    config = next(name for name in files if name.endswith("weights_config.json"))
    listed = json.loads(files[config])["config"]
    place = config.rpartition("/")[0] + "/" + listed["layer1.1.conv2.weight"]["path_name"]
    files[place] = files[place][:-400]
    data = bytearray(packed(files, zipfile.ZIP_DEFLATED))
    at = data.rindex(place.encode()) - 46
    data[at + 24 : at + 28] = (6 * 6 * 9 * 4).to_bytes(4, "little")
    assert "damaged or cut off" in refused(bytes(data))


def test_an_archive_of_hundreds_of_thousands_of_entries_is_not_listed() -> None:
    entry = b"PK\x01\x02" + bytes(24) + (1).to_bytes(2, "little") + bytes(16) + b"a"
    count = 400_000
    end = b"PK\x05\x06" + bytes(8) + (count * len(entry)).to_bytes(4, "little") + bytes(6)
    tracemalloc.start()
    assert "damaged" in refused(b"PK\x03\x04" + entry * count + end)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6


@pytest.mark.parametrize("form", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_archives_are_not_unpacked_by_packers_that_take_any_memory(form: int) -> None:
    assert "damaged or cut off" in refused(packed(entries(), form))


@pytest.mark.parametrize("name", ["relu\x1b[31m", "relu\nnote", "relu\u202e", "r" * 5000])
def test_names_that_could_write_to_the_terminal_are_refused(name: str) -> None:
    call = _node("relu.default", "x", name)
    assert "does not describe" in refused(_calls(call, sizes={name: [1, 3, 12, 16]}))


def test_names_of_files_are_shown_on_one_line() -> None:
    with pytest.raises(rf_viz.ModelError) as caught:
        rf_viz.load(b"PK\x03\x04", name="a\x1b[31m\nb" + "c" * 5000 + ".pt2")
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 1000
    assert message.endswith("damaged or cut off")


@pytest.mark.parametrize("dtype", [float("inf"), float("nan"), "7", 7.0, True])
def test_a_type_that_is_no_number_is_refused(dtype: object) -> None:
    refused(with_document(lambda document: metas(document)["x"].update(dtype=dtype)))


@pytest.mark.parametrize("length", [10**7, 10**12, 2**62])
def test_long_rows_of_numbers_are_not_counted_out(length: int) -> None:
    """The row depends on no pixel, so that the sum is known whatever its length."""
    end = {"as_int": length}
    row = {**_node("arange.default", "x", "row"), "inputs": [{"name": "end", "arg": end}]}
    both = _node_with("add.Tensor", "x", "sum", other={"as_tensor": {"name": "row"}})
    sizes = {"row": [length], "sum": [1, 3, 12, length]}
    with suppress(rf_viz.ModelError):  # it does not fit the image
        rf_viz.load(_calls(row, both, sizes=sizes), name="net.pt2").trace()


def test_positions_are_not_counted_out_that_are_repeated_no_times() -> None:
    wide = _node_with("expand.default", "x", "wide", size={"as_ints": [1, 3, 12, 2**40]})
    none = _node_with(
        "repeat_interleave.self_int", "wide", "none", repeats={"as_int": 0}, dim={"as_int": 3}
    )
    sizes = {"wide": [1, 3, 12, 2**40], "none": [1, 3, 12, 0]}
    with suppress(rf_viz.ModelError):
        rf_viz.load(_calls(wide, none, sizes=sizes), name="net.pt2").trace()


@pytest.mark.parametrize("text", ["Max()", "Min(x=1)", "0*s0", "Symbol('²*s0')", "s0 % 0"])
def test_sizes_that_cannot_be_worked_out_are_unknown(text: str) -> None:
    """Sizes are arithmetic, read as data: whatever else they are, the graph tells the shape."""

    def change(document: Any) -> None:  # noqa: ANN401
        for meta in (metas(document)["x"], metas(document)["conv2d"]):
            meta["sizes"][2] = {"as_expr": {"expr_str": text, "hint": {"as_int": 12}}}

    with suppress(rf_viz.ModelError):
        net = rf_viz.load(with_document(change), name="net.pt2").trace(input_size=(12, 16))
        assert net["conv2d"].region((2, 3)).size == (5, 5)


def test_weights_that_claim_one_storage_again_and_again_are_refused() -> None:
    files = entries()
    config = next(name for name in files if name.endswith("weights_config.json"))
    listed = json.loads(files[config])
    entry = listed["config"]["conv1.weight"]
    path = config.rpartition("/")[0] + "/" + entry["path_name"]
    files[path] = bytes(2**24)
    one = {"as_int": 1}
    meta = dict(entry["tensor_meta"], sizes=[{"as_int": 2**22}], strides=[one])
    listed["config"].update((f"w{i}", dict(entry, tensor_meta=meta)) for i in range(12))
    files[config] = json.dumps(listed).encode()
    document = json.loads(files[graph_entry(files)])
    module = document["graph_module"]
    for i in range(12):
        spec = {"parameter": {"arg": {"name": f"p_w{i}"}, "parameter_name": f"w{i}"}}
        module["signature"]["input_specs"].append(spec)
        module["graph"]["inputs"].append({"as_tensor": {"name": f"p_w{i}"}})
        metas(document)[f"p_w{i}"] = meta
        nodes(document).append(_node("relu.default", f"p_w{i}", f"r{i}"))
        metas(document)[f"r{i}"] = meta
    files[graph_entry(files)] = json.dumps(document).encode()
    assert "fewer numbers" in refused(packed(files))


def test_each_of_many_writes_adds_little() -> None:
    """Names do not grow with every write to the same tensor."""
    calls, sizes = [_node("clone.default", "x", "copy")], {"copy": [1, 3, 12, 16]}
    for i in range(200):
        start, end = {"as_int": i % 15}, {"as_int": i % 15 + 1}
        part = _node_with("slice.Tensor", "copy", f"s{i}", dim={"as_int": 3}, start=start, end=end)
        calls += [part, _node("relu_.default", f"s{i}", f"w{i}")]
        sizes[f"s{i}"] = sizes[f"w{i}"] = [1, 3, 12, 1]
    calls.append(_node("relu.default", "copy", "y"))
    sizes["y"] = [1, 3, 12, 16]
    net = rf_viz.load(_calls(*calls, sizes=sizes), name="net.pt2").trace()
    assert max(len(layer.name) for layer in net.layers) < 60
    assert net["y"].region((3, 4)).size == (1, 1)


def test_an_axis_is_taken_apart_into_thousands_of_tensors() -> None:
    count = 2100
    unbound = _node_with("unbind.int", "x", "", dim={"as_int": 3})
    unbound["outputs"] = [{"as_tensors": [{"name": f"p{i}"} for i in range(count)]}]
    last = _node_with("stack.default", "x", "y", dim={"as_int": 3})
    last["inputs"] = [{"name": "tensors", "arg": unbound["outputs"][0]}]
    sizes = {f"p{i}": [1, 3, 12] for i in range(count)}
    data = _calls(unbound, last, sizes={**sizes, "x": [1, 3, 12, count], "y": [1, 3, 12, count]})
    net = rf_viz.load(data, name="net.pt2").trace()
    assert net.input.shape == (1, 3, 12, count)


def test_names_stay_unique_where_thousands_are_alike() -> None:
    writer = Writer((), 0)
    names = {writer.unique("same") for _ in range(50_000)}
    assert len(names) == 50_000


def test_graphs_nested_without_end_are_refused() -> None:
    def branch(depth: int) -> dict[str, Any]:
        call = _node("relu.default", "x", "y") if depth == 0 else condition(depth - 1)
        graph = {"inputs": [{"as_tensor": {"name": "x"}}], "nodes": [call]}
        tensors = {"x": whole, "y": whole}
        return {
            "as_graph": {
                "name": "g",
                "graph": {**graph, "outputs": call["outputs"], "tensor_values": tensors},
            }
        }

    def condition(depth: int) -> dict[str, Any]:
        arguments = ({"as_bool": True}, branch(depth), branch(0))
        inputs = [{"name": "", "arg": a} for a in arguments]
        inputs.append({"name": "", "arg": {"as_tensors": [{"name": "x"}]}})
        node = _node("", "x", "y")
        return {**node, "target": "torch.ops.higher_order.cond", "inputs": inputs}

    files = entries()
    whole = metas(json.loads(files[graph_entry(files)]))["x"]
    net = rf_viz.load(_calls(condition(5), sizes={"y": [1, 3, 12, 16]}), name="net.pt2").trace()
    assert net["y"].region((3, 4)).size == (1, 1)
    assert "too deeply" in refused(_calls(condition(40), sizes={"y": [1, 3, 12, 16]}))


def test_modules_nested_without_end_are_told_apart_up_to_a_depth() -> None:
    stack = ";".join(f"k{i},m{i},torch.nn.Sequential" for i in range(1500))
    node = {**_node("relu.default", "x", "y"), "metadata": {"nn_module_stack": stack}}
    model = rf_viz.load(_calls(node, sizes={"y": [1, 3, 12, 16]}), name="net.pt2")
    assert model.trace()["y"].region((3, 4)).size == (1, 1)


@pytest.mark.parametrize("target", ["flatten.using_ints", "reshape", "to.dtype", "contiguous"])
def test_calls_without_arguments_depend_on_nothing(target: str) -> None:
    """Whether these return a view is told by their first argument."""
    call = {**_node(target if "." in target else f"{target}.default", "x", "y"), "inputs": []}
    last = _node_with("add.Tensor", "x", "z", other={"as_tensor": {"name": "y"}})
    sizes = {"y": [1, 3, 12, 16], "z": [1, 3, 12, 16]}
    with suppress(rf_viz.ModelError):
        rf_viz.load(_calls(call, last, sizes=sizes), name="net.pt2").trace()


def test_bytes_beyond_what_a_message_holds_are_to_be_loaded_by_their_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = DATA / "residual.pt2"
    monkeypatch.setattr("rf_viz.readers.pytorch._LARGEST_IN_MEMORY", 1000)
    with pytest.raises(rf_viz.ModelError, match=r"has more than 2 GB, .* load it by its path"):
        rf_viz.load(file.read_bytes(), "large.pt2")
    assert rf_viz.load(file).trace().layers
