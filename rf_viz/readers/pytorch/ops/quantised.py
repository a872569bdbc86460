"""Numbers rounded to few bits and back, as PyTorch 2's quantisation exports them."""

from __future__ import annotations

from .. import dtypes
from ..site import Site, Untranslatable, rule_of

_HOME = "quantized_decomposed"


def _parameters(site: Site, channels: bool, zero: str) -> tuple[str, str]:
    """The scale and the zero point as fractions, spread along the channels' axis."""
    names = ("scales", "zero_points") if channels else ("scale", zero)
    values = [site.operand(name, dtypes.FLOAT) for name in names]
    if channels:
        axis, rank = site.axis("axis", of="input"), site.rank("input")
        shape = [1] * rank
        shape[axis] = -1
        values = [site.reshape(value, shape) for value in values]
    return values[0], values[1]


def _channels(site: Site) -> bool:
    return "per_channel" in site.target


@rule_of(
    f"{_HOME}.quantize_per_tensor.default", f"{_HOME}.quantize_per_tensor.tensor",
    f"{_HOME}.quantize_per_channel.default",
)  # fmt: skip
def quantise(site: Site) -> str:
    """A number over the scale, rounded and cut off."""
    scale, zero = _parameters(site, _channels(site), "zero_point")
    steps = site.add("Div", site.operand("input", dtypes.FLOAT), scale)
    steps = site.add("Add", site.add("Round", steps), zero)
    low, high = (site.scalar(site.argument(n), dtypes.FLOAT) for n in ("quant_min", "quant_max"))
    return site.cast(site.add("Clip", steps, low, high), site.result.dtype)


@rule_of(
    f"{_HOME}.dequantize_per_tensor.default", f"{_HOME}.dequantize_per_tensor.tensor",
    f"{_HOME}.dequantize_per_channel.default",
)  # fmt: skip
def dequantise(site: Site) -> str:
    """The number that a rounded one stands for."""
    if not site.is_tensor("input"):
        raise Untranslatable
    scale, zero = _parameters(site, _channels(site), "zero_point")
    steps = site.add("Sub", site.operand("input", dtypes.FLOAT), zero)
    return site.cast_from(site.add("Mul", steps, scale), dtypes.FLOAT, site.result.dtype)
