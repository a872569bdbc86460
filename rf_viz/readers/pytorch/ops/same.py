"""Operators that hand a tensor on as it is, or in another type."""

from __future__ import annotations

from .. import dtypes
from ..site import Site, Untranslatable, rule


@rule(
    "alias", "clone", "contiguous", "detach", "lift_fresh", "lift_fresh_copy", "lift", "alias_copy",
    "detach_copy", "positive", "resolve_conj", "resolve_neg", "to_dense",
)  # fmt: skip
def identity(site: Site) -> str:
    """The tensor as it is."""
    return site.add("Identity", site.tensor(next(iter(site.node.arguments))))


@rule("real", "conj", "_conj", "conj_physical")
def real(site: Site) -> str:
    """The tensor as it is, where it has no imaginary part."""
    if dtypes.is_complex(site.dtype()):
        raise Untranslatable
    return site.add("Identity", site.tensor("self"))


@rule("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
def dropout(site: Site) -> str:
    """The tensor; while training some numbers of it are left out."""
    value = site.tensor(next(iter(site.node.arguments)))
    return site.add("Dropout" if site.argument("train", False) else "Identity", value)


@rule("native_dropout")
def native_dropout(site: Site) -> list[str | None]:
    """The tensor; while training some numbers of it are left out."""
    if site.argument("train", False):
        return list(site.writer.add_many("Dropout", [site.tensor("input")], 2))
    value = site.tensor("input")
    ones = site.add("Expand", site.scalar(True, dtypes.BOOL), site.add("Shape", value))
    return [site.add("Identity", value), ones]


@rule(
    "to.dtype", "to.dtype_layout", "to.device", "to.other", "_to_copy", "type_as", "to.prim_Device",
    "to.prim_dtype", "_autocast_to_reduced_precision", "_autocast_to_full_precision",
)  # fmt: skip
def convert(site: Site) -> str:
    """The tensor in another type."""
    value = site.tensor("self")
    if site.dtype() == site.result.dtype:
        return site.add("Identity", value)
    return site.cast(value, site.result.dtype)


def _conversion(name: str) -> None:
    @rule(f"_cast_{name}")
    def apply(site: Site) -> str:
        return site.cast(site.tensor("self"), site.result.dtype)


for _name in ("Float", "Double", "Half", "Int", "Long", "Short", "Char", "Byte"):
    _conversion(_name)
