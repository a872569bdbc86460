"""Classical machine learning (ai.onnx.ml): rows of features, one row an example."""

from __future__ import annotations

import numpy as np

from ....errors import ModelError
from ....relation import Edge, Output, Relation, Shape, Taps
from ....relation.common.basic import (
    broadcast,
    normalise,
    reduce,
    reshape,
)
from ....relation.common.products import concatenated
from ...reading.outputs import SELF
from ...reading.values import DataDependent
from ..node import Node, operator

HOME = "ai.onnx.ml"


@operator(
    "Binarizer", "CategoryMapper", "Imputer", "LabelEncoder", "Scaler",
    domain=HOME,
    category="other",
    elementwise=True,
)  # fmt: skip
def by_element(node: Node) -> Output:
    """Every element by itself."""
    return Output(node.shape(), SELF)


@operator("Normalizer", domain=HOME, category="normalisation")
def normaliser(node: Node) -> Output:
    """Every feature by the norm of its row."""
    shape = node.shape(least=1)
    return Output(shape, normalise(0, shape, (len(shape) - 1,)))


@operator("LinearRegressor", domain=HOME, category="other", multiplies=True)
def linear_regressor(node: Node) -> Output:
    """Each target of a row sees all its features."""
    return _of_rows(node, node.attribute("targets", 1))


@operator("SVMRegressor", domain=HOME, category="other", multiplies=None)
def svm_regressor(node: Node) -> Output:
    """The one number of a row sees all its features."""
    return _of_rows(node, 1)


@operator("TreeEnsembleRegressor", "TreeEnsemble", domain=HOME, category="other")
def trees(node: Node) -> Output:
    """Each target of a row sees all its features: any of them may decide."""
    return _of_rows(node, node.attribute("n_targets", 1))


@operator("LinearClassifier", domain=HOME, category="other", multiplies=True)
@operator("SVMClassifier", domain=HOME, category="other", multiplies=None)
@operator("TreeEnsembleClassifier", domain=HOME, category="other")
def classifier(node: Node) -> list[Output]:
    """A label and the scores of all classes for each row."""
    names = ("classlabels_int64s", "classlabels_ints", "classlabels_strings")
    labels = next(filter(None, (node.attribute(name) for name in names)), ())
    if not labels:
        raise DataDependent(f"{node.op} {node.name} does not name its classes")
    count = max(len(labels), 2)
    if node.op == "SVMClassifier" and count > 2 and not node.attribute("prob_a"):
        count = count * (count - 1) // 2  # one score for each pair
    scores = _of_rows(node, count)
    shape = _rows(node)
    label = Output(shape[:1], [Edge(0, _as_rows(node) + reduce(shape, (1,), False))])
    return [label, scores]


def _rows(node: Node) -> Shape:
    """The input as rows of features: a single row may come without an axis for it."""
    shape = node.shape()
    if len(shape) not in (1, 2):
        raise ModelError(f"{node.op} {node.name!r} takes rows of features, not {list(shape)}")
    return shape if len(shape) == 2 else (1, *shape)


def _as_rows(node: Node) -> Relation:
    return reshape(node.shape(), _rows(node))


def _of_rows(node: Node, count: int) -> Output:
    """``count`` numbers of each row, each of all its features."""
    shape = _rows(node)
    one, after = (shape[0], 1), (shape[0], count)
    relation = _as_rows(node) + reduce(shape, (1,), True) + broadcast(one, after)
    return Output(after, [Edge(0, relation)])


@operator("OneHotEncoder", domain=HOME, category="other")
def one_hot(node: Node) -> Output:
    """A category spread along a new last axis."""
    shape = node.shape()
    count = len(node.attribute("cats_int64s") or node.attribute("cats_strings") or ())
    one, after = (*shape, 1), (*shape, count)
    return Output(after, [Edge(0, reshape(shape, one) + broadcast(one, after))])


@operator("FeatureVectorizer", domain=HOME, category="join")
def side_by_side(node: Node) -> Output:
    """Rows of features joined along the feature axis."""
    shapes = [node.shape(i, least=1) for i in range(len(node.inputs))]
    rows: list[Shape] = [s if len(s) > 1 else (1, *s) for s in shapes]
    if any(len(r) != 2 or r[0] != rows[0][0] for r in rows):
        raise ModelError(f"{node.op} {node.name!r} joins features of {shapes}")
    edges = [
        Edge(i, reshape(s, r) + placed)
        for i, (s, r, placed) in enumerate(zip(shapes, rows, concatenated(rows, 1), strict=True))
    ]
    return Output((rows[0][0], sum(r[1] for r in rows)), edges)


@operator("ArrayFeatureExtractor", domain=HOME, category="other")
def extract(node: Node) -> Output:
    """The named positions of the last axis."""
    shape, positions = node.shape(least=1), node.required_ints(1)
    if any(not 0 <= i < shape[-1] for i in positions):
        raise ModelError(f"{node.op} {node.name!r} takes features {positions} of {shape[-1]}")
    wide = shape if len(shape) > 1 else (1, *shape)
    step = Taps(len(wide) - 1, shape[-1], np.array(positions)[:, None], why="features are picked")
    return Output((*wide[:-1], len(positions)), [Edge(0, (*reshape(shape, wide), step))])
