"""Folders that a stranger made: loading runs nothing, answers soon, and takes bounded memory."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
import yaml
from safetensors.numpy import load_file, save_file

import nnexp
from nnexp import UserError, predict
from nnexp.config.changes import changed
from nnexp.config.compose import compose
from nnexp.config.saved import config_text, read_config
from nnexp.config.typed import read_typed
from nnexp.data.state import DamagedError, from_plain
from nnexp.diagnosis.report import Diagnosis
from nnexp.files import LARGEST_HEADER, open_regular, read_regular
from nnexp.runs.diagnosing import read_diagnosis, with_earlier_proofs
from nnexp.saved_model import LIMITS
from nnexp.track.history import read_history
from nnexp.track.manifest import read_manifest, write_manifest
from nnexp.track.status import write_status
from nnexp.verdict.command import main as diagnose_command

SECONDS = 10  # far above what any refusal takes, far below a hang
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    table = pd.DataFrame({"a": rng.normal(size=60) + y, "b": rng.normal(size=60), "y": y})
    table.to_csv(place / "t.csv", index=False)
    words = ["data=csv", f"data.path={place / 't.csv'}", "data.target=y", "trainer.epochs=1",
             "trainer.progress=none", "trainer.tensorboard=false", "model.hidden=[4]"]  # fmt: skip
    raw = [*words, "data.labels=raw", "loss=mse"]
    return {name: nnexp.run(w, root=place).folder for name, w in (("auto", words), ("raw", raw))}


@pytest.fixture
def folder(made, tmp_path):
    return Path(shutil.copytree(made["auto"], tmp_path / "run"))


def refused(folder, match, sign=True):
    if sign:
        write_manifest(folder, read_manifest(folder))
    started = time.monotonic()
    with pytest.raises(UserError, match=match) as caught:
        nnexp.load(folder)
    assert time.monotonic() - started < SECONDS
    lines = (caught.value.wrong, caught.value.allowed, caught.value.remedy)
    assert all(line and "\n" not in line for line in lines)
    assert "data." not in caught.value.remedy


def configure(folder, change):
    path = folder / "config.yaml"
    tree = yaml.safe_load(path.read_text())
    change(tree)
    path.write_text(yaml.safe_dump(tree))


def describe(folder, **about):
    known = {"format": 1, "inputs": 2, "classes": [0, 1], **about}
    save_file(load_file(folder / WEIGHTS), folder / WEIGHTS, {"nnexp": json.dumps(known)})


def test_the_folder_itself_loads(made, folder):
    describe(folder)
    write_manifest(folder, read_manifest(folder))
    for place in (folder, made["raw"]):
        model = nnexp.load(place)
        assert model.classes == [0, 1]
        assert np.isfinite(model.predict_proba(pd.DataFrame({"a": [0.0], "b": [1.0]}))).all()


# ------------------------------------------------------------------------------------- files
@pytest.mark.parametrize("name", [*LIMITS, "manifest.json"])
@pytest.mark.parametrize("kind", ["pipe", "device", "link", "folder", "missing"])
def test_only_regular_files_inside_the_folder_are_opened(folder, name, kind):
    path = folder / name
    outside = folder.parent / name
    path.rename(outside)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link":
        path.symlink_to(outside)
    elif kind == "folder":
        path.mkdir()
    refused(folder, name.replace(".", r"\."), sign=False)
    if name != "manifest.json":
        refused(folder, rf"{name}' is missing, or no regular file")


@pytest.mark.parametrize("name", LIMITS)
def test_a_flipped_bit_is_named(folder, name):
    path = folder / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    refused(folder, rf"{name}' is not what manifest\.json says", sign=False)


def test_a_file_that_the_manifest_does_not_know(folder):
    content = read_manifest(folder)
    del content["files"]["config.yaml"]
    (folder / "manifest.json").write_text(json.dumps(content))
    refused(folder, r"config\.yaml' is not what manifest\.json says", sign=False)


@pytest.mark.parametrize("name", LIMITS)
def test_large_files_are_not_read(folder, name):
    size = 40 << 30
    with (folder / name).open("ab") as file:
        file.truncate(size)  # sparse: it takes no disk
    content = read_manifest(folder)
    content["files"][name] = {"size": size, "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps(content))
    refused(folder, rf"{name}' is larger than {LIMITS[name]} bytes", sign=False)


def test_regular_files_alone_are_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes"):
        open_regular(path, 4)
    with pytest.raises(OSError, match="no regular file"):
        open_regular(tmp_path, 9)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none", 9)
    growing = Path("/proc/self/status")  # of size 0, and not empty
    if growing.exists():
        with pytest.raises(OSError, match="larger than 9 bytes"):
            read_regular(growing, 9)


LIMITED = """
import resource, sys
import nnexp, nnexp.saved_model
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + (512 << 20),) * 2)
try:
    nnexp.load(sys.argv[1])
