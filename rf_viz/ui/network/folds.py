"""What is folded in the graph, as an address spells it."""

from __future__ import annotations

from ...trace.network import Network
from ..address_choice import BETWEEN, Form
from ..sharing import kept_with_it
from .scopes import all_scopes, first_unfolded, scope_tree


@kept_with_it()
def folds(net: Network) -> Form:
    """The form of the set of a network's unfolded scopes.

    It is spelled as all, none or those unfolded at first, whichever is nearest, and then the
    numbers of the scopes in which it differs, counted in the order of the tree.
    """
    tree = scope_tree(net)
    keys = [scope.key for scope in all_scopes(tree)]
    bases = {"first": first_unfolded(tree), "all": set(keys), "none": set[str]()}

    def read(text: str) -> set[str]:
        base, *numbers = text.split(BETWEEN)
        if base not in bases or not all(
            number.isdecimal() and int(number[:9]) < len(keys) for number in numbers
        ):
            raise ValueError(text)
        return bases[base] ^ {keys[int(number)] for number in numbers}

    def write(unfolded: set[str]) -> str:
        base = min(bases, key=lambda name: len(bases[name] ^ unfolded))
        numbers = (str(n) for n, key in enumerate(keys) if key in bases[base] ^ unfolded)
        return BETWEEN.join((base, *numbers))

    return Form(bases["first"], read, write)
