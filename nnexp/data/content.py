"""The bytes of a file: read once, told apart by a fingerprint, and decompressed."""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import io
import lzma
import os
import zipfile
import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import IO, Any

from nnexp.data.commands import shell_override
from nnexp.data.names import listing
from nnexp.errors import UserError
from nnexp.limits import GIB, free_memory

TEXT_ENDINGS = (".csv", ".tsv", ".txt")
BINARY_ENDINGS = (".parquet", ".feather", ".arrow")
COMPRESSED_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
ENDINGS = (
    f"{', '.join(TEXT_ENDINGS + BINARY_ENDINGS)}; "
    f"CSV and TSV also in {', '.join(COMPRESSED_ENDINGS)}"
)
OTHER_TABLE = "data=csv data.path=/path/of/your/table.csv"  # where this one is of no use
LIKE = 0.5  # of names, from which one may be meant for the other
LARGE, MOST_HOLES = 64 << 20, 10_000  # bytes of a file that is looked at first, holes counted in it
LARGEST_TEXT = 4 << 30  # bytes after decompression: stops an archive made to fill the memory


@dataclass(frozen=True)
class Content:
    """The bytes of a file, read once so that the fingerprint is that of the rows.

    Arguments:
        path: where it lies.
        data: its bytes as stored.
    """

    path: Path
    data: bytes

    @property
    def fingerprint(self) -> str:
        """sha256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def read_content(
    path: str | Path, key: str = "data.path", allowed: str = f"a local file ending in {ENDINGS}"
) -> Content:
    """Read the bytes of a local regular file.

    Arguments:
        path: the file; URLs are refused.
        key: the configuration key it came from, for the message.
        allowed: what the file may be, for the message.

    Raises:
        UserError: it is no regular file that can be read.
    """
    if "://" in str(path):
        raise UserError(
            f"{key}={str(path)!r} is an address, not a file",
            allowed,
            f"curl -LO {quote(str(path))}",
        )
    try:
        file = Path(path).expanduser()
        there, size = file.exists(), file.stat().st_size if file.is_file() else 0
    except (OSError, RuntimeError, ValueError) as problem:  # too long; the home of nobody
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise UserError(
            f"{key}={_cut(str(path))!r} cannot be read: {reason}",
            allowed,
            shell_override(key, "/path/of/your/file"),
        ) from problem
    if not there:
        beside = _tables(file.parent)
        raise UserError(
            f"{key}={str(path)!r}: there is no such file",
            allowed + (f"; beside it lie {listing(beside, 6)}" if beside else ""),
            _meant(key, file, beside),
        )
    if not file.is_file():
        kind = "a folder" if file.is_dir() else "not a regular file"
        inside = _tables(file) or ["table.csv"]
        raise UserError(
            f"{key}={str(path)!r} is {kind}", allowed, shell_override(key, file / inside[0])
        )
    if file.resolve().parts[1:2] in (("proc",), ("sys",)) and os.name == "posix":
        raise UserError(
            f"{key}={str(path)!r} is the system's own, and no file on a disk",
            allowed,
            shell_override(key, "/path/of/your/file"),
        )
    try:
        if size > LARGE and size > (free := free_memory()):
            raise UserError(
                f"{key}={str(path)!r} has {size / GIB:.3g} GiB, and {free / GIB:.3g} GiB of the "
                "memory are free",
                "a file that fits in the memory, which its table takes several times over",
                shell_override(key, "/path/of/a/part/of/it.csv"),
            )
        with file.open("rb") as stream:
            if size > LARGE and _holes(stream, size) > size // 2:
                raise UserError(
                    f"{key}={str(path)!r} has {size / GIB:.3g} GiB, most of which were never "
                    "written",
                    "a file whose bytes are all on the disk, as of a download that has ended",
                    f"ls -ls {quote(str(file))}",
                )
            return Content(file, stream.read(size))  # of what says that it is empty, nothing
    except (OSError, MemoryError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it exceeds the memory"
        raise UserError(
            f"{key}={str(path)!r} cannot be read: {reason}", allowed, f"ls -l {quote(str(file))}"
        ) from problem


def _holes(stream: IO[bytes], size: int) -> int:
    """How many bytes of a file take no place on the disk; 0 where the system does not say."""
    found = place = 0
    try:
        for _ in range(MOST_HOLES):
            data = os.lseek(stream.fileno(), place, os.SEEK_DATA)
            found += data - place
            place = os.lseek(stream.fileno(), data, os.SEEK_HOLE)
    except AttributeError:
        return 0
    except OSError as problem:  # no data from here to the end
        found += size - place if problem.errno == errno.ENXIO else 0
    stream.seek(0)
    return found


def _cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}..."


def decompress(content: Content, ending: str) -> tuple[bytes, str]:
    """The bytes inside, and the name of the file inside where the archive tells it.

    Arguments:
        content: of a file whose name ends in `ending`.
        ending: one of COMPRESSED_ENDINGS.

    Raises:
        UserError: the file is damaged, holds several files, or grows beyond LARGEST_TEXT.
    """
    path, data = content.path, content.data
    inner = ""
    try:
        if ending == ".zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = [
                    item
                    for item in archive.infolist()
                    if not item.is_dir() and not item.filename.startswith("__MACOSX/")
                ]
                if len(members) != 1:
                    raise UserError(
                        f"{path.name!r} holds {len(members) or 'no'} files",
                        "a .zip with one CSV or TSV in it",
                        f"unzip {quote(str(path))}",
                    )
                inner = members[0].filename
                with archive.open(members[0]) as stream:
                    return _bounded(path, stream), inner
        with _stream(data, ending) as stream:
            return _bounded(path, stream), inner
    except (
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
    ) as problem:
        raise UserError(
            f"{path.name!r} cannot be decompressed: {problem}",
            f"a file ending in {ENDINGS}",
            "data.path=/path/of/your/table.csv",
        ) from problem


def _stream(data: bytes, ending: str) -> Any:
    if ending == ".gz":
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if ending == ".bz2":
        return bz2.BZ2File(io.BytesIO(data))
    if ending == ".xz":
        return lzma.LZMAFile(io.BytesIO(data))
    import pyarrow as pa

    return pa.CompressedInputStream(pa.BufferReader(data), "zstd")


def _bounded(path: Path, stream: IO[bytes]) -> bytes:
    parts, size = [], 0
    while part := stream.read(1 << 24):
        parts.append(bytes(part))
        size += len(part)
        if size > LARGEST_TEXT:
            raise UserError(
                f"{path.name!r} holds more than {LARGEST_TEXT >> 30} GiB of text",
                f"up to {LARGEST_TEXT >> 30} GiB after decompression",
                "data.path=/path/of/the/table.parquet",
            )
    return b"".join(parts)


def _meant(key: str, file: Path, beside: list[str]) -> str:
    """What to type for a file that is not there: the one of a name like it, or the only one."""
    if not beside:
        return shell_override(key, "/path/of/your/file")
    stems = {_stem(name).casefold(): name for name in reversed(beside)}
    match = get_close_matches(_stem(file.name).casefold(), list(stems), n=1, cutoff=LIKE)
    if not match and len(beside) > 1:
        return f"ls {quote(str(file.parent))}"
    return shell_override(key, file.with_name(stems[match[0]] if match else beside[0]))


def _stem(name: str) -> str:
    """A file's name without its endings, which are those of every table."""
    return name.partition(".")[0] or name


def _tables(folder: Path) -> list[str]:
    try:
        names = sorted(item.name for item in folder.iterdir() if not item.name.startswith("."))
    except OSError:
        return []
    endings = (*TEXT_ENDINGS, *BINARY_ENDINGS, *COMPRESSED_ENDINGS)
    return [name for name in names if name.lower().endswith(endings)]