except nnexp.UserError as error:
    print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space is limited so")
@pytest.mark.parametrize("name", ["config.yaml", WEIGHTS])
def test_memory_is_bounded(folder, name):
    """A config.yaml that never ends; weights of the right form and 3 GiB of the wrong shape."""
    path = folder / name
    if name == WEIGHTS:
        wide = 3 << 28
        header = json.dumps(
            {
                "__metadata__": {"nnexp": json.dumps({"inputs": 2, "classes": [0, 1]})},
                "layers.0.weight": {"dtype": "F32", "shape": [wide], "data_offsets": [0, 4 * wide]},
            }
        ).encode()
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        os.truncate(path, 8 + len(header) + 4 * wide)
        # hashing is not what is tried here: weights come after it
        code = "import nnexp.saved_model as p; p.check_files = lambda *_: None\n" + LIMITED.replace(
            "512 << 20",
            "4 << 30",  # the file is mapped, which counts, and not read
        )
        code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 < 2 << 30)\n"
        wrong = "saved weights lack"
    else:
        path.unlink()
        path.symlink_to("/dev/zero")
        code, wrong = LIMITED, "no regular file"
    done = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert wrong in done.stdout
    assert "False" not in done.stdout


# ------------------------------------------------------------------------------- config.yaml
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("seed: " + "1:" * 500_000 + "1\n", "more than 10000 characters"),
        ("seed: " + "1:" * 4000 + "1\n", "other keys"),  # a text, and read as one
        ("seed: " + "9" * 21 + "\n", "more than 20 digits"),
        ("a: !!int '1:1:1'\n", "tags"),
        ("a: !!timestamp 2001-01-01\n", "tags"),
        ("a: !!binary aaaa\n", "tags"),
        ("a: !x b\n", "tags"),
        ("&a []", "aliases"),
        ("a: *b\n", "aliases"),
        ("<<: {a: 1}\n", "other keys"),
        ("[" * 100_000, "nested deeper"),
        ("- " * 100_000, "nested deeper"),
        ("a: [" + "1," * 400_000 + "]\n", "more than 50000 values"),
        ("#" * (1 << 20) + "\n", "larger than"),
        ("\xff", "other keys|holds no keys"),
        ("? [a]\n: b\n", "constructing a mapping"),
    ],
    ids=range(16),
)
def test_yaml_is_plain_data_of_bounded_size(folder, text, wrong):
    (folder / "config.yaml").write_text(text)
    refused(folder, wrong)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda tree: tree.update(seed=10**30), "digits"),
        (lambda tree: tree["data"].update(drop=[10**400]), "digits"),
        (lambda tree: tree["model"].update(embedding_size=int("9" * 400)), "digits"),
        (lambda tree: tree["model"].update(embedding_size=10**19), None),
        (lambda tree: tree["model"].update(hidden=[10**19]), "saved weights"),
        (lambda tree: tree["model"].update(hidden=[10**9] * 1000), "saved weights"),
        (lambda tree: tree["model"].update(hidden=[1] * 1001), "list of length 1001"),
        (lambda tree: tree["model"].update(hidden=[1] * 80_000), "more than"),
        (lambda tree: tree["model"].update(outputs=10**18), "saved weights"),
        (lambda tree: tree["model"].update(activation="x" * 9999), "activation"),
        (lambda tree: tree["loss"].update(class_weight=[1] * 40_000), None),
        (lambda tree: tree["optimizer"].update(lr=float("nan")), "out of range"),
        (lambda tree: tree["data"].update(labels="raw"), "does not fit the configuration"),
        (lambda tree: tree["model"].update(outputs=1), "fewer|saved weights"),
    ],
    ids=range(14),
)
def test_values_out_of_bounds_are_refused(folder, change, wrong):
    configure(folder, change)
    if "labels: raw" in (folder / "config.yaml").read_text():
        describe(folder, classes=[5, 7])
    if wrong is None:  # nothing that this model uses
        write_manifest(folder, read_manifest(folder))
        started = time.monotonic()
        nnexp.load(folder)
        assert time.monotonic() - started < SECONDS
    else:
        refused(folder, wrong)


