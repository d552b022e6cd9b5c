"""train.log: what a run did and when, in a file of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nnexp.errors import UserError
from nnexp.files import is_full
from nnexp.track.folder import append

FILE = "train.log"


@contextmanager
def open_log(folder: str | Path, level: int = logging.INFO) -> Iterator[logging.Logger]:
    """Give a logger that writes to a run's train.log, and close it at the end.

    The logger is known to nobody else: it is not registered with the logging module, passes
    nothing on, and leaves no handler and no setting behind. An exception that passes through is
    written, a bug's with its traceback, and goes on.

    Arguments:
        folder: the run folder; a log that is there (of a resumed run) is continued.
        level: the least severe level that is written.

    Yields:
        The logger; its lines begin with the time in UTC.
    """
    handler = _AppendingHandler(Path(folder) / FILE)
    formatter = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger = logging.Logger("nnexp", level)  # not getLogger: that one would outlive the run
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield logger
    except BaseException as error:
        is_bug = isinstance(error, Exception) and not isinstance(error, UserError)
        is_bug &= not is_full(error)
        with _where_there_is_room():
            logger.error("%s: %s", type(error).__name__, error, exc_info=error if is_bug else None)
        raise
    finally:
        logger.removeHandler(handler)
        handler.close()


@contextmanager
def _where_there_is_room() -> Iterator[None]:
    """What is tried here is left undone where the disk is full."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise


class _AppendingHandler(logging.Handler):
    """Opens the file for each line: the logs of thousands of runs can be open at once."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        append(path, b"")

    def emit(self, record: logging.LogRecord) -> None:
        append(self.path, (self.format(record) + "\n").encode("utf-8", "backslashreplace"))
