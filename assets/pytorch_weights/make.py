"""Makes rf_viz/readers/foreign/architectures.json: networks by the names of their weights.

    python assets/pytorch_weights/make.py torchvision|timm ...

PyTorch and the packages named are not part of the project: run it where they are installed. Every
network is built without memory for its weights, twice, with different numbers of classes: what
differs is its head, which people replace.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rf_viz.readers.foreign.architectures import TABLE, digest

Row = list[Any]

_VIDEO = {"r3d_18", "mc3_18", "r2plus1d_18", "s3d"}
_SIDES = {"inception_v3": 299, "vit_h_14": 224}


def torchvision_networks() -> Iterator[tuple[str, str, str, list[int]]]:
    """Yield name, call and further arguments of each network, and the shape of its input."""
    from torchvision import models

    for module in (models, models.segmentation, models.video):
        for name in models.list_models(module=module):
            shape = [1, 3, _SIDES.get(name, 224), _SIDES.get(name, 224)]
            if module is models.video:
                if name not in _VIDEO:
                    continue  # their inputs have sizes of their own
                shape = [1, 3, 16, 112, 112]
            more = [""]
            if module is models.segmentation:
                more = [", weights_backbone=None", ", weights_backbone=None, aux_loss=True"]
                more = more[:1] if name.startswith("lraspp") else more
            if name in ("inception_v3", "googlenet"):
                more = [
                    f", init_weights=False, aux_logits={aux}, transform_input={aux}"
                    for aux in (True, False)
                ]
            for arguments in more:
                yield name, f'torchvision.models.get_model("{name}"', arguments, shape


def timm_networks() -> Iterator[tuple[str, str, str, list[int]]]:
    """Yield the same of timm's networks."""
    import timm

    for name in timm.list_models():
        if name.startswith("test_"):
            continue
        cfg = timm.get_pretrained_cfg(name)
        if cfg is None or cfg.input_size is None:
            continue
        yield name, f'timm.create_model("{name}"', "", [1, *cfg.input_size]


def shapes(call: str, arguments: str, classes: int) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's weights, by name."""
    import timm  # noqa: F401
    import torchvision  # noqa: F401

    expression = f"{call}, num_classes={classes}{arguments})"
    try:
        with torch.device("meta"):
            network = eval(expression)
    except NotImplementedError:  # it computes with tensors while it is built
        network = eval(expression)
    return {name: tuple(t.shape) for name, t in network.state_dict().items()}


def row(name: str, call: str, arguments: str, shape: list[int]) -> tuple[str, Row]:
    """A network's key and its entry in the table."""
    one, other = (shapes(call, arguments, classes) for classes in (1000, 7))
    head = sorted(n for n in one if other.get(n) != one[n])
    body = {n: s for n, s in one.items() if n not in head}
    return digest(one, shapes=False), [digest(body), name, call, arguments, shape, head]


def main(packages: list[str]) -> None:
    """Make the rows of these packages; those of others stay."""
    table: dict[str, list[Row]] = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    networks = {"torchvision": torchvision_networks, "timm": timm_networks}
    for package in packages:
        own = {k: [r for r in rows if not r[2].startswith(package)] for k, rows in table.items()}
        table = {k: rows for k, rows in own.items() if rows}
        for network in networks[package]():
            try:
                key, entry = row(*network)
            except Exception as error:
                print(network[0], "is left out:", type(error).__name__, str(error)[:80], flush=True)
                continue
            rows = table.setdefault(key, [])
            # Networks whose weights are alike are one; torchvision's names are better known.
            if package == "torchvision":
                rows[:] = [entry, *(row for row in rows if row[0] != entry[0])]
            elif all(entry[0] != other[0] for other in rows):
                rows.append(entry)
        lines = [f"{json.dumps(k)}: {json.dumps(table[k])}" for k in sorted(table)]
        TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(package, sum(len(rows) for rows in table.values()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