@pytest.mark.parametrize("width", ["9" * 400, "9" * 4000])
def test_a_width_that_no_float_holds_is_out_of_range(width):
    for key in ("model.embedding_size", "model.hidden"):
        with pytest.raises(UserError, match=key):
            compose([f"{key}={width}" if key.endswith("size") else f"{key}=[{width}]"])


def test_what_is_written_is_read_back(tmp_path):
    """Texts that other readers of YAML take for numbers, dates or truth values stay texts."""
    config = compose(["data=csv", "data.path=t.csv"])
    config.data.drop = [
        "12:30", "1:1:1.5", "1e5", "1.0e+5", "0x1F", "0o7", "017", "0189", "08.5", "1_000", "yes",
        "No", "null", "~", "", "true", "2001-01-01", "2001-01-01 10:00:00", "=", "<<", "&a", "*a",
        "!x", ".inf", "-.inf", ".nan", ".5", "5.", "+1", "-", "- a", "a: b", "#", "ü\u2028", "a\nb",
        "\t", " a ", "'", '"', "%", "@", "`", "{a}", "[", "1", "-1.5", "\U0001f600",
    ]  # fmt: skip
    config.seed = 2**63 - 1
    config.optimizer.lr = 1e-05
    config.loss.scale = -2.5
    config.reg.weight_decay = 1e300
    (tmp_path / "config.yaml").write_text(config_text(config), encoding="utf-8")
    assert read_config(tmp_path) == config


# --------------------------------------------------------------------------------- weights
HOSTILE_CLASSES = [
    "text", 1, None, [], [0], [0, 0], ["a", "a"], [0, 1.0], [True, 1], [0, None], [[0], [1]],
    [{}, {}], [float("nan"), 0.5], [0.5, float("inf")], ["a", 1], ["a", "\ud800"],
]  # fmt: skip


@pytest.mark.parametrize("classes", HOSTILE_CLASSES, ids=repr)
def test_classes_are_distinct_and_finite(folder, classes):
    describe(folder, classes=classes)
    refused(folder, "which classes")


@pytest.mark.parametrize(
    "classes", [["a", "b"], [float("nan"), 1.0], [0, 10**400], [0.0, 1e300], [-(10**50), 1]]
)
def test_raw_labels_are_bounded_numbers(made, tmp_path, classes):
    copy = Path(shutil.copytree(made["raw"], tmp_path / "raw"))
    describe(copy, classes=classes)
    refused(copy, "which classes")


@pytest.mark.parametrize(
    "about", ["[" * 100_000, "", "{", "[]", "null", '{"classes": 1}', "1" * 9999]
)
def test_a_description_is_a_few_keys(folder, about):
    save_file(load_file(folder / WEIGHTS), folder / WEIGHTS, {"nnexp": about})
    refused(folder, "has no description|which classes")


def test_a_description_has_a_length(folder):
    describe(folder, more="x" * (1 << 20))
    refused(folder, "too long a description")


@pytest.mark.parametrize("inputs", [None, True, 2.0, "2", 3, -1, 10**30])
def test_inputs_are_those_of_the_preprocessing(folder, inputs):
    describe(folder, inputs=inputs)
    refused(folder, "which classes|preprocessing")


@pytest.mark.parametrize("name", [WEIGHTS, "preprocess.safetensors"])
@pytest.mark.parametrize("size", [LARGEST_HEADER + 1, 2**63, 2**64 - 1, 0, 10_000])
def test_the_size_of_a_header_is_held_against_the_file(folder, name, size):
    path = folder / name
    path.write_bytes(size.to_bytes(8, "little") + path.read_bytes()[8:])
    refused(folder, f"{name}.*cannot be read|preprocessing in .* cannot be read")


