"""Keras code of a design: a script that builds the same network, channels last."""

from __future__ import annotations

from .code import checked, ends, literal
from .plan import Plan, PlannedRow
from .rows import Design

_FUNCTIONS = {
    "ReLU": "relu",
    "SiLU": "silu",
    "GELU": "gelu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
}
_JOINS = {"add": "Add", "multiply": "Multiply", "concatenate": "Concatenate"}

_MASK = '''
class Masked(keras.constraints.Constraint):
    """Keeps the kernel positions from the centre on at zero; type B keeps the centre itself."""

    def __init__(self, kind):
        self.kind = kind

    def __call__(self, kernel):
        size = kernel.shape[0]
        order = np.arange(size * size).reshape(size, size, 1, 1)
        centre = size * size // 2
        return kernel * (order < centre + (self.kind == "B"))

    def get_config(self):
        return {"kind": self.kind}
'''

_MASK_NOW = """
for layer in model.layers:
    if isinstance(getattr(layer, "kernel_constraint", None), Masked):
        layer.kernel.assign(layer.kernel_constraint(layer.kernel))
"""

_ATTENTION = '''
def window_attention(x, size, heads, name, shifted=False):
    """Attention within windows; shifted ones begin half a window earlier."""
    channels = x.shape[-1]
    extents = list(x.shape[1:-1])
    axes = len(extents)
    if shifted:
        margins = [[size // 2, size - size // 2]] * axes
        x = ops.pad(x, [[0, 0], *margins, [0, 0]])
        extents = [n + size for n in extents]
    counts = [n // size for n in extents]
    split = [n for count in counts for n in (count, size)]
    outer = [1 + 2 * i for i in range(axes)]
    inner = [2 + 2 * i for i in range(axes)]
    x = ops.reshape(x, (-1, *split, channels))
    x = ops.transpose(x, (0, *outer, *inner, 1 + 2 * axes))
    x = ops.reshape(x, (-1, size**axes, channels))

    def project(part, order):
        y = layers.Dense(channels, use_bias=False, name=f"{{name}}_{{part}}")(x)
        y = ops.reshape(y, (-1, size**axes, heads, channels // heads))
        return ops.transpose(y, order)

    query = project("query", (0, 2, 1, 3))
    key = project("key", (0, 2, 3, 1))
    value = project("value", (0, 2, 1, 3))
    weights = ops.softmax(ops.matmul(query, key) * (channels // heads) ** -0.5)
    x = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
    x = ops.reshape(x, (-1, size**axes, channels))
    x = layers.Dense(channels, use_bias=False, name=f"{{name}}_out")(x)
    x = ops.reshape(x, (-1, *counts, *[size] * axes, channels))
    back = [n for i in range(axes) for n in (1 + i, 1 + axes + i)]
    x = ops.transpose(x, (0, *back, 1 + 2 * axes))
    if not shifted:
        return layers.Reshape((*extents, channels), name=name)(x)
    x = ops.reshape(x, (-1, *extents, channels))
    margin = (size // 2, size - size // 2)
    return layers.Cropping{axes}D({margin}, name=name)(x)
'''


def to_keras(design: Design) -> str:
    """Write Python code that makes ``model``, its layers named as in the design.

    Raises ModelError for a design that something is wrong with.
    """
    worked = checked(design)
    axes = len(design.input) - 1
    kinds = {row.kind for row in design.rows}
    masked = any(kind.startswith("masked") for kind in kinds)
    attends = any(kind.endswith("window attention") for kind in kinds)
    lines = ['"""Made with RF-Viz. The weights are random, not trained."""', "", "import keras"]
    if masked:
        lines.append("import numpy as np")
    padded = any(
        step.row.kind == "max pooling" and _padding(step) == "number"
        for step in worked.steps.values()
    )
    from_keras = ["layers", "ops"] if attends or padded else ["layers"]
    lines += [f"from keras import {', '.join(from_keras)}", ""]
    if masked:
        lines += [*_MASK.splitlines(), ""]
    if attends:
        margin = "(margin, margin)" if axes == 2 else "margin"
        text = _ATTENTION.format(axes=axes, margin=margin)
        lines += [*text.splitlines(), ""]
    channels, *extents = design.input
    start = worked.name(0)
    lines += ["", f"{start} = keras.Input({literal((*extents, channels))}, name={literal(start)})"]
    for step in worked.steps.values():
        lines += _lines(worked, step, axes)
    outputs = ends(worked)
    output = outputs[0] if len(outputs) == 1 else f"[{', '.join(outputs)}]"
    lines.append(f"model = keras.Model({start}, {output})")
    if masked:
        lines += _MASK_NOW.splitlines()
    return "\n".join(lines) + "\n"


def _padding(step: PlannedRow) -> str:
    """Choose how Keras can pad for it: by its own "same", "valid" or "causal", or by a "number"."""
    row = step.row
    if not any(map(any, step.pads)):
        return "valid"
    if row.padding == "same" and row.kind != "average pooling" and not _thinned(step):
        return "same"
    if row.padding == "causal" and row.kind == "convolution" and not _thinned(step):
        return "causal"
    return "number"


def _thinned(step: PlannedRow) -> bool:
    """Whether it strides and is dilated, which Keras does not do in one."""
    return step.row.stride > 1 and step.row.dilation > 1


