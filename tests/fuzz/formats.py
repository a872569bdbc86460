"""Every format that is mutated: its seeds, how it is mutated, how often it comes up."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
from google.protobuf import text_format
from onnx import helper

from rf_viz.readers.onnx.node import OPERATORS as ONNX_OPERATORS
from rf_viz.readers.tensorflow.node import OPERATORS as TF_OPERATORS
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef, MetaGraphDef, SavedModel
from tests.fuzz.archives import mutate_zip, zipped
from tests.fuzz.calls import onnx_call, tf_call, tflite_call
from tests.fuzz.documents import mutate_json, mutate_text
from tests.fuzz.flatbuffer import mutate_tflite
from tests.fuzz.hdf5 import mutate_hdf5
from tests.fuzz.messages import mutate_message
from tests.fuzz.pictures import images, mutate_picture, signals, volumes
from tests.fuzz.raw import mutate_bytes
from tests.models.tensorflow_graphs import FLOAT, INT32, Graph

DATA = Path(__file__).resolve().parents[1] / "data"

Seed = tuple[str, bytes]
"""A file's name and its content."""

_SMALL = 60_000
"""Bytes of the largest file that is taken as a seed: mutations of a larger one hit weights."""


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        seeds: makes the files that are mutated.
        mutate: mutates the content of one, or makes a file from nothing but random numbers.
        kind: what the app takes it for.
        weight: how many cases in a hundred or so are of the format.
        needs_tensorflow: whether reading it takes TensorFlow, which takes seconds to start.
        runs_tensorflow: whether running it does.
        runs: one in how many cases is run, too; 0 for none.
    """

    seeds: Callable[[], Sequence[Seed]]
    mutate: Callable[[bytes, Random], bytes]
    kind: str = "model"
    weight: int = 5
    needs_tensorflow: bool = False
    runs_tensorflow: bool = False
    runs: int = 0


# ---- mutations


def _as_message(
    data: bytes, rng: Random, message: Callable[[], Any], operators: Sequence[str]
) -> bytes:
    """A message with a few mutations of its fields, now and then of its bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(data, rng)
    parsed = message()
    parsed.ParseFromString(data)
    mutate_message(parsed, rng, operators)
    written: bytes = parsed.SerializeToString(deterministic=True)
    return mutate_bytes(written, rng) if rng.random() < 0.1 else written


def _mutate_text_graph(data: bytes, rng: Random) -> bytes:
    if rng.random() < 0.4:
        return mutate_text(data, rng)
    graph = text_format.Parse(data.decode(), GraphDef(), allow_unknown_field=True)
    mutate_message(graph, rng, _tf_operators())
    return text_format.MessageToString(graph).encode()


def _mutate_onnx_text(data: bytes, rng: Random) -> bytes:
    return mutate_json(data, rng) if data[:1] == b"{" else mutate_text(data, rng)


def _mutate_keras(data: bytes, rng: Random) -> bytes:
    if rng.random() < 0.1:
        return mutate_bytes(data, rng)
    mutate = mutate_hdf5 if data.startswith(b"\x89HDF") else mutate_zip
    return mutate(data, rng, _keras_words())


def _mutate_keras_json(data: bytes, rng: Random) -> bytes:
    return mutate_json(data, rng, _keras_words())


def _mutate_program(data: bytes, rng: Random) -> bytes:
    """An exported program of PyTorch."""
    if rng.random() < 0.1:
        return mutate_bytes(data, rng)
    return mutate_zip(data, rng, _torch_operators())


def _mutate_archive(data: bytes, rng: Random) -> bytes:
    """A zip archive by its entries, now and then by its bytes; anything else by its bytes."""
    if data[:2] != b"PK" or rng.random() < 0.2:
        return mutate_bytes(data, rng)
    graph = partial(_as_message, message=SavedModel, operators=_tf_operators())
    return mutate_zip(data, rng, (), graph)


@cache
def _onnx_operators() -> list[str]:
    return sorted({name for _, name in ONNX_OPERATORS})


@cache
def _tf_operators() -> list[str]:
    return sorted(TF_OPERATORS)


@cache
def _torch_operators() -> list[str]:
    names = (DATA / "pytorch" / "exported_operators.txt").read_text().split()
    return [f"torch.ops.{name}" for name in names]


@cache
def _keras_words() -> list[str]:
    """Names of layers and functions, and words that settings take."""
    import keras

    layers = [name for name in dir(keras.layers) if name[:1].isupper()]
    words = ("same", "valid", "causal", "channels_first", "channels_last", "relu", "softmax")
    more = ("float16", "int8", "bilinear", "mean", "__tensor__", "__numpy__", "Functional")
    return [*layers, *words, *words, *more, *more]


# ---- seeds


