"""Makes sweep.json: how well networks of some depths tell narrow pairs of dots from wide ones.

    .venv/bin/python assets/dots/make.py

It takes about ten minutes. See ``rf_viz.lessons.dots`` for the task.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rf_viz.lessons.dots import DEPTHS, WIDTHS
from rf_viz.lessons.dots_training import SWEEP, final_accuracy

SEEDS = range(1, 6)


def main() -> None:
    """Train all networks anew."""
    lines = []
    for width in WIDTHS:
        for depth in DEPTHS:
            accuracies = [final_accuracy(width, depth, seed) for seed in SEEDS]
            row = {"width": width, "depth": depth, "accuracies": accuracies}
            lines.append(json.dumps(row))
            print(lines[-1], flush=True)
    SWEEP.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
