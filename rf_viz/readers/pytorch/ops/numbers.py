"""Sizes of tensors, and the arithmetic that a program does on them."""

from __future__ import annotations

from .. import dtypes
from ..program import Argument
from ..site import Site, Untranslatable, rule, rule_of


@rule("sym_size.int", "size.int")
def size(site: Site) -> str:
    """The length of an axis."""
    axis = site.scalar(site.axis(), dtypes.INT64)
    return site.add("Gather", site.add("Shape", site.tensor("self")), axis, axis=0)


@rule("sym_numel", "numel")
def count(site: Site) -> str:
    """The number of elements."""
    return site.add("Size", site.tensor("self"))


@rule("sym_stride.int", "sym_storage_offset")
def place(site: Site) -> str:
    """How a tensor lies in its storage."""
    meta = site.meta("self")
    value = meta.strides[site.axis()] if site.has("dim") else meta.offset
    if not isinstance(value, int):
        raise Untranslatable
    return site.scalar(value, dtypes.INT64)


@rule("item", "_local_scalar_dense")
def item(site: Site) -> str:
    """The one number that a tensor holds."""
    value = site.reshape(site.tensor("self"), [])
    dtype = site.dtype()
    if dtype == dtypes.BOOL:
        return value
    return site.cast(value, dtypes.FLOAT if dtypes.is_floating(dtype) else dtypes.INT64)


def _operands(site: Site, dtype: int) -> list[str]:
    return [site.scalar(value, dtype) for value in site.node.arguments.values()]


def _arithmetic(op: str, *targets: str) -> None:
    @rule_of(*targets)
    def apply(site: Site) -> str:
        return site.add(op, *_operands(site, _kind(list(site.node.arguments.values()))))


def _kind(values: list[Argument]) -> int:
    """Whole numbers, unless one has a fraction."""
    return dtypes.FLOAT if any(isinstance(v, float) for v in values) else dtypes.INT64


_arithmetic("Add", "_operator.add")
_arithmetic("Sub", "_operator.sub")
_arithmetic("Mul", "_operator.mul")
_arithmetic("Mod", "_operator.mod")
_arithmetic("Max", "torch.sym_max")
_arithmetic("Min", "torch.sym_min")
_arithmetic("Neg", "_operator.neg")
_arithmetic("Equal", "_operator.eq")
_arithmetic("Less", "_operator.lt")
_arithmetic("LessOrEqual", "_operator.le")
_arithmetic("Greater", "_operator.gt")
_arithmetic("GreaterOrEqual", "_operator.ge")


@rule_of("_operator.ne")
def differ(site: Site) -> str:
    """Whether two numbers differ."""
    return site.add("Not", site.add("Equal", *_operands(site, dtypes.INT64)))


@rule_of("_operator.floordiv")
def divide_down(site: Site) -> str:
    """The quotient of whole numbers, rounded down."""
    one, other = _operands(site, dtypes.DOUBLE)
    return site.cast(site.add("Floor", site.add("Div", one, other)), dtypes.INT64)


@rule_of("_operator.truediv", "torch._sym_truediv")
def divide(site: Site) -> str:
    """The quotient of two numbers."""
    return site.add("Div", *_operands(site, dtypes.FLOAT))


@rule_of("_operator.pow", "_operator.pow_by_natural")
def power(site: Site) -> str:
    """A number to the power of another."""
    return site.add("Pow", *_operands(site, _kind(list(site.node.arguments.values()))))


@rule_of("math.floor", "math.trunc", "_operator.trunc", "torch.sym_int")
def down(site: Site) -> str:
    """The whole number below."""
    return site.cast(site.add("Floor", *_operands(site, dtypes.DOUBLE)), dtypes.INT64)


@rule_of("math.ceil")
def up(site: Site) -> str:
    """The whole number above."""
    return site.cast(site.add("Ceil", *_operands(site, dtypes.DOUBLE)), dtypes.INT64)


@rule_of("_operator.round")
def near(site: Site) -> str:
    """The nearest whole number."""
    return site.cast(site.add("Round", *_operands(site, dtypes.DOUBLE)[:1]), dtypes.INT64)


@rule_of("torch.sym_float")
def fraction(site: Site) -> str:
    """The number, as one with a fraction."""
    return site.add("Identity", *_operands(site, dtypes.FLOAT))


@rule_of("torch.sym_not", "_operator.not_")
def negate(site: Site) -> str:
    """The opposite of a truth value."""
    return site.add("Not", *_operands(site, dtypes.BOOL))


@rule_of("_operator.and_")
def both(site: Site) -> str:
    """Whether both of two conditions hold."""
    return site.add("And", *_operands(site, dtypes.BOOL))


@rule_of("_operator.or_")
def either(site: Site) -> str:
    """Whether one of two conditions holds."""
    return site.add("Or", *_operands(site, dtypes.BOOL))


@rule_of("torch.sym_ite")
def choose(site: Site) -> str:
    """One of two numbers, as a condition says."""
    values = list(site.node.arguments.values())
    if len(values) != 3:
        raise Untranslatable
    numbers = [site.scalar(value, _kind(values[1:])) for value in values[1:]]
    return site.add("Where", site.scalar(values[0], dtypes.BOOL), *numbers)
