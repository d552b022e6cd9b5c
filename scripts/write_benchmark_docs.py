"""Write the figures of the diagnosis's benchmark into README.md and docs.

    python scripts/bench_diagnosis.py --out seen.json
    python scripts/bench_diagnosis.py --unseen --out unseen.json
    python scripts/choose_thresholds.py FOLDER --out choice.json
    python scripts/write_benchmark_docs.py [--seen seen.json ...] [--unseen unseen.json ...]
                                           [--choice choice.json]

A part of docs/benchmark.json is written anew where its files are given, and else is what it was;
the blocks after the marks are made from it.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import diagnosis_report as report
from diagnosis_report import CONFIRMED, OWN, Judged

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "benchmark.json"
PARTS = ("seen", "unseen")
Figures = Mapping[str, Any]


# --------------------------------------------------------------------------------- the figures
def summary(everything: Sequence[Judged]) -> dict[str, Any]:
    """What docs/benchmark.json keeps of a part of the benchmark."""
    judged = [own for own in everything if not own.error and not (own.harm and own.harm.error)]
    systems = list(dict.fromkeys(name for own in judged for name in own.said))
    systems.sort(key=lambda name: name != OWN)
    faults = [own for own in judged if own.fault]
    healthy = [own for own in judged if own.case.control]
    harmless = [own for own in judged if not own.fault and not own.case.control]
    regained = [value for own in faults for value in own.regained.values()]
    half = [value for value in regained if value is not None and value >= 0.5]
    seconds = sorted(own.seconds for own in faults if own.alarms(OWN))
    return {
        "systems": report.figures(judged, systems),
        "counts": {
            "faults": sum(not own.case.pair for own in faults),
            "pairs": sum(bool(own.case.pair) for own in faults),
            "healthy": len(healthy),
            "harmless": len(harmless),
            "tables": len({own.case.table for own in judged}),
        },
        "alarms": {
            system: {
                "healthy": _share(
                    bool(own.alarms(system)) for own in healthy if system in own.said
                ),
                "harmless": _share(
                    bool(own.alarms(system)) for own in harmless if system in own.said
                ),
            }
            for system in systems
        },
        "confirmed_on_healthy": _share(
            any(one.verdict == CONFIRMED for one in own.alarms(OWN)) for own in healthy
        ),
        "confirmed": _share(
            any(
                one.verdict == CONFIRMED and set(one.causes) & _true(own) for one in own.alarms(OWN)
            )
            for own in faults
        ),
        "regained": [len(half), len(regained)],
        "seconds": seconds[len(seconds) // 2] if seconds else None,
        "tables": _by_table(judged),
    }


def _true(own: Judged) -> set[str]:
    """The ids that name a mistake of a case rightly."""
    return {cause for ids in own.case.pair or [own.case.causes] for cause in ids}


def _share(holds: Iterable[bool]) -> list[int]:
    """How many of how many."""
    values = list(holds)
    return [sum(values), len(values)]


def _by_table(judged: Sequence[Judged]) -> dict[str, list[int]]:
    """By table: harmful single mistakes, cause first, runs without harm, alarms on them."""
    found = {}
    for table in sorted({own.case.table for own in judged}):
        of_table = [own for own in judged if own.case.table == table]
        faults = [own for own in of_table if own.fault and not own.case.pair]
        others = [own for own in of_table if not own.fault]
        right = sum(own.right(OWN, 1) for own in faults)
        found[table] = [len(faults), right, *reversed(_share(bool(o.alarms(OWN)) for o in others))]
    return found


# ---------------------------------------------------------------------------------- the blocks
def systems_table(figures: Figures) -> str:
    """The systems side by side, of both parts."""
    lines = [
        "| | detected | true cause first | among the first three | alarm on a healthy run |",
        "| --- | --- | --- | --- | --- |",
    ]
    for part, name in (("unseen", "tables made after the rules"), ("seen", "all other tables")):
        counts = figures[part]["counts"]
        lines.append(
            f"| *{name}: {counts['faults']} harmful mistakes, {counts['healthy']} healthy runs* "
            "| | | | |"
        )
        for row in figures[part]["systems"]:
            alarms = figures[part]["alarms"][row["system"]]["healthy"]
            cells = [_percent(row[key]) for key in ("detected", "first", "first_three")]
            label = f"**{OWN}**" if row["system"] == OWN else row["system"]
            lines.append(
                f"| {label} | {' | '.join(cells)} | {_percent(alarms[0] / max(1, alarms[1]))} |"
            )
    return "\n".join(lines)


def own_table(figures: Figures) -> str:
    """What only nnexp has, of both parts."""
    lines = ["| | tables made after the rules | all other tables |", "| --- | --- | --- |"]

    def row(name: str, of: Callable[[Figures], str]) -> None:
        lines.append(f"| {name} | {of(figures['unseen'])} | {of(figures['seen'])} |")

    row("the true cause of a harmful mistake is confirmed", lambda own: _of(own["confirmed"]))
    row("a confirmed fix wins back half of the lost score", lambda own: _of(own["regained"]))
    row("a confirmed finding on a healthy run", lambda own: _of(own["confirmed_on_healthy"]))
    row(
        "an alarm on a mistake that costs no accuracy",
        lambda own: _of(own["alarms"][OWN]["harmless"]),
    )
    row("set F1 of two mistakes at once", lambda own: _number(own["systems"][0]["pairs_f1"]))
    row("seconds to a diagnosis with its proof, median", lambda own: _number(own["seconds"]))
    return "\n".join(lines)


def table_table(figures: Figures) -> str:
    """nnexp by table."""
    lines = [
        "| table | harmful mistakes | true cause first | other runs | alarms |",
        "| --- | --- | --- | --- | --- |",
    ]
    for part in ("unseen", "seen"):
        for name, (faults, right, others, alarms) in figures[part]["tables"].items():
            shown = f"{name} (made after)" if part == "unseen" else name
            lines.append(f"| {shown} | {faults} | {right} | {others} | {alarms} |")
    return "\n".join(lines)


def choice_text(figures: Figures) -> str:
    """What the choice by the other tables came to."""
    choice = figures["choice"]
    lines = [f"{choice['runs']} runs of {len(choice['chosen'])} tables, without proofs"]
    for name, (right, alarms) in choice["figures"].items():
        lines.append(f"{name:28}  cause first {_percent(right, 1)}, alarms {_percent(alarms, 1)}")
    counts: dict[str, int] = {}
    for setting in choice["chosen"].values():
        words = ", ".join(
            f"{name} {value:g}" for name, value in zip(choice["names"], setting, strict=True)
        )
        counts[words] = counts.get(words, 0) + 1
    lines.append("chosen for a table by the others:")
    lines += [f"{count:4} times  {words}" for words, count in counts.items()]
    return "\n".join(["```text", *lines, "```"])


def _percent(value: float | None, places: int = 0) -> str:
    return "-" if value is None else f"{100 * value:.{places}f} %"


def _of(pair: Sequence[int]) -> str:
    return f"{_percent(pair[0] / pair[1])} ({pair[0]} of {pair[1]})" if pair[1] else "-"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


BLOCKS: dict[str, tuple[tuple[str, ...], Callable[[Figures], str]]] = {
    "systems": (("README.md", "docs/benchmark.md"), systems_table),
    "own": (("docs/benchmark.md",), own_table),
    "tables": (("docs/benchmark.md",), table_table),
    "choice": (("docs/thresholds.md",), choice_text),
}


def mark(name: str) -> str:
    """The line before a block; the line `END` follows it."""
    return f"<!-- {name}, by scripts/write_benchmark_docs.py -->"


END = "<!-- end -->"


def written(page: str, text: str, figures: Figures) -> str:
    """A page with its blocks made anew."""
    for name, (pages, block) in BLOCKS.items():
        if page not in pages:
            continue
        place = re.compile(re.escape(mark(name)) + ".*?" + re.escape(END), re.DOTALL)
        new = f"{mark(name)}\n{block(figures)}\n{END}"
        text, count = place.subn(new.replace("\\", r"\\"), text)
        if count != 1:
            raise SystemExit(f"{page} has not one block {mark(name)} ... {END}")
    return text


def main() -> None:
    """Write the figures and the pages."""
    parser = argparse.ArgumentParser()
    for part in PARTS:
        parser.add_argument(f"--{part}", nargs="+", type=Path, default=[], metavar="FILE")
    parser.add_argument("--choice", type=Path, metavar="FILE")
    options = parser.parse_args()
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    figures |= {
        part: summary(report.read(*files)) for part in PARTS if (files := vars(options)[part])
    }
    if options.choice:
        figures["choice"] = json.loads(options.choice.read_text(encoding="utf-8"))
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for page in sorted({page for pages, _ in BLOCKS.values() for page in pages}):
        path = ROOT / page
        path.write_text(written(page, path.read_text(encoding="utf-8"), figures), encoding="utf-8")
        print(f"wrote {page}")


if __name__ == "__main__":
    main()
