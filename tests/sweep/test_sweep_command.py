"""Whole sweeps: run folders, leaderboard, what fails alone, what is resumed."""

import errno
import html
import json
import os
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from nnexp.cli import train
from nnexp.errors import UserError
from nnexp.leaderboard import compare
from nnexp.sweep.proposals import Proposals
from nnexp.sweep.run import size_in_words
from nnexp.sweeping import multirun
from nnexp.track import lock
from nnexp.track.status import write_status

from .conftest import FILES, QUICK  # type: ignore[import-not-found]


def read_only(path, *given, **options):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))


def statuses(swept):
    folders = sorted(swept.folder.glob("[0-9]*"), key=lambda path: int(path.name))
    return [json.loads((f / "status.json").read_text())["status"] for f in folders]


def test_every_job_has_the_folder_of_a_single_run(command, tmp_path):
    quick = [word.replace("tensorboard=false", "tensorboard=true") for word in QUICK]
    swept = command(*quick, "optimizer=adam,sgd", "reg.dropout=0,0.5", "seed=0,1")
    assert swept.status == 0
    assert statuses(swept) == ["done"] * 8
    single = [*quick, "optimizer=sgd", "reg.dropout=0.5", "seed=1"]
    assert train([*single, "hydra.run.dir=alone", "threads=1"]) == 0
    alone, member = tmp_path / "alone", swept.folder / "7"
    names = [sorted(path.name.partition(".17")[0] for path in f.iterdir()) for f in (alone, member)]
    assert names[0] == names[1]
    for name in ("model.safetensors", "metrics.json", "history.csv", "preprocess.json"):
        assert (alone / name).read_bytes() == (member / name).read_bytes(), name
    assert yaml.safe_load((member / "overrides.yaml").read_text()) == single
    manifest = json.loads((member / "manifest.json").read_text())
    assert "-m" in manifest["command"].split()


def test_the_same_sweep_twice_is_the_same_to_the_byte(command):
    words = ["optimizer.lr=0.001,0.01", "seed=0,1,2"]
    first, second = (command(*words, folder=name) for name in ("a", "b"))
    assert first.leaderboard == second.leaderboard
    for number in range(6):
        assert first.content(number) == second.content(number)


@pytest.mark.parametrize(
    "more", [["sweep.processes=1"], ["sweep.memory=0.0005"], ["sweep.processes=3"]]
)
def test_chunks_and_processes_change_no_byte(command, more):
    words = ["optimizer.lr=0.001,0.01", "reg.dropout=0.3", "seed=0,1,2"]
    first, second = command(*words, folder="a"), command(*words, *more, folder="b")
    for number in range(6):
        assert first.content(number) == second.content(number)


def test_the_leaderboard_is_printed_and_written(command):
    swept = command("reg.l2=0,1", "seed=0,1,2")
    assert {path.name for path in swept.folder.iterdir() if path.is_file()} == {
        "leaderboard.csv", "leaderboard.md", "multirun.yaml", "report.html", "sweep.yaml",
    }  # fmt: skip
    board = compare(swept.folder)
    assert swept.leaderboard.decode() == board.csv()
    assert board.text(120).splitlines()[4] in swept.out
    assert "2 configurations, 6 runs" in swept.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["optimizer=sgd", "optimizer.lr=1e20,1e30"], "of 2 runs (2 diverged)"),
        (["data.split.valid=0", "trainer.monitor=train_loss", "seed=0,1"],
         "of 2 runs (2 done without a val_loss)"),
    ],
)  # fmt: skip
def test_a_sweep_without_a_leaderboard_says_where_it_lies(command, words, told):
    swept = command(*words)
    assert f"no leaderboard: there is nothing to rank, {told}" in swept.err
    assert swept.out == "\nfolder:      swept (report.html)\n"
    page = (swept.folder / "report.html").read_text()
    assert f"Nothing can be ranked, {told}." in html.unescape(page)
    assert not (swept.folder / "leaderboard.csv").exists()


