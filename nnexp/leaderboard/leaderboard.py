"""The leaderboard: configurations ranked by validation, and compared with the first of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnexp.errors import UserError
from nnexp.leaderboard.board import SCORES, SORTS, Comparison, Configuration, Leaderboard, Summary
from nnexp.leaderboard.folders import natural
from nnexp.leaderboard.grouping import Group, Grouping, group_records, order_of, split_of
from nnexp.leaderboard.notes import notes_on
from nnexp.leaderboard.nothing import nothing_to_rank
from nnexp.leaderboard.places import without_places
from nnexp.leaderboard.ranking import sort_of
from nnexp.leaderboard.records import Record
from nnexp.leaderboard.resampling import valid_to_train
from nnexp.leaderboard.statistics import (
    LEVEL,
    holm,
    holm_factors,
    mean_by,
    mean_interval,
    paired_test,
    pairs_needed,
)

if TYPE_CHECKING:
    pass


def leaderboard(
    records: Sequence[Record], sort: str | None = None, by: Sequence[str] | None = None
) -> Leaderboard:
    """Rank configurations by their mean validation score, and compare each with the first.

    Runs are paired with those of the first by seed and fold, tested by the paired t-test, and
    p-values adjusted for the number of configurations by Holm's method. Since the first is picked
    by the same scores, the adjusted level holds for this statement: with 95 % confidence the best
    configuration is the first, or among those that cannot be told from it.

    Arguments:
        records: runs, in any order.
        sort: one of `SORTS`; None for what `sort_of` finds.
        by: keys to group by; None for all that differ.

    Raises:
        UserError: another score (test scores never rank), a key that no run has, or no run with
            a validation score.
    """
    sort = sort_of([record.config for record in records]) if sort is None else sort
    _check_sort(sort)
    records = without_places(records)
    records.sort(key=lambda record: (natural(record.name), str(record.folder)))
    grouping = group_records(records, by)
    left_out, candidates, repeats = [r for r in records if not r.config], [], []
    for group in grouping.groups:
        done: dict[Hashable, Record] = {}
        for record in group.records:
            reason = _why_not(record, sort)
            if reason is not None:
                left_out.append(replace(record, reason=reason or None))
            elif done.setdefault(grouping.unit(record), record) is not record:
                repeats.append(record)
        if done:
            candidates.append((group, list(done.values())))
    if not candidates:
        raise nothing_to_rank(records, sort)
    splits = any(len({split_of(record) for record in done}) > 1 for _, done in candidates)
    ratio = valid_to_train(records) if splits else 0.0
    ranked = [(_summaries(done, splits, ratio), group, done) for group, done in candidates]
    sign = 1 if sort.endswith("loss") else -1
    ranked.sort(key=lambda row: (sign * row[0][sort].mean, _values_order(row[1], grouping)))
    comparisons = _compare(grouping, [done for *_, done in ranked], sort, splits, ratio)
    configurations = [
        Configuration(
            rank,
            group.values,
            done,
            len({grouping.unit(record) for record in group.records}),
            scores,
            comparison,
        )
        for rank, ((scores, group, done), comparison) in enumerate(
            zip(ranked, comparisons, strict=True), 1
        )
    ]
    first = configurations[0]
    winner_test = {s: first.scores[s] for s in SCORES if s[:4] == "test" and first.scores[s].n}
    left_out.sort(key=lambda record: natural(record.name))
    unit = "splits" if splits else "pairs" if grouping.averaged else "seeds"
    board = Leaderboard(configurations, left_out, grouping.varied, sort, winner_test, unit)
    return replace(board, notes=notes_on(board, grouping.averaged, repeats))


def score_of(record: Record, score: str) -> float:
    """A run's score, as `val_loss`; NaN where it has none."""
    part, _, name = score.partition("_")
    return _number(((record.metrics or {}).get(part) or {}).get(name))


def stderr_of(record: Record, score: str) -> float:
    """The standard error of a run's score, over the rows; NaN where it has none."""
    return score_of(record, f"{score}_stderr")


def _summaries(done: Sequence[Record], splits: bool, ratio: float) -> dict[str, Summary]:
    labels = [split_of(record) for record in done]
    summaries = {}
    for score in SCORES:
        values = np.array([score_of(record, score) for record in done])
        units = mean_by(values, labels) if splits else values
        mean = mean_interval(units, ratio)
        stderr = _stderr(mean.stderr, [stderr_of(record, score) for record in done])
        summaries[score] = Summary(
            int(np.isfinite(values).sum()), mean.mean, mean.sd, mean.low, mean.high, stderr
        )
    return summaries


