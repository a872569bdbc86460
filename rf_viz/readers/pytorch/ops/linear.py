"""Products of matrices."""

from __future__ import annotations

from ..site import Site, Untranslatable, rule


@rule("linear")
def linear(site: Site) -> str:
    """The last axis times a matrix."""
    value, weight = site.tensor("input"), site.tensor("weight")
    if site.rank("input") == 2 and site.rank("weight") == 2:
        return site.add("Gemm", value, weight, site.optional("bias"), transB=1)
    if site.rank("weight") == 2:
        weight = site.transpose(weight, [1, 0])
    result = site.add("MatMul", value, weight)
    return site.add("Add", result, site.tensor("bias")) if site.has("bias") else result


@rule("matmul", "mv", "dot", "mm", "bmm", "linalg_matmul")
def product(site: Site) -> str:
    """The product of two matrices."""
    one, other = list(site.node.arguments)[:2]
    return site.add("MatMul", site.tensor(one), site.tensor(other))


@rule("addmm", "addmv", "baddbmm", "addbmm")
def add_product(site: Site) -> str:
    """The sum with a product of two matrices."""
    dtype = site.result.dtype
    one, other = list(site.node.arguments)[1:3]
    product = site.add("MatMul", site.tensor(one), site.tensor(other))
    if "addbmm" in site.target and "baddbmm" not in site.target:
        product = site.add("ReduceSum", product, site.ints([0]), keepdims=0)
    if site.argument("alpha", 1) != 1:
        product = site.add("Mul", product, site.scalar(site.argument("alpha"), dtype))
    beta = site.argument("beta", 1)
    if beta == 0:
        return product
    added = site.tensor("self")
    if beta != 1:
        added = site.add("Mul", added, site.scalar(beta, dtype))
    return site.add("Add", added, product)


@rule("einsum")
def einsum(site: Site) -> str:
    """Sums of products, as letters for axes say."""
    equation = site.argument("equation")
    if not isinstance(equation, str):
        raise Untranslatable
    return site.add("Einsum", *site.tensors("tensors"), equation=equation.replace(" ", ""))


@rule("outer", "ger")
def outer(site: Site) -> str:
    """The products of all pairs of numbers of two rows."""
    other = "vec2" if "vec2" in site.node.arguments else "other"
    one, other = site.tensor("self"), site.tensor(other)
    return site.add("Mul", site.unsqueeze(one, 1), site.unsqueeze(other, 0))


@rule("bilinear")
def bilinear(site: Site) -> str:
    """A form of two inputs, linear in each."""
    product = site.add(
        "Einsum",
        site.tensor("input1"),
        site.tensor("weight"),
        site.tensor("input2"),
        equation="...i,kij,...j->...k",
    )
    return site.add("Add", product, site.tensor("bias")) if site.has("bias") else product


@rule("cosine_similarity")
def cosine(site: Site) -> str:
    """The cosine of the angle between two vectors."""
    dtype, axis = site.result.dtype, site.axis(default=1, of="x1")
    one, other = site.tensor("x1"), site.tensor("x2")
    axes, bound = site.ints([axis]), site.scalar(site.real("eps", 1e-8), dtype)

    def unit(value: str) -> str:
        length = site.add("ReduceL2", value, axes, keepdims=1)
        return site.add("Div", value, site.add("Max", length, bound))

    return site.add("ReduceSum", site.add("Mul", unit(one), unit(other)), axes, keepdims=0)


@rule("_cdist_forward", "cdist")
def distances(site: Site) -> str:
    """The Euclidean distances of all pairs of rows."""
    if site.real("p", 2.0) != 2:
        raise Untranslatable
    one = site.unsqueeze(site.tensor("x1"), site.rank("x1") - 1)
    other = site.unsqueeze(site.tensor("x2"), site.rank("x2") - 2)
    return site.add("ReduceL2", site.add("Sub", one, other), site.ints([-1]), keepdims=0)