def test_what_trains_the_first_is_printed_and_in_the_report(command):
    swept = command("seed=0,1", "reg.l2=0,1", "model.hidden=[8]")
    line = swept.out.splitlines()[-1]
    assert line.startswith("the first:   python train.py data=iris model.hidden=[8] ")
    assert " reg.l2=0" in line
    assert "seed=" not in line
    assert "hydra" not in line
    report = html.unescape((swept.folder / "report.html").read_text())
    told = shlex.join(shlex.split(line.partition("train.py ")[2]))
    assert f"nnexp train {told}</code>" in report


def test_no_report_where_none_is_wanted(command):
    assert not (command("seed=0,1", "sweep.report=false").folder / "report.html").exists()


def test_the_monitored_score_ranks(command):
    swept = command("optimizer.lr=0.001,0.01", "trainer.monitor=val_accuracy")
    assert "by mean validation accuracy (higher is better)" in swept.out


def test_an_invalid_job_fails_alone_and_at_once(command):
    words = ["reg.dropout=0.1,1.5", "optimizer=adam,adm", "seed=0"]
    swept = command(*words)
    assert swept.status == 1
    assert statuses(swept) == ["done", "failed", "failed", "failed"]
    status = json.loads((swept.folder / "2" / "status.json").read_text())
    assert status["reason"] == "reg.dropout=1.5 is out of range"
    assert "job 2 failed\nerror: reg.dropout=1.5 is out of range\nallowed: " in swept.err
    assert swept.err.index("job 2 failed") < swept.err.index("1 run: 1 stack")
    assert "jobs 1, 3 failed\nerror: optimizer has no option 'adm'" in swept.err
    assert "3 of 4 jobs did not succeed; they are listed below the leaderboard" in swept.err
    assert "  2  reg.dropout=1.5 optimizer=adam  failed  reg.dropout=1.5 is out" in swept.out
    alone = command("reg.dropout=0.1", "optimizer=adam", "seed=0", folder="alone")
    assert swept.content(0) == alone.content(0)


def test_a_table_that_does_not_fit_one_job_fails_it_alone(command):
    swept = command("data.drop=[],[nope]", "seed=0,1")
    assert statuses(swept) == ["done", "done", "failed", "failed"]
    assert "nope" in json.loads((swept.folder / "2" / "status.json").read_text())["reason"]


def test_one_mistake_in_all_jobs_is_a_mistake_in_the_command(command):
    swept = command("seed=0,1", "data.drop=[nope]")
    assert swept.status == 2
    assert [line.partition(":")[0] for line in swept.err.splitlines()] == [
        "error",
        "allowed",
        "try",
    ]
    assert not swept.folder.exists()


def test_a_member_that_diverges_does_not_touch_the_others(command):
    words = ["optimizer=sgd", "seed=0,1"]
    with_it = command("optimizer.lr=0.01,1e30", *words, folder="a")
    without = command("optimizer.lr=0.01", *words, folder="b")
    assert with_it.status == 1
    assert statuses(with_it) == ["done", "done", "diverged", "diverged"]
    for number in (0, 1):
        assert with_it.content(number) == without.content(number)
    assert "2 of 4 jobs did not succeed" in with_it.err


def test_on_error_stop_begins_nothing_more(command):
    swept = command("reg.dropout=0.1,1.5", "sweep.on_error=stop")
    assert swept.status == 1
    assert statuses(swept) == ["interrupted", "failed"]
    assert not (swept.folder / "0" / "history.csv").exists()
    assert "not begun: another job failed" in swept.err
    more = "to run what is missing: nnexp resume swept sweep.on_error=continue\n"
    assert swept.err.endswith(more)
    assert command("swept", program="resume").err.endswith(more)
    assert command("swept", "sweep.on_error=continue", program="resume").status == 1
    assert statuses(swept) == ["done", "failed"]