def test_deep_nesting_in_any_file(folder):
    for name in ("preprocess.json", "manifest.json"):
        copy = Path(shutil.copytree(folder, folder.parent / name))
        (copy / name).write_text("[" * 100_000)
        refused(copy, "cannot be read|cannot read", sign=name != "manifest.json")


def test_neighbours_are_no_more_than_training_keeps():
    plain = {"estimator": "KNNImputer", "state": {"_fit_X": {"array": "x"}}}
    with pytest.raises(DamagedError, match="10001 rows"):
        from_plain(plain, {"x": np.zeros((10_001, 1))})


def test_a_run_that_has_not_finished_is_refused(tmp_path, folder):
    (folder / "manifest.json").unlink()
    refused(folder, "no folder of a finished run", sign=False)
    refused(tmp_path / "none", "no folder of a finished run", sign=False)


HOSTILE_WORDS = [
    "hydra.searchpath=[pkg://never_imported]",
    "+hydra.searchpath=[pkg://never_imported]",
    "hydra/launcher=never_imported",
    "model=../../never/evil",
    "+model/evil@model=x",
    "model=custom",
    "model._target_=never_imported.Net",
    "model.hidden=${oc.env:HOME}",
    "--config-dir=never",
]


@pytest.mark.parametrize("word", HOSTILE_WORDS)
def test_words_that_can_run_code_are_left_out(folder, word):
    honest = read_typed(folder)
    path = folder / "overrides.yaml"
    path.write_text(yaml.safe_dump([*honest, word]))
    assert read_typed(folder) == honest
    assert read_typed(folder, trust=True) == [*honest, word]


