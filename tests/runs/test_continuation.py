"""Runs that are cut off and resumed end as if they had never been disturbed."""

import errno
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nnexp
from nnexp import UserError
from nnexp.cli import main
from nnexp.runs import checkpoint, continuation
from nnexp.runs.recording import Recording
from nnexp.track import history, status
from nnexp.track.folder import DIAGNOSIS_FILE
from nnexp.track.manifest import verify
from nnexp.track.status import read_status, write_status
from nnexp.train.step import update

QUICK = ["data=wine", "trainer.progress=none", "model.hidden=[8]", "threads=1", "trainer.epochs=9"]
FILES = ("history.csv", "metrics.json", "model.safetensors", "signals.csv", "preprocess.json")


class Killed(BaseException):
    """What ends a run of these tests at once."""


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    """Checkpoints as often as is asked, whatever they take; and no word with git."""
    monkeypatch.setattr(checkpoint, "SHARE", 1e9)
    monkeypatch.setattr("nnexp.track.manifest.gather", dict)


def begun(folder, *words, every=1e-9):
    named = [*QUICK, *words, f"trainer.save_every={every}", f"hydra.run.dir={folder}"]
    return nnexp.run(named)


@contextmanager
def killing(epoch):
    """Runs are killed once this epoch is recorded, before the next checkpoint."""
    record = Recording.epoch

    def recorded(self, seen, place):
        record(self, seen, place)
        if seen.number == epoch:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recording, "epoch", recorded)
        yield


def killed(folder, epoch, *words, **options):
    """The folder of a run that was killed."""
    with killing(epoch), pytest.raises(Killed):
        begun(folder, *words, **options)
    write_status(folder, "running")  # nobody was left to say otherwise
    return folder


@contextmanager
def stopping(step):
    """Ctrl-C ends runs before this step."""

    @contextmanager
    def interrupts():
        steps = itertools.count(1)
        yield lambda: next(steps) >= step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nnexp.runs.runner.interrupts", interrupts)
        yield


def interrupted(folder, step, *words, **options):
    """A run that Ctrl-C has ended."""
    with stopping(step):
        return begun(folder, *words, **options)


def assert_equal(one, other):
    for name in FILES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert verify(other) == []
    assert not (other / checkpoint.FOLDER).exists()
    assert read_status(other)["status"] == read_status(one)["status"]


def checkpoints(folder):
    place = folder / checkpoint.FOLDER
    return sorted(int(path.name.partition("-")[0]) for path in place.iterdir())


CASES = {
    "sgd": ["optimizer=sgd", "optimizer.momentum=0.9", "optimizer.nesterov=true", "reg.l2=0.01"],
    "adam": ["optimizer=adam", "scheduler=cosine", "scheduler.warmup=2", "reg.dropout=0.3"],
    "adamw": ["optimizer=adamw", "optimizer.amsgrad=true", "scheduler=one_cycle"],
    "rmsprop": ["optimizer=rmsprop", "optimizer.momentum=0.5", "optimizer.centered=true"],
    "plateau": ["scheduler=plateau", "scheduler.patience=0", "optimizer.lr=0.1"],
    "step": ["scheduler=step", "scheduler.step_size=2", "trainer.monitor=val_accuracy"],
    "batch norm": ["model.norm=batch", "trainer.checkpoint=last"],
    "patience": ["reg.patience=2", "optimizer.lr=0.3"],
    "divergence": ["optimizer=sgd", "optimizer.lr=30"],
    "precision": ["trainer.precision=bfloat16", "reg.input_dropout=0.2"],
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of what diverges
@pytest.mark.parametrize("case", CASES)
def test_a_resumed_run_ends_like_one_never_disturbed(case, tmp_path):
    whole = begun(tmp_path / "whole", *CASES[case], every=0)
    for epoch in random.Random(case).sample(range(2, max(3, whole.epochs)), 1):
        folder = killed(tmp_path / f"killed-{epoch}", epoch, *CASES[case])
        assert checkpoints(folder)[-1] == epoch - 1
        assert len(checkpoints(folder)) <= checkpoint.KEPT
        run = nnexp.resume(folder)
        assert (run.status, run.epochs, run.metrics) == (whole.status, whole.epochs, whole.metrics)
        assert_equal(whole.folder, folder)


def test_a_module_of_the_users_own_is_resumed_where_it_is_trusted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resumed_net.py").write_text(
        "from torch import nn\n"
        "def net(inputs, outputs):\n"
        "    return nn.Sequential(nn.Linear(inputs, 8), nn.BatchNorm1d(8), nn.ReLU(),\n"
        "                         nn.Dropout(0.3), nn.Linear(8, outputs))\n"
    )
    words = ["model=custom", "model._target_=resumed_net.net"]
    monkeypatch.setattr(f"{__name__}.QUICK", [w for w in QUICK if "hidden" not in w])
    whole = begun(tmp_path / "whole", *words)
    folder = killed(tmp_path / "killed", 5, *words)
    assert main(["resume", str(folder)]) == 2
    assert capsys.readouterr().err.rstrip().endswith(f"try: nnexp resume {folder} --trust")
    assert main(["resume", str(folder), "--trust"]) == 0
    assert_equal(whole.folder, folder)