def test_different_members_share_a_stack_and_different_shapes_do_not(command):
    swept = command("seed=0,1", "model.hidden=[8],[16]", "trainer.epochs=1,2", "reg.l2=0,0.1")
    assert "16 runs: 2 stacks (they differ in model)" in swept.err


def test_folds_and_seeds_are_members_of_one_stack(command):
    swept = command("data.split.folds=5", "seed=0,1")
    assert "10 runs: 1 stack" in swept.err
    assert "1 configuration, 10 runs" in swept.out
    folds = [yaml.safe_load((swept.folder / str(n) / "config.yaml").read_text()) for n in range(10)]
    assert [own["data"]["split"]["fold"] for own in folds] == [0, 1, 2, 3, 4] * 2


def test_a_dry_run_shows_the_jobs_and_writes_nothing(command):
    swept = command("seed=0,1", "optimizer=adam,sgd", "sweep.dry_run=true")
    assert swept.status == 0
    assert "job 3: " in swept.out
    assert "4 runs: 2 stacks (they differ in optimizer)" in swept.out
    assert "about " in swept.out
    assert swept.err == ""
    assert not swept.folder.exists()


def test_a_dry_run_shows_all_jobs_and_a_small_limit(command):
    swept = command("seed=range(25)", "sweep.dry_run=true", "sweep.memory=0.01")
    shown = [line for line in swept.out.splitlines() if line.startswith("job ")]
    assert [line.partition(":")[0] for line in shown] == [f"job {n}" for n in range(25)]
    assert " more" not in swept.out
    assert swept.out.endswith("memory is limited to 10 MiB\n")


@pytest.mark.parametrize(
    ("size", "words"),
    [(3 << 30, "3.0 GiB"), (1 << 29, "512 MiB"), (5 << 20, "5 MiB"), (1 << 10, "0.000977 MiB")],
)
def test_memory_is_never_told_as_none(size, words):
    assert size_in_words(size) == words


def test_values_that_repeat_are_run_once_and_it_is_said(command):
    words = ["reg.l2=0,0,0", "optimizer.eps=1e-8,1e-8,1e-7", "seed=0,1", "sweep.dry_run=true"]
    swept = command(*words)
    assert swept.err == "values of reg.l2, optimizer.eps that repeat are run once\n"
    assert swept.out.count("job ") == 4
    assert command("reg.l2=0,1", "sweep.dry_run=true").err == ""


def test_several_values_that_give_way_are_told(command):
    swept = command("seed=0,1", "seed=2,3", "trainer.epochs=1", "sweep.dry_run=true")
    assert swept.err == "seed=0,1 gives way to seed=2,3, which comes after it\n"
    assert "seed=2\n" in swept.out


def test_a_sweep_that_is_resumed_has_no_other_folder(command, tmp_path):
    swept = command("seed=0,1", "trainer.epochs=1")
    again = ["seed=0,1", "trainer.epochs=1", "sweep.resume=swept"]
    refused = command(*again, "hydra.sweep.dir=other")
    assert refused.status == 2
    assert refused.err.endswith("try: hydra.sweep.dir=swept\n")
    resumed = command(*again, "hydra.sweep.dir=other", f"hydra.sweep.dir={swept.folder}")
    assert resumed.status == 0
    assert "2 of 2 jobs are finished already" in resumed.err
    assert [path.name for path in tmp_path.iterdir()] == ["swept"]


def test_a_sweep_that_cannot_be_written_to_is_not_resumed(command, monkeypatch):
    command("seed=0,1", "trainer.epochs=1")
    monkeypatch.setattr("nnexp.sweep.sweeper.write_text", read_only)
    refused = command("swept", program="resume")
    assert refused.status == 2
    assert refused.err.splitlines()[0] == (
        "error: 'swept' cannot be written to: Read-only file system"
    )
    assert refused.err.endswith("try: ls -ld .\n")