def test_a_diagnosis_composes_nothing_that_a_stranger_typed(folder, tmp_path, monkeypatch):
    """An option of the folder's own that names a class, found along a search path of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    own = folder / "conf" / "model"
    own.mkdir(parents=True)
    (folder / "evil.py").write_text("open('was_run', 'w').close()\nclass Net: pass\n")
    (own / "m_sgd.yaml").write_text("defaults: [schema_custom]\n_target_: run.evil.Net\n")
    (own / "m_adam.yaml").write_text("defaults: [mlp]\nhidden: [4]\n")
    words = yaml.safe_load((folder / "overrides.yaml").read_text())
    words = [word for word in words if not word.startswith("model.")]
    words += [f"hydra.searchpath=[file://{folder / 'conf'}]", "model=m_${optimizer}"]
    (folder / "overrides.yaml").write_text(yaml.safe_dump(words))
    nnexp.diagnose(folder, probe=True, seeds=2)
    nnexp.diagnose(folder, prove=True, seeds=2)
    assert not Path("was_run").exists()


CODES = "\x1b]0;mine\x07\r\n\x9b2J\u202e"


def steers(text):
    return [c for c in text.replace("\n", "") if not c.isprintable()]


def lose_table(folder):
    """Let the table of a run be elsewhere."""
    configure(folder, lambda tree: tree["data"].update(path=str(folder / "none.csv")))


def tell(folder, **changes):
    """A diagnosis that had the table, its one finding changed."""
    found = {"cause": "lr_too_low", "verdict": "suspected", "title": "t", "explanation": "e",
             "evidence": [{"signal": "s", "value": 1.0, "expected": "1"}], "fix": [],
             "proof": None}  # fmt: skip
    known = {"accuracy": 0.5, "possible": 0.9, "rows": 12, "behind": True}
    content = {"findings": [found], "scores": {"valid": known}}
    for key, value in changes.items():
        (found if key in found else content)[key] = value
    (folder / "diagnosis.json").write_text(json.dumps(content))


PROOF = {"metric": "accuracy/val", "before": 0.5, "after": 0.9, "gain": 0.4, "ci95": [0.3, 0.5],
         "p": 0.01, "seeds": 5, "seconds": 1.0}  # fmt: skip
PROBE = {"name": "n", "fix": [], "metric": "m", "value": 0.5, "gain": None, "ci95": None,
         "meaning": "m"}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"fix": [[1]]},
        {"fix": "a.b=1"},
        {"cause": ["lr_too_low"]},
        {"cause": "bad_luck"},
        {"verdict": "certain"},
        {"verdict": "confirmed"},
        {"title": 1},
        {"explanation": None},
        {"evidence": []},
        {"evidence": [{"signal": "s", "value": {}, "expected": "1"}]},
        {"evidence": [{"signal": "s", "value": [[[[]]]], "expected": "1"}]},
        {"evidence": [{"signal": 1, "value": 1, "expected": "1"}]},
        {"proof": {**PROOF, "before": "x"}},
        {"proof": {**PROOF, "gain": 10**400}},
        {"proof": {**PROOF, "ci95": [0.1]}},
        {"proof": {**PROOF, "seeds": 5.5}},
        {"proof": {**PROOF, "metric": "accuracy/val, as three laboratories have it"}},
        {"proof": {**PROOF, "gain": 0.3}},
        {"proof": {**PROOF, "after": 1.5}},
        {"proof": {**PROOF, "ci95": [0.5, 0.6]}},
        {"proof": {**PROOF, "ci95": [None, 0.6]}},
        {"proof": {**PROOF, "p": 2}},
        {"proof": {**PROOF, "seeds": 1}},
        {"proof": {}},
        {"scores": {"valid": {"accuracy": "x", "possible": 0.9, "rows": 12}}},
        {"scores": {"valid": {"accuracy": 0.5}}},
        {"scores": {"valid": 1}},
        {"scores": [1]},
        {"probes": [{**PROBE, "value": "x"}]},
        {"probes": [{**PROBE, "ci95": ["a", "b"], "gain": 0.1}]},
        {"probes": [1]},
        {"notes": 1},
        {"checked": [None]},
        {"explained": 1},
        {"restores": [1]},
        {"cautions": "x"},
    ],
    ids=repr,
)
def test_a_diagnosis_of_another_form_is_none(folder, changes):
    tell(folder)
    read_diagnosis(folder)
    tell(folder, **changes)
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read_diagnosis(folder)
    found = Diagnosis([])
    assert with_earlier_proofs(found, folder) is found


def test_of_an_earlier_diagnosis_only_the_proof_is_taken_over(folder):
    own = nnexp.diagnose(folder).findings[0]
    same = {"cause": own.cause, "fix": list(own.fix), "verdict": "confirmed", "proof": PROOF}
    tell(folder, title="mine", explanation="mine", **same, restores=[*own.fix, "a.b=mine"])
    again = nnexp.diagnose(folder).diagnosis
    (told,) = (finding for finding in again.findings if finding.cause == own.cause)
    assert told == own.with_proof(told.proof, "confirmed")
    assert told.proof.gain == 0.4
    assert again.restores == ()
    tell(folder, **same, restores=[*own.fix])
    assert nnexp.diagnose(folder).restores == own.fix


@pytest.mark.parametrize(
    "own", [{"p": 0.2}, {"after": PROOF["before"], "gain": 0.0, "ci95": [0, 0]}]
)
def test_no_earlier_proof_convicts_by_what_it_does_not_show(folder, own):
    found = nnexp.diagnose(folder).findings[0]
    same = {"cause": found.cause, "fix": list(found.fix), "verdict": "confirmed"}
    tell(folder, **same, proof={**PROOF, **own})
    again = nnexp.diagnose(folder).findings
    (told,) = (finding for finding in again if finding.cause == found.cause)
    assert told.proof.p == own.get("p", PROOF["p"])
    assert told.verdict == found.verdict == "suspected"


@pytest.mark.parametrize("data", [None, [], {}, {"columns": 3}])
def test_a_manifest_that_tells_nothing_of_the_table(folder, data, capsys):
    configure(folder, lambda tree: tree["data"].update(header=False))
    content = read_manifest(folder)
    content.pop("data")
    write_manifest(folder, content if data is None else {**content, "data": data})
    (folder.parent / "t.csv").write_text("0,1,2\n1,0,3\n")
    with pytest.raises(UserError):
        predict.main([str(folder), str(folder.parent / "t.csv")])


def test_nothing_steers_the_terminal(folder, capsys):
    reason = f"Ctrl-C{CODES}now"
    (folder / "status.json").write_text(json.dumps({"status": "interrupted", "reason": reason}))
    (folder / "overrides.yaml").write_text(yaml.safe_dump([f"data.drop=['{CODES}']"]))
    lose_table(folder)
    evidence = [{"signal": CODES, "value": CODES, "expected": CODES}]
    probe = {**PROBE, "name": CODES, "metric": CODES, "meaning": CODES}
    tell(folder, title=CODES, evidence=evidence, fix=[f"a.b={CODES}"], proof=PROOF,
         explained=CODES, cautions=[CODES], restores=[f"a.b={CODES}"], probes=[probe])  # fmt: skip
    assert diagnose_command([str(folder)]) == 0
    write_manifest(folder, read_manifest(folder))
    (folder / "t.csv").write_text("a,b\n0,1\n")
    assert predict.main([str(folder), str(folder / "t.csv")]) == 0
    out, err = capsys.readouterr()
    assert "Ctrl-C" in out
    assert "Ctrl-C" in err
    assert not steers(out + err)
    for text in (nnexp.diagnose(folder), nnexp.diagnose(folder).diagnosis):
        assert not steers(str(text))


def test_a_diagnosis_downloads_nothing_that_a_stranger_names(folder, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **options: asked.append(options))
    own = config_text(compose(["data=openml", "data.id=61", f"data.cache={folder.parent}"]))
    configure(folder, lambda tree: tree.update(data=yaml.safe_load(own)["data"]))
    assert diagnose_command([str(folder)]) == 0
    assert "the table is of openml.org" in capsys.readouterr().err
    for more in ({"probe": True}, {"prove": True}):
        with pytest.raises(UserError, match=r"the table is of openml\.org") as caught:
            nnexp.diagnose(folder, **more)
        (flag,) = more
        assert caught.value.remedy == f"nnexp diagnose {folder} --{flag} --trust"
    assert not asked
    with pytest.raises(AttributeError):  # what stands for the table is none
        nnexp.diagnose(folder, trust=True)
    assert [options["data_home"] for options in asked] == [str(folder.parent)]


def test_a_resume_downloads_nothing_that_a_stranger_names(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **options: asked.append(options))
    own = config_text(compose(["data=openml", "data.id=61", f"data.cache={folder.parent}"]))
    configure(folder, lambda tree: tree.update(data=yaml.safe_load(own)["data"]))
    write_status(folder, "interrupted")
    with pytest.raises(UserError, match=r"the table is of openml\.org") as caught:
        nnexp.resume(folder)
    assert caught.value.remedy == f"nnexp resume {folder} --trust"
    assert not asked
    with pytest.raises(AttributeError):  # what stands for the table is none
        nnexp.resume(folder, trust=True)
    assert [options["data_home"] for options in asked] == [str(folder.parent)]


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_diagnosis_writes_nothing_outside_the_folder(folder, tmp_path, kind):
    """A page of re-runs is added to the last event file, which is elsewhere."""
    configure(folder, lambda tree: tree["trainer"].update(tensorboard=True))
    elsewhere, events = tmp_path / "elsewhere", folder / "events.out.tfevents.9999999999"
    elsewhere.write_text("mine")
    os.mkfifo(events) if kind == "pipe" else events.symlink_to(elsewhere)
    for more in ({}, {"probe": True}, {"prove": True}):
        with pytest.raises(UserError, match="is a link, or no regular file"):
            nnexp.diagnose(folder, seeds=2, **more)
    assert elsewhere.read_text() == "mine"


def test_a_change_brings_in_no_class():
    base = compose(["data=iris"])
    assert changed(base, [], ["model=custom", "model._target_=never_imported.Net"]) is None
    assert changed(base, [], ["optimizer=sgd"]) is not None


def test_words_that_are_none(folder):
    bomb = "- &a [x, x, x, x]\n- &b [*a, *a, *a, *a]\n- [*b, *b]\n"
    for text in (bomb, "[1, 2]", "{a: b}", "- !!python/name:os.system x", "\0", "- [a]"):
        (folder / "overrides.yaml").write_text(text)
        assert read_typed(folder) is None
    (folder / "overrides.yaml").unlink()
    (folder / "overrides.yaml").symlink_to("/etc/hostname")
    assert read_typed(folder) is None


def test_a_history_is_no_link(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere.csv"
    (folder / "history.csv").rename(elsewhere)
    (folder / "history.csv").symlink_to(elsewhere)
    with pytest.raises(UserError, match="history"):
        read_history(folder)