@pytest.mark.matrix(3)
@pytest.mark.parametrize("seed", range(6))
def test_a_run_killed_again_and_again(seed, tmp_path):
    """At random epochs and steps, by what nobody sees and by Ctrl-C."""
    rng = random.Random(seed)
    words = ["reg.dropout=0.2", "model.norm=batch", "scheduler=plateau", f"seed={seed}"]
    whole = begun(tmp_path / "whole", *words, every=0)
    folder = tmp_path / "disturbed"
    for attempt in range(6):
        patch, left = pytest.MonkeyPatch(), itertools.count(-rng.randrange(1, 14))

        def maybe(function, left=left):
            def wrapped(*arguments, **options):
                if next(left) == 0:
                    raise Killed
                return function(*arguments, **options)

            return wrapped

        name = rng.choice(["epoch", "watched", "update", "scores"])
        if name == "update":
            patch.setattr("nnexp.train.epoch.update", maybe(update))
        else:
            patch.setattr(Recording, name, maybe(getattr(Recording, name)))
        try:
            with patch.context():
                begun(folder, *words) if attempt == 0 else nnexp.resume(folder)
        except Killed:
            write_status(folder, "running")
        finally:
            patch.undo()
        if read_status(folder)["status"] == "done":
            break
    nnexp.resume(folder)
    assert_equal(whole.folder, folder)


@pytest.mark.matrix(4)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("seed", range(8))
def test_a_run_killed_at_any_touch_of_a_file(seed, tmp_path):
    """A child process ends without a word at a random opening, renaming or removal of a file."""
    rng, folder = random.Random(seed), tmp_path / "disturbed"
    words = ["reg.dropout=0.2", "trainer.epochs=6"]
    whole = begun(tmp_path / "whole", *words, every=0)
    for attempt in range(4):
        at, child = rng.randrange(5, 90), os.fork()
        if child == 0:  # pragma: no cover
            seen = itertools.count()

            def hook(event, arguments, seen=seen, at=at):
                own = event in ("open", "os.rename", "os.remove", "os.truncate", "os.rmdir")
                if own and str(arguments[0]).startswith(str(folder)) and next(seen) == at:
                    os._exit(9)

            sys.addaudithook(hook)
            try:
                begun(folder, *words) if attempt == 0 else nnexp.resume(folder)
            except BaseException:
                os._exit(1)
            os._exit(0)
        _, how = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(how) in (0, 9)
        if not (folder / "config.yaml").exists():
            return  # killed before there was anything to go on with
    nnexp.resume(folder)
    assert_equal(whole.folder, folder)
    assert not [path for path in folder.rglob("*") if path.name.endswith(".tmp")]


