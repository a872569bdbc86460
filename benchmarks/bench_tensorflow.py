"""All layers and cells of TensorFlow graphs, against what TensorFlow needs to import the graph.

Ours: from the parsed message to the bounds of every cell of every layer. The article's library
takes 49 to 60 ms for one end-point of graphs like these. Beside it: parsing the message, and
TensorFlow's own import, with which its shape inference comes. Limit: 0.5 s; aim: 0.1 s.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from bench_trace import forget
from timing import compare

from rf_viz.readers.tensorflow import TensorFlowModel
from rf_viz.readers.tensorflow.protobuf.messages import GraphDef

SLIM = Path(__file__).resolve().parent.parent / "tests" / "data" / "slim"
NAMES = ("resnet_v1_152_224", "resnet_v1_152_None", "inception_v3_224", "inception_v3_None")
LIMIT, AIM = 0.5, 0.1


def main() -> None:
    """Measure four networks."""
    print(f"{'':24} {'layers':>7} {'all cells':>12} {'parsing':>12} {'TensorFlow import':>18}")
    for name in NAMES:
        data = gzip.decompress((SLIM / f"{name}.pb.gz").read_bytes())
        graph, theirs = GraphDef.FromString(data), tf.compat.v1.GraphDef.FromString(data)
        count = len(TensorFlowModel(graph, name).trace().layers)

        def trace() -> None:
            """Trace the graph, and bound all cells of all layers."""
            net = TensorFlowModel(graph, name).trace()  # noqa: B023
            for layer in net.layers:
                layer.spans()

        def parse() -> None:
            """Parse the message."""
            GraphDef.FromString(data)  # noqa: B023

        def take_over() -> None:
            """Let TensorFlow import the graph."""
            with tf.Graph().as_default():
                tf.graph_util.import_graph_def(theirs, name="")  # noqa: B023

        ours, parsing, peer = compare(trace, parse, take_over, before=forget)
        verdict = "ok" if ours <= AIM else "over the aim" if ours <= LIMIT else "OVER"
        print(
            f"{name:24} {count:7} {1e3 * ours:9.1f} ms {1e3 * parsing:9.1f} ms "
            f"{1e3 * peer:15.1f} ms   limit {1e3 * LIMIT:g} ms  aim {1e3 * AIM:g} ms  {verdict}",
            flush=True,
        )


if __name__ == "__main__":
    main()
