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


def test_each_optimizer_has_its_own_edges(make):
    rates = [("sgd", 1e-4), ("sgd", 1e-3), ("sgd", 1.0), ("adam", 1e-5), ("adam", 1e-4)]
    rates += [("adam", 1e-3)]
    records = [
        make(n, 0.1 if n == 5 else 0.5, optimizer__name=name, optimizer__lr=rate)
        for n, (name, rate) in enumerate(rates)
    ]
    (note,) = at_edges(leaderboard(records))
    assert "a larger optimizer.lr than 0.001 may be better" in note


@pytest.mark.parametrize("drawn", [True, False])
def test_values_that_were_drawn_have_no_edges(make, drawn):
    values = [(0.1, 3.0), (0.2, 1.0), (0.3, 2.0)]
    if not drawn:
        values = [(lr, l2) for lr, _ in values for _, l2 in values]
    records = [make(n, lr + l2, optimizer__lr=lr, reg__l2=l2) for n, (lr, l2) in enumerate(values)]
    assert bool(at_edges(leaderboard(records))) != drawn
