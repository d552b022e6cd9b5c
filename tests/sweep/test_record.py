"""sweep.yaml: what was typed, and what of it a stranger's folder may not say."""

import time

import pytest
import yaml

from nnexp.errors import UserError
from nnexp.sweep.record import read_record, write_record
from nnexp.track.folder import SWEEP_FILE


def test_the_words_come_back_without_what_a_resume_says_anew(tmp_path):
    words = ["-m", "data=wine", "seed=range(3)", "sweep.dry_run=false", "hydra.sweep.dir=x"]
    write_record(tmp_path, [*words, "sweep.processes=1", "sweep.resume=y"])
    assert read_record(tmp_path) == ["data=wine", "seed=range(3)", "sweep.processes=1"]


@pytest.mark.parametrize(
    "word",
    [
        "--config-dir=evil",
        "--config-dir",
        "evil",
        "hydra.callbacks.x._target_=os.system",
        "+hydra.callbacks.x._target_=os.system",
        "model=custom",
        "model=mlp,custom",
        "model._target_=os.system",
        "data@hydra.callbacks=evil",
        "data.path=${oc.env:SECRET}",
        "~hydra.run",
        "sweep.params={hydra.searchpath: [[file://evil/conf]], model: [evil]}",
        "sweep.params=[{seed: [1]}, {hydra.searchpath: [x]}]",
        "+sweep.params={model: [mlp, custom]}",
        "sweep.params={model: custom}",
        "sweep.params={model._target_: [os.system]}",
        "sweep.params={model: {_target_: os.system}}",
        "sweep.params={hydra: {searchpath: [x]}}",
        "sweep.params.hydra.searchpath=[x]",
        "+sweep.params.model=[custom]",
        "sweep.params={data.path: ['${oc.env:SECRET}']}",
        "sweep.params={model: [../evil]}",
    ],
)
def test_words_that_may_run_code_need_trust(tmp_path, word):
    write_record(tmp_path, ["data=wine", word])
    with pytest.raises(UserError) as error:
        read_record(tmp_path)
    assert "--trust" in error.value.remedy
    assert read_record(tmp_path, trust=True) == ["data=wine", word]


@pytest.mark.parametrize("word", ["hydra/launcher=joblib", "+hydra.launcher.n_jobs=2"])
def test_a_launcher_is_none_of_what_a_sweep_is(tmp_path, word):
    write_record(tmp_path, ["data=wine", word])
    assert read_record(tmp_path) == ["data=wine"]
    (tmp_path / "sweep.yaml").write_text(f"format_version: 1\nwords: [data=wine, {word}]\n")
    with pytest.raises(UserError, match="may run code"):
        read_record(tmp_path)
    assert read_record(tmp_path, trust=True) == ["data=wine"]


@pytest.mark.parametrize(
    "word",
    [
        "data=openml",
        "data=wine,openml",
        "+data=openml",
        "sweep.params={data: [wine, openml]}",
        "data=glob(o*)",
    ],
)
def test_tables_that_are_downloaded_need_trust(tmp_path, word):
    write_record(tmp_path, [word, "data.id=61"])
    with pytest.raises(UserError, match="which downloads a table") as error:
        read_record(tmp_path)
    assert error.value.remedy.endswith("--trust")
    assert read_record(tmp_path, trust=True) == [word, "data.id=61"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "words: []",
        "format_version: 2\nwords: []",
        "format_version: 1\nwords: [1]",
        "format_version: 1\nwords: a",
        "format_version: 1\nwords: !!python/object/apply:os.system [echo]",
        "[" * 5000,
        "\x00",
    ],
)
def test_a_damaged_record(tmp_path, content):
    (tmp_path / SWEEP_FILE).write_text(content)
    with pytest.raises(UserError, match="damaged"):
        read_record(tmp_path)


ALIASES = "".join(
    f"a{place}: &a{place} {{<<: [{', '.join([f'*a{place - 1}'] * 9)}]}}\n" for place in range(1, 12)
)


@pytest.mark.parametrize(
    "more",
    [
        "x: " + "59:" * 200_000 + "1",
        "a0: &a0 {k: 1}\n" + ALIASES,
        "x: [" + "1," * 200_000 + "1]",
        "x: " + "1" * 500_000,
    ],
    ids=["base 60", "aliases", "values", "digits"],
)
def test_a_record_that_would_take_long_is_refused_at_once(tmp_path, more):
    (tmp_path / SWEEP_FILE).write_text(f"format_version: 1\nwords: []\n{more}\n")
    started = time.monotonic()
    if more.startswith("x: 59"):  # a text, which nothing asks for
        assert read_record(tmp_path) == []
    else:
        with pytest.raises(UserError, match="damaged"):
            read_record(tmp_path)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "word",
    [
        *("yes", "12", "1:30", "~", "=", "<<", "a: b", "- c", "&a", "!t", "0x1F", "1e5", ".5"),
        *("null", "", " a ", "a\nb", "tab\t", "ü'\"", "#c"),
        "optimizer.lr=" + ",".join(["0.125"] * 20_000),
    ],
)
def test_any_word_comes_back(tmp_path, word):
    write_record(tmp_path, [word, "data=wine"])
    assert read_record(tmp_path, trust=True) == [word, "data=wine"]


def test_no_record(tmp_path):
    with pytest.raises(UserError, match="no sweep"):
        read_record(tmp_path)


def test_it_is_plain_yaml(tmp_path):
    write_record(tmp_path, ["data.path=größe.csv"])
    content = yaml.safe_load((tmp_path / SWEEP_FILE).read_text(encoding="utf-8"))
    assert content == {"format_version": 1, "words": ["data.path=größe.csv"]}


def test_harmless_words_need_no_trust(tmp_path):
    words = [
        "sweep.params={optimizer.lr: [0.1, 0.01], model: [mlp, linear]}",
        "sweep.params=[{seed: [1]}, {reg.l2: [0, 1]}]",
        "sweep=lr",
        "sweep.n=3",
    ]
    write_record(tmp_path, words)
    assert read_record(tmp_path) == words
