"""Arithmetic, comparisons and logic, element by element, with broadcasting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import dtypes
from ..site import Rule, Site, Untranslatable, rule

_UNARY = {
    "abs": "Abs", "acos": "Acos", "acosh": "Acosh", "asin": "Asin", "asinh": "Asinh",
    "atan": "Atan", "atanh": "Atanh", "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "erf": "Erf",
    "exp": "Exp", "floor": "Floor", "log": "Log", "neg": "Neg", "reciprocal": "Reciprocal",
    "round": "Round", "sign": "Sign", "sgn": "Sign", "sin": "Sin", "sinh": "Sinh", "sqrt": "Sqrt",
    "tan": "Tan",
}  # fmt: skip
"""ONNX operators of one input, by the name of the PyTorch operator that does the same."""

_ALIASES = {
    "absolute": "abs", "arccos": "acos", "arcsin": "asin", "arctan": "atan", "negative": "neg",
    "arccosh": "acosh", "arcsinh": "asinh", "arctanh": "atanh", "special_erf": "erf",
}  # fmt: skip

_WHOLE = {"ceil", "floor", "round"}
"""Operators that leave whole numbers as they are."""


def _unary(name: str, op: str) -> None:
    @rule(name)
    def apply(site: Site) -> str:
        dtype = site.result.dtype
        value = site.operand("self", dtype)
        if name in _WHOLE and not dtypes.is_floating(dtype):
            return site.add("Identity", value)
        return site.add(op, value)


for _name, _op in _UNARY.items():
    _unary(_name, _op)
for _name, _same in _ALIASES.items():
    _unary(_name, _UNARY[_same])


def _binary(name: str, op: str, overload: str) -> None:
    @rule(f"{name}.{overload}")
    def apply(site: Site) -> str:
        dtype = site.result.dtype
        return site.add(op, site.operand("self", dtype), site.operand("other", dtype))


for _name, _op in (("maximum", "Max"), ("minimum", "Min")):
    _binary(_name, _op, "default")
for _name, _op in (("max", "Max"), ("min", "Min")):
    _binary(_name, _op, "other")


def _sum(op: str, swapped: bool) -> Rule:
    def apply(site: Site) -> str:
        dtype = site.result.dtype
        one, other = ("other", "self") if swapped else ("self", "other")
        alpha = site.argument("alpha", 1)
        values = {name: site.operand(name, dtype) for name in (one, other)}
        if alpha != 1:
            scaled = "self" if swapped else "other"
            values[scaled] = site.add("Mul", values[scaled], site.scalar(alpha, dtype))
        if dtype == dtypes.BOOL:  # truth values add up to their disjunction
            return site.add("Or", values[one], values[other])
        return site.add(op, values[one], values[other])

    return apply


rule("add.Tensor", "add.Scalar")(_sum("Add", swapped=False))
rule("sub.Tensor", "sub.Scalar", "subtract.Tensor")(_sum("Sub", swapped=False))
rule("rsub.Scalar", "rsub.Tensor")(_sum("Sub", swapped=True))


@rule("mul.Tensor", "mul.Scalar", "multiply.Tensor", "multiply.Scalar")
def multiply(site: Site) -> str:
    """The product; of truth values their conjunction."""
    dtype = site.result.dtype
    op = "And" if dtype == dtypes.BOOL else "Mul"
    return site.add(op, site.operand("self", dtype), site.operand("other", dtype))


@rule(
    "div.Tensor", "div.Scalar", "div.Tensor_mode", "div.Scalar_mode", "divide.Tensor",
    "true_divide.Tensor", "floor_divide.default", "floor_divide.Scalar",
)  # fmt: skip
def divide(site: Site) -> str:
    """The quotient, as it is or rounded to a whole number."""
    dtype = site.result.dtype
    mode = site.argument("rounding_mode")
    if "floor_divide" in site.target:
        mode = "floor"
    if mode is None:
        return site.add("Div", site.operand("self", dtype), site.operand("other", dtype))
    exact = dtype if dtypes.is_floating(dtype) else dtypes.DOUBLE
    quotient = site.add("Div", site.operand("self", exact), site.operand("other", exact))
    whole = site.add("Floor", quotient) if mode == "floor" else _truncated(site, quotient, exact)
    return site.cast_from(whole, exact, dtype)


def _truncated(site: Site, value: str, dtype: int) -> str:
    """A number without its fraction."""
    if not dtypes.is_floating(dtype):
        return site.add("Identity", value)
    size = site.add("Floor", site.add("Abs", value))
    return site.add("Mul", site.add("Sign", value), size)


@rule("trunc", "fix")
def truncate(site: Site) -> str:
    """The number without its fraction."""
    return _truncated(site, site.tensor("self"), site.dtype())


@rule("frac")
def fraction(site: Site) -> str:
    """The number without its whole part."""
    value = site.tensor("self")
    return site.add("Sub", value, _truncated(site, value, site.dtype()))


@rule("fmod.Tensor", "fmod.Scalar")
def remainder_of_first_sign(site: Site) -> str:
    """The remainder that has the sign of the first number."""
    dtype = site.result.dtype
    return site.add("Mod", site.operand("self", dtype), site.operand("other", dtype), fmod=1)


@rule("remainder.Tensor", "remainder.Scalar", "remainder.Scalar_Tensor")
def remainder_of_second_sign(site: Site) -> str:
    """The remainder that has the sign of the second number."""
    dtype = site.result.dtype
    one, other = site.operand("self", dtype), site.operand("other", dtype)
    if not dtypes.is_floating(dtype):
        return site.add("Mod", one, other)
    whole = site.add("Floor", site.add("Div", one, other))
    return site.add("Sub", one, site.add("Mul", whole, other))


@rule("pow.Tensor_Scalar", "pow.Tensor_Tensor", "pow.Scalar", "float_power.Tensor_Scalar")
def power(site: Site) -> str:
    """A number to the power of another."""
    dtype = site.result.dtype
    return site.add("Pow", site.operand("self", dtype), site.operand("exponent", dtype))


_COMPARISONS = {
    "eq": "Equal", "gt": "Greater", "ge": "GreaterOrEqual", "lt": "Less", "le": "LessOrEqual",
    "ne": "Equal", "greater": "Greater", "less": "Less", "greater_equal": "GreaterOrEqual",
    "less_equal": "LessOrEqual", "not_equal": "Equal",
}  # fmt: skip


def _comparison(name: str, op: str) -> None:
    @rule(f"{name}.Tensor", f"{name}.Scalar")
    def apply(site: Site) -> str:
        dtype = site.common("self", "other")
        if dtype == dtypes.BOOL and op != "Equal":
            dtype = dtypes.INT32
        compared = site.add(op, site.operand("self", dtype), site.operand("other", dtype))
        if name in ("ne", "not_equal"):
            compared = site.add("Not", compared)
        return site.cast_from(compared, dtypes.BOOL, site.result.dtype)


for _name, _op in _COMPARISONS.items():
    _comparison(_name, _op)


def _logic(name: str, op: str) -> None:
    @rule(f"logical_{name}")
    def apply(site: Site) -> str:
        logic = site.add(op, site.operand("self", dtypes.BOOL), site.operand("other", dtypes.BOOL))
        return site.cast_from(logic, dtypes.BOOL, site.result.dtype)

    @rule(
        f"bitwise_{name}.Tensor", f"bitwise_{name}.Scalar",
        f"__{name}__.Tensor", f"__{name}__.Scalar",
    )  # fmt: skip
    def apply_to_bits(site: Site) -> str:
        dtype = site.result.dtype
        bits = op if dtype == dtypes.BOOL else f"Bitwise{op}"
        return site.add(bits, site.operand("self", dtype), site.operand("other", dtype))


for _name, _op in (("and", "And"), ("or", "Or"), ("xor", "Xor")):
    _logic(_name, _op)


@rule("logical_not", "bitwise_not")
def negate(site: Site) -> str:
    """The opposite of a truth value, or of each bit."""
    if "bitwise" in site.target and site.dtype() != dtypes.BOOL:
        return site.add("BitwiseNot", site.tensor("self"))
    opposite = site.add("Not", site.operand("self", dtypes.BOOL))
    return site.cast_from(opposite, dtypes.BOOL, site.result.dtype)


@rule("isnan")
def is_no_number(site: Site) -> str:
    """Whether a number is none."""
    return site.add("IsNaN", site.operand("self", _fractional(site)))


@rule("isinf")
def is_infinite(site: Site) -> str:
    """Whether a number is infinite."""
    return site.add("IsInf", site.operand("self", _fractional(site)))


@rule("isfinite")
def is_finite(site: Site) -> str:
    """Whether a number is neither infinite nor none."""
    value = site.operand("self", _fractional(site))
    return site.add("Not", site.add("Or", site.add("IsNaN", value), site.add("IsInf", value)))


def _fractional(site: Site) -> int:
    return site.dtype() if dtypes.is_floating(site.dtype()) else dtypes.FLOAT


Make = Callable[[Site, str, int], str]


def _composed(*names: str) -> Callable[[Make], Make]:
    """Enter a function of one tensor that has several operations in ONNX."""

    def enter(make: Make) -> Make:
        def apply(site: Site) -> str:
            dtype = site.result.dtype
            return make(site, site.operand("self", dtype), dtype)

        rule(*names)(apply)
        return make

    return enter


@_composed("rsqrt")
def reciprocal_root(site: Site, value: str, dtype: int) -> str:
    """One over the square root."""
    return site.add("Reciprocal", site.add("Sqrt", value))


@_composed("square")
def square(site: Site, value: str, dtype: int) -> str:
    """The product with itself."""
    return site.add("Mul", value, value)


@_composed("expm1", "special_expm1")
def exponential_less_one(site: Site, value: str, dtype: int) -> str:
    """The exponential less 1."""
    return site.add("Sub", site.add("Exp", value), site.scalar(1, dtype))


@_composed("log1p", "special_log1p")
def logarithm_of_one_more(site: Site, value: str, dtype: int) -> str:
    """The logarithm of 1 more."""
    return site.add("Log", site.add("Add", value, site.scalar(1, dtype)))


@_composed("log2")
def logarithm_to_two(site: Site, value: str, dtype: int) -> str:
    """The logarithm to the base of 2."""
    return site.add("Div", site.add("Log", value), site.scalar(float(np.log(2)), dtype))


@_composed("log10")
def logarithm_to_ten(site: Site, value: str, dtype: int) -> str:
    """The logarithm to the base of 10."""
    return site.add("Div", site.add("Log", value), site.scalar(float(np.log(10)), dtype))


@_composed("exp2", "special_exp2")
def power_of_two(site: Site, value: str, dtype: int) -> str:
    """2 to the power of the number."""
    return site.add("Pow", site.scalar(2, dtype), value)


@_composed("erfc", "special_erfc")
def complementary_error(site: Site, value: str, dtype: int) -> str:
    """1 less the error function."""
    return site.add("Sub", site.scalar(1, dtype), site.add("Erf", value))


@rule("round.decimals")
def round_to_decimals(site: Site) -> str:
    """The nearest number of so many decimals."""
    dtype = site.result.dtype
    scale = site.scalar(10.0 ** site.whole("decimals"), dtype)
    scaled = site.add("Mul", site.operand("self", dtype), scale)
    return site.add("Div", site.add("Round", scaled), scale)


@rule("atan2", "arctan2", "atan2.out")
def angle(site: Site) -> str:
    """The angle of a point, from its two coordinates."""
    dtype = site.result.dtype
    y, x = site.operand("self", dtype), site.operand("other", dtype)
    zero, pi = site.scalar(0, dtype), site.scalar(float(np.pi), dtype)
    half = site.add("Where", site.add("Less", y, zero), site.add("Neg", pi), pi)
    slope = site.add("Atan", site.add("Div", y, x))
    at_origin = site.add("And", site.add("Equal", y, zero), site.add("Equal", x, zero))
    slope = site.add("Where", at_origin, zero, slope)
    turned = site.add("Add", slope, half)
    return site.add("Where", site.add("Less", x, zero), turned, slope)


@rule("logaddexp")
def add_logarithms(site: Site) -> str:
    """The logarithm of the sum of two exponentials."""
    dtype = site.result.dtype
    one, other = site.operand("self", dtype), site.operand("other", dtype)
    apart = site.add("Neg", site.add("Abs", site.add("Sub", one, other)))
    more = site.add("Log", site.add("Add", site.scalar(1, dtype), site.add("Exp", apart)))
    return site.add("Add", site.add("Max", one, other), more)


@rule("hypot")
def hypotenuse(site: Site) -> str:
    """The length of the longest side of a right triangle."""
    dtype = site.result.dtype
    one, other = site.operand("self", dtype), site.operand("other", dtype)
    squares = site.add("Add", site.add("Mul", one, one), site.add("Mul", other, other))
    return site.add("Sqrt", squares)


@rule("nan_to_num")
def replace_what_is_no_number(site: Site) -> str:
    """Finite numbers in place of what is none, or infinite."""
    dtype, value = site.dtype(), site.tensor("self")
    if not dtypes.is_floating(dtype):
        return site.add("Identity", value)
    limits = np.finfo(np.float16 if dtype == dtypes.HALF else np.float32)
    if dtype == dtypes.DOUBLE:
        limits = np.finfo(np.float64)
    high = site.scalar(site.real("posinf", float(limits.max)), dtype)
    low = site.scalar(site.real("neginf", float(limits.min)), dtype)
    none = site.scalar(site.real("nan", 0.0), dtype)
    value = site.add("Where", site.add("IsNaN", value), none, value)
    above = site.add("IsInf", value, detect_negative=0)
    value = site.add("Where", above, high, value)
    return site.add("Where", site.add("IsInf", value, detect_positive=0), low, value)


@rule("clamp", "clamp.Tensor", "clip", "clip.Tensor")
def clamp(site: Site) -> str:
    """The number, no less than one bound and no more than another."""
    dtype = site.result.dtype
    value = site.operand("self", dtype)
    if site.has("min"):
        value = site.add("Max", value, site.operand("min", dtype))
    if site.has("max"):
        value = site.add("Min", value, site.operand("max", dtype))
    return value


@rule("clamp_min", "clamp_min.Tensor")
def clamp_below(site: Site) -> str:
    """The number, no less than a bound."""
    dtype = site.result.dtype
    return site.add("Max", site.operand("self", dtype), site.operand("min", dtype))


@rule("clamp_max", "clamp_max.Tensor")
def clamp_above(site: Site) -> str:
    """The number, no more than a bound."""
    dtype = site.result.dtype
    return site.add("Min", site.operand("self", dtype), site.operand("max", dtype))


@rule("where.self", "where.ScalarSelf", "where.ScalarOther", "where.Scalar")
def choose(site: Site) -> str:
    """One of two numbers, as a condition says."""
    dtype = site.result.dtype
    condition = site.operand("condition", dtypes.BOOL)
    return site.add("Where", condition, site.operand("self", dtype), site.operand("other", dtype))


@rule("masked_fill.Scalar", "masked_fill.Tensor")
def fill_masked(site: Site) -> str:
    """A number where a mask is true, the tensor elsewhere."""
    dtype = site.result.dtype
    mask = site.operand("mask", dtypes.BOOL)
    return site.add("Where", mask, site.operand("value", dtype), site.operand("self", dtype))


@rule("lerp.Scalar", "lerp.Tensor")
def interpolate(site: Site) -> str:
    """A number between two others."""
    dtype = site.result.dtype
    start, end = site.operand("self", dtype), site.operand("end", dtype)
    way = site.add("Mul", site.operand("weight", dtype), site.add("Sub", end, start))
    return site.add("Add", start, way)


@rule("addcmul", "addcdiv")
def add_combined(site: Site) -> str:
    """The sum with a product or a quotient of two others."""
    dtype = site.result.dtype
    op = "Mul" if "addcmul" in site.target else "Div"
    combined = site.add(op, site.operand("tensor1", dtype), site.operand("tensor2", dtype))
    if site.argument("value", 1) != 1:
        combined = site.add("Mul", combined, site.scalar(site.argument("value"), dtype))
    return site.add("Add", site.operand("self", dtype), combined)


@rule("bitwise_left_shift.Tensor", "bitwise_left_shift.Tensor_Scalar", "__lshift__.Scalar")
def shift_left(site: Site) -> str:
    """The number times a power of 2."""
    dtype = site.result.dtype
    two = site.scalar(2, dtypes.DOUBLE)
    factor = site.cast(site.add("Pow", two, site.operand("other", dtypes.DOUBLE)), dtype)
    return site.add("Mul", site.operand("self", dtype), factor)


@rule("bitwise_right_shift.Tensor", "bitwise_right_shift.Tensor_Scalar", "__rshift__.Scalar")
def shift_right(site: Site) -> str:
    """The number divided by a power of 2, rounded down."""
    two = site.scalar(2, dtypes.DOUBLE)
    factor = site.add("Pow", two, site.operand("other", dtypes.DOUBLE))
    quotient = site.add("Div", site.operand("self", dtypes.DOUBLE), factor)
    return site.cast(site.add("Floor", quotient), site.result.dtype)


@rule("fill.Scalar", "fill.Tensor", "zero")
def fill(site: Site) -> str:
    """One number everywhere."""
    dtype = site.result.dtype
    value = site.operand("value", dtype) if site.has("value") else site.scalar(0, dtype)
    shape = site.shape()
    if None in shape:
        return site.add("Expand", value, site.add("Shape", site.tensor("self")))
    return site.add("Expand", value, site.ints([n for n in shape if n is not None]))


@rule("copy")
def copy(site: Site) -> str:
    """Another tensor in the shape and type of this one."""
    value = site.operand("src", site.result.dtype)
    if not site.is_tensor("src"):
        raise Untranslatable
    shape = site.shape()
    if None not in shape and site.shape("src") == shape:
        return site.add("Identity", value) if value == site.tensor("src") else value
    if None in shape:
        return site.add("Expand", value, site.add("Shape", site.tensor("self")))
    return site.add("Expand", value, site.ints([n for n in shape if n is not None]))
