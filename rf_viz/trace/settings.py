"""Settings: what a layer was told, as data and in words.

What concerns windows is read off the layer's relation, so that it agrees with the layer's regions
by construction; the rest, such as heads or the mode of a resize, are attributes of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import prod

from ..relation import Factor, Labels, Relation, Shape, pairs_of
from ..relation.base import origins_of
from .tensors import Setting, Settings, Tensor


def settings_of(tensor: Tensor, sources: Sequence[Tensor], grid_axes: Sequence[int]) -> Settings:
    """The settings of the operation that makes a tensor, without its number of parameters.

    ``sources`` are the tensors of its sources, ``grid_axes`` the axes that carry positions.
    """
    settings: Settings = {}
    for source, before in zip(tensor.sources, sources, strict=True):
        along = _along(source.relation)
        if along:
            if "kernel" not in along:  # padding alone: the axes without any have 0
                along = {
                    name: {**dict.fromkeys(grid_axes, (0, 0)), **of} if name == "padding" else of
                    for name, of in along.items()
                }
            settings.update(
                (name, tuple(of[axis] for axis in sorted(of))) for name, of in along.items()
            )
            if "kernel" in along:
                convolves = tensor.category == "convolution"
                settings.update(_channels(before.shape, source.relation, tensor.shape, convolves))
            break
    if tensor.category == "resize" and len(sources) == 1:
        settings["scale"] = _scale(sources[0].shape, tensor.shape, grid_axes)
    if tensor.category == "attention, dense" and tensor.multiplies and len(sources) == 1:
        units = _units(sources[0].shape, tensor.sources[0].relation, tensor.shape)
        if units:
            settings["units"] = units
    if tensor.call is not None:
        settings.update(tensor.call.settings)
    return settings


def _along(relation: Relation) -> dict[str, dict[int, int | tuple[int, int]]]:
    """What the steps of a relation were told for single axes: of several paddings the sum."""
    along: dict[str, dict[int, int | tuple[int, int]]] = {}
    for step in relation:
        for name, of in step.settings.items():
            mine = along.setdefault(name, {})
            for axis, setting in of.items():
                before = mine.get(axis)
                if isinstance(before, tuple) and isinstance(setting, tuple):
                    mine[axis] = before[0] + setting[0], before[1] + setting[1]
                elif before is None:
                    mine[axis] = setting
    return along


def _channels(before: Shape, relation: Relation, after: Shape, convolves: bool) -> Settings:
    """The groups and filters of a convolution, from how many channels each output is made of.

    Empty for a pooling: where no channels are mixed, unless it is known that it ``convolves``.
    """
    labels: Labels = tuple((Factor(1 << axis, n),) for axis, n in enumerate(before))
    space = 0
    for step in relation:
        for axis in step.slides:
            space |= origins_of(labels[axis])
        labels = step.label(labels)
    read = prod(n for axis, n in enumerate(before) if space >> axis & 1)
    written = prod(f.extent for factors in labels for f in factors if f.origins & space)
    mixed = pairs_of(tuple(step for step in relation if not step.slides))
    channels, filters = prod(before[1:]) // max(read, 1), prod(after[1:]) // max(written, 1)
    if not convolves and (mixed is None or mixed.inputs <= mixed.outputs):
        return {}
    settings: Settings = {"filters": filters}
    if mixed is not None and mixed.outputs == 1 and channels % max(mixed.inputs, 1) == 0:
        settings = {"groups": channels // max(mixed.inputs, 1), **settings}
    return settings


def _units(before: Shape, relation: Relation, after: Shape) -> int:
    """How many numbers a product makes of those that it mixes; 0 where it is no such product."""
    pairs = pairs_of(relation)
    if pairs is None or not pairs.combines or not prod(before):
        return 0
    units = Fraction(prod(after) * pairs.inputs, prod(before) * pairs.outputs)
    return int(units) if units.denominator == 1 else 0


def _scale(before: Shape, after: Shape, axes: Sequence[int]) -> tuple[Setting, ...]:
    """By how much each axis of the grid grows: a whole number where it is one."""
    if len(before) != len(after):
        return ()
    return tuple(_number(Fraction(after[axis], max(before[axis], 1))) for axis in axes)


def _number(fraction: Fraction) -> int | float:
    return int(fraction) if fraction.denominator == 1 else round(float(fraction), 6)


def in_words(settings: Mapping[str, Setting]) -> str:
    """The settings in a few words: ``64 filters 3x3, stride 2, same``."""
    words = [*_amount(settings), *_window(settings), *_other(settings)]
    return ", ".join(filter(None, words))


def _amount(settings: Mapping[str, Setting]) -> Iterable[str]:
    """Filters or units, and the extent of the kernel."""
    kernel, filters = _by(settings.get("kernel", ())), settings.get("filters")
    depthwise = filters and settings.get("groups") == filters != 1
    if depthwise:
        yield f"depthwise {kernel}"
    elif filters:
        yield f"{filters} filter{'s' * (filters != 1)} {kernel}".strip()
    elif "units" in settings:
        yield f"{settings['units']} unit{'s' * (settings['units'] != 1)}"
    else:
        yield kernel


def _window(settings: Mapping[str, Setting]) -> Iterable[str]:
    """How the kernel is slid."""
    for name in ("stride", "dilation"):
        factor = _factor(settings.get(name, ()))
        if factor not in ("", "1"):
            yield f"{name} {factor}"
    groups = settings.get("groups", 1)
    if groups not in (1, settings.get("filters")):
        yield f"{groups} groups"
    if settings.get("depth_multiplier", 1) != 1:
        yield f"depth multiplier {settings['depth_multiplier']}"
    padding = settings.get("padding", ())
    rule = settings.get("padding_rule")
    if rule in ("same", "valid", "causal"):
        yield str(rule)
    elif isinstance(padding, tuple) and any(n for pair in padding for n in _pair(pair)):
        yield f"padding {_pads(padding)}"
    if rule == "ceil":
        yield "last window cut off"


def _other(settings: Mapping[str, Setting]) -> Iterable[str]:
    """What resizes, crops, reshapes, attends and drops."""
    scale = settings.get("scale", ())
    if scale:
        yield f"times {_factor(scale)}"
    if "cropping" in settings:
        yield f"cropping {_pads(settings['cropping'])}"
    for name in ("mode", "interpolation"):
        if isinstance(settings.get(name), str) and settings[name] != "constant":
            yield str(settings[name])
    if "target" in settings:
        yield f"to {_by(settings['target'])}"
    for name, phrase in (("block", "blocks of {}"), ("heads", "{} heads"), ("rate", "rate {:g}")):
        if settings.get(name):
            yield phrase.format(settings[name])
    if settings.get("causal") in (True, 1):
        yield "causal"
    if settings.get("direction") not in (None, "forward"):
        yield str(settings["direction"])
    activation = settings.get("activation")
    if activation and activation != "linear":
        yield str(activation)


def _by(extents: Setting) -> str:
    """Extents as ``3x3``."""
    return "x".join(map(str, extents)) if isinstance(extents, tuple) else str(extents)


def _factor(extents: Setting) -> str:
    """Extents as ``2``, or ``2x1`` where they differ."""
    if isinstance(extents, tuple) and len(set(extents)) == 1:
        return str(extents[0])
    return _by(extents)


def _pair(pad: Setting) -> tuple[Setting, ...]:
    return pad if isinstance(pad, tuple) else (pad,)


def _pads(pairs: Setting) -> str:
    """Paddings as ``1`` where all are alike, else as ``(1, 2) (0, 0)``."""
    if not isinstance(pairs, tuple):
        return str(pairs)
    numbers = {n for pair in pairs for n in _pair(pair)}
    if len(numbers) == 1:
        return str(*numbers)
    return " ".join(f"({', '.join(map(str, _pair(pair)))})" for pair in pairs)


def settings_by_name(
    attributes: Mapping[str, object], names: Mapping[str, str]
) -> dict[str, Setting]:
    """The settings among a node's attributes, of which ``names`` gives those by attribute."""
    settings: dict[str, Setting] = {}
    for attribute, name in names.items():
        value = attributes.get(attribute)
        if isinstance(value, float):  # in single precision, as files hold them
            value = float(f"{value:.7g}")
        whole = isinstance(value, tuple) and all(isinstance(n, int) for n in value)
        if whole or isinstance(value, int | float | str):
            settings[name] = value  # type: ignore[assignment]
    return settings
