"""A diagnosis asked for again: what was proven stays, and other files are not vouched for."""

import errno
import json
import os
import shlex
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from sklearn.datasets import load_wine

import nnexp
from nnexp import UserError, cli
from nnexp.config.saved import read_config
from nnexp.data import cache
from nnexp.diagnosis.report import Diagnosis
from nnexp.proof.proving import prove
from nnexp.runs.diagnosing import read_diagnosis
from nnexp.track import lock
from nnexp.track.manifest import verify
from nnexp.track.status import write_status
from nnexp.verdict import diagnose
from nnexp.verdict import tables as tables_of_runs
from nnexp.verdict.command import main
from nnexp.verdict.tables import AuditedTables
from nnexp.verdict.verdict import Verdict

QUIET = ["trainer.progress=none", "trainer.tensorboard=false"]


@pytest.fixture(scope="module")
def unscaled(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    words = ["data=wine", "data.scaling=none", "optimizer=sgd", "trainer.epochs=10", *QUIET]
    return nnexp.run([*words, f"hydra.run.dir={root / 'unscaled'}"])


def test_a_proof_is_kept(unscaled, capsys):
    proven = nnexp.diagnose(unscaled, prove=True)
    first = proven.findings[0]
    assert (first.cause, first.verdict) == ("unscaled_features", "confirmed")
    page = (unscaled.folder / "report.html").read_text(encoding="utf-8")
    again = nnexp.diagnose(unscaled.folder)
    assert [(own.cause, own.verdict, own.proof) for own in again.findings] == [
        (own.cause, own.verdict, own.proof) for own in proven.findings
    ]
    assert list(again.restores) == list(proven.restores) == ["data.scaling=standard"]
    assert read_diagnosis(unscaled.folder).restores == ("data.scaling=standard",)
    assert (unscaled.folder / "report.html").read_text(encoding="utf-8") == page
    assert main([str(unscaled.folder)]) == 0
    assert "what restores the score: nnexp train" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_to_is_named(unscaled, monkeypatch, capsys):
    def read_only(path, *given, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr("nnexp.runs.diagnosing.write_json", read_only)
    wrong = f"{str(unscaled.folder)!r} cannot be written to: Read-only file system"
    with pytest.raises(UserError) as error:
        nnexp.diagnose(unscaled)
    assert error.value.wrong == wrong
    assert cli.main(["diagnose", str(unscaled.folder)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {wrong}\n")


def test_a_diagnosis_vouches_for_no_file_but_its_own(unscaled):
    nnexp.diagnose(unscaled.folder)
    assert verify(unscaled.folder) == []
    path = unscaled.folder / "metrics.json"
    before = path.read_bytes()
    path.write_bytes(before + b" ")
    nnexp.diagnose(unscaled.folder)
    assert verify(unscaled.folder) == ["metrics.json"]
    path.write_bytes(before)


def test_what_no_setting_mends_is_not_said_to_be_provable(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
    frame["y"] = rng.integers(0, 2, 300)
    frame.to_csv(tmp_path / "t.csv", index=False)
    words = ["data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=y", "trainer.epochs=5"]
    done = nnexp.run([*words, *QUIET], root=tmp_path)
    plain = str(nnexp.diagnose(done.folder))
    assert "no setting mends it" in plain
    assert "to prove it" not in plain
    assert "no re-run can prove it" in str(nnexp.diagnose(done.folder, prove=True))


@pytest.mark.parametrize("word", ["loss.scale=-1", "optimizer.maximize=true"])
def test_a_climbed_loss_without_its_table(word, tmp_path):
    path = tmp_path / "t.csv"
    frame = pd.DataFrame({"a": np.arange(60.0), "y": np.arange(60) % 2})
    frame.to_csv(path, index=False)
    words = ["data=csv", f"data.path={path}", "data.target=y", "trainer.epochs=3", word, *QUIET]
    done = nnexp.run(words, root=tmp_path)
    path.unlink()
    assert "loss_sign_flipped" in [own.cause for own in nnexp.diagnose(done.folder).findings]


def test_a_folder_can_be_named_and_holds_one_run(unscaled, tmp_path):
    assert unscaled.folder.name == "unscaled"
    with pytest.raises(UserError, match="holds a run already"):
        nnexp.run(["data=wine", f"hydra.run.dir={unscaled.folder}"], root=tmp_path)


def test_a_folder_with_runs_in_it_is_none_of_a_run(unscaled, tmp_path):
    parent = unscaled.folder.parent
    with pytest.raises(UserError, match="has runs in it") as caught:
        nnexp.run(["data=wine", f"hydra.run.dir={parent}"], root=tmp_path)
    assert caught.value.remedy == f"hydra.run.dir={parent / 'mine'}"


def test_a_run_that_was_killed_is_not_judged(unscaled, tmp_path):
    copy = tmp_path / "killed"
    shutil.copytree(unscaled.folder, copy)
    write_status(copy, "running")
    with pytest.raises(UserError, match="has not ended"):
        nnexp.diagnose(copy)
    with pytest.raises(UserError, match="has not ended"):
        main([str(tmp_path)])


def test_one_run_without_a_status_ends_nothing(unscaled, tmp_path, capsys):
    for name in ("0", "1"):
        shutil.copytree(unscaled.folder, tmp_path / name)
    (tmp_path / "0" / "status.json").unlink()
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "no diagnosis: cannot read " in said.err
    assert "unscaled_features" in said.out


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_that_failed_is_no_mistake_of_the_command(unscaled, tmp_path, capsys, status):
    for name in ("0", "1"):
        shutil.copytree(unscaled.folder, tmp_path / name)
    (tmp_path / "0" / "history.csv").unlink()
    write_status(tmp_path / "0", status, "no room")
    assert main([str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"{status}: no room" in said
    assert "unscaled_features" in said


def test_a_folder_that_is_written_to_is_not_diagnosed_meanwhile(unscaled, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    with lock.locked(unscaled.folder), pytest.raises(UserError, match="another process is at work"):
        nnexp.diagnose(unscaled)


def test_seeds_are_looked_at_before_anything_is_trained(unscaled, monkeypatch):
    monkeypatch.setattr(diagnose, "make_probes", None)  # it would fail
    with pytest.raises(UserError, match="2 or more"):
        nnexp.diagnose(unscaled, probe=True, prove=True, seeds=1)


@pytest.mark.parametrize("words", [["--seeds", "3"], ["--probe", "--seeds=3"], ["--budget", "9"]])
def test_how_to_re_run_is_asked_with_what_is_re_run(words, tmp_path):
    with pytest.raises(UserError) as caught:
        main(["a run", *words])
    assert caught.value.remedy == shlex.join(["nnexp", "diagnose", "a run", *words, "--prove"])


@pytest.mark.parametrize("words", [["--prove", "--seeds", "1"], ["--probe", "--budget", "0"]])
def test_a_mistyped_number_is_told_once_whatever_is_diagnosed(unscaled, tmp_path, capsys, words):
    for name in ("0", "1"):
        shutil.copytree(unscaled.folder, tmp_path / name)
    with pytest.raises(UserError) as caught:
        main([str(tmp_path), *words])
    assert caught.value.remedy in ("--seeds 5", "--budget 20")
    assert capsys.readouterr().out == ""


def test_tables_are_read_once_and_audited_once_a_split(unscaled, monkeypatch):
    config = read_config(unscaled.folder)
    tables = AuditedTables(False)
    material, _, why = tables.of(config)
    assert why == ""
    again = replace(config, seeds=replace(config.seeds, batches=5), seed=config.seed)
    assert tables.of(again)[0] is material
    monkeypatch.setattr(cache, "load_table", None)  # it would fail
    other, _, why = tables.of(replace(config, seeds=replace(config.seeds, split=9)))
    assert why == ""
    assert other is not material
    assert not np.array_equal(other.sheet.train, material.sheet.train)
    proven = prove(unscaled.folder, read_diagnosis(unscaled.folder), seeds=2, tables=tables.read)
    assert proven.runs >= 4
    assert tables.of(config)[0] is material
    monkeypatch.setattr(tables_of_runs, "CELLS", material.sheet.y.size)
    assert tables.of(replace(config, seeds=replace(config.seeds, split=10)))[0] is not None
    assert tables.of(config)[0] is not material  # it was let go


def test_runs_can_be_compared_as_they_come(unscaled):
    assert len(nnexp.compare(unscaled).frame()) == 1
    assert len(nnexp.compare([unscaled]).frame()) == 1


def test_scores_are_held_against_the_prior_in_their_own_kind_of_loss(tmp_path):
    words = ["data=wine", "loss=mse", "model.output=softmax", "trainer.epochs=3", *QUIET]
    done = nnexp.run(words, root=tmp_path)
    told = nnexp.diagnose(done).diagnosis.explained
    assert (
        "naming the class shares of the train rows has loss 0.21" in told
    )  # a third of p (1 - p), summed
    words = ["data=wine", "loss.reduction=sum", "trainer.epochs=3", *QUIET]
    told = nnexp.diagnose(nnexp.run(words, root=tmp_path)).diagnosis.explained
    assert "the most frequent class has a share of" in told
    plain = nnexp.run(["data=wine", "trainer.epochs=3", *QUIET], root=tmp_path)
    told = nnexp.diagnose(plain).diagnosis.explained
    assert "naming the class shares of the train rows has loss 1.0" in told
    assert told.startswith("From the first to the last epoch the validation loss changed by ")


def test_weights_that_are_gone_or_damaged(unscaled, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(unscaled.folder, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(UserError, match="is damaged"):
        nnexp.diagnose(copy)
    weights.unlink()
    assert "the run has left no weights" in " ".join(nnexp.diagnose(copy).diagnosis.notes)
    save_file({"layers.0.weight": np.zeros((2, 2), dtype=np.float32)}, weights)
    notes = nnexp.diagnose(copy).diagnosis.notes
    assert any(
        note.startswith("the saved weights lack") and note.endswith("by its curves and its table")
        for note in notes
    ), notes


def test_the_notes_of_a_run_without_an_alarm_are_shown(unscaled, tmp_path, capsys):
    frame = load_wine(as_frame=True).frame.assign(row=range(178), one=1, note="x")
    frame["id"] = range(5000, 5178)
    frame.to_csv(tmp_path / "t.csv", index=False)
    words = ["data=csv", f"data.path={tmp_path / 't.csv'}", "data.target=target"]
    done = nnexp.run([*words, "model.hidden=[16]", "trainer.epochs=30", *QUIET], root=tmp_path)
    assert main([str(done.folder)]) == 0
    kept = json.loads((done.folder / "diagnosis.json").read_text(encoding="utf-8"))
    shown = [
        line.removeprefix("note: ")
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("note: ")
    ]
    assert shown == kept["notes"][:3]
    assert shown
    # beside an alarm they are left to the file
    assert main([str(unscaled.folder)]) == 0
    assert "note: " not in capsys.readouterr().out


def test_no_proof_is_promised_without_validation_rows(tmp_path):
    words = ["data=wine", "data.split.valid=0", "trainer.monitor=train_loss", "trainer.epochs=3"]
    done = nnexp.run([*words, "data.scaling=none", *QUIET], root=tmp_path)
    plain = str(nnexp.diagnose(done))
    assert "unscaled_features" in plain
    assert "to prove it" not in plain


@pytest.fixture
def away(tmp_path, monkeypatch):
    """A run with a relative path, and a working directory elsewhere."""
    home, elsewhere = tmp_path / "a home", tmp_path / "elsewhere"
    for folder in (home, elsewhere):
        folder.mkdir()
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 2)), columns=list("ab"))
    frame.assign(y=(frame.a > 0).astype(int)).to_csv(home / "t.csv", index=False)
    monkeypatch.chdir(home)
    words = ["data=csv", "data.path=t.csv", "data.target=y", "trainer.epochs=3", *QUIET]
    done = nnexp.run([*words, "hydra.run.dir=outputs/mine"])
    nnexp.diagnose(done)
    monkeypatch.chdir(elsewhere)
    return home / "outputs" / "mine"


def test_a_table_that_is_not_at_hand_spoils_no_diagnosis(away, capsys):
    names = ("diagnosis.json", "report.html", "manifest.json")
    before = [(away / name).read_bytes() for name in names]
    assert main([str(away)]) == 0
    assert "this is the earlier diagnosis" in capsys.readouterr().err
    assert [(away / name).read_bytes() for name in names] == before


@pytest.mark.parametrize("asked", ["prove", "probe"])
def test_re_runs_without_their_table_say_what_they_lack(away, asked):
    with pytest.raises(UserError, match="there is no such file") as caught:
        nnexp.diagnose(away, **{asked: True})
    home = away.parent.parent
    assert caught.value.remedy == f"cd '{home}' && nnexp diagnose outputs/mine --{asked}"


def test_one_bad_folder_of_a_tree_does_not_end_the_others(unscaled, tmp_path, capsys):
    for name in ("0", "1", "2"):
        shutil.copytree(unscaled.folder, tmp_path / name)
    config = tmp_path / "0" / "config.yaml"
    config.write_text(config.read_text().replace("target: null", 'target: "\\udcff"'))
    (tmp_path / "1" / "history.csv").unlink()
    (tmp_path / "1" / "history.csv").mkdir()
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "unscaled_features" in said.out.split(f"{tmp_path / '2'}:")[1]
    assert said.err.count("no diagnosis: ") == 2


def test_what_restores_a_score_has_all_words_of_the_run(unscaled, tmp_path):
    copy = tmp_path / "mine"
    shutil.copytree(unscaled.folder, copy)
    words = ["model=custom", "model._target_=net.Net", "data.scaling=none"]
    (copy / "overrides.yaml").write_text("".join(f"- {word}\n" for word in words))
    manifest = (copy / "manifest.json").read_text()
    old = json.loads(manifest)["command"]
    (copy / "manifest.json").write_text(
        manifest.replace(json.dumps(old), '"nnexp train --config-dir conf data=wine"')
    )
    found = Diagnosis([], restores=("data.scaling=standard",))
    assert Verdict(copy, found).command() == (
        "nnexp train --config-dir conf model=custom model._target_=net.Net data.scaling=standard"
    )
