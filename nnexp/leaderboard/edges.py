"""Settings of the first configuration that lie at the edge of what was tried."""

from __future__ import annotations

from nnexp.config.check import is_number
from nnexp.config.keys import all_keys
from nnexp.leaderboard.board import Leaderboard
from nnexp.leaderboard.words import setting

LEAST = 3  # values; of two each is at an edge
MOST = 12  # values of a grid; of many that were drawn one is at an edge by chance


def at_edges(board: Leaderboard) -> list[str]:
    """A note for each number of the first that is the least or largest tried, and not allowed."""
    first = board.configurations[0].values
    notes = []
    numbers = [key for key in board.varied if is_number(first.get(key))]
    for key in numbers:
        option = f"{key.partition('.')[0]}.name"  # each optimizer has rates of its own
        rows = [row.values for row in board.configurations]
        alike = [values for values in rows if values.get(option) == first.get(option)]
        tried = {values[key] for values in alike if is_number(values.get(key))}
        value = first[key]
        if not LEAST <= len(tried) <= MOST or key.startswith("data."):
            continue
        if len(numbers) > 1 and len(tried) == len(alike):
            continue  # drawn with others: of few draws one is at an edge by chance
        for edge, word, bound in ((max(tried), "larger", "le"), (min(tried), "smaller", "ge")):
            if value == edge and not any(
                own.path == key and own.limits.get(bound) == edge for own in all_keys()
            ):
                notes.append(
                    f"the first lies at the edge of what was tried: a {word} {key} than "
                    f"{setting(edge)} may be better"
                )
    return notes