def test_only_what_is_missing_is_run_again(command):
    words = ["optimizer.lr=0.001,0.01", "seed=0,1"]
    swept = command(*words)
    before = swept.leaderboard
    shutil.rmtree(swept.folder / "1")
    status = swept.folder / "2" / "status.json"
    status.write_text(status.read_text().replace("done", "running"))
    (swept.folder / "3" / "model.safetensors").write_bytes(b"damaged")
    kept = {path: path.stat().st_mtime_ns for path in (swept.folder / "0").iterdir()}
    (swept.folder / "leaderboard.csv").unlink()
    resumed = command(str(swept.folder), program="resume")
    assert resumed.status == 0
    assert "1 of 4 jobs are finished already" in resumed.err
    assert swept.leaderboard == before
    assert {path: path.stat().st_mtime_ns for path in (swept.folder / "0").iterdir()} == kept
    again = command(*words, f"sweep.resume={swept.folder}", folder="elsewhere")
    assert "4 of 4 jobs are finished already" in again.err
    assert not again.folder.exists()


def test_a_sweep_that_is_resumed_with_other_values_keeps_what_it_has(command):
    swept = command("seed=0,1")
    more = command("seed=1,2,0", "reg.l2=0,0.1", f"sweep.resume={swept.folder}")
    assert "2 of 6 jobs are finished already" in more.err
    assert statuses(swept) == ["done"] * 6
    seeds = [
        yaml.safe_load((swept.folder / str(n) / "config.yaml").read_text())["seed"]
        for n in range(6)
    ]
    assert seeds[:2] == [0, 1]


def test_a_job_that_cannot_be_made_touches_no_other_run(command):
    """It is numbered as jobs that have run, and keeps one folder however often it is resumed."""
    swept = command("reg.dropout=0.1,1.5", "trainer.epochs=1")
    before = swept.content(0, (*FILES, "status.json", "overrides.yaml"))
    words = "reg.dropout=1.5,0.3,1.6,0.1"
    for _ in range(2):
        again = command(words, "trainer.epochs=1", f"sweep.resume={swept.folder}")
        assert again.status == 1
        assert swept.content(0, (*FILES, "status.json", "overrides.yaml")) == before
    told = {
        path.parent.name: (json.loads(path.read_text())["status"], overrides)
        for path in swept.folder.glob("*/status.json")
        for overrides in [(path.parent / "overrides.yaml").read_text().split("reg.dropout=")[1][:3]]
    }
    done, failed = "done", "failed"
    assert told == {"0": (done, "0.1"), "1": (failed, "1.5"), "2": (done, "0.3"),
                    "3": (failed, "1.6")}  # fmt: skip


def test_nothing_is_written_through_a_link_of_a_sweep(command, tmp_path):
    swept = command("seed=0,1", "trainer.epochs=1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("mine")
    for name, target in (("multirun.yaml", elsewhere / "mine"), ("3", elsewhere)):
        (swept.folder / name).unlink(missing_ok=True)
        (swept.folder / name).symlink_to(target)
        for refused in (
            command("swept", program="resume"),
            command("seed=range(4)", f"sweep.resume={swept.folder}"),
        ):
            assert refused.status == 2
            assert "is a link, or no regular file" in refused.err
        (swept.folder / name).unlink()
    assert [path.read_text() for path in elsewhere.iterdir()] == ["mine"]
    (swept.folder / "multirun.yaml").symlink_to(elsewhere / "mine")
    assert command("seed=0", folder="swept").status == 2  # it holds a sweep already


def test_what_cannot_be_resumed(command, tmp_path):
    assert "no run and no sweep" in command("absent", program="resume").err
    swept = command("seed=0,1")
    assert "cannot be changed" in command(str(swept.folder), "seed=3", program="resume").err
    assert command(str(swept.folder), "sweep.processes=1", program="resume").status == 0
    alone = command("-m", f"sweep.resume={swept.folder}", program="train")
    assert alone.status == 2
    assert f"try: nnexp resume {swept.folder}" in alone.err
    absent = command("seed=0,1", "sweep.resume=absent")
    assert absent.status == 2
    assert not (tmp_path / "absent").exists()


def test_too_many_jobs_are_refused_before_they_are_made(command, monkeypatch):
    monkeypatch.setattr("nnexp.sweep.sweeper.jobs_of", None)
    refused = command("seed=range(1000)", "optimizer.lr=range(1000)", "data.split.folds=5")
    assert refused.status == 2
    assert "the sweep has 5000000 jobs" in refused.err
    assert not refused.folder.exists()


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["seed=range(200000)"], "'seed=range(8)'"),
        (["optimizer.lr=range(1,200000)"], "sweep.method=random sweep.n=1000"),
        (["optimizer.lr=range(1,200000)", "seed=0,1"], "sweep.method=random sweep.n=1000"),
        (["optimizer.lr=range(1,20000)", "seed=range(1000)"],
         "'seed=range(8)' sweep.method=random sweep.n=1000"),
        (["optimizer.lr=range(1,2000)", "data.split.folds=200"],
         "sweep.method=random sweep.n=500"),
    ],
)  # fmt: skip
def test_too_many_jobs_are_fewer_by_the_remedy(command, monkeypatch, words, remedy):
    monkeypatch.setattr("nnexp.sweep.sweeper.jobs_of", lambda found, settings: [])
    refused = command(*words)
    assert refused.status == 2
    assert refused.err.endswith(f"try: {remedy}\n")
    assert "error: " not in command(*words, *shlex.split(remedy), "sweep.dry_run=true").err


