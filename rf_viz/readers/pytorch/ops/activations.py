"""Activation functions."""

from __future__ import annotations

from ..site import Site, rule

_PLAIN = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "hardswish": "HardSwish",
    "mish": "Mish", "selu": "Selu", "softsign": "Softsign",
}  # fmt: skip


def _plain(name: str, op: str) -> None:
    @rule(name)
    def apply(site: Site) -> str:
        return site.add(op, site.operand("self", site.result.dtype))


for _name, _op in _PLAIN.items():
    _plain(_name, _op)


@rule("silu")
def silu(site: Site) -> str:
    """The number times its sigmoid."""
    value = site.tensor("self")
    return site.add("Mul", value, site.add("Sigmoid", value))


@rule("gelu")
def gelu(site: Site) -> str:
    """The number times the chance that a normal one is smaller."""
    return site.add("Gelu", site.tensor("self"), approximate=site.argument("approximate", "none"))


@rule("hardsigmoid")
def hard_sigmoid(site: Site) -> str:
    """A line cut off at 0 and 1."""
    return site.add("HardSigmoid", site.tensor("self"), alpha=1 / 6, beta=0.5)


@rule("hardtanh", "relu6")
def hard_tanh(site: Site) -> str:
    """The number between two bounds."""
    dtype = site.result.dtype
    low, high = (0, 6) if "relu6" in site.target else (-1, 1)
    low, high = site.argument("min_val", low), site.argument("max_val", high)
    value = site.operand("self", dtype)
    return site.add("Clip", value, site.scalar(low, dtype), site.scalar(high, dtype))


@rule("leaky_relu")
def leaky_relu(site: Site) -> str:
    """The number, less of it where it is negative."""
    return site.add("LeakyRelu", site.tensor("self"), alpha=site.real("negative_slope", 0.01))


@rule("elu", "celu")
def elu(site: Site) -> str:
    """The number, an exponential of it where it is negative."""
    dtype, value, alpha = site.dtype(), site.tensor("self"), site.real("alpha", 1.0)
    scale, inner = site.real("scale", 1.0), site.real("input_scale", 1.0)
    if "celu" in site.target:
        return site.add("Celu", value, alpha=alpha)
    if scale == inner == 1:
        return site.add("Elu", value, alpha=alpha)
    one, zero = site.scalar(1, dtype), site.scalar(0, dtype)
    grown = site.add("Exp", site.add("Mul", value, site.scalar(inner, dtype)))
    grown = site.add("Mul", site.add("Sub", grown, one), site.scalar(alpha * scale, dtype))
    line = site.add("Mul", value, site.scalar(scale, dtype))
    return site.add("Where", site.add("Greater", value, zero), line, grown)


@rule("softplus")
def softplus(site: Site) -> str:
    """A smooth form of what is positive."""
    dtype, value = site.dtype(), site.tensor("self")
    beta, threshold = site.real("beta", 1.0), site.real("threshold", 20.0)
    if beta == 1 and threshold == 20:
        return site.add("Softplus", value)
    scaled = site.add("Mul", value, site.scalar(beta, dtype))
    soft = site.add("Div", site.add("Softplus", scaled), site.scalar(beta, dtype))
    linear = site.add("Greater", scaled, site.scalar(threshold, dtype))
    return site.add("Where", linear, value, soft)


@rule("log_sigmoid")
def log_sigmoid(site: Site) -> str:
    """The logarithm of the sigmoid."""
    return site.add("Neg", site.add("Softplus", site.add("Neg", site.tensor("self"))))


@rule("softshrink", "hardshrink")
def shrink(site: Site) -> str:
    """Nothing around 0, the number or the rest of it elsewhere."""
    bound = site.real("lambd", 0.5)
    bias = bound if "softshrink" in site.target else 0.0
    return site.add("Shrink", site.tensor("self"), lambd=bound, bias=bias)


@rule("threshold")
def threshold(site: Site) -> str:
    """The number where it is above a bound, a constant elsewhere."""
    dtype, value = site.dtype(), site.tensor("self")
    above = site.add("Greater", value, site.scalar(site.argument("threshold"), dtype))
    return site.add("Where", above, value, site.scalar(site.argument("value"), dtype))


@rule("prelu", "_prelu_kernel")
def prelu(site: Site) -> str:
    """The number, a learned part of it where it is negative."""
    slope, rank = site.tensor("weight"), site.rank()
    if site.rank("weight") == 1 and rank > 2 and site.shape("weight") != (1,):
        slope = site.unsqueeze(slope, *range(1, rank - 1))
    return site.add("PRelu", site.tensor("self"), slope)


@rule("rrelu")
def rrelu(site: Site) -> str:
    """The number, the mean part of it where it is negative."""
    slope = (site.real("lower", 1 / 8) + site.real("upper", 1 / 3)) / 2
    return site.add("LeakyRelu", site.tensor("self"), alpha=slope)


@rule("glu")
def gated(site: Site) -> str:
    """One half times the sigmoid of the other."""
    axis = site.axis(default=-1)
    one, other = site.writer.add_many("Split", [site.tensor("self")], 2, axis=axis, num_outputs=2)
    return site.add("Mul", one, site.add("Sigmoid", other))


@rule("softmax.int", "_softmax", "special_softmax", "_safe_softmax")
def softmax(site: Site) -> str:
    """Shares that add up to 1 along an axis."""
    value = site.operand("self", site.result.dtype)
    return site.add("Softmax", value, axis=site.axis())


@rule("log_softmax.int", "_log_softmax", "special_log_softmax")
def log_softmax(site: Site) -> str:
    """The logarithm of the shares along an axis."""
    value = site.operand("self", site.result.dtype)
    return site.add("LogSoftmax", value, axis=site.axis())


@rule("logit")
def logit(site: Site) -> str:
    """What the sigmoid makes the number of."""
    dtype = site.result.dtype
    value, one = site.operand("self", dtype), site.scalar(1, dtype)
    if site.has("eps"):
        eps = site.real("eps")
        value = site.add("Clip", value, site.scalar(eps, dtype), site.scalar(1 - eps, dtype))
    return site.add("Log", site.add("Div", value, site.add("Sub", one, value)))
