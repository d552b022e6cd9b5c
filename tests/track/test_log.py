import errno
import logging
import re
from pathlib import Path

import pytest

from nnexp.errors import UserError
from nnexp.track.log import open_log


def test_lines_have_times_and_levels(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.debug("unseen")
        log.info("epoch %d", 3)
        log.warning("label %s", "zł\udce9")
    first, second = (tmp_path / "train.log").read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO    epoch 3", first)
    assert second.endswith(r"WARNING label zł\udce9")


def test_nothing_is_left_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    known = set(logging.Logger.manager.loggerDict)
    root = list(logging.getLogger().handlers), logging.getLogger().level
    with open_log(tmp_path) as log:
        log.error("once")
        handlers = list(log.handlers)
    assert set(logging.Logger.manager.loggerDict) == known
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == root
    assert not log.handlers
    assert len(handlers) == 1
    assert not caplog.records


def test_runs_side_by_side_do_not_mix(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    with open_log(tmp_path / "a") as a, open_log(tmp_path / "b") as b:
        a.info("first")
        b.info("second")
    assert (tmp_path / "a" / "train.log").read_text().endswith("first\n")
    assert "first" not in (tmp_path / "b" / "train.log").read_text()


def test_a_bug_leaves_its_traceback_and_a_resumed_run_continues(tmp_path: Path) -> None:
    def crash() -> None:
        with open_log(tmp_path):
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        crash()
    with open_log(tmp_path) as log:
        log.info("again")
    text = (tmp_path / "train.log").read_text()
    assert "Traceback" in text
    assert "ERROR   ZeroDivisionError: a bug" in text
    assert text.endswith("again\n")


@pytest.mark.parametrize("error", [UserError("w", "a", "t"), KeyboardInterrupt()])
def test_no_traceback_for_what_is_no_bug(tmp_path: Path, error: BaseException) -> None:
    def stop() -> None:
        with open_log(tmp_path):
            raise error

    with pytest.raises(type(error)):
        stop()
    text = (tmp_path / "train.log").read_text()
    assert type(error).__name__ in text
    assert "Traceback" not in text


def test_a_full_disk_is_no_bug(tmp_path: Path, monkeypatch) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space left"), open_log(tmp_path):
        raise full
    assert "Traceback" not in (tmp_path / "train.log").read_text()

    def append(path, content):
        raise OSError(errno.ENOSPC, "another")

    own = open_log(tmp_path)
    own.__enter__()
    monkeypatch.setattr("nnexp.track.log.append", append)
    assert not own.__exit__(OSError, full, None)  # it is the first that goes on
