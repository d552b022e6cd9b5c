"""What of a sweep is finished: by the content of the configuration, with all files whole."""

from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from nnexp.config.compose import compose
from nnexp.config.saved import config_text, overrides_text
from nnexp.errors import UserError
from nnexp.runs.jobs import Job, content_id
from nnexp.sweep.chunk import Chunk, Work
from nnexp.sweep.finished import check_tables, take_finished
from nnexp.sweep.record import write_record
from nnexp.sweep.waiting import announce
from nnexp.track.folder import DIAGNOSIS_FILE, REPORT_FILE, write_json, write_text
from nnexp.track.manifest import write_manifest
from nnexp.track.status import write_status


def leave(folder, words, status="done", loss=0.5, facts=None):
    """A run folder as a run leaves it."""
    folder.mkdir(parents=True)
    write_text(folder / "config.yaml", config_text(compose(words)))
    write_json(folder / "metrics.json", {"best_epoch": 1, "val": {"loss": loss}, "test": None})
    write_manifest(folder, facts or {})
    write_status(folder, status, None if status == "done" else "odd")


def jobs(sweep, *settings):
    return [
        Job(number, sweep / str(number), list(words), compose(words))
        for number, words in enumerate(settings)
    ]


def test_a_finished_job_takes_its_folder_whatever_its_number(tmp_path):
    leave(tmp_path / "5", ["seed=1"], loss=0.25)
    leave(tmp_path / "6", ["seed=2"], status="diverged")
    first, second, third = own = jobs(tmp_path, ["seed=2"], ["seed=1"], ["seed=3"])
    assert take_finished(own, tmp_path) == [third]
    assert (second.folder, second.status, second.score) == (tmp_path / "5", "done", 0.25)
    assert (first.folder.name, first.status, first.reason) == ("6", "diverged", "odd")
    assert third.folder == tmp_path / "2"
    assert [job.number for job in own] == [6, 5, 2]


def test_a_number_is_that_of_a_folder_of_the_sweep_itself(tmp_path):
    leave(tmp_path / "mlp" / "7", ["seed=1"])
    leave(tmp_path / "1", ["seed=5"])
    first, second = own = jobs(tmp_path, ["seed=1"], ["seed=2"])
    assert take_finished(own, tmp_path) == [second]
    assert (first.folder, first.number) == (tmp_path / "mlp" / "7", 0)
    assert (second.folder, second.number) == (tmp_path / "8", 8)


@pytest.mark.parametrize("status", ["running", "failed", "interrupted"])
def test_what_is_not_finished_is_run_again_in_its_folder(tmp_path, status):
    leave(tmp_path / "1", ["seed=1"], status=status)
    (job,) = own = jobs(tmp_path, ["seed=1"])
    assert take_finished(own, tmp_path) == [job]
    assert job.folder == tmp_path / "1"


def test_a_damaged_file_makes_it_unfinished(tmp_path):
    leave(tmp_path / "0", ["seed=1"])
    (tmp_path / "0" / "metrics.json").write_text("{}")
    (job,) = own = jobs(tmp_path, ["seed=1"])
    assert take_finished(own, tmp_path) == [job]


def test_what_a_diagnosis_writes_makes_nothing_unfinished(tmp_path):
    leave(tmp_path / "0", ["seed=1"])
    for name in (DIAGNOSIS_FILE, REPORT_FILE):  # as it is killed before the manifest is renewed
        write_text(tmp_path / "0" / name, "before")
    write_manifest(tmp_path / "0", {})
    for name in (DIAGNOSIS_FILE, REPORT_FILE):
        write_text(tmp_path / "0" / name, "after")
    (job,) = own = jobs(tmp_path, ["seed=1"])
    assert take_finished(own, tmp_path) == []
    assert job.status == "done"


def ruin(folder, words, overrides):
    leave(folder, words)
    config = folder / "config.yaml"
    config.write_text(config.read_text()[:200])
    write_text(folder / "overrides.yaml", overrides_text(overrides))


def test_a_job_whose_configuration_is_damaged_is_replaced(tmp_path):
    ruin(tmp_path / "7", ["seed=1"], ["seed=1"])
    ruin(tmp_path / "8", ["seed=2"], ["seed=2"])
    (tmp_path / "8" / "config.yaml").unlink()
    first, second = own = jobs(tmp_path, ["seed=2"], ["seed=1"])
    assert take_finished(own, tmp_path) == own
    assert (first.folder.name, second.folder.name) == ("8", "7")


def test_what_is_damaged_and_none_of_the_sweep_stays(tmp_path):
    ruin(tmp_path / "0", ["seed=1"], ["seed=1", "optimizer=sgd"])
    leave(tmp_path / "1", ["seed=3"])
    write_text(tmp_path / "1" / "overrides.yaml", overrides_text(["seed=1"]))
    (job,) = own = jobs(tmp_path, ["seed=1"])
    assert take_finished(own, tmp_path) == [job]
    assert job.folder == tmp_path / "2"


