"""Write the figures of the diagnosis's benchmark into README.md and docs.

    python scripts/bench_diagnosis.py --out seen.json
    python scripts/bench_diagnosis.py --unseen --out unseen.json
    python scripts/choose_thresholds.py FOLDER --out choice.json
    python scripts/write_benchmark_docs.py [seen.json unseen.json choice.json]

With the three files docs/benchmark.json is written anew, without them it is what it was; the blocks
after the marks are made from it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "benchmark.json"
OWN = "nnexp"
CONFIRMED, HARMLESS = "confirmed", "harmless"
Figures = Mapping[str, Any]


# --------------------------------------------------------------------------------- the figures
def summary(content: Mapping[str, Any]) -> dict[str, Any]:
    """What docs/benchmark.json keeps of a run of the benchmark."""
    cases = [
        case
        for case in content["cases"]
        if not case["error"] and not (case["harm"] and case["harm"].get("error"))
    ]
    faults = [case for case in cases if _hurts(case)]
    healthy = [case for case in cases if not _hurts(case)]
    proper = [case for case in healthy if case["is_control"]]
    regained = [value for case in faults for value in case["regained"].values()]
    half = [value for value in regained if value is not None and value >= 0.5]
    seconds = sorted(case["seconds"] for case in faults if _alarms(case, OWN))
    return {
        "systems": content["figures"],
        "counts": {
            "faults": sum(not case["pair"] for case in faults),
            "pairs": sum(bool(case["pair"]) for case in faults),
            "healthy": len(proper),
            "harmless": len(healthy) - len(proper),
            "tables": len({case["table"] for case in cases}),
        },
        "alarms": {
            row["system"]: {
                "healthy": _alarmed(proper, row["system"]),
                "harmless": _alarmed([own for own in healthy if own not in proper], row["system"]),
            }
            for row in content["figures"]
        },
        "confirmed_on_healthy": _share(
            proper, lambda case: any(a["verdict"] == CONFIRMED for a in _alarms(case, OWN))
        ),
        "confirmed": _share(
            faults,
            lambda case: any(
                a["verdict"] == CONFIRMED and set(a["causes"]) & _true(case)
                for a in _alarms(case, OWN)
            ),
        ),
        "regained": [len(half), len(regained)],
        "seconds": seconds[len(seconds) // 2] if seconds else None,
        "tables": _by_table(cases),
    }


def _hurts(case: Mapping[str, Any]) -> bool:
    return bool(case["harm"] and case["harm"]["hurts"])


def _alarms(case: Mapping[str, Any], system: str) -> list[Mapping[str, Any]]:
    return [own for own in case["said"].get(system, []) if own["verdict"] != HARMLESS]


def _true(case: Mapping[str, Any]) -> set[str]:
    """The ids that name a mistake of a case rightly."""
    return {cause for ids in case["pair"] or [case["causes"]] for cause in ids}


def _share(
    cases: Sequence[Mapping[str, Any]], holds: Callable[[Mapping[str, Any]], bool]
) -> list[int]:
    """How many of how many."""
    return [sum(map(holds, cases)), len(cases)]


def _alarmed(cases: Sequence[Mapping[str, Any]], system: str) -> list[int]:
    """On how many of how many a system says something."""
    return _share(cases, lambda case: bool(_alarms(case, system)))


def _by_table(cases: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """By table: harmful single mistakes, cause first, runs without harm, alarms on them."""
    found = {}
    for table in sorted({case["table"] for case in cases}):
        own = [case for case in cases if case["table"] == table]
        faults = [case for case in own if _hurts(case) and not case["pair"]]
        others = [case for case in own if not _hurts(case)]
        right = sum(
            bool(set(alarms[0]["causes"]) & set(case["causes"]))
            for case in faults
            if (alarms := _alarms(case, OWN))
        )
        found[table] = [len(faults), right, len(others), sum(bool(_alarms(c, OWN)) for c in others)]
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
        lines.append(f"{name:28}  cause first {_percent(right)}, alarms {_percent(alarms, 1)}")
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
    if len(sys.argv) == 4:
        seen, unseen, choice = (json.loads(Path(word).read_text()) for word in sys.argv[1:])
        content = {"seen": summary(seen), "unseen": summary(unseen), "choice": choice}
        FIGURES.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    for page in sorted({page for pages, _ in BLOCKS.values() for page in pages}):
        path = ROOT / page
        path.write_text(written(page, path.read_text(encoding="utf-8"), figures), encoding="utf-8")
        print(f"wrote {page}")


if __name__ == "__main__":
    main()
