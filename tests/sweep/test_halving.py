"""The rungs of successive halving."""

import signal

import pytest

from nnexp.sweep import chunk, execute
from nnexp.sweep.halving import rungs
from nnexp.track.manifest import verify
from nnexp.track.status import read_status


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
        assert verify(folder) == []  # what a resume takes as finished
        rows = (folder / "history.csv").read_text().splitlines()
        place = rows[0].split(",").index("val_loss")
        losses = [float(row.split(",")[place]) for row in rows[1:]]
        best[folder.name] = losses
    going = set(best)
    for rung, left in ((1, 4), (2, 2)):
        ranked = sorted(going, key=lambda name: min(best[name][:rung]))
        assert {name for name in going if len(best[name]) > rung} == set(ranked[:left])
        going = set(ranked[:left])


def test_losses_of_several_kinds_are_not_halved_by_their_size(command):
    how = ["sweep.method=halving", "loss=cross_entropy,mse"]
    refused = command(*how)
    assert refused.status == 2
    assert "error: halving compares losses, and loss.name changes what a loss measures" in (
        refused.err
    )
    assert not refused.folder.exists()
    assert command(*how, "trainer.monitor=val_accuracy").status == 0


def test_runs_that_monitor_different_scores_are_not_halved(command):
    words = ["sweep.method=halving", "optimizer.lr=0.1,0.01"]
    refused = command(*words, "trainer.monitor=val_loss,val_accuracy")
    assert refused.status == 2
    assert "trainer.monitor differs: val_loss, val_accuracy" in refused.err
    assert refused.err.endswith("try: trainer.monitor=val_accuracy\n")
    assert not refused.folder.exists()


def test_halving_needs_rows_to_judge_by(command):
    how = ["sweep.method=halving", "data.split.valid=0", "trainer.checkpoint=last", "seed=0,1"]
    refused = command(*how)
    assert refused.status == 2
    assert "error: sweep.method=halving goes by trainer.monitor=val_loss" in refused.err
    assert "try: " in refused.err
    assert "trainer.monitor=train_loss" in refused.err
    assert command(*how, "trainer.monitor=train_loss").status == 0


def test_halving_needs_rows_in_the_table_where_a_column_names_them(command, tmp_path):
    lines = [f"{n % 7},{'ab'[n % 2]},{'test' if n % 4 == 0 else 'train'}" for n in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,part", *lines]) + "\n")
    table = ["data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y"]
    split = ["data.split.method=column", "data.split.by=part", "data.split.valid=0"]
    how = [*table, *split, "sweep.method=halving", "trainer.checkpoint=last", "seed=0,1"]
    refused = command(*how)
    assert refused.status == 2
    assert "the split column 'part' leaves no validation rows" in refused.err
    assert not refused.folder.exists()
    assert command(*how, "trainer.monitor=train_loss").status == 0


def test_halving_that_stops_nothing_says_so(command):
    swept = command("sweep.method=halving", "seed=0,1", "sweep.min_epochs=3")
    assert "halving stops nothing: sweep.min_epochs=3 is not below trainer.epochs=3" in swept.err
    words = ["sweep.method=halving", "seed=0,1", "sweep.dry_run=true", "trainer.epochs=9"]
    planned = command(*words, folder="planned")
    assert "halving after epoch 1, 3 of 9: one of 3 configurations goes on" in planned.out


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


def test_interrupted_halving_leaves_nothing_running_and_says_what_is_ranked(command, monkeypatch):
    monkeypatch.setattr(execute, "can_fork", lambda: False)
    take_up, taken = chunk.read_parked, []

    def interrupted(folder):
        taken.append(folder)
        if len(taken) == 3:  # the first two end, and the third is to be trained on
            signal.raise_signal(signal.SIGINT)
        return take_up(folder)

    monkeypatch.setattr(chunk, "read_parked", interrupted)
    words = ["model.hidden=[4],[5],[6],[7]", "sweep.method=halving", "sweep.factor=2"]
    swept = command(*words, "trainer.epochs=8", "sweep.min_epochs=1")
    assert swept.status == 130
    found = [read_status(swept.folder / str(n))["status"] for n in range(4)]
    assert set(found) <= {"done", "interrupted"}
    assert found.count("interrupted") == 2
    assert "2 runs that halving had kept did not come to an end" in swept.out
    monkeypatch.setattr(chunk, "read_parked", take_up)
    resumed = command("swept", program="resume")
    assert resumed.status == 0
    assert [read_status(swept.folder / str(n))["status"] for n in range(4)] == ["done"] * 4