def test_a_sweep_over_the_folders_of_others_leaves_their_status(command):
    command("seed=0", "trainer.epochs=1")
    (folder,) = (path.parent for path in Path().rglob("status.json"))
    (folder / "status.json").write_text('{"status": "running", "reason": null}')
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder.parent / "sweep.yaml").unlink()
    command("reg.dropout=0.1,0.2", "trainer.epochs=1")
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder.parent / "sweep.yaml").unlink()
    command("reg.dropout=1.5,0.3", "trainer.epochs=1")
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_sweep_into_folders_with_runs_is_refused(command):
    first = command("seed=0,1")
    content = first.content(0)
    again = command("seed=0,1")
    assert again.status == 2
    assert "holds a sweep already" in again.err
    assert "try: nnexp resume swept" in again.err
    assert first.content(0) == content


@pytest.mark.parametrize("key", ["hydra.sweep.dir", "sweep.resume"])
def test_a_sweep_into_the_folder_of_a_run_is_refused(command, tmp_path, key):
    (tmp_path / "run").mkdir()
    write_status(tmp_path / "run", "done")
    folder = "run" if key == "hydra.sweep.dir" else "elsewhere"
    refused = command("seed=0,1", *([f"{key}=run"] if folder != "run" else []), folder=folder)
    assert refused.status == 2
    assert "error: 'run' holds a run already" in refused.err
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["status.json"]


def test_a_sweep_clears_no_folder_that_it_has_not_made(command, tmp_path):
    thesis = tmp_path / "results" / "0" / "thesis" / "end.tex"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("so it is")
    swept = command("seed=0,1", "reg.dropout=0.1,1.5", folder="results")
    assert swept.status == 1
    assert "'results/0' holds what is not of this sweep" in swept.err
    assert "try: hydra.sweep.dir=outputs/another" in swept.err
    assert [path.name for path in (tmp_path / "results" / "0").iterdir()] == ["thesis"]
    assert thesis.read_text() == "so it is"
    found = [path.parent.name for path in sorted(swept.folder.glob("*/status.json"))]
    assert found == ["1", "2", "3"]
    again = command("seed=0,1", folder="results")  # all of whose jobs find a folder
    assert again.status == 2
    assert "holds a sweep already" in again.err
    for name in ("elsewhere", "."):  # or what it stands in
        inside = command("seed=0,1", "hydra.sweep.subdir=.", folder=name)
        assert inside.status == 2
        assert "is not in that of the sweep" in inside.err
        assert "try: 'hydra.sweep.subdir=${hydra.job.num}'" in inside.err
    assert thesis.read_text() == "so it is"
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_sweep_that_finds_all_folders_taken_leaves_nothing(command, tmp_path):
    for number in (0, 1):
        (tmp_path / "mine" / str(number)).mkdir(parents=True)
        (tmp_path / "mine" / str(number) / "notes").write_text("mine")
    refused = command("seed=0,1", folder="mine")
    assert refused.status == 2
    assert "none of 2 jobs can be run" in refused.err
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["0", "1"]
    shutil.rmtree(tmp_path / "mine")
    assert command("seed=0,1", folder="mine").status == 0


