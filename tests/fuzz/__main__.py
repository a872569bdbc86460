"""Examine mutated files: ``python -m tests.fuzz --cases 10000 --seed 1``; see --help."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.campaign import CLASSES, Outcome, examine
from tests.fuzz.cases import first_cases, make_case
from tests.fuzz.formats import FORMATS


def main() -> int:
    """Examine cases, print what became of them; 1 where there are faults."""
    arguments = _arguments()
    numbers = arguments.case
    if not numbers:
        numbers = first_cases(arguments.cases, arguments.only, arguments.start)
    start, reached = time.monotonic(), Counter[str]()

    def done(outcome: Outcome) -> None:
        reached[outcome.kind] += 1
        total, seconds = reached.total(), time.monotonic() - start
        if outcome.kind == "fault":
            print(f"\rcase {outcome.number} ({outcome.form}): {outcome.place}", flush=True)
        if total % 50 == 0 or total == len(numbers):
            print(f"\r{total} of {len(numbers)} in {seconds:.0f} s: {_told(reached)}", flush=True)

    outcomes = examine(arguments.seed, numbers, arguments.jobs, done)
    print(_table(outcomes))
    faults = [outcome for outcome in outcomes if outcome.kind == "fault"]
    if faults and not arguments.case:
        _report(faults, arguments.seed, Path(arguments.out))
    for outcome in outcomes if arguments.case else ():
        print(f"\ncase {outcome.number}, {outcome.kind}: {outcome.text}")
        print(f"file {_save(outcome, arguments.seed, Path(arguments.out))}")
    return bool(faults)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--seed", type=int, default=1, help="which mutations are made (1)")
    parser.add_argument("--start", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", choices=FORMATS, help="of one format alone")
    parser.add_argument("--case", type=int, nargs="+", help="these alone, by their numbers")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--out", default="fuzz-faults", help="folder for the files of faults")
    return parser.parse_args()


def _told(reached: Counter[str]) -> str:
    return ", ".join(f"{reached[kind]} {kind}" for kind in CLASSES)


def _table(outcomes: Sequence[Outcome]) -> str:
    """How many cases of each format became what."""
    counts: dict[str, Counter[str]] = {form: Counter() for form in FORMATS}
    for outcome in outcomes:
        counts[outcome.form][outcome.kind] += 1
    total = sum(counts.values(), Counter[str]())
    rows = [(form, of) for form, of in counts.items() if of] + [("all", total)]
    lines = [f"{'':20}{''.join(f'{kind:>12}' for kind in CLASSES)}{'all':>12}"]
    for form, of in rows:
        lines.append(f"{form:20}{''.join(f'{of[kind]:12}' for kind in CLASSES)}{of.total():12}")
    return "\n".join(lines)


def _report(faults: Sequence[Outcome], seed: int, folder: Path) -> None:
    """Save the file of each fault, and print its traceback, alike ones together."""
    places: dict[str, list[Outcome]] = defaultdict(list)
    for fault in faults:
        places[fault.place].append(fault)
    for place, alike in sorted(places.items(), key=lambda item: -len(item[1])):
        numbers = " ".join(str(fault.number) for fault in alike[:20])
        paths = [_save(fault, seed, folder) for fault in alike[:3]]
        print(f"\n== {place}\n{len(alike)} cases: {numbers}\n{alike[0].text[-4000:].rstrip()}")
        print(*(f"file {path}" for path in paths), sep="\n")
        print(f"again: python -m tests.fuzz --seed {seed} --case {alike[0].number}")


def _save(outcome: Outcome, seed: int, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    case = make_case(seed, outcome.number)
    path = folder / f"{seed}-{case.number}-{case.name}"
    path.write_bytes(case.data)
    path.with_name(f"{path.name}.txt").write_text(outcome.text, encoding="utf-8", errors="replace")
    return path


if __name__ == "__main__":
    sys.exit(main())
