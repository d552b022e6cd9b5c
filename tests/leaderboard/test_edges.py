"""Settings of the first that lie at the edge of what was tried."""

import pytest

from nnexp.leaderboard.drawn import were_drawn
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


def test_a_number_that_is_the_same_for_all_of_an_optimizer_was_not_drawn(make):
    momenta = {
        "sgd": {"optimizer__momentum": 0.9},
        "adam": {},
        "rmsprop": {"optimizer__momentum": 0},
    }
    rows = [(name, rate) for name in momenta for rate in (0.01, 0.1, 1.0)]
    for best in ("sgd", "rmsprop"):
        records = [
            make(n, 0.1 if own == (best, 1.0) else 0.5, optimizer__name=own[0],
                 optimizer__lr=own[1], **momenta[own[0]])
            for n, own in enumerate(rows)
        ]  # fmt: skip
        (note,) = at_edges(leaderboard(records))
        assert "a larger optimizer.lr than 1 may be better" in note


SWEEP = "hydra:\n  mode: MULTIRUN\nsweep:\n  method: {}\n  'n': {}\n"


@pytest.mark.parametrize(
    ("method", "count", "told"),
    [
        ("grid", "null", True),
        ("random", 3, False),
        ("halving", 3, False),
        ("halving", "null", True),
        ("optuna", 3, False),
    ],
)
@pytest.mark.parametrize("repeats", [False, True])
def test_a_sweep_tells_whether_its_values_were_drawn(make, tmp_path, method, count, told, repeats):
    """Zipped numbers are no drawn ones, and whole numbers that come twice may be drawn."""
    (tmp_path / "sweep.yaml").touch()
    (tmp_path / "multirun.yaml").write_text(SWEEP.format(method, count))
    values = [(16, 0.1), (17, 0.2), (18, 0.3), *([(18, 0.4)] if repeats else [])]
    records = [make(n, l2, trainer__batch_size=size, reg__l2=l2) for n, (size, l2) in
               enumerate(values)]  # fmt: skip
    notes = at_edges(leaderboard(records))
    assert any("a smaller trainer.batch_size than 16" in note for note in notes) == told


@pytest.mark.parametrize("text", ["", "sweep: 3\n", "sweep:\n  - [\n", "sweep:\n  name: x\n"])
def test_a_sweep_that_does_not_tell_is_none(make, tmp_path, text):
    (tmp_path / "sweep.yaml").touch()
    (tmp_path / "multirun.yaml").write_text(text)
    assert were_drawn([make(0)]) is None
