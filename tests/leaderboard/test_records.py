import json
import os

import pytest

from nnexp.errors import UserError
from nnexp.leaderboard.folders import find_runs
from nnexp.leaderboard.records import read_records

DEEP = "a: " + "[" * 30 + "]" * 30


def test_a_sweep_is_its_members_sorted_as_numbers(write, tmp_path):
    for name in ("10", "9", "0"):
        write(f"sweep/{name}")
    records = read_records([tmp_path / "sweep"])
    assert [record.name for record in records] == ["0", "9", "10"]
    assert {record.status for record in records} == {"done"}
    assert records[0].config == {"seed": 0, "optimizer.name": "adam", "optimizer.lr": 0.001}
    assert records[0].metrics["val"]["loss"] == 0.5


def test_trees_runs_and_sweeps_together_and_each_once(write, tmp_path):
    single = write("outputs/2026-01-01/12-00")
    write("outputs/sweeps/2026-01-02/13-00/0")
    write("outputs/sweeps/2026-01-02/13-00/1")
    records = read_records([single, tmp_path / "outputs"])
    assert [record.name for record in records] == [
        "2026-01-01/12-00",
        "sweeps/2026-01-02/13-00/0",
        "sweeps/2026-01-02/13-00/1",
    ]


def test_a_single_run_has_the_name_of_its_folder(write):
    assert [record.name for record in read_records([write("a/b")])] == ["b"]


def test_links_below_a_path_are_not_followed(write, tmp_path):
    write("elsewhere/0")
    write("sweep/0")
    (tmp_path / "sweep" / "loop").symlink_to(tmp_path)
    assert len(find_runs([tmp_path / "sweep"])) == 1


@pytest.mark.parametrize("name", ["nowhere", "empty", "file"])
def test_where_there_is_no_run(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=name):
        read_records([tmp_path / name])


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"status": None}, "it has no status.json"),
        ({"status": "{"}, "status.json is damaged"),
        ({"status": {"status": "great"}}, "status.json is damaged"),
        ({"status": "[" * 100_000}, "status.json is damaged"),
        ({"metrics": None}, "it has no metrics.json"),
        ({"metrics": "nope"}, "metrics.json is damaged"),
        ({"metrics": [1]}, "metrics.json holds no scores"),
        ({"metrics": {"val": 3, "test": None}}, "metrics.json holds no scores"),
        ({"config": None}, "it has no config.yaml"),
        ({"config": "- 1\n"}, "config.yaml holds no keys"),
        ({"config": "a: !!python/object/apply:os.system ['touch x']"}, "it holds tags"),
        ({"config": "a: &x 1\nb: *x\n"}, "it holds aliases"),
        ({"config": DEEP}, "nested deeper"),
        ({"config": "a: " + "9" * 50}, "whole number"),
        ({"config": "a: [\n"}, "config.yaml cannot be read"),
    ],
)
def test_a_damaged_folder_has_failed(write, tmp_path, files, reason):
    write("sweep/0", **files)
    write("sweep/1")
    first, second = read_records([tmp_path / "sweep"])
    assert first.status == "failed"
    assert reason in first.reason
    assert str(tmp_path) not in first.reason
    assert second.status == "done"


def test_a_member_of_which_nothing_is_left_has_failed(write, tmp_path):
    write("sweep/0")
    (tmp_path / "sweep" / "1").mkdir()
    (tmp_path / "sweep" / "plots").mkdir()
    (tmp_path / "sweep" / "multirun.yaml").touch()
    records = read_records([tmp_path / "sweep"])
    assert [(record.name, record.status) for record in records] == [("0", "done"), ("1", "failed")]


@pytest.mark.parametrize(
    ("jobs", "gone"),
    [(None, ["0", "2"]), (5, ["0", "2", "4"]), (2, ["0", "2"]), ("5x", ["0", "2"])],
)
def test_jobs_of_which_the_folders_are_gone_have_failed(write, tmp_path, jobs, gone):
    for name in ("1", "3"):
        write(f"sweep/{name}")
    (tmp_path / "sweep" / "multirun.yaml").touch()
    if jobs is not None:
        (tmp_path / "sweep" / "sweep.yaml").write_text(f"words: []\njobs: {jobs}\n")
    records = read_records([tmp_path / "sweep"])
    failed = [record for record in records if record.status == "failed"]
    assert [record.name for record in failed] == gone
    assert {record.reason for record in failed} == {"its folder is gone"}
    assert [record.status for record in records if record.name in ("1", "3")] == ["done"] * 2
    assert len(find_runs([tmp_path / "sweep"])) == 2  # where there is nothing to do for the others


