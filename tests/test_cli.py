"""The commands: their three lines, exit statuses and what they leave behind."""

import json
import os
import subprocess
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from nnexp import __version__
from nnexp.cli import main, train
from nnexp.config.saved import read_config
from nnexp.errors import UserError
from nnexp.session import Session
from nnexp.sweep.record import write_record

ROOT = Path(__file__).parents[1]


@dataclass
class Ended:
    status: str = "done"
    reason: str | None = None
    metrics: dict = field(default_factory=dict)


# a sweep whose jobs are run by the fake run, one after another
BASIC = ["-m", "hydra/launcher=basic"]


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """An empty working directory, and a run that only notes what it was asked for."""
    module = types.ModuleType("nnexp.runs.runner")
    module.calls = []
    module.answer = lambda config, folder: Ended()

    def run_in_folder(config, folder, overrides, command):
        module.calls.append((config, folder, overrides, command))
        assert folder.is_dir()
        assert os.environ.get("HYDRA_FULL_ERROR") != "1"
        return module.answer(config, folder)

    module.run_in_folder = run_in_folder
    monkeypatch.setitem(sys.modules, "nnexp.runs.runner", module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    return module


def lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_a_run_gets_its_configuration_folder_and_command(runs, tmp_path):
    assert train(["optimizer=sgd", "reg.l2=0.01"]) == 0
    ((config, folder, overrides, command),) = runs.calls
    assert (config.optimizer.name, config.reg.l2) == ("sgd", 0.01)
    assert overrides == ["optimizer=sgd", "reg.l2=0.01"]
    assert command == ["train.py", "optimizer=sgd", "reg.l2=0.01"]
    date, name = folder.relative_to(tmp_path / "outputs").parts
    assert len(date.split("-")) == 3
    time, digits = name.rsplit("-", 1)
    assert [len(part) for part in time.split("-")] == [2, 2, 2, 6]
    assert int(digits, 16) < 1 << 16
    assert list(folder.iterdir()) == []
    assert Path.cwd() == tmp_path
    assert not GlobalHydra.instance().is_initialized()


def test_every_run_has_a_folder_of_its_own(runs):
    for _ in range(3):
        assert main(["train"]) == 0
    assert len({folder for _, folder, _, _ in runs.calls}) == 3
    assert runs.calls[0][3] == ["nnexp", "train"]


def test_the_folder_can_be_chosen(runs, tmp_path):
    assert train(["hydra.run.dir=here/mine"]) == 0
    assert runs.calls[0][1] == tmp_path / "here" / "mine"
    assert runs.calls[0][2] == []


@pytest.mark.parametrize(
    ("status", "code"), [("done", 0), ("diverged", 1), ("failed", 1), ("interrupted", 130)]
)
def test_the_exit_status_is_that_of_the_run(runs, status, code):
    runs.answer = lambda config, folder: Ended(status)
    assert train([]) == code


WRONG = [
    ["optimizer=adm"],
    ["reg.l2=-1"],
    ["reg.l2=abc"],
    ["l2=1"],
    ["data.split.valid=0"],
    ["experiment=none"],
    ["--lr", "0.1"],
    ["optimizer", "adam"],
    ["model.hidden=[64"],
    ["--cfg", "job", "optimzer=adam"],
    ["-m", "optimizer=adamm,adm"],
    ["-m", "reg.l2=-1,-2"],
    ["-m", "optimizer=adamw,adam", "optimizer.momentum=0.5"],
    ["-m", "sweep=lr,lambda"],
    ["-m", "sweep=lrs"],
    ["-m", "sweep.n=0"],
    ["-m", "sweep.method=random", "seed=0,1"],
    ["-m", "optimizer.lr=interval(0,1)"],
    ["-m", "reg.l2=0,1", "seed=0,1,2", "sweep.zip=[reg.l2,seed]"],
    ["-m", "sweep.zip=[reg.l2,seed]", "seed=0,1"],
    ["-m", "seed=0,1", "sweep.dry_run=true", "hydra/launcher=basic"],
    ["sweep=lr"],
    ["sweep.n=3"],
    ["hydra.run.dir="],
    ["--config-dir", "absent"],
    ["--config-name", "absent"],
    ["--cfg", "job", "--package", "absent"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_mistake_is_three_lines_status_2_and_no_folder(runs, capsys, tmp_path, words):
    assert train(words) == 2
    said = lines(capsys)
    if "--package" not in words:  # said by Hydra, in one line
        assert [line.split(":")[0] for line in said] == ["error", "allowed", "try"]
    assert runs.calls == []
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_found_in_the_run_removes_its_folder(runs, capsys, tmp_path):
    def answer(config, folder):
        (folder / "status.json").write_text("{}")
        (folder / "config.yaml").write_text("")
        raise UserError("no file x.csv", "a file", "data.path=y.csv")

    runs.answer = answer
    assert train([]) == 2
    assert lines(capsys) == ["error: no file x.csv", "allowed: a file", "try: data.path=y.csv"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_there_or_holds_results_stays(runs, tmp_path):
    def answer(config, folder):
        if config.seed:
            (folder / "history.csv").write_text("epoch\n")
        raise UserError("a", "b", "c")

    runs.answer = answer
    (tmp_path / "mine").mkdir()
    assert train(["hydra.run.dir=mine"]) == 2
    assert train(["hydra.run.dir=other", "seed=1"]) == 2
    assert (tmp_path / "mine").is_dir()
    assert (tmp_path / "other" / "history.csv").is_file()


def test_a_sweep_into_one_folder_names_the_key_that_helps(runs, capsys):
    def answer(config, folder):
        (folder / "status.json").write_text('{"status": "done", "reason": null}')
        return Ended()

    runs.answer = answer
    words = [*BASIC, "seed=0,1", "hydra.sweep.dir=mine", "hydra.sweep.subdir=x"]
    assert train(words) == 1
    assert "hydra.sweep.subdir=" in capsys.readouterr().err.split("try: ")[1]
    assert train(words) == 2
    assert "nnexp resume mine" in lines(capsys)[2]


def test_a_folder_that_cannot_be_made(runs, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert train(["hydra.run.dir=file/x"]) == 2
    assert [line.split(":")[0] for line in lines(capsys)] == ["error", "allowed", "try"]
    assert runs.calls == []


@pytest.mark.parametrize("flag", ["--help=foo", "-h=1", "--multirun=1", "--version=2"])
def test_a_flag_that_takes_no_value(runs, capsys, flag):
    assert train([flag]) == 2
    assert lines(capsys)[2] == f"try: {flag.partition('=')[0]}"


def test_a_folder_with_a_run_is_refused_and_untouched(runs, capsys, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "status.json").write_text('{"status": "done", "reason": null}')
    assert train(["hydra.run.dir=mine"]) == 2
    assert "holds a run already" in lines(capsys)[0]
    assert runs.calls == []
    assert (folder / "status.json").read_text() == '{"status": "done", "reason": null}'
    assert len(list(folder.iterdir())) == 1


def test_a_bug_is_one_line_and_a_traceback_in_the_log(runs, capsys):
    def answer(config, folder):
        raise RuntimeError("tensor trouble\nmore")

    runs.answer = answer
    assert train(["seed=3"]) == 1
    (line,) = lines(capsys)
    assert line.startswith("error: RuntimeError: tensor trouble (traceback in outputs")
    folder = runs.calls[0][1]
    assert "Traceback" in (folder / "train.log").read_text()
    status = json.loads((folder / "status.json").read_text())
    assert status["status"] == "failed"
    assert "tensor trouble" in status["reason"]
    assert "seed: 3" in (folder / "config.yaml").read_text()
    assert "seed=3" in (folder / "overrides.yaml").read_text()


@pytest.mark.parametrize("place", ["nnexp.config.flags.wants", "nnexp.main.held"])
def test_ctrl_c_while_modules_are_imported_is_130(runs, monkeypatch, capsys, place):
    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupt)
    assert train(["-m", "seed=3,4"]) == 130
    assert capsys.readouterr().err == ""


def test_ctrl_c_is_130(runs, capsys):
    def answer(config, folder):
        raise KeyboardInterrupt

    runs.answer = answer
    assert train(["seed=3"]) == 130
    folder = runs.calls[0][1]
    assert json.loads((folder / "status.json").read_text())["status"] == "interrupted"
    assert read_config(folder).seed == 3  # as that of any run
    command = f"nnexp resume {folder.relative_to(Path.cwd())}"
    assert capsys.readouterr().err.rstrip().endswith(f"interrupted; to go on: {command}")


def test_an_interrupted_sweep_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "a sweep"
    folder.mkdir()
    write_record(folder, ["seed=1,2"])
    session = Session(["train.py"], folder=folder)
    assert session.close(interrupted=True) == 130
    assert "to run what is missing: nnexp resume 'a sweep'" in capsys.readouterr().err


# ------------------------------------------------------------------------------------- sweeps
def test_a_sweep_runs_every_combination_in_one_folder(runs, tmp_path):
    assert train([*BASIC, "optimizer.lr=0.1,0.2", "seed=0,1", "reg.l2=0.5"]) == 0
    seen = [(c.optimizer.lr, c.seed, c.reg.l2) for c, _, _, _ in runs.calls]
    assert seen == [(0.1, 0, 0.5), (0.1, 1, 0.5), (0.2, 0, 0.5), (0.2, 1, 0.5)]
    folders = [folder for _, folder, _, _ in runs.calls]
    assert [f.name for f in folders] == ["0", "1", "2", "3"]
    assert len({f.parent for f in folders}) == 1
    assert folders[0].relative_to(tmp_path / "outputs" / "sweeps")


def test_a_failed_job_is_recorded_and_the_others_go_on(runs, capsys):
    def answer(config, folder):
        if config.seed == 1:
            raise ValueError("odd")
        return Ended("diverged", "loss is nan") if config.seed == 2 else Ended()

    runs.answer = answer
    assert train([*BASIC, "reg.l2=0.1,-1", "seed=0,1,2"]) == 1
    assert len(runs.calls) == 3
    root = runs.calls[0][1].parent
    said = capsys.readouterr().err
    # a block and a row of the table for each of three, and why there is no leaderboard
    assert said.count("is out of range") == 7
    assert "5 of 6 jobs did not succeed" in said
    table = said.split("did not succeed:\n")[1].splitlines()
    assert [row.split()[0] for row in table[1:]] == ["1", "2", "3", "4", "5"]
    assert "reg.l2=-1" in table[3]
    assert "loss is nan" in table[2]
    for number in (1, 3):
        status = json.loads((root / str(number) / "status.json").read_text())
        assert status["status"] == "failed"
        assert (root / str(number) / "config.yaml").is_file()
        assert (root / str(number) / "overrides.yaml").is_file()
    assert "ValueError: odd" in (root / "1" / "train.log").read_text()
    assert not (root / "0" / "status.json").exists()


@pytest.mark.parametrize("raises", [True, False])
def test_ctrl_c_stops_the_sweep_and_keeps_what_is_done(runs, raises):
    def answer(config, folder):
        if config.seed == 1 and raises:
            raise KeyboardInterrupt
        return Ended("interrupted" if config.seed == 1 else "done")

    runs.answer = answer
    assert train([*BASIC, "seed=0,1,2"]) == 130
    assert len(runs.calls) == 2
    assert runs.calls[0][1].is_dir()


# ------------------------------------------------------------------------------ other commands
def test_pages_that_run_nothing(runs, capsys, tmp_path):
    assert train(["seed=7", "--cfg", "job", "optimizer=sgd"]) == 0
    assert "momentum: 0.9" in capsys.readouterr().out
    assert train(["--help"]) == 0
    assert "groups (group=option)" in capsys.readouterr().out
    assert train(["--version"]) == 0
    assert capsys.readouterr().out == f"nnexp {__version__}\n"
    assert train(["--hydra-help"]) == 0
    assert "Hydra" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert runs.calls == []


def test_the_program_nnexp(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"nnexp {__version__}\n"
    for words in ([], ["--help"]):
        assert main(words) == 0
        assert "nnexp predict RUN TABLE" in capsys.readouterr().out
    assert main(["train", "--help"]) == 0
    assert "usage: nnexp train" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["trian"], "nnexp train"),
        (["pred"], "nnexp predict"),
        (["optimizer=sgd"], "nnexp train optimizer=sgd"),
        (["zzz"], "nnexp --help"),
        (["predict", "run"], "nnexp predict RUN TABLE"),
        (["predict", "run", "table", "--odd"], "nnexp predict run table"),
        (["predict", "a run", "table", "--otu", "f"], "nnexp predict 'a run' table --out f"),
        (["diagnose", "--prov", "run"], "nnexp diagnose --prove run"),
        (["diagnose", "run", "--prove", "--sedes=3"], "nnexp diagnose run --prove --seeds=3"),
        (["diagnose", "run", "--odd", "3"], "nnexp diagnose run"),
        (["compare", "run", "--srot", "val_loss"], "nnexp compare run --sort val_loss"),
        (["resume", "run", "--odd"], "nnexp resume run"),
        (["lr-find", "--odd"], "nnexp lr-find --help"),
        (["lr-find", "data=wine", "--rate", "3"], "nnexp lr-find data=wine --rates 3"),
        (["lr-find", "data=wine", "--min_lr", "1e-4"], "nnexp lr-find data=wine --from 1e-4"),
        (["lr-find", "data=wine", "--odd", "3"], "nnexp lr-find data=wine"),
        (["comapre", "a b", "--sort", "val_auc"], "nnexp compare 'a b' --sort val_auc"),
        (["compare", "run", "sort=val_auc"], "nnexp compare run --sort val_auc"),
    ],
)
def test_unknown_commands(capsys, words, remedy):
    assert main(words) == 2
    said = lines(capsys)
    assert len(said) == 3
    assert said[2] == f"try: {remedy}"


def test_commands_get_their_words_and_their_mistakes_are_three_lines(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr("nnexp.predict.predict_file", lambda *given: calls.append(given) or 0)
    assert main(["predict", "run", "t.csv", "-o", "out.csv", "--trust"]) == 0
    assert calls == [(Path("run"), Path("t.csv"), Path("out.csv"), True, None)]

    def refuse(*given):
        raise UserError("a", "b", "c")

    monkeypatch.setattr("nnexp.predict.predict_file", refuse)
    assert main(["predict", "run", "t.csv"]) == 2
    assert lines(capsys)[0] == "error: a"


# ---------------------------------------------------------------------------- whole processes
@pytest.mark.parametrize(
    "words", [["optimizer=adm"], ["reg.l2=-1"], ["--help"], ["--cfg", "job"]], ids=" ".join
)
def test_answers_need_no_heavy_library(words, tmp_path):
    code = (
        "import sys; from nnexp.cli import train; status = train(sys.argv[1:]); "
        "print([m for m in ('torch', 'sklearn', 'pandas', 'numpy') if m in sys.modules]); "
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.returncode == (0 if words[0].startswith("-") else 2)
    assert list(tmp_path.iterdir()) == []


def test_the_script_runs_from_anywhere(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "train.py"), "optimizer=adm"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "error: optimizer has no option 'adm'\n"
        "allowed: optimizer is one of adam, adamw, rmsprop, sgd\n"
        "try: optimizer=adam\n"
    )


BROKEN = {
    "key": ("# @package _global_\noptimizer:\n  lrr: 3\n", "experiment/key.yaml"),
    "type": ("# @package _global_\noptimizer:\n  lr: abc\n", "experiment/type.yaml"),
    "syntax": ("a: [1\nb: 2\n", "syntax.yaml, line 2"),
    "group": ("# @package _global_\ndefaults:\n  - override /optimzer: sgd\n", "optimzer"),
    "option": ("# @package _global_\ndefaults:\n  - override /optimizer: sgdd\n", "sgdd"),
    "package": ("reg:\n  l2: 3\n", "experiment=package"),
    "range": ("# @package _global_\nreg:\n  l2: -3\n", "reg.l2=-3.0"),
    "bytes": ("\xff\xfe\x00", "UTF-8"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_experiment_is_a_users_mistake(runs, capsys, tmp_path, name):
    text, wrong = BROKEN[name]
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    (folder / f"{name}.yaml").write_bytes(text.encode("latin-1"))
    assert train(["--config-dir", "mine", f"experiment={name}"]) == 2
    said = lines(capsys)
    assert [line.split(":")[0] for line in said] == ["error", "allowed", "try"]
    assert wrong in said[0]
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_config_folder_of_ones_own(runs, tmp_path):
    folder = tmp_path / "mine" / "data"
    folder.mkdir(parents=True)
    (folder / "income.yaml").write_text("defaults: [schema_csv, _self_]\npath: income.csv\n")
    assert train(["--config-dir", "mine", "data=income", "data.target=y"]) == 0
    assert (runs.calls[0][0].data.path, runs.calls[0][0].data.target) == ("income.csv", "y")


def test_a_cut_off_output_is_no_failure(tmp_path):
    command = [
        sys.executable, str(ROOT / "train.py"), "data=iris", "trainer.epochs=40",
        "trainer.tensorboard=false",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait() == 0
    (status,) = tmp_path.rglob("status.json")
    assert '"done"' in status.read_text()


def test_a_folder_that_cannot_be_made_is_answered_with_one_that_can(runs, capsys, tmp_path):
    (tmp_path / "outputs").write_text("")
    for words, key in ([], "hydra.run.dir"), (["-m", "seed=0,1"], "hydra.sweep.dir"):
        assert train(words) == 2
        remedy = lines(capsys)[2].removeprefix("try: ")
        assert remedy.startswith(f"{key}=")
    assert train(["hydra.run.dir=file", "hydra.job.chdir=true"]) == 2
    assert lines(capsys)[2] == "try: hydra.job.chdir=false"


def test_a_cut_off_sweep_ends_in_peace(tmp_path):
    words = ["data=iris", "seed=0,1", "trainer.epochs=1", "sweep.dry_run=true"]
    command = [sys.executable, "-m", "nnexp", "train", "-m", *words]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )
    process.stdout.close()
    said = process.stderr.read().decode()
    assert process.wait() == 0, said
    assert "Broken pipe" not in said
    process.stderr.close()
