"""A sweep that goes on: what was typed for it, flags included, and what is typed now."""

import shutil

import pytest
import yaml

from nnexp.runs import runner
from nnexp.track.status import read_status


@pytest.fixture
def options(tmp_path):
    """A folder with an option of the user's own, `data=mine`."""
    (tmp_path / "mine" / "data").mkdir(parents=True)
    path = tmp_path / "mine" / "data" / "mine.yaml"
    path.write_text("defaults: [schema_iris, _self_]\nscaling: minmax\n")
    return path


def test_a_sweep_with_flags_is_resumed(command, options):
    words = ["--config-dir", "mine", "data=mine", "seed=0,1"]
    swept = command(*words)
    assert swept.status == 0, swept.err
    before = swept.leaderboard
    shutil.rmtree(swept.folder / "1")
    resumed = command("swept", "--trust", program="resume")
    assert resumed.status == 0, resumed.err
    assert "1 of 2 jobs are finished already" in resumed.err
    assert swept.leaderboard == before
    shutil.rmtree(swept.folder / "0")
    assert command("swept", "--trust", program="resume").status == 0


@pytest.mark.parametrize(
    ("words", "fewer", "lost"),
    [
        (["seed=0,1,2"], ["seed=0,1"], "seed=2"),
        (["seed=0,1", "reg.l2=0.1"], ["seed=0,1"], "reg.l2=0.1"),
        (["sweep=seeds"], ["seed=0,1"], "seed=2"),
        (["sweep=random", "sweep.n=3", "optimizer.lr=0.1,0.2,0.3,0.4"],
         ["sweep=random", "sweep.n=2", "optimizer.lr=0.1,0.2,0.3,0.4"], "optimizer.lr="),
        (["sweep=optuna", "sweep.n=2", "optimizer.lr=0.1,0.2"],
         ["sweep=optuna", "sweep.n=2", "optimizer.lr=0.1,0.3"], "optimizer.lr=0.1,0.2"),
    ],
)  # fmt: skip
def test_words_that_leave_out_jobs_are_refused(command, words, fewer, lost):
    swept = command(*words, "trainer.epochs=1", "sweep.report=false")
    record = (swept.folder / "sweep.yaml").read_bytes()
    refused = command(*fewer, "trainer.epochs=1", f"sweep.resume={swept.folder}")
    assert refused.status == 2
    assert "has jobs that these words lack, as" in refused.err
    assert lost in refused.err.splitlines()[0]
    assert f"try: nnexp resume {swept.folder}" in refused.err
    assert (swept.folder / "sweep.yaml").read_bytes() == record


def test_words_that_mean_the_same_or_more_are_taken(command):
    swept = command("seed=0,1", "optimizer=adam")
    more = command("seed=range(3)", f"sweep.resume={swept.folder}")  # adam is the default
    assert more.status == 0, more.err
    assert "2 of 3 jobs are finished already" in more.err
    assert "seed=range(3)" in yaml.safe_load((swept.folder / "sweep.yaml").read_text())["words"]