@pytest.mark.parametrize("name", ["best", "2026-01-01", "0123", "999999999", "100000"])
def test_folders_that_are_not_called_by_the_numbers_of_jobs_miss_none(write, tmp_path, name):
    write(f"sweep/{name}")
    (tmp_path / "sweep" / "multirun.yaml").touch()
    (tmp_path / "sweep" / "sweep.yaml").write_text("jobs: 3\n")
    assert [record.name for record in read_records([tmp_path / "sweep"])] == [name]


@pytest.mark.parametrize("file", ["status.json", "metrics.json", "config.yaml"])
def test_links_and_pipes_are_not_opened(write, tmp_path, file):
    folder = write("sweep/0")
    content = (folder / file).read_bytes()
    (folder / file).unlink()
    outside = tmp_path / "outside"
    outside.write_bytes(content)
    (folder / file).symlink_to(outside)
    assert read_records([folder])[0].status == "failed"
    (folder / file).unlink()
    os.mkfifo(folder / file)  # a reader of it would wait for ever
    assert read_records([folder])[0].status == "failed"


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_configuration_alone_is_not_opened_where_it_is_none(tmp_path, kind):
    (tmp_path / "other").mkdir()
    path, outside = tmp_path / "other" / "config.yaml", tmp_path / "outside"
    outside.write_text("defaults: []\n")
    os.mkfifo(path) if kind == "pipe" else path.symlink_to(outside)
    assert [record.status for record in read_records([tmp_path])] == ["failed"]


def test_of_a_configuration_alone_no_more_than_its_beginning_is_read(tmp_path):
    path = tmp_path / "other" / "config.yaml"
    path.parent.mkdir()
    path.write_text("defaults: []\n")
    os.truncate(path, 40 << 30)  # sparse: it takes no disk
    with pytest.raises(UserError, match="there is no run"):
        find_runs([tmp_path])


def test_a_class_of_a_users_own_is_a_text(write, monkeypatch):
    import builtins

    real = builtins.__import__

    def checked(name, *rest):
        assert not name.startswith("evil"), "a stranger's class is imported"
        return real(name, *rest)

    folder = write("run", config="seed: 0\nmodel:\n  name: custom\n  _target_: evil.Net\n")
    monkeypatch.setattr(builtins, "__import__", checked)
    record = read_records([folder])[0]
    assert record.config["model._target_"] == "evil.Net"
    assert record.status == "done"


def test_the_reason_of_a_run_is_kept(write):
    status = {"status": "diverged", "reason": "epoch 1:\n NaN"}
    record = read_records([write("run", status=status, metrics=None)])[0]
    assert (record.status, record.reason, record.metrics) == ("diverged", "epoch 1: NaN", None)


def test_the_history_is_read_when_asked_for(write):
    folder = write("run")
    with pytest.raises(UserError, match=r"history\.csv"):
        read_records([folder])[0].history()
    (folder / "history.csv").write_text(
        "epoch,train_loss,train_penalty,train_accuracy,val_loss,val_accuracy,lr\n"
        "1,0.5,0,0.9,0.6,0.8,0.1\n",
        encoding="utf-8",
    )
    assert read_records([folder])[0].history()["val_loss"].tolist() == [0.6]


def test_json_numbers_that_are_none_do_no_harm(write, tmp_path):
    from nnexp.leaderboard import compare

    odd = {"loss": 10**400, "accuracy": "0.9", "auc": True, "n": [3], "loss_stderr": {}}
    write("sweep/0", metrics={"val": {**odd, "loss": 0.5}, "test": odd})
    write("sweep/1", metrics={"val": odd, "test": odd})
    board = compare(tmp_path / "sweep")
    assert [record.name for record in board.failed] == ["1"]
    assert board.winner_test == {}
    assert json.dumps(board.csv())
