"""Settings of the first configuration that lie at the edge of what was tried."""

from __future__ import annotations

from nnexp.config.check import is_number
from nnexp.config.keys import all_keys
from nnexp.leaderboard.board import Configuration, Leaderboard
from nnexp.leaderboard.drawn import were_drawn
from nnexp.leaderboard.words import setting

LEAST = 3  # values; of two each is at an edge
MOST = 12  # values of a grid; of many that were drawn one is at an edge by chance


def at_edges(board: Leaderboard) -> list[str]:
    """A note for each number of the first that is the least or largest tried, and not allowed."""
    notes = []
    for key in board.varied:
        alike = _alike(board, key)  # each optimizer has rates of its own
        tried = _tried(alike, key)
        if not LEAST <= len(tried) <= MOST or key.startswith("data."):
            continue
        value = board.configurations[0].values.get(key)
        for edge, word, bound in ((max(tried), "larger", "le"), (min(tried), "smaller", "ge")):
            if value == edge and not any(
                own.path == key and own.limits.get(bound) == edge for own in all_keys()
            ):
                if _drawn_with_others(board, alike, key):
                    break  # of few draws one is at an edge by chance
                notes.append(
                    f"the first lies at the edge of what was tried: a {word} {key} than "
                    f"{setting(edge)} may be better"
                )
    return notes


def _alike(board: Leaderboard, key: str) -> list[Configuration]:
    """The configurations with the option of the first in a key's group."""
    option = f"{key.partition('.')[0]}.name"
    own = board.configurations[0].values.get(option)
    return [row for row in board.configurations if row.values.get(option) == own]


def _tried(rows: list[Configuration], key: str) -> set[float]:
    """The numbers of a key; none where the first of the rows has another value."""
    if not is_number(rows[0].values.get(key)):
        return set()
    return {row.values[key] for row in rows if is_number(row.values.get(key))}


def _drawn_with_others(board: Leaderboard, alike: list[Configuration], key: str) -> bool:
    """Whether the numbers of a key were drawn at random together with others.

    Of runs that are of no sweep it is taken to be so where no number comes twice.
    """
    if sum(len(_tried(alike, own)) > 1 for own in board.varied) < 2:
        return False
    drawn = were_drawn([record for row in alike for record in row.records])
    return len(_tried(alike, key)) == len(alike) if drawn is None else drawn
