"""The settings that were varied: which have charts, and which values each had."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from nnexp.leaderboard import Leaderboard
from nnexp.leaderboard.grouping import comparable, order_of
from nnexp.report.observations import number_of


def charted(board: Leaderboard) -> list[str]:
    """The varied keys that have charts of their own.

    A key that merely follows the option it belongs to has none: where each optimizer ran at one
    learning rate, `optimizer.name` tells all that `optimizer.lr` would.
    """
    return [key for key in board.varied if not _follows(board, key)]


def values_of(board: Leaderboard, key: str, failed: bool = True) -> list[Any]:
    """The distinct values of a key, in order.

    Arguments:
        board: the leaderboard.
        key: a varied key.
        failed: those of runs that are in no mean, too.
    """
    found = [row.values[key] for row in board.configurations if key in row.values]
    if failed:
        found += [record.config[key] for record in board.failed if key in record.config]
    return sorted({comparable(value): value for value in found}.values(), key=order_of)


def is_numeric(board: Leaderboard, key: str) -> bool:
    """Whether a varied key has two numbers or more, and nothing but numbers."""
    numbers = [number_of(value) for value in values_of(board, key)]
    return None not in numbers and len(numbers) > 1


def _follows(board: Leaderboard, key: str) -> bool:
    name = f"{key.rpartition('.')[0]}.name"
    if name not in board.varied or key == name:
        return False
    configs = [row.values for row in board.configurations]
    configs += [record.config for record in board.failed if name in record.config]
    seen: dict[Hashable, Hashable] = {}
    for config in configs:
        value = comparable(config[key]) if key in config else ()
        if seen.setdefault(comparable(config.get(name)), value) != value:
            return False
    return True
