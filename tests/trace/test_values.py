"""Values that several threads ask for at once: the sessions of the app share a network."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rf_viz.relation import MAX
from rf_viz.relation.base import Array, Semiring
from rf_viz.trace.values import Plain, Stack


class Interrupted:
    """Adds one; while it is at it, another thread asks for the parts of the stack it works on."""

    blind = False

    def __init__(self) -> None:
        self.of: Stack | None = None
        self.seen: list[int] = []

    def leaves(self, axis: int) -> bool:
        return True

    def unites(self, axis: int) -> bool:
        return False

    def push(self, a: Array, ring: Semiring) -> Array:
        asks, self.of = self.of, None
        if asks is not None:
            with ThreadPoolExecutor(1) as pool:
                parts = pool.submit(asks.parts, (ring,)).result(timeout=10)
            self.seen = [int(part.arrays[0][0]) for _, _, part in parts]
        return a + 1


def test_who_asks_while_parts_are_worked_out_gets_all_of_them() -> None:
    step = Interrupted()
    parts = [(i, i + 1, Plain((np.array([10 * i], np.int32),))) for i in range(3)]
    stack = Stack.of(0, 3, parts, (MAX,)).step(step, (MAX,))
    assert isinstance(stack, Stack)
    step.of = stack
    assert [int(part.arrays[0][0]) for _, _, part in stack.parts((MAX,))] == [1, 11, 21]
    assert step.seen == [1, 11, 21]
