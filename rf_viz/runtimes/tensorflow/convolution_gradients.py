"""The gradients of convolutions where TensorFlow's own have no kernel on a processor.

That is so where there are dilations or groups. The channels are last.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from .substitutes import apart

CONVOLUTIONS = ("Conv2D", "Conv3D")
"""The operators whose gradient this is."""

_NAME = "RFVizConvolution"
_registering = Lock()


def differentiate_here(tf: Any, convolution: Any) -> None:  # noqa: ANN401
    """Have a node of a graph differentiated by this module."""
    with _registering:
        _register(tf)
    convolution.attr["_gradient_op_type"].s = _NAME.encode()


@cache
def _register(tf: Any) -> None:  # noqa: ANN401
    """Tell TensorFlow of the gradient; it takes each name once."""

    def gradient(convolution: Any, outer: Any) -> tuple[Any, Any]:  # noqa: ANN401
        image, kernel = convolution.inputs
        of_image = _image_gradient(tf, convolution, outer)
        if kernel.op.type in ("Const", "Placeholder"):  # weights, which nobody asks for
            return of_image, None
        of_kernel = _backwards(tf, convolution, "Filter")(
            input=image,
            filter_sizes=tf.shape(kernel),
            out_backprop=outer,
            **_settings(convolution),
        )
        return of_image, of_kernel

    tf.RegisterGradient(_NAME)(gradient)


def _image_gradient(tf: Any, convolution: Any, outer: Any) -> Any:  # noqa: ANN401
    """The gradient with respect to the image."""
    image, kernel = convolution.inputs
    settings, size, groups = _settings(convolution), tf.shape(image), _groups(image, kernel)
    rows, columns = settings["strides"][1:3]
    # One channel a group: for that there is a kernel in rows and columns that step alike.
    depthwise = groups > 1 and kernel.shape[-2] == 1 and rows == columns and len(kernel.shape) == 4
    kernel = apart(kernel, settings.pop("dilations")[1:-1])
    run = _backwards(tf, convolution, "Input")

    def of_group(kernel: Any, outer: Any) -> Any:  # noqa: ANN401
        own = tf.concat([size[:-1], tf.shape(kernel)[-2:-1]], 0)
        return run(input_sizes=own, filter=kernel, out_backprop=outer, **settings)

    if groups == 1:
        return of_group(kernel, outer)
    if depthwise:
        shape = tf.concat([tf.shape(kernel)[:2], [groups, -1]], 0)
        return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=size, filter=tf.reshape(kernel, shape), out_backprop=outer, **settings
        )
    parts = tuple(tf.stack(tf.split(whole, groups, -1)) for whole in (kernel, outer))
    stacked = tf.map_fn(lambda p: of_group(*p), parts, fn_output_signature=outer.dtype)
    return tf.concat(tf.unstack(stacked, groups), -1)


def _groups(image: Any, kernel: Any) -> int:  # noqa: ANN401
    """The number of groups, by the channels of the image; 1 where these are not known."""
    if image.shape.rank is None or kernel.shape.rank is None:
        return 1
    channels, of_group = image.shape[-1], kernel.shape[-2]
    return channels // of_group if channels and of_group else 1


def _backwards(tf: Any, convolution: Any, which: str) -> Any:  # noqa: ANN401
    """TensorFlow's gradient of a convolution with respect to its "Input" or its "Filter"."""
    version = "V2" if convolution.type == "Conv3D" else ""
    return getattr(tf.raw_ops, f"{convolution.type}Backprop{which}{version}")


def _settings(convolution: Any) -> dict[str, Any]:  # noqa: ANN401
    """The attributes of a convolution that its gradients have, too."""
    names = ["strides", "padding", "data_format", "dilations"]
    names += ["explicit_paddings"] if convolution.type == "Conv2D" else []
    values = {name: convolution.get_attr(name) for name in names}
    return {n: v.decode() if isinstance(v, bytes) else list(v) for n, v in values.items()}