def test_of_two_jobs_with_one_folder_the_second_leaves_no_word_in_it(command):
    swept = command("seed=0,1", "hydra.sweep.subdir=same", "sweep.on_error=stop")
    assert "every run has a folder of its own" in swept.err
    folder = swept.folder / "same"
    assert json.loads((folder / "status.json").read_text())["status"] == "interrupted"
    assert "seed=0" in yaml.safe_load((folder / "overrides.yaml").read_text())
    assert (folder / "config.yaml").read_text().startswith("seed: 0")


def test_halving_leaves_the_weak_and_ends_the_same_when_resumed(command):
    words = ["optimizer.lr=0.0001,0.001,0.01,0.1", "trainer.epochs=4", "seed=0,1"]
    how = ["sweep.method=halving", "sweep.factor=2"]
    halved, whole = command(*words, *how, folder="a"), command(*words, folder="b")
    lengths = [
        len((halved.folder / str(n) / "history.csv").read_text().splitlines()) - 1 for n in range(8)
    ]
    assert sorted(lengths[::2]) == [1, 1, 2, 4]
    assert lengths[::2] == lengths[1::2]  # seeds of a configuration go on together
    best = lengths.index(4)
    assert halved.content(best) == whole.content(best)
    before = halved.leaderboard
    for number in (0, best):
        shutil.rmtree(halved.folder / str(number))
    assert command(str(halved.folder), program="resume").status == 0
    assert halved.leaderboard == before


@pytest.mark.parametrize("name", ["lr", "lambda", "optimizers", "scaling", "seeds"])
def test_the_sweeps_kept_as_files_run(command, name):
    swept = command(f"sweep={name}", "trainer.epochs=1", "sweep.report=false")
    assert swept.status == 0, swept.err
    assert set(statuses(swept)) == {"done"}


@pytest.mark.parametrize("name", ["random", "halving", "optuna"])
def test_searches_try_n_configurations(command, name):
    batch = ["sweep.batch=3"] if name == "optuna" else []
    swept = command(f"sweep={name}", "sweep.n=6", "seed=0,1", *batch)
    assert swept.status == 0, swept.err
    assert len(statuses(swept)) == 12
    assert "6 configurations, 12 runs" in swept.out


@pytest.mark.parametrize(("count", "said"), [(3, True), (2, False)])
def test_a_search_that_has_fewer_configurations_says_so(command, count, said):
    words = ["sweep.method=random", "reg.l2=0,1", "seed=0,1", "sweep.dry_run=true"]
    swept = command(*words, f"sweep.n={count}")
    told = f"sweep.n={count}, and what is varied has 2 configurations, all of which run\n"
    assert swept.err == (told if said else "")


@pytest.mark.parametrize(
    "words", [["loss=cross_entropy,mse"], ["trainer.monitor=val_loss,val_accuracy"]]
)
def test_optuna_is_not_told_scores_that_cannot_be_compared(command, words):
    search = ["sweep.method=optuna", "sweep.n=2", "sweep.batch=1", *words]
    refused = command(*search)
    assert refused.status == 2
    assert refused.err.startswith("error: optuna compares ")
    assert refused.err.endswith("try: trainer.monitor=val_accuracy\n")
    assert not refused.folder.exists()
    assert command(*search, "trainer.monitor=val_accuracy", "sweep.dry_run=true").status == 0


