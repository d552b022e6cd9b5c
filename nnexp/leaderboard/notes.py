"""What to know before trusting the ranks of a leaderboard."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.leaderboard.board import Leaderboard
from nnexp.leaderboard.records import HALVED, Record
from nnexp.leaderboard.words import number, one_line, plural

SEVERAL_SEEDS = "'seed=range(5)'"
# what is done to the columns of a table; every other key of `data` decides which rows are scored
OF_COLUMNS = frozenset(
    f"data.{key}"
    for key in (
        "drop", "numeric", "categorical", "missing_tokens", "sentinels", "scaling", "fill_value",
        "neighbors", "indicator", "encoding", "min_frequency", "max_levels", "missing",
    )
)  # fmt: skip


def notes_on(board: Leaderboard, averaged: Sequence[str], repeats: Sequence[Record]) -> list[str]:
    """The notes of a leaderboard, a sentence each.

    Arguments:
        board: the leaderboard, as yet without notes.
        averaged: keys besides seeds that the scores are means over.
        repeats: runs of the settings and seed of another one, which are not counted.
    """
    notes = [*_comparable(board), *_runs(board, averaged, repeats)]
    return [one_line(note) for note in [*notes, *_seeds(board), *_winner(board)]]


def _comparable(board: Leaderboard) -> list[str]:
    """Scores that measure different things."""
    notes = []
    rows = [key for key in board.varied if key.startswith("data.") and key not in OF_COLUMNS]
    if any(row.values.get("data.missing") == "drop" for row in board.configurations):
        rows.append("data.missing")
    if rows:
        notes.append(
            f"the configurations differ in {', '.join(rows)}, so they are scored on other rows: "
            "their scores may not be comparable"
        )
    scales = [key for key in board.varied if key.startswith("loss.")]
    summed = "trainer.batch_size" in board.varied and any(
        record.config.get("loss.reduction") == "sum"
        for row in board.configurations
        for record in row.records
    )
    scales += ["trainer.batch_size"] if summed else []
    if scales and board.sort == "val_loss":
        notes.append(
            f"{', '.join(scales)} changes what val_loss measures, so val_loss should not rank "
            "these configurations: --sort val_accuracy does"
        )
    return notes


def _runs(board: Leaderboard, averaged: Sequence[str], repeats: Sequence[Record]) -> list[str]:
    """Which runs the means are of."""
    notes = []
    if averaged:
        notes.append(
            f"each score is a mean over {', '.join(averaged)} as well, and pairs are runs that "
            "agree in it"
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
        notes.append(
            f"the first has {len(first.records)} of its {first.planned} runs: its mean may be of "
            "other seeds, folds or settings than those of the others"
        )
    dropped = any(
        HALVED in (record.reason or "") for row in board.configurations for record in row.records
    )
    outlived = sum(record.status in ("interrupted", "running") for record in board.failed)
    if dropped and outlived:
        notes.append(
            f"{plural(outlived, 'run')} that halving had kept did not come to an end and "
            "are not ranked: what is ranked was dropped for them"
        )
    apart = [
        row.rank
        for row in board.configurations
        if row.against_leader is not None and row.against_leader.pairs == 0
    ]
    if apart:
        notes.append(f"no seed and fold in common with the first: {_few(apart)}")
    return notes


def _few(items: Sequence[object]) -> str:
    return ", ".join(map(str, items[:5])) + ", ..." * (len(items) > 5)


def _seeds(board: Leaderboard) -> list[str]:
    """What one seed, or two, cannot tell."""
    rows = [row.against_leader for row in board.configurations if row.against_leader is not None]
    if rows and max(row.pairs for row in rows) == 1:
        alone = all(len(row.records) == 1 for row in board.configurations)
        what = "run of each configuration" if alone else "pair of runs of any two configurations"
        return [
            f"one {what}: chance and settings cannot be told apart; add {SEVERAL_SEEDS} to the "
            "sweep"
        ]
    if not rows and board.configurations[0].scores[board.sort].n == 1:
        return [f"one run: the spread over seeds is not known; add {SEVERAL_SEEDS}"]
    return []


def _winner(board: Leaderboard) -> list[str]:
    """The score of the selected configuration is not its selection score."""
    first = board.configurations[0]
    count = sum(row.is_complete == first.is_complete for row in board.configurations)
    config = first.records[0].config
    monitor = str(config.get("trainer.monitor", ""))
    picked = ""
    if count > 1:
        picked = f"its {board.sort} was picked as the best of {count} and is optimistic"
    elif monitor.startswith("val") and config.get("trainer.checkpoint") == "best":
        picked = f"its {board.sort} is of the epoch with the best {monitor} and is optimistic"
    shown = [
        f"{name.replace('_', ' ')} {number(score.mean)} ± {number(score.stderr)}"
        for name, score in board.winner_test.items()
        if name in ("test_loss", "test_accuracy")
    ]
    if not shown:
        return ["; ".join(filter(None, ["the first has no test score", picked]))]
    over = plural(next(iter(board.winner_test.values())).n, "run")
    rows = [((record.metrics or {}).get("test") or {}).get("n") for record in first.records]
    tested = ""
    if isinstance(rows[0], int) and all(n == rows[0] for n in rows):
        tested = f", {plural(rows[0], 'test row')}"
    what = "over the rows" if over == "1 run" else "over seeds and rows"
    return [
        f"the first in test: {', '.join(shown)} (mean of {over}{tested}; ± one standard error "
        f"{what})" + (f"; {picked}" if picked else "")
    ]
