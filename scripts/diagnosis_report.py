"""The figures of scripts/bench_diagnosis.py, from what the systems said of each case."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diagnosis_case import Case
from diagnosis_runs import Harm

OWN = "nnexp"
CONFIRMED, HARMLESS = "confirmed", "harmless"


@dataclass(frozen=True)
class Said:
    """An alarm or a remark of a system.

    Arguments:
        name: what it is called there.
        causes: ids of ours that it means.
        verdict: of nnexp's findings.
        fix: overrides.
        proof: as in diagnosis.json.
    """

    name: str
    causes: tuple[str, ...]
    verdict: str = "suspected"
    fix: tuple[str, ...] = ()
    proof: dict[str, Any] | None = None


@dataclass
class Judged:
    """What was said of a case's run.

    Arguments:
        case: the case; a mistake that does no harm is a control here.
        said: by system, in its order; a system that is not there has not looked.
        harm: what the mistake costs; None for a healthy run.
        seconds: what the diagnosis with its proof took.
        regained: share of the lost score that nnexp's confirmed findings win back, by cause;
            None where the fix did not run.
        error: why there is nothing, or "".
    """

    case: Case
    said: dict[str, list[Said]] = field(default_factory=dict)
    harm: Harm | None = None
    seconds: float = 0.0
    regained: dict[str, float | None] = field(default_factory=dict)
    error: str = ""

    @property
    def fault(self) -> bool:
        """Whether a harmful mistake is in it."""
        return self.harm is not None and self.harm.hurts

    def alarms(self, system: str) -> list[Said]:
        """What a system says against the run."""
        return [own for own in self.said.get(system, []) if own.verdict != HARMLESS]

    def right(self, system: str, first: int) -> bool:
        """Whether a true cause is among the first so many alarms."""
        return any(set(own.causes) & set(self.case.causes) for own in self.alarms(system)[:first])

    def f1(self, system: str) -> float:
        """Of the set of mistakes: each alarm is right if it names one that no other has named."""
        left, alarms, hits = list(self.case.pair), self.alarms(system), 0
        for own in alarms:
            named = next((ids for ids in left if set(ids) & set(own.causes)), None)
            if named is not None:
                left.remove(named)
                hits += 1
        total = len(alarms) + len(self.case.pair)
        return 2 * hits / total if total else 0.0


def read(*paths: Path) -> list[Judged]:
    """What bench_diagnosis.py has left by --out, of several files together.

    Of a case in more than one of them the last file's counts: so a part can be run again.
    """
    found: dict[str, Judged] = {}
    for path in paths:
        for own in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            case = Case(
                own["id"],
                own["table"],
                causes=tuple(own["causes"]),
                pair=tuple(tuple(ids) for ids in own["pair"]),
            )
            said = {
                name: [
                    Said(**{**one, "causes": tuple(one["causes"]), "fix": tuple(one["fix"])})
                    for one in alarms
                ]
                for name, alarms in own["said"].items()
            }
            cost = own["harm"] and Harm(
                **{k: _number(own["harm"][k]) for k in ("before", "after", "p")},
                error=own["harm"]["error"],
            )
            seconds, regained = own["seconds"], own["regained"]
            found[case.id] = Judged(case, said, cost, seconds, regained, own["error"])
    return list(found.values())


def _number(value: float | None) -> float:
    """NaN for null, as which it was written."""
    return math.nan if value is None else value


def share(found: Iterable[bool]) -> str:
    """How many of how many.

    >>> share([True, False, True])
    '67 % (2/3)'
    """
    values = list(found)
    if not values:
        return "-"
    return f"{100 * sum(values) / len(values):.0f} % ({sum(values)}/{len(values)})"


def figures(judged: Sequence[Judged], systems: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each system, in numbers."""
    rows = []
    for system in systems:
        known = [own for own in judged if not own.error and system in own.said]
        faults = [own for own in known if own.fault and not own.case.pair]
        pairs = [own for own in known if own.fault and own.case.pair]
        healthy = [own for own in known if not own.fault]
        row: dict[str, Any] = {"system": system}
        for name, group, holds in _columns(system, faults, pairs, healthy):
            values = [holds(own) for own in group]
            row[name] = statistics.mean(values) if values else None
            row[f"{name}_n"] = len(values)
        row["pairs_f1"] = statistics.mean(own.f1(system) for own in pairs) if pairs else None
        row["alarms_a_control"] = _mean(len(own.alarms(system)) for own in healthy)
        rows.append(row)
    return rows


