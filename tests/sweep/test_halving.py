"""The rungs of successive halving."""

import pytest

from nnexp.sweep.halving import rungs


@pytest.mark.parametrize(
    ("epochs", "factor", "least", "expected"),
    [
        (27, 3, 1, [1, 3, 9]),
        (50, 3, 1, [1, 3, 9, 27]),
        (10, 2, 3, [3, 6]),
        (5, 3, 5, []),
        (1, 2, 1, []),
    ],
)
def test_rungs(epochs, factor, least, expected):
    assert rungs(epochs, factor, least) == expected


def test_of_each_rung_the_best_share_goes_on_by_what_it_has_reached(command):
    swept = command(
        "optimizer.lr=0.0003,0.003,0.03,0.3",
        "reg.l2=0,0.1",
        "trainer.epochs=4",
        "sweep.method=halving",
        "sweep.factor=2",
    )
    assert swept.status == 0
    best = {}
    for folder in swept.folder.glob("[0-9]*"):
        rows = (folder / "history.csv").read_text().splitlines()
        place = rows[0].split(",").index("val_loss")
        losses = [float(row.split(",")[place]) for row in rows[1:]]
        best[folder.name] = losses
    going = set(best)
    for rung, left in ((1, 4), (2, 2)):
        ranked = sorted(going, key=lambda name: min(best[name][:rung]))
        assert {name for name in going if len(best[name]) > rung} == set(ranked[:left])
        going = set(ranked[:left])


def test_a_configuration_that_diverges_does_not_go_on(command):
    swept = command(
        "optimizer=sgd",
        "optimizer.lr=0.01,1e30",
        "trainer.epochs=4",
        "sweep.method=halving",
        "sweep.factor=2",
    )
    assert swept.status == 1
    assert len((swept.folder / "0" / "history.csv").read_text().splitlines()) == 5
