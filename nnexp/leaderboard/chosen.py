"""What is typed to train the configuration that came first."""

from __future__ import annotations

from nnexp.config.typed import read_typed
from nnexp.leaderboard.board import Leaderboard
from nnexp.leaderboard.grouping import FOLDS, is_repetition


def words_of_first(board: Leaderboard) -> list[str] | None:
    """The overrides of the first configuration, without seeds and folds.

    None where nothing was chosen among, or where its run does not tell what was typed.
    """
    if len(board.configurations) + bool(board.failed) < 2:
        return None
    typed = read_typed(board.configurations[0].records[0].folder, trust=True)
    if typed is None:
        return None
    names = [(word.lstrip("+~").partition("=")[0], word) for word in typed]
    return [word for name, word in names if not is_repetition(name) and name != FOLDS]
