"""What is typed to train the configuration that came first."""

from __future__ import annotations

from nnexp.config.typed import read_typed
from nnexp.leaderboard.board import Leaderboard
from nnexp.leaderboard.grouping import FOLD, FOLDS, comparable, is_repetition


def words_of_first(board: Leaderboard) -> list[str] | None:
    """The overrides of the first configuration, without the seeds and folds that it is a mean over.

    A seed or a fold that all of its runs have in common stays: without it the rows, or the initial
    weights, were others. None where nothing was chosen among, or where its run does not tell what
    was typed.
    """
    if len(board.configurations) + bool(board.failed) < 2:
        return None
    first = board.configurations[0]
    typed = read_typed(first.records[0].folder, trust=True)
    if typed is None:
        return None
    ended = [record for record in board.failed if record.config and _is_of(record.config, board)]
    configs = [record.config for record in (*first.records, *ended)]
    averaged = {
        key
        for key in first.records[0].config
        if is_repetition(key) and len({comparable(own.get(key)) for own in configs}) > 1
    }
    if FOLD in averaged:
        averaged.add(FOLDS)  # which alone would say nothing to a single run
    names = [(word.lstrip("+~").partition("=")[0], word) for word in typed]
    return [word for name, word in names if name not in averaged]


def _is_of(config: dict[str, object], board: Leaderboard) -> bool:
    """Whether a run that is in no mean is one of the first configuration."""
    values = board.configurations[0].values
    return all(
        (key in config) == (key in values)
        and comparable(config.get(key)) == comparable(values.get(key))
        for key in board.varied
    )
