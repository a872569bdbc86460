"""What is unfolded in the graph is spelled in few characters, and comes back."""

from __future__ import annotations

import pytest

import rf_viz
from rf_viz.catalogue.samples import SAMPLE_MODELS
from rf_viz.ui.address_choice import Form
from rf_viz.ui.network.folds import folds
from rf_viz.ui.network.scopes import all_scopes, first_unfolded, scope_tree


@pytest.fixture(scope="module")
def net() -> rf_viz.Network:
    return rf_viz.load(SAMPLE_MODELS["squeezenet"].path).trace()


@pytest.fixture(scope="module")
def form(net: rf_viz.Network) -> Form:
    return folds(net)


def test_it_is_spelled_by_how_it_differs_from_the_nearest(net: rf_viz.Network, form: Form) -> None:
    tree = scope_tree(net)
    keys = [scope.key for scope in all_scopes(tree)]
    assert form.default == first_unfolded(tree)
    for unfolded, text in (
        (set(), "none"),
        (form.default ^ {keys[2]}, "first~2"),
        ({keys[3]}, "none~3"),
    ):
        assert form.write(unfolded) == text
        assert form.read(text) == unfolded
    assert form.read("all") == set(keys)


@pytest.mark.parametrize("text", ["", "some", "all~", "all~x", "all~999", "first~-1"])
def test_what_names_no_scope_is_refused(form: Form, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        form.read(text)