def _files(*patterns: str) -> list[Seed]:
    """Small files of the test data."""
    paths = sorted({path for pattern in patterns for path in DATA.glob(pattern)})
    return [(p.name, p.read_bytes()) for p in paths if p.stat().st_size <= _SMALL]


def _onnx_network() -> onnx.ModelProto:
    """A network with branches, a reshape, an attention of constants, and a branch that is taken."""
    tensor = helper.make_tensor_value_info
    real = onnx.TensorProto.FLOAT
    rng = np.random.default_rng(0)
    constants = {
        "w1": rng.random((4, 3, 3, 3), np.float32),
        "w2": rng.random((4, 2, 3, 3), np.float32),
        "w3": rng.random((6, 8), np.float32),
        "to": np.array([0, 4, -1]),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "starts": np.array([1, 1]),
        "ends": np.array([2**31, -1]),
        "axes": np.array([2, 3]),
        "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
        "on": np.array(True),
    }
    branches = {
        f"{side}_branch": helper.make_graph(
            [helper.make_node(op, ["cut"], [f"{side}_out"])],
            side,
            [],
            [tensor(f"{side}_out", real, None)],
        )
        for side, op in (("then", "Relu"), ("else", "Sigmoid"))
    }
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1"], ["a"], "stem", strides=[2, 2], pads=[1] * 4),
        node("BatchNormalization", ["a", *["s"] * 4], ["b"], "norm"),
        node("Conv", ["b", "w2"], ["c"], "grouped", group=2, dilations=[2, 2], pads=[2] * 4),
        node("Add", ["b", "c"], ["d"], "skip"),
        node("MaxPool", ["d"], ["e"], "pool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("Resize", ["e", "", "scales"], ["f"], "up", mode="linear"),
        node("Slice", ["f", "starts", "ends", "axes"], ["cut"], "slice"),
        node("If", ["on"], ["g"], "if", **branches),
        node("Pad", ["g", "pads"], ["h"], "padded", mode="reflect"),
        node("Concat", ["h", "h"], ["i"], "both", axis=1),
        node("GlobalAveragePool", ["i"], ["j"], "mean"),
        node("Flatten", ["j"], ["k"], "flat"),
        node("Gemm", ["k", "w3"], ["l"], "head", transB=1),
        node("Softmax", ["l"], ["m"], "softmax"),
        node("Reshape", ["h", "to"], ["n"], "rows"),
        node("Transpose", ["n"], ["o"], "turned", perm=[0, 2, 1]),
        node("MatMul", ["o", "n"], ["p"], "product"),
        node("ReduceMean", ["p"], ["q"], "reduced", keepdims=0),
    ]
    constants["s"] = np.ones(4, np.float32)
    graph = helper.make_graph(
        nodes,
        "network",
        [tensor("x", real, [1, 3, 16, 16])],
        [tensor("m", real, None), tensor("q", real, None)],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def _onnx_with_functions() -> onnx.ModelProto:
    function = helper.make_function(
        "own",
        "Block",
        ["a", "b"],
        ["c"],
        [helper.make_node("Conv", ["a", "b"], ["d"]), helper.make_node("Relu", ["d"], ["c"])],
        [helper.make_opsetid("", 17)],
    )
    node, info = helper.make_node, helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            node("Block", ["x", "w"], ["y"], "one", domain="own"),
            node("Block", ["y", "w"], ["z"], "two", domain="own"),
        ],
        "functions",
        [info("x", onnx.TensorProto.FLOAT, [1, 2, 9, 9])],
        [info("z", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(np.ones((2, 2, 3, 3), np.float32), "w")],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=10)


def _onnx() -> list[Seed]:
    made = [_onnx_network(), _onnx_with_functions()]
    own = [(f"{m.graph.name}.onnx", m.SerializeToString()) for m in made]
    return [*own * 4, *_files("cases/*/*.onnx", "pytorch/attention.*.onnx", "pytorch/resid*.onnx")]


def _onnx_text() -> list[Seed]:
    from google.protobuf.json_format import MessageToJson
    from onnx import printer

    model = _onnx_with_functions()
    return [
        ("network.onnxjson", MessageToJson(_onnx_network()).encode()),
        ("functions.onnxjson", MessageToJson(model).encode()),
        ("functions.onnxtxt", printer.to_text(model).encode()),
    ]


def _onnx_operators_alone() -> list[Seed]:
    """The examples of ONNX's own tests: every operator of the standard, most in several ways."""
    from onnx.backend.test.loader import load_model_tests

    with np.errstate(all="ignore"):
        cases = load_model_tests(kind="node")
    for case in cases:  # ONNX Runtime lags behind
        case.model.ir_version = min(case.model.ir_version, 10)
    files = [(f"{case.name}.onnx", case.model.SerializeToString()) for case in cases]
    return [(name, data) for name, data in files if len(data) <= _SMALL]


