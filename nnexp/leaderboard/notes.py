"""What to know before trusting the ranks of a leaderboard."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from nnexp.leaderboard.board import Leaderboard
from nnexp.leaderboard.edges import at_edges
from nnexp.leaderboard.grouping import comparable, decides_rows, differs
from nnexp.leaderboard.ranking import incomparable
from nnexp.leaderboard.records import Record
from nnexp.leaderboard.row_weights import class_counts
from nnexp.leaderboard.words import number, plural, score_title
from nnexp.lines import one_line

SEVERAL_SEEDS = "'seed=range(5)'"
SEVERAL_SPLITS = "data.split.folds=5, or as many values of seeds.valid"
TRAINING_SEEDS = ("seeds.init", "seeds.batches", "seeds.dropout")
SURE = 2.0  # standard errors of a class's share of the validation rows


def notes_on(board: Leaderboard, averaged: Sequence[str], repeats: Sequence[Record]) -> list[str]:
    """The notes of a leaderboard, a sentence each.

    Arguments:
        board: the leaderboard, as yet without notes.
        averaged: keys besides seeds that the scores are means over.
        repeats: runs of the settings and seed of another one, which are not counted.
    """
    notes = [*_incomplete(board), *_comparable(board, averaged), *_runs(board, averaged, repeats)]
    notes += [*_halved(board), *_one_class(board)]
    if not board.incomplete:  # what is to come may be the seeds and values that are missed
        notes += [*_seeds(board, averaged), *at_edges(board)]
    return [one_line(note) for note in [*notes, *_winner(board)]]


def _incomplete(board: Leaderboard) -> list[str]:
    """What a sweep that was ended early has yet to say."""
    left = [record for record in board.failed if record.open]
    if not left:
        return []
    waiting = sum(not record.begun for record in left)
    counts = [(waiting, "not begun"), (len(left) - waiting, "not come to an end")]
    told = " and ".join(f"{n} {'has' if n == 1 else 'have'} {what}" for n, what in counts if n)
    total = len(board.failed) + sum(len(row.records) for row in board.configurations)
    ranked = {_identity(board, row.values) for row in board.configurations}
    absent = {_identity(board, r.config) for r in left if r.config} - ranked
    rest = f"; {plural(len(absent), 'configuration')} without a score cannot be ranked yet"
    return [
        f"the sweep is incomplete: of {plural(total, 'run')} {told}, which nnexp resume makes up "
        f"for, unless the sweep is still at work{rest if absent else ''}"
    ]


def _identity(board: Leaderboard, values: Mapping[str, Any]) -> Hashable:
    return tuple(comparable(values[key]) if key in values else () for key in board.varied)


def _comparable(board: Leaderboard, averaged: Sequence[str]) -> list[str]:
    """Scores that measure different things."""
    notes = []
    heads = [row.values for row in board.configurations]
    told = [key for key in board.varied if differs(key, heads)]  # a chosen key may be one for all
    rows = [key for key in told if decides_rows(key)]
    rows += [key for key in averaged if decides_rows(key) and _unequal(board, key)]
    if "data.missing" in told and any(head.get("data.missing") == "drop" for head in heads):
        rows.append("data.missing")
    if rows and len(board.configurations) > 1:
        notes.append(
            f"the configurations differ in {', '.join(rows)}, so they are scored on other rows: "
            "their scores may not be comparable"
        )
    scales = incomparable([r.config for row in board.configurations for r in row.records])
    if scales:
        so = "val_loss should not rank these configurations: --sort val_accuracy does"
        if len(board.configurations) == 1:
            so = "its mean here is of different things"
        elif board.sort != "val_loss":
            so = f"{board.sort} ranks these configurations, and their val_loss is not compared"
        notes.append(f"{', '.join(scales)} changes what val_loss measures, so {so}")
    return notes


def _unequal(board: Leaderboard, key: str) -> bool:
    """Whether the means of configurations are over different values of a key."""
    values = {
        frozenset(comparable(record.config.get(key)) for record in row.records)
        for row in board.configurations
    }
    return len(values) > 1


def _runs(board: Leaderboard, averaged: Sequence[str], repeats: Sequence[Record]) -> list[str]:
    """Which runs the means are of."""
    notes = []
    if averaged:
        notes.append(
            f"each score is a mean over {', '.join(averaged)} as well: the runs of a "
            f"{board.unit[:-1]} are averaged, and it is {board.unit} that are counted and paired"
        )
    if repeats:
        names = _few([record.name for record in repeats])
        notes.append(f"runs that repeat the settings and seed of another count once: {names}")
    first = board.configurations[0]
    short = [row.rank for row in board.configurations if not row.is_complete]
    if short and first.is_complete:
        notes.append(
            "ranked after those that are complete, whatever their mean, which is of fewer seeds, "
            f"folds or settings: {_few(short)}"
        )
    if not first.is_complete:
        told = f"the first has {len(first.records)} of its {first.planned} runs"
        if len(board.configurations) > 1:
            told += ": its mean may be of other seeds, folds or settings than those of the others"
        notes.append(told)
    dropped = any(
        record.stopped_after is not None for row in board.configurations for record in row.records
    )
    outlived = sum(record.open and record.begun for record in board.failed)
    if dropped and outlived:
        notes.append(
            f"{plural(outlived, 'run')} that halving had kept did not come to an end and "
            "are not ranked: what is ranked was dropped for them"
        )
    unknown = [row.rank for row in board.configurations if row.standing == "unknown"]
    if unknown:
        notes.append(
            "not compared with the first, since no run of theirs is known to be on the same rows "
            f"with the same seed and fold: {_few(unknown)}"
        )
    return notes


def _few(items: Sequence[object]) -> str:
    return ", ".join(map(str, items[:5])) + ", ..." * (len(items) > 5)


def _halved(board: Leaderboard) -> list[str]:
    """How many runs successive halving has stopped, and when."""
    runs = [record for row in board.configurations for record in row.records]
    rungs = Counter(run.stopped_after for run in runs if run.stopped_after is not None)
    if not rungs:
        return []
    (rung, count), *later = sorted(rungs.items())
    told = [f"{count} of {plural(len(runs), 'run')} after epoch {rung}"]
    told += [f"{count} after epoch {rung}" for rung, count in later]
    return [f"halving stopped {', '.join(told)}; the scores of each are of the epochs that it had"]


def _one_class(board: Leaderboard) -> list[str]:
    """An accuracy that is the share of a class, since nothing else is ever named."""
    first = board.configurations[0]
    if not all(map(_names_one_class, first.records)):
        return []
    accuracy, balanced = first.scores["val_accuracy"].mean, first.scores["val_balanced_accuracy"]
    return [
        f"the first has a balanced accuracy of {number(balanced.mean)}, as if it named one class "
        f"for every row: its accuracy of {number(accuracy)} is no better than the share of that "
        "class"
    ]


def _names_one_class(record: Record) -> bool:
    """Whether scores are those of one class for every row: a balanced accuracy of 1 / classes, and
    an accuracy that is about the share of a class.
    """
    part = (record.metrics or {}).get("val") or {}
    accuracy, balanced = part.get("accuracy"), part.get("balanced_accuracy")
    if not isinstance(balanced, float) or not 0 < balanced < 1:
        return False
    classes = round(1 / balanced)
    if abs(1 / balanced - classes) >= 1e-9:
        return False
    counts = class_counts(record)
    if not len(counts) or not isinstance(accuracy, float):  # of a folder without its manifest
        return True
    rows = counts.sum()
    shares = counts / rows
    near = np.abs(shares - accuracy) <= 1 / rows + SURE * np.sqrt(shares * (1 - shares) / rows)
    return len(counts) == classes and bool(near.any())


def _seeds(board: Leaderboard, averaged: Sequence[str]) -> list[str]:
    """What one seed, or two, cannot tell, and what splits do not tell where they share a seed."""
    rows = [row.against_leader for row in board.configurations if row.against_leader is not None]
    # seeds are averaged within a split, and make no more pairs
    more = f"add {SEVERAL_SEEDS} to the sweep"
    if board.unit == "splits":
        more = f"more splits make more pairs: {SEVERAL_SPLITS}"
    if rows and max(row.pairs for row in rows) == 1:
        what = "pair of runs of any two configurations"
        if all(len(row.records) == 1 for row in board.configurations):
            what = "run of each configuration"
        elif averaged:
            what = "seed of any two configurations"
        return [f"one {what}: chance and settings cannot be told apart; {more}"]
    first = board.configurations[0]
    shared = [key for key in TRAINING_SEEDS if first.records[0].config.get(key) is not None]
    if board.unit == "splits" and shared:
        return [
            f"{', '.join(shared)} is shared by all splits: what it does to all of them is in no "
            "interval and in no p"
        ]
    if (
        rows
        and max(row.pairs for row in rows) == 2
        and not any(row.distinguishable for row in rows)
    ):
        return [
            f"two pairs of runs of any two configurations: hardly a difference can be told; {more}"
        ]
    if not rows and first.scores[board.sort].n == 1:
        if first.planned > 1:
            return ["one run that is done: the spread over seeds is not known"]
        return [f"one run: the spread over seeds is not known; add {SEVERAL_SEEDS}"]
    return []


def _winner(board: Leaderboard) -> list[str]:
    """The score of the selected configuration is not its selection score."""
    first = board.configurations[0]
    count = sum(row.is_complete == first.is_complete for row in board.configurations)
    config = first.records[0].config
    monitor = str(config.get("trainer.monitor", ""))
    by_epoch = monitor.startswith("val") and config.get("trainer.checkpoint") == "best"
    picked = ""
    if count > 1:
        epochs = ", and of its epochs," if by_epoch else ""
        picked = f"its {board.sort} was picked as the best of {count}{epochs} and is optimistic"
    elif by_epoch:
        picked = f"its {board.sort} is of the epoch with the best {monitor} and is optimistic"
    shown = [
        f"{score_title(name)} {number(score.mean)}"
        + (f" ± {number(score.stderr)}" if math.isfinite(score.stderr) else "")
        for name in board.tests
        if (score := board.winner_test.get(name)) is not None
    ]
    if not shown:
        return ["; ".join(filter(None, ["the first has no test score", picked]))]
    over = plural(next(iter(board.winner_test.values())).n, "run")
    rows = [((record.metrics or {}).get("test") or {}).get("n") for record in first.records]
    tested = ""
    if isinstance(rows[0], int) and all(n == rows[0] for n in rows):
        tested = f", {plural(rows[0], 'test row')}"
    spread = any(math.isfinite(score.sd) for score in board.winner_test.values())
    what = f"over {board.unit} and rows" if spread else "over the rows"
    return [
        f"the first in test: {', '.join(shown)} (mean of {over}{tested}; ± one standard error "
        f"{what})" + (f"; {picked}" if picked else "")
    ]
