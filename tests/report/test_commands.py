"""The commands of runs, those of a resumed sweep by what was typed to start it."""

import pytest
import yaml

from nnexp.leaderboard import read_records
from nnexp.report.commands import commands_of

RESUME = "nnexp resume outputs/s"
WORDS = ["data=wine", "seed=range(2)", "data.path=/home/me/t.csv"]


def told(tmp_path, add, *commands, words=WORDS):
    for number in range(len(commands)):
        add(number, seed=number)
    if words is not None:
        record = yaml.safe_dump({"format_version": 1, "words": words})
        (tmp_path / "sweep" / "sweep.yaml").write_text(record)
        (tmp_path / "sweep" / "multirun.yaml").write_text("")
    records = read_records([tmp_path / "sweep"])
    return commands_of([(r, {"command": c}) for r, c in zip(records, commands, strict=True)])


def test_a_resumed_sweep_is_told_by_its_words(tmp_path, add):
    typed = "nnexp train -m data=wine 'seed=range(2)' data.path=t.csv"
    assert told(tmp_path, add, RESUME, RESUME) == [typed]


def test_what_is_told_already_is_not_told_again(tmp_path, add):
    typed = "train.py -m 'seed=range(2)' data=wine data.path=/home/me/t.csv hydra.sweep.dir=/x"
    expected = ["nnexp train -m 'seed=range(2)' data=wine data.path=t.csv"]
    assert told(tmp_path, add, RESUME, typed) == expected


def test_a_resume_of_a_run_or_without_a_record_stays(tmp_path, add):
    assert told(tmp_path, add, RESUME, words=None) == ["nnexp resume outputs/s"]
    assert commands_of([]) == []


def test_a_damaged_record_says_nothing(tmp_path, add):
    assert told(tmp_path, add, RESUME, words="odd") == ["nnexp resume outputs/s"]


WAYS = [
    "nnexp train -m data=wine 'seed=range(2)' data.path=t.csv --config-dir my",
    "/some/where/train.py data=wine --config-dir my -m 'seed=range(2)' data.path=t.csv",
    "python train.py --multirun data=wine 'seed=range(2)' data.path=/x/t.csv --config-dir my",
    "nnexp.multirun data=wine 'seed=range(2)' data.path=t.csv hydra.sweep.dir=a --config-dir my",
    "train.py -m data=wine 'seed=range(2)' data.path=t.csv --config-dir my sweep.resume=moved/d1",
]


@pytest.mark.parametrize("typed", WAYS)
def test_one_sweep_is_told_alike_however_it_was_called(tmp_path, add, typed):
    assert told(tmp_path, add, typed, typed.replace("moved", "again")) == WAYS[:1]


@pytest.mark.parametrize("typed", ["nnexp.run data=wine", "train.py data=wine"])
def test_a_run_is_told_by_the_command(tmp_path, add, typed):
    assert told(tmp_path, add, typed) == ["nnexp train data=wine"]