def test_a_folder_that_another_run_has_is_not_taken(tmp_path):
    leave(tmp_path / "0", ["seed=1"])
    (job,) = own = jobs(tmp_path, ["seed=2"])
    assert take_finished(own, tmp_path) == [job]
    assert job.folder == tmp_path / "1"


@pytest.mark.matrix(12)
@pytest.mark.parametrize("steps", range(12))
@pytest.mark.parametrize("announced", [False, True], ids=["new", "announced"])
def test_a_job_that_is_killed_while_it_begins_keeps_its_folder(
    tmp_path, monkeypatch, announced, steps
):
    """Its process ends after any number of the steps by which files appear or go."""
    first, second = jobs(tmp_path, ["seed=1"], ["seed=2"])
    if announced:
        for job in (first, second):
            announce(job)

    class KilledError(BaseException):
        pass

    done = [0]

    def counted(function):
        def step(*given, **options):
            if done[0] == steps:
                raise KilledError
            done[0] += 1
            return function(*given, **options)

        return step

    for name in ("replace", "unlink", "mkdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    monkeypatch.setattr("nnexp.sweep.chunk.notes", lambda config, dataset: [])
    work = Work([first, second], {0: None}, [], {})
    with ExitStack() as context, suppress(KilledError):
        work._task(0, Chunk((0,), 0, 1), context)
    monkeypatch.undo()
    again = jobs(tmp_path, ["seed=1"], ["seed=2"])
    assert take_finished(again, tmp_path) == again
    assert [job.folder.name for job in again] == ["0", "1"]


def test_a_folder_with_more_than_a_log_is_not_taken(tmp_path):
    for name, files in (("0", ["train.log", ".config.yaml.12ab.tmp"]), ("1", ["notes.txt"])):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text("mine")
    (tmp_path / "2").symlink_to(tmp_path / "0")
    own = jobs(tmp_path, ["seed=0"], ["seed=1"], ["seed=2"])
    take_finished(own, tmp_path)
    assert [job.folder.name for job in own] == ["0", "3", "4"]


def test_equal_jobs_take_a_folder_each(tmp_path):
    leave(tmp_path / "0", ["seed=1"])
    first, second = own = jobs(tmp_path, ["seed=1"], ["seed=1"])
    assert take_finished(own, tmp_path) == [second]
    assert first.folder != second.folder


CSV = ["data=csv", "data.path=t.csv", "data.target=y"]


@pytest.mark.parametrize(
    ("facts", "words", "refused"),
    [
        ({"data": {"fingerprint": "b"}}, CSV, True),
        ({"data": {"fingerprint": "a"}}, CSV, False),
        ({}, CSV, False),  # of a run that does not tell
        ({"data": "b"}, CSV, False),
        ({"data": {"fingerprint": "b"}}, [*CSV, "data.path=other.csv"], False),
        ({"data": {"fingerprint": "b"}}, ["data=iris"], False),  # which no file brings
    ],
)
def test_the_tables_of_finished_jobs_are_those_of_the_others(tmp_path, facts, words, refused):
    write_record(tmp_path, ["-m", "seed=0,1"])
    leave(tmp_path / "0", words, facts=facts)
    (finished,) = jobs(tmp_path, words)
    (going,) = jobs(tmp_path, [*CSV, "seed=1"] if words != ["data=iris"] else ["data=iris"])
    dataset = SimpleNamespace(summary={"source": "t.csv", "fingerprint": "a"})
    with pytest.raises(UserError, match="has changed") if refused else nullcontext() as caught:
        check_tables([finished], [(going, dataset)], tmp_path)
    assert not refused or caught.value.remedy == "nnexp train -m seed=0,1"


def test_other_things_in_the_folder_do_not_matter(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "leaderboard.csv").write_text("")
    (job,) = own = jobs(tmp_path, ["seed=1"])
    assert take_finished(own, tmp_path) == [job]


def test_the_content_of_a_configuration():
    assert content_id(compose(["seed=1"])) == content_id(compose(["seed=1"]))
    assert content_id(compose(["seed=1"])) != content_id(compose(["seed=2"]))


def test_folders_within_folders_are_found(tmp_path):
    leave(tmp_path / "mlp" / "0", ["seed=1"], loss=0.25)
    leave(tmp_path / ".hidden", ["seed=2"])
    first, second = own = jobs(tmp_path, ["seed=1"], ["seed=2"])
    assert take_finished(own, tmp_path) == [second]
    assert (first.folder, first.score) == (tmp_path / "mlp" / "0", 0.25)


def test_a_run_from_before_a_key_was_added_is_finished_all_the_same(tmp_path):
    words = ["data=csv", "data.path=a.csv", "data.target=y"]
    leave(tmp_path / "0", words)
    config = tmp_path / "0" / "config.yaml"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if line.strip() != "header: true"))
    write_manifest(tmp_path / "0", {})
    assert take_finished(jobs(tmp_path, words), tmp_path) == []
    other = jobs(tmp_path, [*words, "data.header=false"])
    assert take_finished(other, tmp_path) == other