Columns = list[tuple[str, Sequence[Judged], Callable[[Judged], bool]]]


def _columns(
    system: str,
    faults: Sequence[Judged],
    pairs: Sequence[Judged],
    healthy: Sequence[Judged],
) -> Columns:
    return [
        ("detected", faults, lambda own: bool(own.alarms(system))),
        ("first", faults, lambda own: own.right(system, 1)),
        ("first_three", faults, lambda own: own.right(system, 3)),
        ("any", faults, lambda own: own.right(system, 1000)),
        ("pairs_detected", pairs, lambda own: bool(own.alarms(system))),
        ("control_alarms", healthy, lambda own: bool(own.alarms(system))),
    ]


def show(judged: Sequence[Judged], systems: Sequence[str]) -> None:
    """Print the table of systems."""
    known = [own for own in judged if not own.error]
    single = sum(own.fault and not own.case.pair for own in known)
    pairs = sum(own.fault and bool(own.case.pair) for own in known)
    harmless = sum(not own.fault and not own.case.control for own in known)
    healthy = sum(own.case.control for own in known)
    print(
        f"\n{single} harmful mistakes, {pairs} harmful pairs, {healthy} healthy runs and "
        f"{harmless} mistakes without harm"
    )
    print(
        f"  {'':20}{'detected':>11}{'cause first':>13}{'in first 3':>12}{'anywhere':>10}"
        f"{'pairs F1':>10}{'alarm on a healthy run':>24}"
    )
    for row in figures(judged, systems):
        cells = [row[name] for name in ("detected", "first", "first_three", "any")]
        texts = [_percent(value) for value in cells]
        f1 = "-" if row["pairs_f1"] is None else f"{row['pairs_f1']:.2f}"
        print(
            f"  {row['system']:20}{texts[0]:>11}{texts[1]:>13}{texts[2]:>12}{texts[3]:>10}"
            f"{f1:>10}{_percent(row['control_alarms']):>24}"
        )


def show_controls(judged: Sequence[Judged], systems: Sequence[str]) -> None:
    """Print the alarms by kind of healthy run."""
    known = [own for own in judged if not own.error and not own.fault]
    kinds: dict[str, list[Judged]] = {
        "healthy runs": [own for own in known if own.case.control and own.case.id[0] in "HN"],
        "twins": [own for own in known if own.case.control and own.case.id[0] == "T"],
        "no harm": [own for own in known if not own.case.control],
    }
    print(f"\nalarms\n  {'':20}" + "".join(f"{kind:>18}" for kind in kinds))
    for system in systems:
        cells = [
            share(bool(own.alarms(system)) for own in group if system in own.said)
            for group in kinds.values()
        ]
        print(f"  {system:20}" + "".join(f"{cell:>18}" for cell in cells))


