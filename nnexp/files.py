"""Files of run folders: written whole or not at all, and read as a stranger's.

They are opened only where regular, no link, and of bounded size.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

FULL = (errno.ENOSPC, errno.EDQUOT)
LARGEST_HEADER = 16 << 20  # bytes of JSON at the front of a safetensors file


def is_full(error: BaseException | None) -> bool:
    """Whether an error was raised, or caused, by a lack of space on a disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def has_room(folder: Path) -> bool:
    """Whether a folder's disk takes a small file: if not, it is that disk which is full."""
    try:
        write_bytes(folder / "room", bytes(1 << 16), sync=False)
        (folder / "room").unlink()
    except OSError:
        return False
    return True


def open_regular(path: Path, limit: int | None) -> BinaryIO:
    """Open a file for reading; a pipe, a device or a link is never opened.

    Arguments:
        path: the file; links among its parent folders are followed.
        limit: bytes that it may have; None for any, where no more than its beginning is read.

    Raises:
        FileNotFoundError, NotADirectoryError: it is not there.
        OSError: it is no regular file, too large, or cannot be opened.
    """
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError("no regular file")
    if limit is not None and found.st_size > limit:
        raise OSError(f"larger than {limit} bytes")
    return path.open("rb")


def read_regular(path: Path, limit: int) -> bytes:
    """All bytes of a file; arguments and errors as for `open_regular`."""
    with open_regular(path, limit) as file:
        content = file.read(limit + 1)
    if len(content) > limit:  # it grew, or its size was not told
        raise OSError(f"larger than {limit} bytes")
    return content


@contextmanager
def open_tensors(path: Path, limit: int) -> Iterator[Any]:
    """Open a safetensors file for its names, shapes and dtypes; tensors are read when asked for.

    Yields `safetensors.safe_open` of numpy arrays. Arguments as for `open_regular`.

    Raises:
        OSError: as for `open_regular`, or no safetensors file of a header that fits its size.
    """
    from safetensors import SafetensorError, safe_open

    with open_regular(path, limit) as file:
        if int.from_bytes(file.read(8), "little") > LARGEST_HEADER:
            raise OSError(f"a header larger than {LARGEST_HEADER} bytes")
    try:
        with safe_open(path, framework="numpy") as tensors:
            yield tensors
    except SafetensorError as error:
        raise OSError(str(error)) from error


def write_bytes(path: str | Path, content: bytes, *, sync: bool = True) -> None:
    """Replace a file atomically: a reader, or a power cut, finds the old content or the new.

    Arguments:
        path: the file; its folder must exist.
        content: all of its bytes.
        sync: wait until it is on the disk; without, only a power cut may find something else.

    Raises:
        OSError: the folder is missing or the disk is full; the old file is then as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable where the system lets a folder be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
