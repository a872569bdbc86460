"""SavedModels: of TensorFlow 1 and 2, and whatever signature they have."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

import rf_viz
from rf_viz import ReceptiveField
from rf_viz.readers.archive import Archive
from rf_viz.readers.content import Content
from tests.models.keras_models import tf

V1 = tf.compat.v1
KERNEL = np.arange(1, 10, dtype=np.float32).reshape(3, 3, 1, 1)


def classic(folder: Path, variable: str, key: str = "serving_default") -> Path:
    """A SavedModel as TensorFlow 1 writes it: two convolutions with one kernel."""
    with tf.Graph().as_default(), V1.Session() as session:
        image = V1.placeholder(tf.float32, (None, None, None, 1), name="image")
        if variable == "resource":
            kernel = V1.get_variable("kernel", initializer=KERNEL, use_resource=True)
        elif variable == "reference":
            kernel = V1.get_variable("kernel", initializer=KERNEL, use_resource=False)
        else:
            kernel = tf.constant(KERNEL)
        once = tf.nn.conv2d(image, kernel, 2, "VALID", name="once")
        twice = tf.nn.conv2d(once, kernel, 1, "SAME", name="twice")
        session.run(V1.global_variables_initializer())
        builder = V1.saved_model.builder.SavedModelBuilder(str(folder / variable))
        signature = V1.saved_model.signature_def_utils.predict_signature_def(
            {"picture": image}, {"map": twice}
        )
        builder.add_meta_graph_and_variables(session, ["serve"], {key: signature})
        builder.save()
    return folder / variable


@pytest.mark.parametrize("variable", ["resource", "reference", "frozen"])
def test_of_tensorflow_1(variable: str, tmp_path: Path) -> None:
    model = rf_viz.load(classic(tmp_path, variable))
    assert model.inputs[0].name == "image"
    net = model.trace((9, 9))
    assert [layer.name for layer in net.layers] == ["once", "twice"]
    assert net["twice"].receptive_field == ReceptiveField((7, 7), (2, 2), (2, 2))
    image = np.ones((1, 9, 9, 1), np.float32)
    values = model.activations(image, ["once"])["once"]
    assert (values == KERNEL.sum()).all()


class Blur(tf.Module):
    """Two functions, of which the second takes two inputs."""

    def __init__(self) -> None:
        self.kernel = tf.Variable(KERNEL)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1), name="image")])
    def blur(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"blurred": tf.nn.conv2d(image, self.kernel, 1, "SAME")}

    @tf.function(
        input_signature=[
            tf.TensorSpec((1, 8, 8, 1), name="image"),
            tf.TensorSpec((), tf.int32, name="times"),
        ]
    )
    def repeatedly(self, image: tf.Tensor, times: tf.Tensor) -> tf.Tensor:
        for _ in tf.range(times):
            image = tf.nn.conv2d(image, self.kernel, 1, "SAME")
        return image


def test_the_first_signature_where_none_is_the_default(tmp_path: Path) -> None:
    module = Blur()
    tf.saved_model.save(module, tmp_path, {"a": module.blur, "b": module.repeatedly})
    model = rf_viz.load(tmp_path)
    assert [i.name for i in model.inputs] == ["image"]
    net = model.trace((8, 8))
    assert net.layers[0].receptive_field == ReceptiveField((3, 3), (1, 1), (1, 1))
    image = np.random.default_rng(0).random((1, 8, 8, 1), np.float32)
    last = net.layers[-1].name
    expected = module.blur(image)["blurred"].numpy()
    np.testing.assert_allclose(model.activations(image, [last])[last], expected, rtol=1e-6)


def test_a_loop_of_unknown_length_is_assumed(tmp_path: Path) -> None:
    module = Blur()
    tf.saved_model.save(module, tmp_path, module.repeatedly)
    net = rf_viz.load(tmp_path).trace()
    assert not net.layers[-1].exact
    assert net.layers[-1].region_of(np.s_[0, 4, 4, 0]).size == (8, 8)


def test_one_without_a_signature(tmp_path: Path) -> None:
    tf.saved_model.save(tf.Module(), tmp_path)
    with pytest.raises(rf_viz.ModelError, match=r"without a signature.*model\.export"):
        rf_viz.load(tmp_path)


def test_the_message_alone_has_regions_but_no_activations(tmp_path: Path) -> None:
    folder = classic(tmp_path, "resource")
    message = (folder / "saved_model.pb").read_bytes()
    beside = rf_viz.load(folder / "saved_model.pb")
    image = np.ones((1, 9, 9, 1), np.float32)
    assert (beside.activations(image, ["once"])["once"] == KERNEL.sum()).all()
    alone = rf_viz.load(message, "saved_model.pb")
    assert alone.trace((9, 9))["once"].receptive_field is not None
    with pytest.raises(rf_viz.ModelError, match="came without its folder variables"):
        alone.activations(image, ["once"])


def test_a_checkpoint_that_is_cut_off_or_of_another_model(tmp_path: Path) -> None:
    image = np.ones((1, 9, 9, 1), np.float32)
    folder = classic(tmp_path, "resource")
    (data,) = (folder / "variables").glob("*.data-*")
    os.truncate(data, 8)
    with pytest.raises(rf_viz.ModelError, match="damaged or cut off"):
        rf_viz.load(folder).activations(image, ["once"])
    other = tf.train.Checkpoint(kernel=tf.Variable(KERNEL))
    shutil.rmtree(folder / "variables")
    other.write(str(folder / "variables" / "variables"))
    with pytest.raises(rf_viz.ModelError, match="lacks kernel: it is incomplete"):
        rf_viz.load(folder).activations(image, ["once"])


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(rf_viz.ModelError, match="is a folder: open the model file in it"):
        rf_viz.load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01\x12\xff")
    with pytest.raises(rf_viz.ModelError, match="damaged or cut off"):
        rf_viz.load(tmp_path)


def test_a_folder_in_an_archive_with_the_name_of_a_file() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as file:
        file.addfile(tarfile.TarInfo("m/saved_model.pb"))
        folder = tarfile.TarInfo("m/saved_model.pb")
        folder.type = tarfile.DIRTYPE
        file.addfile(folder)
    with pytest.raises(rf_viz.ModelError, match="without a graph: it is empty or damaged"):
        rf_viz.load(packed.getvalue(), "model.tar.gz")


def test_what_fails_while_an_archive_is_open_is_not_told_as_its_damage(tmp_path: Path) -> None:
    path = shutil.make_archive(str(tmp_path / "m"), "zip", classic(tmp_path, "frozen"))
    with pytest.raises(ValueError, match=r"^ours$"), Archive.open(Content.of(path, None)):
        raise ValueError("ours")
