"""Files that may be a stranger's: opened only where regular, no link, and of bounded size."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

LARGEST_HEADER = 16 << 20  # bytes of JSON at the front of a safetensors file


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
