"""Whole sweeps: which runs are ranked, on which table they were trained, and how each is named."""

import json
import shutil

import pytest
import yaml

import nnexp
from nnexp.leaderboard import compare

CSV = ["data=csv", "data.path=t.csv", "data.target=y"]


def table(path, rows, shift=0):
    lines = [f"{place % 7 + shift},{place % 5},{'ab'[place % 2]}" for place in range(rows)]
    path.write_text("\n".join(["u,v,y", *lines, ""]))


def statuses(swept):
    return {
        path.parent.name: json.loads(path.read_text())["status"]
        for path in swept.folder.rglob("status.json")
    }


def test_a_sweep_does_not_go_on_with_another_table(command, tmp_path):
    table(tmp_path / "t.csv", 60)
    swept = command(*CSV, "reg.l2=0,0.1", "seed=0,1")
    before = swept.leaderboard
    shutil.rmtree(swept.folder / "3")
    table(tmp_path / "t.csv", 70, shift=1)
    for more in ([], ["sweep.dry_run=true"]):
        refused = command("swept", *more, program="resume")
        assert refused.status == 2
        assert "error: the table 't.csv' has changed since job 0 was trained\n" in refused.err
        assert "try: nnexp train -m data=iris model.hidden=[8]" in refused.err
        assert refused.err.endswith(" reg.l2=0,0.1 seed=0,1\n")
    assert swept.leaderboard == before
    assert not (swept.folder / "3").exists()
    whole = command(*CSV, "reg.l2=0", "seed=0", "sweep.resume=swept")
    assert whole.status == 2  # it leaves out jobs
    table(tmp_path / "t.csv", 60)
    assert command("swept", program="resume").status == 0
    assert swept.leaderboard == before
    table(tmp_path / "t.csv", 70, shift=1)
    assert command("swept", program="resume").status == 0  # nothing is to be trained


def test_sweeps_of_two_tables_of_one_name_are_not_paired(command, tmp_path):
    for number, l2 in enumerate(("0", "0.1")):
        table(tmp_path / "t.csv", 60, shift=number)
        command(*CSV, f"reg.l2={l2}", "seed=0,1", folder=f"w{number}/s")
    board = compare(["w0/s", "w1/s"])
    assert board.varied == ["reg.l2", "data.fingerprint"]
    assert [row.mark for row in board.configurations] == ["", "?"]


def test_splits_of_one_file_are_of_one_table(command, tmp_path):
    table(tmp_path / "t.csv", 60)
    for number, words in enumerate((["data.split.folds=3"], ["seeds.split=0,1,2"])):
        command(*CSV, "reg.l2=0,0.1", *words, folder=f"s{number}")
        board = compare(f"s{number}")
        assert board.varied == ["reg.l2"]
        assert (board.unit, board.configurations[1].against_leader.pairs) == ("splits", 3)


def test_only_the_jobs_of_a_sweep_are_ranked(command):
    other = command("data=wine", "seed=0,1", "optimizer.lr=0.5", folder="q/a")
    within = command("seed=0,1", folder="q")
    alone = command("seed=0,1", folder="alone")
    assert within.leaderboard == alone.leaderboard
    assert "1 configuration, 2 runs" in within.out
    report = (within.folder / "report.html").read_bytes()
    assert report == (alone.folder / "report.html").read_bytes()
    assert set(statuses(other).values()) == {"done"}


def test_from_python_only_the_jobs_are_ranked_as_well(tmp_path):
    words = ["data=iris", "trainer.epochs=1", "trainer.progress=none", "trainer.watch=false"]
    nnexp.run([*words, "optimizer.lr=0.5", f"hydra.run.dir={tmp_path / 'q' / 'a'}"])
    swept = nnexp.multirun([*words, "seed=0,1", f"hydra.sweep.dir={tmp_path / 'q'}"])
    board = swept.leaderboard
    assert [len(row.records) for row in board.configurations] == [2]
    written = (swept.folder / "leaderboard.csv").read_text(encoding="utf-8")
    assert len(written.splitlines()) == 2


def test_a_run_that_is_no_job_any_more_is_not_ranked(command, tmp_path):
    (tmp_path / "mine" / "sweep").mkdir(parents=True)
    file = tmp_path / "mine" / "sweep" / "own.yaml"
    text = "defaults: [schema_grid, _self_]\nparams:\n  optimizer.lr: 0.01,{}\n"
    file.write_text(text.format("0.1"))
    words = ["--config-dir", "mine", "sweep=own"]
    swept = command(*words)
    file.write_text(text.format("0.001"))
    assert command("swept", "--trust", program="resume").status == 0
    board = swept.leaderboard.decode()
    assert [line.split(",")[1] for line in board.splitlines()[1:]] in (
        ["0.01", "0.001"], ["0.001", "0.01"],
    )  # fmt: skip


@pytest.mark.parametrize("method", ["random", "optuna", "halving"])
def test_all_runs_of_a_search_are_ranked_after_a_resume(command, method):
    swept = command(f"sweep={method}", "sweep.n=4", *["sweep.batch=2"] * (method == "optuna"))
    before = swept.leaderboard
    shutil.rmtree(swept.folder / "3")
    resumed = command("swept", program="resume")
    assert resumed.status == 0, resumed.err
    assert swept.leaderboard == before


def test_a_job_goes_by_the_number_of_its_folder(command):
    swept = command("reg.l2=0.1", "seed=0,1")
    words = ["reg.l2=0,0.1", "seed=0,-1,1", "sweep.resume=swept"]
    planned = command(*words, "sweep.dry_run=true")
    more = command(*words)
    shown = dict(line.split(": ", 1) for line in planned.out.splitlines() if line[:4] == "job ")
    assert len(shown) == 6
    for job, told in shown.items():
        folder = swept.folder / job.removeprefix("job ")
        typed = yaml.safe_load((folder / "overrides.yaml").read_text())
        assert told.partition("  [")[0] == " ".join(typed)
    failed = [name for name, status in statuses(swept).items() if status == "failed"]
    assert f"jobs {', '.join(sorted(failed))} failed\n" in more.err


def test_the_best_so_far_goes_by_the_number_of_its_folder(command):
    swept = command("optimizer.lr=0.0001", "seed=0,1,2")
    more = command("optimizer.lr=0.1,0.0001", "seed=0,1,2", "sweep.resume=swept")
    number = more.err.rpartition("(job ")[2].partition(")")[0]
    config = yaml.safe_load((swept.folder / number / "config.yaml").read_text())
    assert config["optimizer"]["lr"] == 0.1


def test_what_trains_the_first_is_called_as_the_sweep_was(command, monkeypatch):
    monkeypatch.setattr("sys.argv", ["../a clone/train.py"])
    swept = command("seed=0,1", "reg.l2=0,1")
    assert "the first:   python '../a clone/train.py' data=iris " in swept.out
    assert "nnexp train -m data=iris " in (swept.folder / "report.html").read_text()


def test_a_report_is_the_same_after_an_interruption_before_anything_was_done(command):
    swept = command("seed=0,1")
    report = (swept.folder / "report.html").read_bytes()
    for number in (0, 1):
        shutil.rmtree(swept.folder / str(number))
    assert command("swept", program="resume").status == 0
    assert (swept.folder / "report.html").read_bytes() == report
    swept.folder.rename("moved")
    for number in (0, 1):
        shutil.rmtree(f"moved/{number}")
    assert command("seed=0,1", "sweep.resume=moved", folder="moved").status == 0
    assert (swept.folder.with_name("moved") / "report.html").read_bytes() == report
