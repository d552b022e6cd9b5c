"""What ranks where nobody says, and which losses can be compared."""

import pytest

from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.ranking import incomparable, sort_of
from nnexp.leaderboard.table import markdown, rows
from nnexp.leaderboard.text import leaderboard_text
from nnexp.report.table import leaderboard_table

LOSS = {"trainer.monitor": "val_loss", "loss.name": "cross_entropy", "loss.reduction": "mean"}
MSE = LOSS | {"loss.name": "mse"}
ACCURACY = LOSS | {"trainer.monitor": "val_accuracy"}


@pytest.mark.parametrize(
    ("configs", "sort"),
    [
        ([LOSS, LOSS], "val_loss"),
        ([LOSS, MSE], "val_accuracy"),
        ([ACCURACY, ACCURACY], "val_accuracy"),
        ([LOSS, ACCURACY], "val_loss"),
        ([{}], "val_loss"),
        ([], "val_loss"),
    ],
)
def test_the_score_that_ranks(configs, sort):
    assert sort_of(configs) == sort


def test_sums_over_batches_of_other_sizes_are_not_compared():
    sizes = [{"loss.reduction": "mean", "trainer.batch_size": size} for size in (16, 32)]
    assert incomparable(sizes) == []
    summed = [own | {"loss.reduction": "sum"} for own in sizes]
    assert incomparable(summed) == ["trainer.batch_size"]


def test_losses_of_two_kinds_are_ranked_by_accuracy_and_it_is_said(make):
    records = [make(0, 0.2, accuracy=0.7), make(1, 0.9, accuracy=0.8, loss__name="mse")]
    board = leaderboard(records)
    assert board.sort == "val_accuracy"
    assert board.configurations[0].values == {"loss.name": "mse"}
    assert board.notes[0] == (
        "loss.name changes what val_loss measures, so val_accuracy ranks these configurations, "
        "and their val_loss is not compared"
    )
    assert "so val_loss should not rank" in leaderboard(records, "val_loss").notes[0]


def test_what_halving_has_stopped_is_told(make):
    reasons = [None, "stopped after epoch 3: 2 of 2", *["stopped after epoch 1: 3 of 4"] * 2]
    records = [make(n, 0.1 * n, reason=own, reg__l2=n / 10) for n, own in enumerate(reasons)]
    told = "halving stopped 2 of 4 runs after epoch 1, 1 after epoch 3; the scores of each are of"
    assert leaderboard(records).notes[0].startswith(told)
    board = leaderboard(records)
    assert [row["stopped_after"] for row in rows(board)] == [None, 3, 1, 1]
    assert "| epoch 3 |" in markdown(board)
    assert "stopped after" in str(leaderboard_table(board))
    head, _, *lines = leaderboard_text(board).splitlines()[2:8]
    end = head.index("stopped after") + len("stopped after")
    assert [line[:end].split()[-1] for line in lines[1:]] == ["3", "1", "1"]
    some = leaderboard([make(0), make(1, reason=reasons[1], reg__l2=1.0)], by=["optimizer.lr"])
    assert [row["stopped_after"] for row in rows(some)] == [None]
    assert any("halving stopped 1 of 2" in note for note in some.notes)
    alone = leaderboard(records[:1])
    assert not any("halving" in note for note in alone.notes)
    for shown in (leaderboard_text(alone), markdown(alone), str(leaderboard_table(alone))):
        assert "stopped" not in shown
