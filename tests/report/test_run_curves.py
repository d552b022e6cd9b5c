import pytest

from nnexp.report.prior import Prior
from nnexp.report.run_curves import run_curves
from nnexp.report.run_folder import read_run_folder

COLUMNS = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")


@pytest.fixture
def charts(make_run, read):
    def make(prior=None, **given):
        section = run_curves(read_run_folder(make_run(**given)), prior)
        return None if section is None else read(section).all("figure")

    return make


def rows_of(*losses):
    return [dict.fromkeys(COLUMNS, loss) | {"epoch": epoch, "train_penalty": 0.0, "lr": 0.1}
            for epoch, loss in enumerate(losses, 1)]  # fmt: skip


def names(figure):
    return [t.text for t in figure.all("text", "mark-name")]


def test_loss_and_accuracy_of_both_parts_from_before_training(charts):
    loss, accuracy = charts()
    assert [f.one("figcaption").text for f in (loss, accuracy)] == ["Loss", "Accuracy"]
    for figure in (loss, accuracy):
        val, train = figure.one("polyline", "val"), figure.one("polyline", "train")
        assert len(val.attributes["points"].split()) == 5
        assert len(train.attributes["points"].split()) == 4


def test_the_kept_epoch_and_the_least_loss_are_marked(charts):
    loss, accuracy = charts(best=4, rows=rows_of(0.5, 0.3, 0.4, 0.6))
    assert names(loss) == ["least validation loss: epoch 2", "kept: epoch 4"]
    assert names(accuracy) == ["kept: epoch 4"]


def test_marks_at_one_epoch_are_one(charts):
    assert names(charts(best=2, rows=rows_of(0.5, 0.3, 0.4))[0]) == [
        "kept, least validation loss: epoch 2"
    ]


def test_the_prior_s_loss_is_a_line(charts):
    loss, accuracy = charts(Prior(0.7, 0.5), best=None, rows=rows_of(0.5, 0.3))
    assert "naming the class shares 0.700" in names(loss)
    assert names(accuracy) == []


def test_below_zero_is_marked_and_has_no_prior(charts):
    loss = charts(Prior(0.7, 0.5), best=None, signals=None, rows=rows_of(0.5, -0.3))[0]
    assert names(loss)[0].startswith("below 0")
    assert not any("shares" in name for name in names(loss))


def test_the_end_of_a_diverged_run_is_marked_and_draws_no_accuracy(charts):
    rows = rows_of(0.5, 7.0, float("nan"))
    for row in rows:
        row["val_accuracy"] = row["train_accuracy"] = 0.0 if row["epoch"] == 3 else 0.4
    loss, accuracy = charts(status="diverged", reason="NaN", best=None, signals=None, rows=rows)
    assert "diverged: epoch 3" in names(loss)
    assert names(accuracy) == ["diverged: epoch 3"]
    assert len(accuracy.one("polyline", "val").attributes["points"].split()) == 2


def test_losses_of_many_magnitudes_have_a_logarithmic_axis(charts, axis_of):
    loss = charts(best=None, signals=None, rows=rows_of(1e9, 1e3, 1.0))[0]
    labels = [t.text for t in loss.one("div", "plot").all("text", "tick")]
    assert labels[0] == "1"
    assert "10⁶" in labels
    last = loss.one("polyline", "val").attributes["points"].split()
    assert [float(pair.split(",")[1]) for pair in last] == pytest.approx([0, 667, 1000], abs=1)


def test_without_a_history_there_is_no_section(charts):
    assert charts(rows=[]) is None