def test_ctrl_c_leaves_a_checkpoint_and_names_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    whole = begun(Path("whole"))
    run = interrupted(Path("cut"), 20, every=1000)
    assert run.status == "interrupted"
    assert checkpoints(run.folder) == [run.epochs]
    assert verify(run.folder) == []
    capsys.readouterr()
    assert main(["resume", "cut"]) == 0
    assert f"going on after epoch {run.epochs}" in capsys.readouterr().err
    assert_equal(whole.folder, run.folder)
    Path("cut", DIAGNOSIS_FILE).write_text("{}")
    assert main(["resume", "cut"]) == 0
    assert "nothing is missing: the run is done after 9 epochs" in capsys.readouterr().out
    assert nnexp.resume("cut").metrics == whole.metrics


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_what_comes_after_the_end_of_a_run_does_not_undo_it(tmp_path, monkeypatch, capsys, error):
    monkeypatch.chdir(tmp_path)

    def broken_off(*arguments):
        raise error

    monkeypatch.setattr("nnexp.runs.runner.diagnose", broken_off)
    words = [*QUICK, "trainer.watch=true", "hydra.run.dir=mine"]
    assert main(["train", *words]) == (130 if error is KeyboardInterrupt else 1)
    assert read_status("mine")["status"] == "done"
    if error is KeyboardInterrupt:
        told = capsys.readouterr().err
        assert "interrupted, but the run is done: nnexp diagnose mine" in told
    weights = (tmp_path / "mine" / "model.safetensors").stat()
    monkeypatch.setattr("nnexp.runs.runner.diagnose", lambda *arguments: None)
    assert nnexp.resume("mine").status == "done"
    assert (tmp_path / "mine" / "model.safetensors").stat() == weights


@pytest.mark.diagnosed
def test_a_run_that_was_killed_before_its_diagnosis_gets_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table = with_table(tmp_path)
    words = [*QUICK, "trainer.watch=true", "data=csv", "data.path=t.csv", "data.target=y"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nnexp.runs.runner.diagnose", lambda *arguments: None)
        nnexp.run([*words[1:], "hydra.run.dir=mine"])
    table.rename("elsewhere.csv")
    assert main(["resume", "mine"]) == 0  # as the run is done, it is no error
    said = capsys.readouterr()
    assert "warning: no diagnosis: the table 't.csv' of the run is no longer there" in said.err
    assert "nothing but its diagnosis is missing: the run is done after 9 epochs" in said.out
    Path("elsewhere.csv").rename(table)
    assert main(["resume", "mine"]) == 0
    said = capsys.readouterr()
    assert "nothing but its diagnosis was missing" in said.out
    assert Path("mine", DIAGNOSIS_FILE).is_file()
    assert verify("mine") == []
    before = Path("mine", DIAGNOSIS_FILE).stat()
    assert main(["resume", "mine"]) == 0
    assert "nothing is missing" in capsys.readouterr().out
    assert Path("mine", DIAGNOSIS_FILE).stat() == before


def test_a_run_that_asked_for_no_diagnosis_gets_none(tmp_path, capsys):
    folder = begun(tmp_path / "mine", "trainer.watch=false").folder
    assert main(["resume", str(folder)]) == 0
    assert "nothing is missing" in capsys.readouterr().out


def test_a_sweep_is_resumed_by_the_command(tmp_path):
    swept = nnexp.multirun([*QUICK, "trainer.epochs=1", "seed=0,1"], root=tmp_path)
    with pytest.raises(UserError, match="is a sweep") as caught:
        nnexp.resume(swept.folder)
    assert caught.value.remedy == f"nnexp resume {swept.folder}"


def test_a_resumed_run_can_be_interrupted_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    whole = begun(Path("whole"))
    interrupted(Path("cut"), 15)
    with stopping(1):
        assert main(["resume", "cut"]) == 130
    assert "interrupted; to go on: nnexp resume cut" in capsys.readouterr().err
    assert main(["resume", "cut"]) == 0
    assert_equal(whole.folder, Path("cut"))


@pytest.mark.parametrize("every", [0, 1000])
def test_without_a_checkpoint_it_begins_anew_and_says_so(every, tmp_path, capsys):
    whole = begun(tmp_path / "whole")
    folder = killed(tmp_path / "killed", 4, every=every)
    assert not (folder / checkpoint.FOLDER).exists()
    nnexp.resume(folder)
    assert "no checkpoint to go on from: the run begins anew" in capsys.readouterr().err
    assert_equal(whole.folder, folder)
    assert len(list(folder.glob("events*"))) == 1


def test_no_checkpoint_where_none_is_wanted(tmp_path):
    run = interrupted(tmp_path / "cut", 20, every=0)
    assert run.epochs > 0
    assert not (run.folder / checkpoint.FOLDER).exists()


def test_a_run_that_failed_goes_on_once_it_can(tmp_path):
    whole = begun(tmp_path / "whole")
    folder = killed(tmp_path / "failed", 6)
    write_status(folder, "failed", "OSError: no space left on device")
    nnexp.resume(folder)
    assert_equal(whole.folder, folder)


def test_a_full_disk_is_one_answer_with_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    whole = begun(Path("whole"))
    append, write = history.append, status.write_json
    left = itertools.count(-7)

    def full(function):
        def wrapped(path, *arguments, **options):
            if next(left) >= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            function(path, *arguments, **options)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "append", full(append))
        patch.setattr(status, "write_json", full(write))
        patch.setattr("nnexp.runs.jobs.has_room", lambda folder: False)
        words = [*QUICK, "trainer.save_every=1e-9", "hydra.run.dir=mine"]
        for command in (["train", *words], ["resume", "mine"]):
            assert main(command) == 1
            said = capsys.readouterr().err
            assert said.endswith("error: the disk of 'mine' is full\nto go on: nnexp resume mine\n")
            assert said.count("rror") == 1
            assert read_status("mine") == {"status": "failed", "reason": "the disk is full"}
            assert "Traceback" not in Path("mine", "train.log").read_text()
    assert main(["resume", "mine"]) == 0
    assert_equal(whole.folder, Path("mine"))