@pytest.mark.parametrize("method", ["random", "halving", "optuna"])
def test_a_search_draws_no_seeds(command, method):
    refused = command("seed=interval(0,3)", f"sweep.method={method}", "sweep.n=3")
    assert refused.status == 2
    assert refused.err.startswith("error: seed has an interval")
    assert refused.err.endswith("try: 'seed=range(0,4)'\n")


def test_optuna_is_resumed_to_the_same_end(command):
    words = ["sweep=optuna", "sweep.n=6", "sweep.batch=3"]
    swept = command(*words)
    before = swept.leaderboard
    for number in (2, 4):
        shutil.rmtree(swept.folder / str(number))
    assert command(str(swept.folder), program="resume").status == 0
    assert swept.leaderboard == before


def test_hydras_own_launcher_still_works(command):
    swept = command("seed=0,1", "hydra/launcher=basic", "threads=1", folder="a")
    assert swept.status == 0
    stacked = command("seed=0,1", folder="b")
    for number in (0, 1):
        files = ("model.safetensors", "metrics.json", "history.csv")
        assert swept.content(number, files) == stacked.content(number, files)
    assert "1 configuration, 2 runs" in swept.out


@pytest.mark.parametrize("launcher", [["basic"], ["joblib", "hydra.launcher.n_jobs=1"]])
def test_with_other_launchers_a_job_that_cannot_be_composed_fails_alone(command, launcher):
    how = ["trainer.epochs=1", "threads=1", f"hydra/launcher={launcher[0]}", *launcher[1:]]
    swept = command("seed=0,x,1", *how)
    assert swept.status == 1, swept.err
    assert statuses(swept) == ["done", "failed", "done"]
    assert "job 1 failed\nerror: seed=x is not a whole number" in swept.err
    assert "1  failed  seed=x is not a whole number" in swept.out
    refused = command("seed=x,y", *how, folder="none")
    assert refused.status == 2
    assert refused.err.startswith("error: seed=x is not a whole number")
    assert not refused.folder.exists()


def test_what_a_job_knows_of_itself_is_resolved_where_another_launcher_runs_it(command):
    swept = command("reg.l2=0,1", "seed=${hydra:job.num}", "trainer.epochs=1",
                    "hydra/launcher=basic")  # fmt: skip
    assert swept.status == 0, swept.err
    assert (swept.folder / "1" / "config.yaml").read_text().startswith("seed: 1\n")


def test_a_variable_that_is_not_set_fails_its_job_alone(command):
    swept = command("optimizer.lr=${oc.env:NOPE},0.1", "trainer.epochs=1")
    assert swept.status == 1
    assert statuses(swept) == ["failed", "done"]
    assert "job 0 failed\nerror: optimizer.lr cannot be resolved: " in swept.err
    assert "try: optimizer.lr=0.001\n" in swept.err
    alone = command("optimizer.lr=${oc.env:NOPE}", folder="alone")
    assert alone.status == 2
    assert alone.err.startswith("error: optimizer.lr cannot be resolved: ")


def test_a_job_has_its_folder_in_that_of_the_sweep(command, tmp_path):
    named = command("seed=0,1", "hydra.sweep.subdir=run${hydra.job.num}", "trainer.epochs=1")
    assert named.status == 0, named.err
    assert sorted(path.parent.name for path in named.folder.glob("*/status.json")) == [
        "run0",
        "run1",
    ]
    for launcher in ("nnexp", "basic"):
        refused = command("seed=0,1", "hydra.sweep.subdir=../up/${hydra.job.num}",
                          f"hydra/launcher={launcher}", folder="other")  # fmt: skip
        assert refused.status == 2
        assert refused.err.startswith("error: the job's folder 'other/../up/0' is not in that of")
        assert [path.name for path in tmp_path.iterdir()] == ["swept"]


def test_a_launcher_in_other_processes_still_works(command):
    swept = command("seed=0,1", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "threads=1")
    assert swept.status == 0, swept.err
    assert statuses(swept) == ["done", "done"]
    assert "1 configuration, 2 runs" in swept.out
    assert (swept.folder / "leaderboard.csv").is_file()


