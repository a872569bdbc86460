"""Lists and arrays of tensors and the loops that fill them, against TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from tests.oracles.tensorflow_oracle import assert_agrees, traced

raw = tf.raw_ops

ROWS = {"element_shape": [2], "element_dtype": tf.float32}


def test_lists() -> None:
    def compute(x: tf.Tensor) -> list[tf.Tensor]:
        held = raw.TensorListFromTensor(tensor=x, element_shape=[2])
        held = raw.TensorListSetItem(input_handle=held, index=1, item=x[0] * 2)
        held = raw.TensorListPushBack(input_handle=tf.identity(held), tensor=x[2])
        return [
            raw.TensorListStack(input_handle=held, **ROWS),
            raw.TensorListGather(input_handle=held, indices=[3, 0], **ROWS),
            raw.TensorListGetItem(input_handle=held, index=2, **ROWS),
            tf.fill([raw.TensorListLength(input_handle=held)], x[0, 0]),
        ]

    assert_agrees(compute, x=(3, 2))


def test_lists_of_parts() -> None:
    def compute(x: tf.Tensor) -> list[tf.Tensor]:
        held = raw.TensorListReserve(num_elements=3, **ROWS)
        held = raw.TensorListSetItem(input_handle=held, index=1, item=x[0] * 2)
        held, last = raw.TensorListPopBack(input_handle=held, **ROWS)
        parts = raw.TensorListSplit(
            tensor=x, element_shape=[-1, 2], lengths=tf.constant([1, 2], tf.int64)
        )
        whole = raw.TensorListConcatV2(
            input_handle=parts,
            element_shape=[-1, 2],
            leading_dims=tf.constant([], tf.int64),
            element_dtype=tf.float32,
        )
        return [raw.TensorListStack(input_handle=held, **ROWS), last, whole[0]]

    assert_agrees(compute, x=(3, 2))


def test_arrays() -> None:
    def compute(x: tf.Tensor) -> list[tf.Tensor]:
        handle, flow = raw.TensorArrayV3(
            size=3, dtype=tf.float32, element_shape=[2], clear_after_read=False
        )
        flow = raw.TensorArrayScatterV3(handle=handle, indices=[2, 0, 1], value=x, flow_in=flow)
        whole = {"handle": handle, "flow_in": flow, "dtype": tf.float32}
        return [
            raw.TensorArrayGatherV3(indices=[0, 1, 2], element_shape=[2], **whole),
            raw.TensorArrayReadV3(index=1, **whole),
            raw.TensorArrayConcatV3(element_shape_except0=[], **whole)[0],
        ]

    assert_agrees(compute, x=(3, 2))


def test_a_loop_that_fills_a_list() -> None:
    def running(x: tf.Tensor) -> list[tf.Tensor]:
        rows = tf.TensorArray(tf.float32, 4, element_shape=(2,)).unstack(x)
        sums = tf.TensorArray(tf.float32, 4, element_shape=(2,))
        _, total, sums = tf.while_loop(
            lambda i, *_: i < 4,
            lambda i, total, sums: (i + 1, total + rows.read(i), sums.write(i, total)),
            [0, tf.zeros(2), sums],
        )
        return [total, sums.stack()]

    assert_agrees(tf.function(running), x=(4, 2))
    assert_agrees(tf.function(lambda x: tf.scan(lambda a, b: a * 0.5 + b, x)), x=(4, 2))
    assert_agrees(tf.function(lambda x: tf.map_fn(lambda b: b * 2, x)), x=(4, 2))


def test_items_that_the_image_chooses_are_assumed() -> None:
    def compute(x: tf.Tensor) -> tf.Tensor:
        held = raw.TensorListFromTensor(tensor=x, element_shape=[2])
        return raw.TensorListGetItem(input_handle=held, index=tf.cast(x[0, 0], tf.int32), **ROWS)

    assert not traced(compute, x=(3, 2))["y"].exact
