"""Settings of the first that lie at the edge of what was tried."""

import pytest

from nnexp.leaderboard.edges import at_edges
from nnexp.leaderboard.leaderboard import leaderboard


def told(make, key, values, best):
    records = [make(n, 0.1 if v == best else 0.5, **{key: v}) for n, v in enumerate(values)]
    return at_edges(leaderboard(records))


@pytest.mark.parametrize(
    ("key", "values", "best", "word"),
    [
        ("optimizer__lr", [0.001, 0.01, 0.1], 0.1, "a larger optimizer.lr than 0.1 may be better"),
        ("optimizer__lr", [0.001, 0.01, 0.1], 0.001, "a smaller optimizer.lr than 0.001 may"),
        ("optimizer__lr", [0.001, 0.01, 0.1], 0.01, None),
        ("optimizer__lr", [0.001, 0.1], 0.1, None),
        ("optimizer__lr", [n / 100 for n in range(1, 20)], 0.01, None),
        ("reg__l2", [0.0, 0.01, 0.1], 0.0, None),
        ("data__neighbors", [1, 2, 3], 3, None),
        ("model__hidden", [[1], [2], [3]], [3], None),
    ],
)
def test_edges(make, key, values, best, word):
    notes = told(make, key, values, best)
    assert len(notes) == (word is not None)
    assert word is None or word in notes[0]