def _stderr(over_seeds: float, over_rows: Sequence[float]) -> float:
    """The standard error of a mean score over seeds and rows.

    sqrt(v + mean(e^2)), where v is the variance of the mean over seeds, sd^2 / n (with splits that
    of `mean_interval`), and e is each run's own standard error over its rows. All runs are scored
    on the same rows, so more seeds do not make the second term smaller. It is no smaller than the
    true variance: by the law of total variance over seeds and rows the mean has
    v + (share of e^2 that the seeds have in common), and mean(e^2) is at least that share.

    Arguments:
        over_seeds: sqrt(v); NaN for one run, which leaves the rows alone.
        over_rows: the runs' e; NaN is left out, and without any the seeds are left alone.
    """
    squares = [e * e for e in over_rows if math.isfinite(e)]
    terms = [over_seeds**2] if math.isfinite(over_seeds) else []
    terms += [math.fsum(squares) / len(squares)] if squares else []
    return math.sqrt(sum(terms)) if terms else math.nan


def _compare(
    grouping: Grouping,
    ranked: Sequence[Sequence[Record]],
    sort: str,
    splits: bool,
    ratio: float,
) -> list[Comparison | None]:
    """Each configuration against the first, in their order; None for the first itself."""
    first = {grouping.unit(record): record for record in ranked[0]}
    tests = []
    for done in ranked[1:]:
        common = [(r, first[grouping.unit(r)]) for r in done if grouping.unit(r) in first]
        differences: NDArray[np.float64] = np.array(
            [score_of(own, sort) - score_of(other, sort) for own, other in common]
        )
        if splits:
            differences = mean_by(differences, [split_of(own) for own, _ in common])
        tests.append(paired_test(differences, ratio, _step(ranked[0][0], sort)))
    p = np.array([test.p for test in tests])
    adjusted, factors = holm(p), holm_factors(p)
    comparisons: list[Comparison | None] = [None]
    for test, p_holm, factor in zip(tests, adjusted, factors, strict=True):
        needed = None
        if math.isfinite(factor):
            needed = pairs_needed(test.mean.mean, test.sd, LEVEL / factor, ratio)
        comparisons.append(
            Comparison(
                test.mean.mean,
                test.mean.low,
                test.mean.high,
                test.p,
                float(p_holm),
                bool(p_holm < LEVEL),
                test.mean.n,
                needed,
            )
        )
    return comparisons


def _step(record: Record, sort: str) -> float:
    """The grid of a score: accuracies move by a row."""
    rows = _number(((record.metrics or {}).get("val") or {}).get("n"))
    return 1 / rows if sort.endswith("accuracy") and rows >= 1 else 0.0


def _why_not(record: Record, sort: str) -> str | None:
    """Why a run is in no mean; empty where it does not say; None where it is in them."""
    if record.status != "done":
        return record.reason or ""
    if math.isfinite(score_of(record, sort)):
        return None
    if not (record.metrics or {}).get("val"):
        return "no validation rows to rank it by"
    return f"its {sort} is not a finite number"


def _values_order(group: Group, grouping: Grouping) -> list[tuple[bool, tuple[int, float, str]]]:
    return [(k not in group.values, order_of(group.values.get(k))) for k in grouping.varied]


def _number(value: Any) -> float:
    """A number of a JSON file as a float; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value) if math.isfinite(value) else math.nan
    except OverflowError:  # a whole number beyond all floats
        return math.nan


def _check_sort(sort: str) -> None:
    if sort in SORTS:
        return
    from nnexp.config.suggest import nearest

    if sort in SCORES:
        raise UserError(
            f"{sort} ranks nothing: a configuration picked by test rows has no honest test score",
            f"--sort is one of {', '.join(SORTS)}",
            f"--sort {sort.replace('test_', 'val_')}",
        )
    begun = [own for own in SORTS if sort and own.startswith(str(sort))]
    raise UserError(
        f"there is no score {sort!r}",
        f"--sort is one of {', '.join(SORTS)}",
        f"--sort {begun[0] if begun else nearest(str(sort), SORTS) or SORTS[0]}",
    )