def _graph_defs() -> list[Seed]:
    packed = [
        (path.name.removesuffix(".gz"), gzip.decompress(path.read_bytes()))
        for path in sorted(DATA.glob("slim/*.gz"))
        if path.name.startswith(("alexnet", "vgg_a"))
    ]
    return [*_files("cases/*/*.pb") * 2, *packed]


def _tf_operators_alone() -> list[Seed]:
    """A graph for each operator that is described: most are wrong, as are many that people write.

    The operator gets an image and some constants, and the attributes that operators often have.
    """
    rng = Random(0)
    constants = (2, [1, 2], [0, 1, 1, 0], [1, 6, 6, 4], [[0, 0], [1, 1], [0, 2], [0, 0]])
    files = []
    for op in _tf_operators() * 2:
        graph = Graph()
        graph.placeholder("x", (1, 6, 6, 4))
        names = ["x", *(graph.const(f"n{i}", np.int32(n)) for i, n in enumerate(constants))]
        names += [graph.const("r", np.float32(0.5)), graph.const("w", np.ones((3, 3, 4, 2), "f"))]
        inputs = [rng.choice(("x", *names)), *rng.choices(names, k=rng.randrange(4))]
        graph.add("first", "Relu", "x")
        graph.add("y", op, *inputs, padding=rng.choice(("SAME", "VALID")), data_format="NHWC",
                  strides=[1, 2, 2, 1], ksize=[1, 3, 3, 1], dilations=[1, 1, 1, 1], N=len(inputs),
                  axis=rng.randrange(-2, 4), keep_dims=rng.random() < 0.5, block_size=2, num=2,
                  num_split=2)  # fmt: skip
        node = graph.graph.node[-1]
        for key in ("T", "dtype", "Tparams", "SrcT", "DstT"):
            node.attr[key].type = FLOAT
        for key in ("Tidx", "Tshape", "Index", "Tindices", "Tperm", "Tpaddings", "Tdim"):
            node.attr[key].type = INT32
        graph.add("z", "Relu", "y")
        files.append((f"{op}.pb", graph.graph.SerializeToString(deterministic=True)))
    return files


