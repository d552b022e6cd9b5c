"""Jobs whose turn has not come: their folders say so from the start."""

import pytest

from nnexp.config.compose import compose
from nnexp.leaderboard import compare, read_records
from nnexp.runs.jobs import Job
from nnexp.sweep.waiting import announce, break_off
from nnexp.track.status import read_status, write_status


@pytest.fixture
def job(tmp_path):
    return Job(3, tmp_path / "3", ["seed=3"], compose(["seed=3"]))


def test_a_job_has_its_folder_before_its_turn(job):
    announce(job)
    (record,) = read_records([job.folder])
    assert (record.status, record.reason, record.begun) == ("interrupted", "not begun", False)
    assert record.config["seed"] == 3


def test_an_attempt_stays_as_it_is(job):
    job.folder.mkdir()
    write_status(job.folder, "failed", "odd")
    announce(job)
    assert read_status(job.folder)["status"] == "failed"
    assert not (job.folder / "config.yaml").exists()


@pytest.mark.parametrize(
    ("begun", "reason"), [(False, "not begun: odd"), (True, "the sweep was ended before its end")]
)
def test_a_job_that_is_broken_off_says_whether_it_had_begun(job, begun, reason):
    announce(job)
    if begun:
        write_status(job.folder, "running")
    break_off(job, "odd")
    assert (job.status, job.reason) == ("interrupted", reason)
    assert read_status(job.folder)["reason"] == reason


def test_a_job_without_a_folder_gets_none(job):
    break_off(job)
    assert (job.status, job.reason) == ("interrupted", "not begun")
    assert not job.folder.exists()


def test_a_sweep_that_is_ended_early_knows_all_of_its_runs(command, stacks, tmp_path):
    def bad(tasks):
        if any(task.config.seed == 1 for task in tasks):
            folders = list((tmp_path / "swept").glob("*/status.json"))
            raise ValueError(f"of {len(folders)}")

    stacks(training=bad)
    alone = ["sweep.processes=1", "sweep.memory=0.0001"]  # a run after the other
    swept = command("reg.l2=0,1", "seed=0,1", *alone, "sweep.on_error=stop")
    assert read_status(swept.folder / "1")["reason"] == "ValueError: of 4"
    board = compare(swept.folder)
    assert [(len(row.records), row.planned) for row in board.configurations] == [(1, 2)]
    told = (
        "the sweep is incomplete: of 4 runs 2 have not begun, which nnexp resume makes up for, "
        "unless the sweep is still at work; "
        "1 configuration without a score cannot be ranked yet"
    )
    assert board.notes[0] == told
    assert not any("seed=range(5)" in note for note in board.notes)
    report = (swept.folder / "report.html").read_text()
    assert "<b>2</b><span>not begun</span>" in report
    assert "The sweep is incomplete." in report