def test_an_output_that_is_full_is_no_full_disk(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("nnexp.runs.runner.print_summary", full)
    assert main(["train", *QUICK, "hydra.run.dir=mine"]) == 1
    assert capsys.readouterr().err.endswith(
        "error: what the output goes to is full; the run is in 'mine'\n"
        "to go on: nnexp resume mine\n"
    )
    assert read_status("mine")["status"] == "done"
    assert not [path for path in Path("mine").iterdir() if "room" in path.name]


def test_the_curves_are_those_of_one_run(tmp_path):
    whole = begun(tmp_path / "whole").folder
    folder = interrupted(tmp_path / "cut", 20).folder
    with killing(7), pytest.raises(Killed):
        nnexp.resume(folder)
    write_status(folder, "running")
    nnexp.resume(folder)
    found = []
    for one in (whole, folder):
        events = EventAccumulator(str(one), size_guidance={"scalars": 0, "histograms": 0})
        events.Reload()
        tags = events.Tags()
        found.append(
            {
                "scalars": {
                    tag: [(event.step, event.value) for event in events.Scalars(tag)]
                    for tag in tags["scalars"]
                },
                "histograms": {
                    tag: [event.step for event in events.Histograms(tag)]
                    for tag in tags["histograms"]
                },
            }
        )
    assert found[0]["scalars"].keys() == found[1]["scalars"].keys()
    np.testing.assert_equal(found[0], found[1])


# ------------------------------------------------------------------------- what is not as it was
def test_a_damaged_checkpoint_is_passed_over(tmp_path, capsys):
    whole = begun(tmp_path / "whole")
    original = killed(tmp_path / "original", 6)
    assert checkpoints(original) == [4, 5]
    (newest,) = (original / checkpoint.FOLDER).glob("5-*")
    content = newest.read_bytes()
    flipped = bytearray(content)
    flipped[-5] ^= 1
    for place, damaged in enumerate((b"", content[:-1], content + b"x", bytes(flipped))):
        folder = tmp_path / f"damaged-{place}"
        shutil.copytree(original, folder)
        (folder / checkpoint.FOLDER / newest.name).write_bytes(damaged)
        nnexp.resume(folder)
        said = capsys.readouterr().err
        assert "is not used: it is damaged" in said
        assert "going on after epoch 4" in said
        assert_equal(whole.folder, folder)


@pytest.mark.parametrize("name", ["history.csv", "signals.csv"])
def test_a_table_shorter_than_the_checkpoint_says_is_noticed(name, tmp_path, capsys):
    whole = begun(tmp_path / "whole")
    folder = killed(tmp_path / "killed", 6)
    rows = (folder / name).read_bytes().splitlines(keepends=True)
    of_fourth = next(place for place, row in enumerate(rows) if row.startswith(b"5,"))
    (folder / name).write_bytes(b"".join(rows[:of_fourth]))
    nnexp.resume(folder)
    said = capsys.readouterr().err
    assert f"{name} is not as it was then" in said
    assert "going on after epoch 4" in said
    assert_equal(whole.folder, folder)


def with_table(place):
    """A table of two classes."""
    table = place / "t.csv"
    rows = np.random.default_rng(0).normal(size=(60, 2))
    table.write_text("\n".join(["a,b,y", *(f"{a},{b},{int(a > 0)}" for a, b in rows)]))
    return table


def content_of(folder):
    """All files but the log."""
    found = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {path: content for path, content in found.items() if path.name != "train.log"}


def test_another_configuration_is_refused_and_nothing_lost(tmp_path):
    whole = begun(tmp_path / "whole")
    folder = killed(tmp_path / "killed", 6)
    written = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(written.replace("epochs: 9", "epochs: 12"))
    before = content_of(folder)
    with pytest.raises(
        UserError, match=r"config\.yaml' has changed since the run wrote it"
    ) as caught:
        nnexp.resume(folder)
    assert caught.value.remedy.startswith("nnexp train data=wine ")
    assert content_of(folder) == before
    (folder / "config.yaml").write_text(written)
    nnexp.resume(folder)
    assert_equal(whole.folder, folder)


@pytest.mark.parametrize("name", ["history.csv", "signals.csv"])
def test_a_history_that_fits_no_checkpoint_is_refused_and_nothing_lost(name, tmp_path):
    whole = begun(tmp_path / "whole")
    folder = killed(tmp_path / "killed", 6)
    written = (folder / name).read_bytes()
    for changed in (written.replace(b"0.", b"1.", 1), written[:100], None):
        if changed is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(changed)
        before = content_of(folder)
        with pytest.raises(UserError, match=f"{name}' has changed"):
            nnexp.resume(folder)
        assert content_of(folder) == before
    (folder / name).write_bytes(written)
    nnexp.resume(folder)
    assert_equal(whole.folder, folder)


def test_the_folder_is_named_from_which_the_table_is_found(tmp_path, monkeypatch, capsys):
    start = tmp_path / "start"
    (start / "below").mkdir(parents=True)
    monkeypatch.chdir(start)
    table = with_table(start)
    folder = killed(Path("mine"), 4, "data=csv", "data.path=t.csv", "data.target=y").absolute()
    before = content_of(folder)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main(["resume", str(folder)]) == 2
    assert capsys.readouterr().err.endswith(f"try: cd {start} && nnexp resume mine\n")
    monkeypatch.chdir(start)
    table.rename("other.csv")
    assert main(["resume", "mine"]) == 2
    said = capsys.readouterr().err
    assert "the table 't.csv' of the run is no longer there" in said
    assert "back where it was" in said
    assert "data.path=" not in said
    assert content_of(folder) == before
    Path("other.csv").rename(table)
    assert main(["resume", "mine"]) == 0


@pytest.mark.parametrize(
    "name",
    [
        "diagnosis.json",
        "report.html",
        "metrics.json",
        "history.csv",
        "events.out.tfevents.1",
        "train.log",
    ],
)
def test_a_folder_in_place_of_a_file_is_refused_and_nothing_lost(name, tmp_path):
    folder = killed(tmp_path / "killed", 6)
    if (folder / name).exists():
        (folder / name).unlink()
    (folder / name).mkdir()
    before = content_of(folder)
    with pytest.raises(UserError, match=f"{name}' is a folder, where"):
        nnexp.resume(folder)
    with pytest.raises(UserError, match=f"{name}' is a folder, where"):
        nnexp.diagnose(folder)
    assert content_of(folder) == before


def test_other_rows_of_the_table_are_refused(tmp_path, monkeypatch):
    folders = [killed(tmp_path / "killed", 4), interrupted(tmp_path / "cut", 5, every=0).folder]
    prepare = continuation.prepare

    def shifted(config):
        labelled, dataset = prepare(config)
        valid, test = np.sort(dataset.valid[:-1]), np.sort([*dataset.test, dataset.valid[-1]])
        parts = {**dataset.summary["split"], "valid": len(valid), "test": len(test)}
        summary = {**dataset.summary, "split": parts}
        return labelled, replace(dataset, valid=valid, test=test, summary=summary)

    monkeypatch.setattr(continuation, "prepare", shifted)
    for folder in folders:
        before = content_of(folder)
        with pytest.raises(UserError, match="other rows would train, validate or test"):
            nnexp.resume(folder)
        assert content_of(folder) == before


def test_another_table_is_refused_and_nothing_touched(tmp_path):
    table = tmp_path / "t.csv"
    rows = np.random.default_rng(0).normal(size=(60, 2))
    lines = [f"{a},{b},{int(a > 0)}" for a, b in rows]
    table.write_text("\n".join(["a,b,y", *lines]))
    words = ["data=csv", f"data.path={table}", "data.target=y"]
    for folder in (
        killed(tmp_path / "killed", 4, *words),
        interrupted(tmp_path / "cut", 5, *words, every=0).folder,
    ):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        other = ["a,b,y", *lines[:-1], "0.5,0.5,0"]
        for changed in (other, [f"{line},{place}" for place, line in enumerate(other)]):
            table.write_text("\n".join(changed).replace("a,b,y,0", "a,b,y,c"))
            with pytest.raises(UserError, match="has changed since the run began"):
                nnexp.resume(folder)
        after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        before.pop(folder / "train.log"), after.pop(folder / "train.log")
        assert before == after
        table.write_text("\n".join(["a,b,y", *lines]))
        assert nnexp.resume(folder).status == "done"


def altered(folder, **changes):
    """A whole checkpoint with other content: arrays by name, or `about`."""
    import hashlib

    (newest,) = (folder / checkpoint.FOLDER).glob("5-*")
    from safetensors import safe_open

    with safe_open(newest, framework="numpy") as file:
        about = json.loads(file.metadata()["nnexp"])
    arrays = load(newest.read_bytes())
    about.update(changes.pop("about", {}))
    arrays.update(changes.pop("arrays", {}))
    content = save({k: v for k, v in arrays.items() if v is not None}, {"nnexp": json.dumps(about)})
    shutil.rmtree(folder / checkpoint.FOLDER)
    (folder / checkpoint.FOLDER).mkdir()
    name = f"5-{hashlib.sha256(content).hexdigest()}.safetensors"
    (folder / checkpoint.FOLDER / name).write_bytes(content)


HOSTILE = {
    "shape": {"arrays": {"tensors/theta": np.zeros((1000, 1000), np.float32)}},
    "type": {"arrays": {"selection/best_epoch": np.array(1.0)}},
    "missing": {"arrays": {"tensors/theta": None}},
    "more": {"arrays": {"tensors/x": np.zeros(1)}},
    "group": {"arrays": {"x/y": np.zeros(1)}},
    "epoch": {"arrays": {"epoch": np.array(7)}},
    "steps": {"arrays": {"steps": np.array(-3)}},
    "best": {"arrays": {"selection/best_epoch": np.array(10**9)}},
    "format": {"about": {"format": 2}},
    "files": {"about": {"files": ["a"]}},
    "none": {"about": {"files": {}}},
    "size": {"about": {"files": {"history.csv": {"size": -1, "sha256": ""}}}},
    "large": {"about": {"files": {"events.out.tfevents.1": {"size": 10**30, "sha256": None}}}},
    "facts": {"about": {"facts": 3}},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_checkpoint_of_something_else_is_refused(case, tmp_path, capsys):
    folder = killed(tmp_path / "killed", 6)
    altered(folder, **HOSTILE[case])
    before = {path: path.read_bytes() for path in folder.glob("*.csv")}
    capsys.readouterr()
    assert main(["resume", str(folder)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in said] == ["error", "allowed", "try"]
    assert "is no checkpoint of this run" in said[0]
    assert before == {path: path.read_bytes() for path in folder.glob("*.csv")}


def test_a_table_as_large_as_nothing_is_not_read(tmp_path):
    folder = killed(tmp_path / "killed", 6)
    files = {name: {"size": 10**18, "sha256": "0" * 64} for name in ("history.csv", "config.yaml")}
    altered(folder, about={"files": files})
    with pytest.raises(UserError, match="has changed"):
        nnexp.resume(folder)


def test_links_are_refused(tmp_path):
    folder = killed(tmp_path / "killed", 6)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (folder / "train.log").unlink()
    (folder / "train.log").symlink_to(outside)
    with pytest.raises(UserError, match="is a link"):
        nnexp.resume(folder)
    assert outside.read_text() == "mine"


def test_what_is_no_run_or_of_a_sweep(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["resume", "absent"]) == 2
    assert "no run and no sweep" in capsys.readouterr().err
    killed(Path("swept/0"), 4)
    for name in ("sweep.yaml", "multirun.yaml"):
        Path("swept", name).write_text("")
    assert main(["resume", "swept/0"]) == 2
    assert capsys.readouterr().err.endswith("try: nnexp resume swept\n")
    killed(Path("alone"), 4)
    assert main(["resume", "alone", "trainer.epochs=5"]) == 2
    assert "cannot be changed" in capsys.readouterr().err
    assert main(["diagnose", "alone"]) == 2
    assert capsys.readouterr().err.endswith("try: nnexp resume alone\n")


def test_one_process_at_a_time(tmp_path, monkeypatch):
    from nnexp.track import lock

    monkeypatch.setattr(lock.locked.__wrapped__, "__defaults__", (0.0,))
    folder = killed(tmp_path / "killed", 6)
    with lock.locked(folder), pytest.raises(UserError, match="another process is at work"):
        nnexp.resume(folder)


# ------------------------------------------------------------------------------------ for real
def test_a_process_that_is_killed(tmp_path, monkeypatch):
    """SIGKILL between two epochs or within one, wherever it comes."""
    words = [
        "data=digits", "trainer.epochs=100", "threads=1", "trainer.watch=true",
        "trainer.progress=none", "reg.dropout=0.1",
    ]  # fmt: skip
    code = "import sys; from nnexp.cli import main; sys.exit(main())"
    given = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(nnexp.__file__).parents[1]),
    }

    process = subprocess.Popen(
        [sys.executable, "-c", code, "train", *words, "trainer.save_every=0.01",
         "hydra.run.dir=killed"],
        cwd=tmp_path, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    place = tmp_path / "killed" / checkpoint.FOLDER
    while not list(place.glob("*.safetensors")):
        assert process.poll() is None
        time.sleep(0.005)  # or this process would take the core
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert read_status(tmp_path / "killed")["status"] == "running"
    monkeypatch.chdir(tmp_path)
    assert main(["resume", "killed"]) == 0
    assert main(["train", *words, "hydra.run.dir=whole"]) == 0
    assert_equal(tmp_path / "whole", tmp_path / "killed")