def _saved_model_entries() -> list[list[tuple[str, bytes]]]:
    archives = []
    for _, data in _files("cases/saved_model/*.zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archives.append([(name, archive.read(name)) for name in archive.namelist()])
    return archives


def _saved_models() -> list[Seed]:
    graphs = [
        content
        for entries in _saved_model_entries()
        for name, content in entries
        if name.endswith("saved_model.pb")
    ]
    return [(f"saved_model_{i}.pb", content) for i, content in enumerate(graphs)]


def _meta_graphs() -> list[Seed]:
    made = []
    for name, data in _files("cases/inner_input/*.pb", "cases/loops/*.pb"):
        meta = MetaGraphDef()
        meta.graph_def.ParseFromString(data)
        meta.meta_info_def.stripped_op_list.op.add(name="Conv2D")
        meta.meta_info_def.tags.append("serve")
        made.append((f"{name}.meta", meta.SerializeToString(deterministic=True)))
    return made


def _saved_model_archives() -> list[Seed]:
    import tarfile

    files = _files("cases/saved_model/*.zip")
    for number, entries in enumerate(_saved_model_entries()):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for name, content in entries:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        files.append((f"model{number}.tar", stream.getvalue()))
    return [*_files("cases/saved_model/*.zip") * 3, *files]


def _keras() -> list[Seed]:
    return _files(
        "cases/*/*.h5", "cases/*/*.keras", "keras1/*.h5", "keras2/*.h5", "keras2/networks/*.keras"
    )


def _keras_configs() -> list[Seed]:
    """The configurations of these models, as files of their own."""
    seeds = []
    for name, data in _keras():
        if name.endswith(".keras"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                config = archive.read("config.json")
            if len(config) <= _SMALL // 3:
                seeds.append((f"{name}.json", config))
                metadata = ("metadata.json", b'{"keras_version": "3.15.1"}')
                seeds.append((name, zipped([metadata, ("config.json", config)])))
    return [seed for seed in seeds if seed[0].endswith(".json")]


def _tflite() -> list[Seed]:
    from ai_edge_litert import schema_py_generated as schema

    from tests.oracles.tflite_oracle import Op, build, options, single

    image = np.ones((1, 8, 8, 4), np.float32)
    same = schema.Padding.SAME
    window = options("Conv2D", padding=same, strideW=2, strideH=2, dilationWFactor=1,
                     dilationHFactor=1)  # fmt: skip
    pool = options("Pool2D", padding=same, strideW=2, strideH=2, filterWidth=3, filterHeight=3)
    weights, bias = np.ones((6, 3, 3, 4), np.float32), np.zeros(6, np.float32)
    network = build(
        [
            Op("CONV_2D", ["x", "w", "b"], ["a"], window),
            Op("MAX_POOL_2D", ["a"], ["c"], pool),
            Op("RELU", ["a"], ["d"]),
            Op("CONCATENATION", ["d", "a"], ["e"], options("Concatenation", axis=3)),
            Op("RESHAPE", ["e", "to"], ["f"]),
            Op("TRANSPOSE", ["f", "order"], ["g"]),
            Op("MEAN", ["g", "axes"], ["h"], options("Reducer", keepDims=False)),
        ],
        {"x": image},
        {
            "w": weights,
            "b": bias,
            "to": np.array([1, 16, 12], np.int32),
            "order": np.array([0, 2, 1], np.int32),
            "axes": np.array([1], np.int32),
        },
    )
    resized = single(
        "RESIZE_BILINEAR", image, np.array([5, 11], np.int32), options=options("ResizeBilinear")
    )
    padded = single("PAD", image, np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32))
    sliced = single("SLICE", image, np.array([0, 1, 2, 0], np.int32),
                    np.array([1, 3, -1, 4], np.int32))  # fmt: skip
    made = {"network": network, "resized": resized, "padded": padded, "sliced": sliced}
    own = [(f"{name}.tflite", data) for name, data in made.items()]
    return [*own, own[0], own[0], *_files("cases/tflite/*.tflite")]


def _foreign() -> list[Seed]:
    return _files("foreign/*.p*", "foreign/*.bin", "cases/pytorch/*.pth", "cases/pytorch/*.ckpt",
                  "cases/pytorch/*.safetensors", "cases/pytorch/*.npz")  # fmt: skip


def _labels() -> list[Seed]:
    """Documents that are no model, or of another framework."""
    words = {"config": {"name": "bert", "vocab_size": 30522, "layers": [1, 2]}, "class_name": "X"}
    return [("config.json", json.dumps(words).encode()), ("labels.txt", b"cat\ndog\n" * 9)]


# ---- the table

_ONNX = partial(_as_message, message=onnx.ModelProto, operators=_onnx_operators())

FORMATS: dict[str, Format] = {
    "ONNX": Format(_onnx, _ONNX, weight=16, runs=4),
    "ONNX operators": Format(_onnx_operators_alone, _ONNX, weight=10, runs=4),
    "ONNX calls": Format(lambda: [("call.onnx", b"")], onnx_call, weight=10, runs=10),
    "ONNX text": Format(_onnx_text, _mutate_onnx_text, weight=4),
    "GraphDef": Format(
        _graph_defs,
        partial(_as_message, message=GraphDef, operators=_tf_operators()),
        weight=10,
        runs_tensorflow=True,
        runs=10,
    ),
    "GraphDef operators": Format(
        _tf_operators_alone,
        partial(_as_message, message=GraphDef, operators=_tf_operators()),
        weight=8,
    ),
    "GraphDef calls": Format(
        lambda: [("call.pb", b"")], tf_call, weight=8, needs_tensorflow=True, runs=10
    ),
    "GraphDef text": Format(lambda: _files("cases/*/*.pbtxt"), _mutate_text_graph, weight=3),
    "SavedModel": Format(
        _saved_models,
        partial(_as_message, message=SavedModel, operators=_tf_operators()),
        weight=4,
    ),
    "SavedModel archive": Format(
        _saved_model_archives, _mutate_archive, weight=4, runs_tensorflow=True, runs=10
    ),
    "MetaGraph": Format(
        _meta_graphs,
        partial(_as_message, message=MetaGraphDef, operators=_tf_operators()),
        weight=4,
    ),
    "Keras": Format(_keras, _mutate_keras, weight=10, needs_tensorflow=True, runs=10),
    "Keras JSON": Format(_keras_configs, _mutate_keras_json, weight=6, needs_tensorflow=True),
    "TFLite": Format(_tflite, mutate_tflite, weight=8, runs=10),
    "TFLite calls": Format(lambda: [("call.tflite", b"")], tflite_call, weight=6, runs=10),
    "PyTorch": Format(
        lambda: _files("pytorch/*.pt2", "cases/pytorch/*.pt2"),
        _mutate_program,
        weight=8,
        runs=4,
    ),
    "no model": Format(lambda: [*_foreign(), *_labels()], _mutate_archive, weight=4),
    "image": Format(images, mutate_picture, "picture", weight=10),
    "signal": Format(signals, mutate_picture, "picture", weight=4),
    "volume": Format(volumes, mutate_picture, "picture", weight=4),
}
