"""A proof that goes on where no cause is known: it changes the run on purpose."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nnexp.data.cache import Tables
from nnexp.diagnosis.finding import CONFIRMED, FLATTERING, Nomination
from nnexp.diagnosis.probe import Probe
from nnexp.diagnosis.report import SOME, Diagnosis, is_behind, stays_open
from nnexp.errors import UserError
from nnexp.proof.probing import Probed, probe
from nnexp.proof.proving import Proven, prove, tried_line
from nnexp.verdict.request import Request

SECONDS = 180.0  # at most, about, for probes that nobody asked for

AGAIN = "tried again with other seeds"

Rediagnose = Callable[[Sequence[Nomination], Sequence[Probe]], Diagnosis]


def prove_or_search(
    folder: Path, found: Diagnosis, asked: Request, rediagnose: Rediagnose, tables: Tables
) -> tuple[Proven, Probed]:
    """Put findings to the proof; where it explains nothing and the run is behind, probe it.

    What the probes point to is told only where a proof of it, with other seeds and splits,
    confirms it: on a run that is behind by chance a dozen changes show something.

    Arguments:
        folder: the run folder.
        found: its diagnosis.
        asked: what is to be done; of its budget the search has what the first proof left, and
            without one `SECONDS`.
        rediagnose: (nominations, probes) -> the run's diagnosis with them.
        tables: which have read its table.

    Returns:
        The proof, and the probes where they were made.

    Raises:
        UserError: as `nnexp.proof.proving.prove`.
    """
    start = time.monotonic()

    def proven(told: Diagnosis, budget: float | None) -> Proven:
        return prove(
            folder, told, seeds=asked.seeds, budget=budget, trust=asked.trust, tables=tables
        )

    first = proven(found, asked.budget)
    if asked.probe or not is_behind(first.diagnosis) or is_explained(first.diagnosis):
        return first, Probed()

    def left() -> float | None:
        return None if asked.budget is None else asked.budget - (time.monotonic() - start)

    budget = left()
    if budget is not None and budget <= 0:
        return first, Probed()
    try:
        seconds = SECONDS if budget is None else budget
        probed = probe(folder, budget=seconds, unasked=True, trust=asked.trust, tables=tables)
    except UserError:  # no probe came to a score
        return first, Probed()
    if not probed.probes:
        return first, probed
    kept = replace(first, diagnosis=replace(first.diagnosis, probes=tuple(probed.probes)))
    budget = left()
    if not probed.nominations or (budget is not None and budget <= 0):
        return kept, probed
    again = rediagnose(probed.nominations, probed.probes)
    second = proven(again, budget)
    if not any(own.verdict == CONFIRMED for own in second.diagnosis.findings):
        lines = [
            f"{AGAIN}: {tried_line(own, beside=False)}"
            for own in second.diagnosis.findings
            if own.proof is not None and own.cause in {one.cause for one in probed.nominations}
        ]
        seconds, runs = first.seconds + second.seconds, first.runs + second.runs
        tried = [*first.tried, *lines]
        return replace(kept, seconds=seconds, runs=runs, tried=tried), probed
    # what merely seemed to help is no more told beside what is certain
    causes = {own.cause for own in second.diagnosis.findings}
    outdone = [
        tried_line(own, beside=True)
        for own in first.diagnosis.alarms
        if own.proof is not None and own.cause not in causes
    ]
    checked = list(dict.fromkeys([*second.diagnosis.checked, *first.tried, *outdone]))
    together = replace(
        second,
        diagnosis=replace(second.diagnosis, checked=checked),
        seconds=first.seconds + second.seconds,
        runs=first.runs + second.runs,
        tried=[*first.tried, *outdone, *second.tried],
    )
    return together, probed


def is_explained(proven: Diagnosis) -> bool:
    """Whether a re-run, or what no re-run can try, tells why a run is behind.

    More epochs help whatever makes training slow: where they leave some of the gap open, they are
    no explanation. Where all that is suspected makes the score too good, there is no score to be
    restored.
    """
    alarms = proven.alarms
    if not all(own.proof for own in alarms):
        return True
    if alarms and all(own.cause in FLATTERING for own in alarms):
        return True
    confirmed = {own.cause for own in alarms if own.verdict == CONFIRMED}
    return bool(confirmed - {"undertrained"}) or (bool(confirmed) and not stays_open(proven, SOME))