def test_what_a_refused_resume_asked_for_is_not_kept(command, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,y\n" + "1,x\n2,y\n" * 40)
    words = ["data=csv", f"data.path={table}", "data.target=y"]
    swept = command(*words, "seed=0,1")
    kept = {name: (swept.folder / name).read_bytes() for name in ("sweep.yaml", "multirun.yaml")}
    table.write_text("a,y\n" + "1,x\n2,y\n" * 41)
    refused = command(*words, "seed=range(3)", f"sweep.resume={swept.folder}")
    assert refused.status == 2
    assert {name: (swept.folder / name).read_bytes() for name in kept} == kept


def test_a_flag_that_is_left_out_is_not_forgotten(command, options):
    swept = command("--config-dir", "mine", "data=mine", "seed=0,1")
    refused = command("seed=0,1", f"sweep.resume={swept.folder}")
    assert refused.status == 2
    assert "lack, as --config-dir" in refused.err


def test_a_finished_job_is_shown_without_a_reason(command):
    swept = command("seed=0,1")
    shutil.rmtree(swept.folder / "1")
    planned = command("swept", "sweep.dry_run=true", program="resume")
    assert "seed=0  [done]\n" in planned.out


def test_a_mistake_in_the_words_is_answered_with_the_whole_command(command, tmp_path):
    assert "try: ls outputs/sweeps" in command(program="resume").err
    swept = command("seed=0,1", folder="outputs/a b")
    assert "try: nnexp resume 'outputs/a b'\n" in command(program="resume").err
    wrong = command("outputs/a b", "sweep.proceses=1", program="resume")
    assert wrong.status == 2
    assert "try: nnexp resume 'outputs/a b' sweep.processes=1\n" in wrong.err
    assert swept.status == 0


@pytest.mark.parametrize("relative", ["data.path", "--config-dir"])
def test_a_sweep_is_resumed_where_it_was_started(command, tmp_path, monkeypatch, relative):
    (tmp_path / "t.csv").write_text("a,y\n" + "1,x\n2,y\n" * 40)
    (tmp_path / "mine" / "data").mkdir(parents=True)
    path = tmp_path / "t.csv" if relative == "--config-dir" else "t.csv"
    (tmp_path / "mine" / "data" / "mine.yaml").write_text("defaults: [schema_csv, _self_]\n")
    words = ["data=csv"] if relative == "data.path" else ["--config-dir", "mine", "data=mine"]
    swept = command(*words, f"data.path={path}", "data.target=y", "seed=0,1", folder="outputs/s")
    assert swept.status == 0, swept.err
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    trust = ["--trust"] if relative == "--config-dir" else []
    refused = command("../outputs/s", *trust, program="resume")
    assert refused.status == 2
    assert "the folder in which the sweep was started" in refused.err
    assert " ".join(["&& nnexp resume outputs/s", *trust]) in refused.err


@pytest.mark.parametrize("words", [[], ["seed=${hydra:job.num}"]])
def test_a_sweep_of_another_launcher_that_is_interrupted_goes_on_with_nnexps_own(
    command, monkeypatch, words
):
    run_in_folder, begun = runner.run_in_folder, []

    def interrupted(config, **options):
        begun.append(options["folder"])
        if len(begun) == 2:
            raise KeyboardInterrupt
        return run_in_folder(config, **options)

    monkeypatch.setattr(runner, "run_in_folder", interrupted)
    words = [*words, "reg.l2=0,0.01,0.02,0.1"]
    swept = command(*words, "hydra/launcher=basic", "threads=1")
    assert swept.status == 130
    assert swept.err.endswith("interrupted; to run what is missing: nnexp resume swept\n")
    assert "of 4 runs 2 have not begun and 1 has not come to an end" in " ".join(swept.out.split())
    if "seed" in words[0]:  # what a job knows of itself is known where it runs
        return
    resumed = command("swept", program="resume")
    assert resumed.status == 0, resumed.err
    assert "1 of 4 jobs are finished already" in resumed.err
    undisturbed = command(*words, "threads=1", folder="undisturbed")
    assert swept.leaderboard == undisturbed.leaderboard


def test_a_damaged_job_that_fails_when_it_is_run_again_has_failed(command, tmp_path):
    lines = [f"{n % 7},{n % 5},{'pq'[n % 2]}" for n in range(60)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["a,b,y", *lines]))
    swept = command("data=csv", "data.path=table.csv", "data.target=y", "seed=0,1")
    assert swept.status == 0, swept.err
    (swept.folder / "1" / "model.safetensors").unlink()
    table.rename(tmp_path / "moved.csv")
    resumed = command("swept", program="resume")
    assert resumed.status == 1
    assert "   1/2 " in resumed.out
    assert "1  failed  data.path='table.csv': there is no such file" in resumed.out
    assert read_status(swept.folder / "1")["status"] == "failed"


def test_a_job_whose_folder_is_deleted_is_missed_and_run_again(command):
    swept = command("seed=0,1,2")
    assert yaml.safe_load((swept.folder / "sweep.yaml").read_text())["jobs"] == 3
    before = swept.leaderboard
    shutil.rmtree(swept.folder / "2")
    compared = command("swept", program="compare")
    assert "2  failed  its folder is gone" in compared.out
    assert command("swept", program="resume").status == 0
    assert swept.leaderboard == before
    more = command("seed=range(4)", "sweep.resume=swept")
    assert more.status == 0, more.err
    assert yaml.safe_load((swept.folder / "sweep.yaml").read_text())["jobs"] == 4
    named = command("seed=0,1", "hydra.sweep.subdir=run${hydra.job.num}", folder="named")
    assert "jobs" not in yaml.safe_load((named.folder / "sweep.yaml").read_text())
