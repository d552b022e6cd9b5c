"""What a sweep shows while it trains."""

import io

import numpy as np
import pytest

from nnexp.config.compose import compose
from nnexp.runs.jobs import Job
from nnexp.sweep.chunk import _Best
from nnexp.sweep.display import LINES, Display
from nnexp.train.outcome import Epoch


@pytest.fixture
def jobs(tmp_path):
    config = compose(["trainer.epochs=10"])
    return [Job(number, tmp_path / str(number), [], config) for number in range(20)]


def end(job, score, status="done"):
    job.status, job.score = status, score


def test_lines_say_how_far_it_is_and_who_is_best(jobs):
    stream = io.StringIO()
    display = Display(jobs, 2, "plain", stream)
    for number, job in enumerate(jobs):
        end(job, 1.0 - number / 100)
        display.ended(job)
    lines = stream.getvalue().splitlines()
    assert len(lines) <= LINES + 1
    assert lines[-1].startswith("20/20 runs in 2 chunks  best val_loss 0.81 (job 19)")
    assert lines[-1].endswith("elapsed")
    assert lines[0].endswith("left")


def test_a_stack_whose_members_end_together_is_told_of_on_its_way(jobs, monkeypatch):
    stream = io.StringIO()
    brief = Display(jobs, 1, "plain", stream)
    for epoch in range(1, 11):
        brief.epoch(range(20), epoch)
    assert stream.getvalue() == ""  # of what takes a moment the end is enough
    monkeypatch.setattr("nnexp.sweep.display.PAUSE", 0.0)
    display = Display(jobs, 1, "plain", stream)
    for epoch in range(1, 11):
        display.epoch(range(20), epoch)
    assert len(stream.getvalue().splitlines()) == LINES - 1
    for job in jobs:
        end(job, 1.0)
        display.ended(job)
    assert len(stream.getvalue().splitlines()) == LINES


def test_the_best_so_far_is_told_before_any_has_ended(jobs):
    display = Display(jobs, 1, "none", io.StringIO())
    display.epoch(range(20), 1, (3, 0.8))
    display.epoch(range(20), 2, (4, 0.9))
    assert "best val_loss 0.8 (job 3)" in display.line()
    display.epoch(range(20), 3, (5, 0.25))
    assert "best val_loss 0.25 (job 5)" in display.line()
    end(jobs[0], 0.5)
    display.ended(jobs[0])
    assert "best val_loss 0.25 (job 5)" in display.line()


def test_a_chunk_knows_its_best_member_so_far():
    def epoch(number, members, losses):
        return Epoch(number, members, {"val_loss": np.array(losses)}, *np.zeros((2, 3, 1)), None)

    best = _Best("val_loss", 1.0)
    best.see(Epoch(1, [0], {"train_loss": np.zeros(1)}, *np.zeros((2, 1, 1)), None))
    assert best.place is None
    best.see(epoch(1, [0, 1, 2], [np.nan, 0.4, 0.5]))
    assert (best.place, best.value) == (1, 0.4)
    best.see(epoch(2, [1, 2], [0.6, 0.3]))
    assert (best.place, best.value) == (2, 0.3)
    best.see(epoch(3, [1], [np.inf]))
    assert (best.place, best.value) == (2, 0.3)


def test_a_job_that_was_interrupted_has_not_ended(jobs):
    stream = io.StringIO()
    display = Display(jobs, 1, "plain", stream)
    end(jobs[0], 1.0)
    for job in jobs[1:]:
        end(job, None, "interrupted")
    for job in jobs:
        display.ended(job)
    assert display.line().startswith("1/20 runs")


def test_the_share_counts_epochs_in_training(jobs):
    display = Display(jobs, 2, "none", io.StringIO())
    display.epoch((0, 1, 2, 3), 5)
    assert display.share == pytest.approx(4 * 5 / 200)
    end(jobs[0], 1.0)
    display.ended(jobs[0])
    assert display.share <= 4 * 5 / 200 + 10 / 200
    for job in jobs[1:]:
        end(job, 1.0)
        display.ended(job)
    assert display.share == 1


def test_jobs_are_counted_by_their_places_in_the_execution(jobs):
    """The first has failed for its table; the last is still the last."""
    jobs[0].fail(ValueError("no table"))
    display = Display(jobs, 2, "none", io.StringIO())
    display.epoch((18, 19), 10)
    end(jobs[19], 1.0)
    display.ended(jobs[19])
    assert display.share == pytest.approx(20 / 190)
    assert display.line().startswith("1/19 runs")


def test_what_a_halved_chunk_had_trained_is_not_counted_twice(jobs):
    display = Display(jobs, 1, "none", io.StringIO())
    display.epoch(range(20), 8)
    display.again(range(20))
    assert display.share == 0
    display.epoch(range(10), 5)
    assert display.share == pytest.approx(10 * 5 / 200)
    display.epoch(range(5, 15), 6)  # cut anew, after a rung
    assert display.share == pytest.approx((5 * 5 + 10 * 6) / 200)


def test_accuracy_is_better_when_it_is_higher(tmp_path):
    config = compose(["trainer.monitor=val_accuracy"])
    jobs = [Job(number, tmp_path, [], config) for number in range(3)]
    display = Display(jobs, 1, "none", io.StringIO())
    for job, score in zip(jobs, (0.5, 0.9, 0.7), strict=True):
        end(job, score)
        display.ended(job)
    assert display.best == (jobs[1], jobs[1].score)


def test_failed_and_diverged_ones_are_not_best(jobs):
    display = Display(jobs, 1, "none", io.StringIO())
    for job, status, score in ((jobs[0], "diverged", 0.0), (jobs[1], "failed", None)):
        end(job, score, status)
        display.ended(job)
    end(jobs[2], float("nan"))
    display.ended(jobs[2])
    assert display.best is None


def test_nothing_is_shown_where_nothing_is_wanted(jobs):
    stream = io.StringIO()
    display = Display(jobs, 1, "none", stream)
    display.note("a")
    end(jobs[0], 1.0)
    display.ended(jobs[0])
    display.tick()
    display.close()
    assert stream.getvalue() == ""


def test_the_bar_draws_and_ends(jobs):
    stream = io.StringIO()
    display = Display(jobs, 1, "bar", stream)
    display.epoch((0, 1), 5)
    display.tick()
    display.note("[odd] words")
    end(jobs[0], 0.5)
    display.ended(jobs[0])
    display.close()
    display.close()
    drawn = stream.getvalue()
    assert "[odd] words" in drawn
    assert "1/20 runs in 1 chunk" in drawn


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["trainer.monitor=val_accuracy"], ["trainer.monitor=val_loss"]),
        (["loss=cross_entropy"], ["loss=mse"]),
    ],
)
def test_of_what_cannot_be_compared_none_is_best(tmp_path, first, second):
    jobs = [Job(n, tmp_path, [], compose(words)) for n, words in enumerate((first, second))]
    display = Display(jobs, 1, "none", io.StringIO())
    display.epoch((0, 1), 1, (1, 0.1))
    end(jobs[0], 0.9)
    display.ended(jobs[0])
    assert display.best is None
    assert "best" not in display.line()


def test_losses_of_any_kind_are_compared_by_accuracy(tmp_path):
    words = [[f"loss={name}", "trainer.monitor=val_accuracy"] for name in ("cross_entropy", "mse")]
    jobs = [Job(number, tmp_path, [], compose(own)) for number, own in enumerate(words)]
    display = Display(jobs, 1, "none", io.StringIO())
    display.epoch((0, 1), 1, (1, 0.75))
    assert "best val_accuracy 0.75 (job 1)" in display.line()