def show_own(judged: Sequence[Judged], proved: bool) -> None:
    """Print what only nnexp has: abstentions, fixes that help, seconds."""
    known = [own for own in judged if not own.error]
    faults = [own for own in known if own.fault]
    silent = [not own.said.get(OWN) for own in faults]
    dismissed = [bool(own.said.get(OWN)) and not own.alarms(OWN) for own in faults]
    print("\nnnexp")
    print(f"  nothing said of a harmful mistake       {share(silent)}")
    print(f"  called harmless where it hurts          {share(dismissed)}")
    if not proved:
        return
    sure = [any(a.verdict == CONFIRMED for a in own.alarms(OWN)) for own in faults]
    alarmed = [bool(own.alarms(OWN)) and not c for own, c in zip(faults, sure, strict=True)]
    print(f"  confirmed                               {share(sure)}")
    print(f"  abstained: suspected, none confirmed    {share(alarmed)}")
    wrong = [any(a.verdict == CONFIRMED for a in own.alarms(OWN)) for own in known if not own.fault]
    print(f"  confirmed on a healthy run              {share(wrong)}")
    regained = [value for own in faults for value in own.regained.values()]
    half = [value is not None and value >= 0.5 for value in regained]
    print(f"  confirmed fixes that win back half      {share(half)}, tried on test rows")
    proofs = [a.proof for own in faults for a in own.alarms(OWN) if a.proof and a.fix]
    told = [p["recovered"] >= 0.5 for p in proofs if p.get("recovered") is not None]
    print(f"  the same by the proof's own figure      {share(told)}")
    right = [
        value is not None and value >= 0.5
        for own in faults
        for cause, value in own.regained.items()
        if cause in own.case.causes or any(cause in ids for ids in own.case.pair)
    ]
    print(f"  of fixes of the true cause              {share(right)}")
    seconds = [own.seconds for own in faults if own.alarms(OWN)]
    if seconds:
        print(
            f"  seconds to a proof                      {statistics.median(seconds):.1f} "
            f"[{min(seconds):.1f}, {max(seconds):.1f}]"
        )


def show_tables(judged: Sequence[Judged], system: str) -> None:
    """Print the figures of each table: what a rule fitted to the others would do on it."""
    print(
        f"\n{system}, by table\n  {'':16}{'mistakes':>9}{'detected':>10}{'first':>8}{'first 3':>9}"
        f"{'healthy':>9}{'alarms':>8}"
    )
    for table in sorted({own.case.table for own in judged}):
        (row,) = figures([own for own in judged if own.case.table == table], [system])
        print(
            f"  {table:16}{row['detected_n']:>9}{_percent(row['detected']):>10}"
            f"{_percent(row['first']):>8}{_percent(row['first_three']):>9}"
            f"{row['control_alarms_n']:>9}{_percent(row['control_alarms']):>8}"
        )


def show_causes(judged: Sequence[Judged], system: str) -> None:
    """Print the figures of each mistake of the catalogue."""
    print(f"\n{system}, by mistake\n  {'':6}{'cause':28}{'detected':>10}{'first':>8}{'first 3':>9}")
    groups: dict[tuple[str, str], list[Judged]] = {}
    for own in judged:
        if own.fault and not own.case.pair and not own.error:
            groups.setdefault((own.case.fault, own.case.causes[0]), []).append(own)
    for (fault, cause), group in sorted(groups.items()):
        (row,) = figures(group, [system])
        print(
            f"  {fault:6}{cause:28}{_percent(row['detected']):>10}{_percent(row['first']):>8}"
            f"{_percent(row['first_three']):>9}   of {len(group)}"
        )


def show_cases(judged: Sequence[Judged], systems: Sequence[str]) -> None:
    """Print a line for each case, and for each system what it says first."""
    print("\ncases: harm, and the alarms in order; * is a true cause, ! confirmed")
    for own in judged:
        cost = "" if own.harm is None else f"{own.harm.before:.3f} -> {own.harm.after:.3f}"
        kind = "pair" if own.case.pair else "hurts" if own.fault else "healthy"
        if not own.fault and not own.case.control:
            kind = "no harm"
        print(f"  {own.case.id:38}{kind:9}{cost:18}{own.error or ', '.join(own.case.causes)}")
        for system in systems:
            words = [_word(said, own.case) for said in own.alarms(system)[:4]]
            if words:
                print(f"      {system:20}{'; '.join(words)}")


def _word(said: Said, case: Case) -> str:
    true = {cause for ids in case.pair or (case.causes,) for cause in ids}
    mark = "*" if set(said.causes) & true else ""
    return f"{said.name}{mark}{'!' if said.verdict == CONFIRMED else ''}"


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return statistics.mean(listed) if listed else None


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
