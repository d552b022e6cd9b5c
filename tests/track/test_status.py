from pathlib import Path

import pytest

from nnexp.errors import UserError
from nnexp.track.status import STATES, overwrite_status, read_status, write_status


@pytest.mark.parametrize("status", STATES)
def test_status_reads_back(tmp_path: Path, status: str) -> None:
    write_status(tmp_path, status)
    assert read_status(tmp_path) == {"status": status, "reason": None}


def test_reason_is_one_line(tmp_path: Path) -> None:
    write_status(tmp_path, "running")
    write_status(tmp_path, "diverged", "loss is nan\n  in epoch 3")
    assert read_status(tmp_path) == {"status": "diverged", "reason": "loss is nan in epoch 3"}


def test_unknown_status_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'finished'"):
        write_status(tmp_path, "finished")


@pytest.mark.parametrize("text", ["[]", '{"status": "finished"}', '{"status": ["done"]}', "{}"])
def test_unknown_content_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "status.json").write_text(text)
    with pytest.raises(UserError, match=r"status\.json"):
        read_status(tmp_path)


def test_missing_status_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"status\.json"):
        read_status(tmp_path)


def test_a_status_is_written_over_in_the_room_that_it_has(tmp_path: Path) -> None:
    write_status(tmp_path, "running", "x" * 200)
    overwrite_status(tmp_path, "failed", "the disk is full")
    assert read_status(tmp_path) == {"status": "failed", "reason": "the disk is full"}
    write_status(tmp_path, "running")
    overwrite_status(tmp_path, "failed", "the disk is full")
    assert read_status(tmp_path) == {"status": "failed", "reason": "the disk is full"}
    overwrite_status(tmp_path / "none", "failed", "the disk is full")
    assert not (tmp_path / "none").exists()
