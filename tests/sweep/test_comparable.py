"""What Optuna and halving can compare: one score, of one meaning."""

import pytest

from nnexp.config.compose import compose
from nnexp.errors import UserError
from nnexp.sweep.comparable import check_comparable, one_at_a_time
from nnexp.sweep.space import spaces


@pytest.mark.parametrize(
    ("jobs", "wrong", "remedy"),
    [
        (["trainer.monitor=val_loss", "trainer.monitor=val_accuracy"],
         "trainer.monitor differs: val_loss, val_accuracy", "trainer.monitor=val_accuracy"),
        (["trainer.monitor=train_loss", "trainer.monitor=val_loss"],
         "trainer.monitor differs: train_loss, val_loss", "trainer.monitor=train_loss"),
        (["loss=mse", "loss=cross_entropy"],
         "optuna compares losses, and loss.name changes", "trainer.monitor=val_accuracy"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(jobs, wrong, remedy):
    with pytest.raises(UserError) as error:
        check_comparable([compose([word]) for word in jobs], "optuna")
    assert wrong in error.value.wrong
    assert error.value.remedy == remedy
    check_comparable([compose([word, remedy]) for word in jobs], "optuna")


def test_what_can_be_compared():
    check_comparable([], "optuna")
    check_comparable([compose(["optimizer.lr=0.1"]), compose(["reg.l2=0.1"])], "optuna")


def test_each_value_is_in_a_job_and_seeds_stay():
    (space,) = spaces(["a=1,2", "b=x", "c=tag(log,interval(1,9))", "seed=0,1"])
    assert one_at_a_time(space) == [
        ["a=1", "b=x", "c=1.0", "seed=0"],
        ["a=2", "b=x", "c=1.0", "seed=0"],
        ["a=1", "b=x", "c=9.0", "seed=0"],
    ]


@pytest.mark.parametrize("column", [False, True])
def test_optuna_needs_validation_rows_whatever_is_monitored(command, tmp_path, column):
    lines = [f"{n % 7},{'ab'[n % 2]},{'test' if n % 4 == 0 else 'train'}" for n in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,part", *lines]) + "\n")
    table = ["data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y", "data.split.valid=0"]
    table += ["data.split.method=column", "data.split.by=part"] if column else ["data.drop=[part]"]
    how = ["sweep=optuna", "sweep.n=2", "optimizer.lr=0.1,0.2", "trainer.checkpoint=last"]
    refused = command(*table, *how, "trainer.monitor=train_loss")
    assert refused.status == 2
    assert "sweep.method=optuna goes by validation scores" in refused.err
    assert "leaves no validation rows" in refused.err
    assert not refused.folder.exists()
    remedy = refused.err.split("try: ")[1].strip()
    assert command(*table, *how, remedy).status == 0