@pytest.mark.parametrize("launcher", [["basic"], ["joblib", "hydra.launcher.n_jobs=1"]])
def test_other_launchers_search_for_the_best_accuracy_and_rank_by_it(
    command, monkeypatch, launcher
):
    told = []

    class Watched(Proposals):
        def tell(self, losses):
            told.extend(losses)
            super().tell(losses)

    monkeypatch.setattr("nnexp.sweep.proposals.Proposals", Watched)
    swept = command(
        "sweep=optuna", "sweep.n=2", "sweep.batch=2", "trainer.monitor=val_accuracy", "threads=1",
        "optimizer.lr=0.001,0.1", f"hydra/launcher={launcher[0]}", *launcher[1:],
    )  # fmt: skip
    assert swept.status == 0, swept.err
    metrics = [json.loads(swept.content(n)["metrics.json"])["val"]["accuracy"] for n in range(2)]
    assert told == [-accuracy for accuracy in metrics]
    assert "by mean validation accuracy (higher is better)" in swept.out


def test_hydras_own_sweeper_still_works(command):
    swept = command("seed=0,1", "hydra/sweeper=basic")
    assert swept.status == 0
    assert statuses(swept) == ["done", "done"]


def test_a_sweep_that_goes_on_elsewhere_is_not_resumed(command, monkeypatch):
    swept = command("seed=range(2)")
    files = {path: path.read_bytes() for path in swept.folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(lock, "PATIENCE", 0)
    with lock.locked(swept.folder):
        refused = command("swept", program="resume")
    assert refused.status == 2
    assert "another process is at work" in refused.err
    assert {path: path.read_bytes() for path in files} == files
    assert command("swept", program="resume").status == 0


def test_a_word_that_fits_some_options_fails_the_other_jobs_alone(command):
    swept = command("optimizer=adam,sgd", "optimizer.momentum=0.5", "seed=0")
    assert swept.status == 1
    assert statuses(swept) == ["failed", "done"]
    assert "job 0 failed\nerror: optimizer.momentum is not a key of optimizer=adam" in swept.err
    alone = command("optimizer=sgd", "optimizer.momentum=0.5", "seed=0", folder="alone")
    assert swept.content(1) == alone.content(0)
    shutil.rmtree(swept.folder / "1")
    assert command(str(swept.folder), program="resume").status == 1
    assert statuses(swept) == ["failed", "done"]
    again = command("optimizer=adam,sgd", "optimizer.momentum=0.5", "seed=0,1",
                    f"sweep.resume={swept.folder}")  # fmt: skip
    assert "1 of 4 jobs are finished already" in again.err


def test_a_value_that_cannot_be_read_is_told_with_its_file(command, tmp_path):
    (tmp_path / "mine" / "sweep").mkdir(parents=True)
    file = tmp_path / "mine" / "sweep" / "odd.yaml"
    file.write_text("defaults: [schema_grid, _self_]\nparams:\n  optimizer.lr: 0.01,,0.1\n")
    swept = command("--config-dir", "mine", "sweep=odd")
    assert swept.status == 2
    assert "error: mine/sweep/odd.yaml: cannot read 'optimizer.lr=0.01,,0.1'" in swept.err
    assert swept.err.endswith("try: -m optimizer.lr=0.01,0.1\n")
    assert command("reg.l2=0,1", "sweep.zip=[reg.l2,reg.drpout]").status == 2


def test_a_sweep_that_was_not_run_has_no_leaderboard(command):
    with pytest.raises(UserError, match="dry_run=true runs nothing"):
        _ = multirun(["data=wine", "seed=0,1", "sweep.dry_run=true"]).leaderboard


def test_numbers_for_a_list_say_how_lists_are_varied(command):
    swept = command("model.hidden=64,32")
    assert swept.status == 2
    assert swept.err.endswith("try: model.hidden=[64],[32]\n")
    assert "model.hidden=[64,32] is one list" in swept.err