def _lines(worked: Plan, step: PlannedRow, axes: int) -> list[str]:
    """The lines that make a row's tensor, by its name."""
    row, name = step.row, step.name
    sources = [worked.name(source) for source in step.sources]
    x = sources[0]

    def layer(kind: str, *arguments: object, **options: object) -> str:
        """The code of a layer of the row's name."""
        code = [literal(a) for a in arguments]
        code += [f"{key}={literal(value)}" for key, value in options.items()]
        return f"layers.{kind}({', '.join([*code, f'name={literal(name)}'])})"

    match row.kind:
        case "transposed convolution":
            padding = "same" if row.padding == "same" else "valid"
            cropped = padding == "valid" and any(map(any, step.pads))
            inner = f"{name}_whole" if cropped else name
            call = (
                f"layers.Conv{axes}DTranspose({row.channels}, {row.kernel}, strides={row.stride}, "
                f"padding={literal(padding)}, name={literal(inner)})({x})"
            )
            if not cropped:
                return [f"{name} = {call}"]
            crop = layer(f"Cropping{axes}D", row.padding)
            return [f"{name} = {call}", f"{name} = {crop}({name})"]
        case "max pooling" | "average pooling":
            before, x, padding = _padded(step, x, axes)
            kind = "Max" if row.kind == "max pooling" else "Average"
            code = layer(f"{kind}Pooling{axes}D", row.kernel, strides=row.stride, padding=padding)
            return [*before, f"{name} = {code}({x})"]
        case "global pooling":
            code = layer(f"GlobalAveragePooling{axes}D", keepdims=True)
        case "nearest upsampling" | "bilinear upsampling":
            options: dict[str, object] = (
                {} if axes == 1 else {"interpolation": row.kind.partition(" ")[0]}
            )
            code = layer(f"UpSampling{axes}D", row.stride, **options)
        case "batch normalisation":
            code = layer("BatchNormalization", epsilon=1e-5)
        case "layer normalisation":
            code = layer("LayerNormalization", epsilon=1e-5)
        case "add" | "multiply" | "concatenate":
            return [f"{name} = {layer(_JOINS[row.kind])}([{', '.join(sources)}])"]
        case "squeeze-and-excite":
            return _excite(step, x, axes)
        case "window attention" | "shifted window attention":
            shifted = ", shifted=True" if row.kind.startswith("shifted") else ""
            call = f"window_attention({x}, {row.kernel}, {row.groups}, {literal(name)}{shifted})"
            return [f"{name} = {call}"]
        case "dense":
            if len(step.input_shape) > 1:
                flat = f"layers.Flatten(name={literal(f'{name}_flat')})({x})"
                return [f"{name} = {flat}", f"{name} = {layer('Dense', row.channels)}({name})"]
            code = layer("Dense", row.channels)
        case kind if kind in _FUNCTIONS:
            code = layer("Activation", _FUNCTIONS[kind])
        case kind:
            before, x, padding = _padded(step, x, axes)
            options = _options(step, padding)
            if kind == "depthwise convolution":
                code = layer(f"DepthwiseConv{axes}D", row.kernel, **options)
            else:
                if row.groups > 1:
                    options["groups"] = row.groups
                code = layer(f"Conv{axes}D", row.channels, row.kernel, **options)
            if kind.startswith("masked"):
                mask = f"kernel_constraint=Masked({literal(kind[-1])})"
                code = code.replace("name=", f"{mask}, name=")
            if _thinned(step):
                whole = f"{name}_whole"
                code = code.replace(literal(name), literal(whole))
                thin = layer(f"MaxPooling{axes}D", 1, strides=row.stride)
                return [*before, f"{whole} = {code}({x})", f"{name} = {thin}({whole})"]
            return [*before, f"{name} = {code}({x})"]
    return [f"{name} = {code}({x})"]


def _options(step: PlannedRow, padding: str) -> dict[str, object]:
    """The options of a convolution that are not Keras' defaults, besides ``padding``."""
    row = step.row
    options: dict[str, object] = {"padding": padding}
    if row.stride > 1 and not _thinned(step):
        options["strides"] = row.stride
    if row.dilation > 1:
        options["dilation_rate"] = row.dilation
    return options


def _padded(step: PlannedRow, x: str, axes: int) -> tuple[list[str], str, str]:
    """Lines that pad first, where Keras' layer cannot, their output, and the layer's padding."""
    how = _padding(step)
    if how != "number":
        return [], x, how
    padded = f"{step.name}_padded"
    if step.row.kind == "max pooling":
        widths = [(0, 0), *step.pads, (0, 0)]
        code = f'ops.pad({x}, {literal(widths)}, constant_values=float("-inf"))'
        return [f"{padded} = {code}"], padded, "valid"
    widths_of = literal(step.pads if axes == 2 else step.pads[0])
    code = f"layers.ZeroPadding{axes}D({widths_of}, name={literal(padded)})({x})"
    return [f"{padded} = {code}"], padded, "valid"


def _excite(step: PlannedRow, x: str, axes: int) -> list[str]:
    """The lines of a squeeze-and-excite row."""
    name = step.name
    pool = f"layers.GlobalAveragePooling{axes}D(keepdims=True, name={literal(f'{name}_squeeze')})"
    lines = [f"{name} = {pool}({x})"]
    for part, units, function in (
        ("reduce", step.row.channels, "relu"),
        ("expand", step.input_shape[0], "sigmoid"),
    ):
        named = literal(f"{name}_{part}")
        dense = f"layers.Dense({units}, activation={literal(function)}, name={named})"
        lines.append(f"{name} = {dense}({name})")
    return [*lines, f"{name} = layers.Multiply(name={literal(name)})([{x}, {name}])"]
