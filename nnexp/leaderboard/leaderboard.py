"""The leaderboard: configurations ranked by validation, and compared with the first of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from nnexp.errors import UserError
from nnexp.leaderboard.board import SCORES, SORTS, Configuration, Leaderboard, Summary
from nnexp.leaderboard.comparing import compare_with_first, recorded_score, stderr_of
from nnexp.leaderboard.folders import natural
from nnexp.leaderboard.grouping import (
    Grouping,
    group_records,
    order_of,
    repetition,
    rows_of_table,
    split_of,
)
from nnexp.leaderboard.notes import notes_on
from nnexp.leaderboard.nothing import nothing_to_rank
from nnexp.leaderboard.places import without_places
from nnexp.leaderboard.ranking import sort_of
from nnexp.leaderboard.records import Record
from nnexp.leaderboard.resampling import valid_to_train
from nnexp.leaderboard.tables import with_fingerprints, with_gaps
from nnexp.scores import sign
from nnexp.statistics import mean_by, mean_interval


def leaderboard(
    records: Sequence[Record], sort: str | None = None, by: Sequence[str] | None = None
) -> Leaderboard:
    """Rank configurations by their mean validation score, and compare each with the first.

    Configurations with runs that failed, diverged or did not end come after the others: their means
    are of the seeds that they survived.
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
    board = ranked(records, sort, by)
    if not board.configurations:
        raise nothing_to_rank(without_places(records), board.sort)
    return board


def ranked(
    records: Sequence[Record], sort: str | None = None, by: Sequence[str] | None = None
) -> Leaderboard:
    """As `leaderboard`, but where no run has a validation score a board without configurations."""
    sort = sort_of([record.config for record in records]) if sort is None else sort
    _check_sort(sort)
    records = without_places(with_fingerprints(with_gaps(records)))
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
    splits = _Splits([done for _, done in candidates])
    rows = []
    for group, own in candidates:
        planned = len({grouping.unit(record) for record in group.records})
        scores = _summaries(own, splits)
        rows.append(Configuration(0, group.values, own, planned, scores, None))
    rows.sort(key=lambda row: (
        not row.is_complete, sign(sort) * row.scores[sort].mean, _values_order(row, grouping)
    ))  # fmt: skip
    comparisons = compare_with_first(
        [row.records for row in rows], grouping.unit, sort, splits.labels, splits.vary
    )
    configurations = [
        replace(row, rank=rank, against_leader=comparison)
        for rank, (row, comparison) in enumerate(zip(rows, comparisons, strict=True), 1)
    ]
    winner_test = {
        score: row.scores[score]
        for row in configurations[:1]
        for score in SCORES
        if score[:4] == "test" and row.scores[score].n
    }
    left_out.sort(key=lambda record: natural(record.name))
    by_split = bool(rows) and splits.vary(rows[0].records)
    unit = "splits" if by_split else "seeds"
    board = Leaderboard(configurations, left_out, grouping.varied, sort, winner_test, unit)
    if not configurations:
        return board
    return replace(board, notes=notes_on(board, grouping.averaged, repeats))


class _Splits:
    """Of which tables the split varies, so that it is splits that are counted, not seeds.

    Arguments:
        groups: the runs of each configuration that are done.
    """

    def __init__(self, groups: Sequence[Sequence[Record]]) -> None:
        self._varied: set[Hashable] = set()
        for own in groups:
            splits: dict[Hashable, set[Hashable]] = {}
            for record in own:
                splits.setdefault(rows_of_table(record), set()).add(split_of(record))
            self._varied |= {table for table, found in splits.items() if len(found) > 1}

    def vary(self, records: Sequence[Record]) -> bool:
        """Whether runs are of such a table."""
        return any(rows_of_table(record) in self._varied for record in records)

    def labels(self, records: Sequence[Record]) -> list[Hashable]:
        """For each run of a configuration of which split it is, or of which seed; those of one
        count once.
        """
        return [*map(split_of if self.vary(records) else repetition, records)]


def _summaries(done: Sequence[Record], splits: _Splits) -> dict[str, Summary]:
    ratio = valid_to_train(done[0]) if splits.vary(done) else 0.0
    labels = splits.labels(done)
    summaries = {}
    for score in SCORES:
        values = np.array([recorded_score(record, score) for record in done])
        mean = mean_interval(mean_by(values, labels), ratio)
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


def _why_not(record: Record, sort: str) -> str | None:
    """Why a run is in no mean; empty where it does not say; None where it is in them."""
    if record.status != "done":
        return record.reason or ""
    if math.isfinite(recorded_score(record, sort)):
        return None
    if not (record.metrics or {}).get("val"):
        return "no validation rows to rank it by"
    return f"its {sort} is not a finite number"


def _values_order(
    row: Configuration, grouping: Grouping
) -> list[tuple[bool, tuple[int, float, str]]]:
    return [(k not in row.values, order_of(row.values.get(k))) for k in grouping.varied]


def _check_sort(sort: str) -> None:
    if sort in SORTS:
        return
    from nnexp.config.likeness import nearest

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
