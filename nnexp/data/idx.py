"""Images and labels in MNIST's IDX format (http://yann.lecun.com/exdb/mnist, file formats)."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path
from shlex import quote
from typing import IO

import numpy as np

from nnexp.data.content import Content, read_content
from nnexp.errors import UserError

IMAGES, LABELS = 0x00000803, 0x00000801  # unsigned bytes in three dimensions, and in one
LARGEST = 4 << 30  # bytes: a header that declares more is taken for damage
NAMES = ("train-images", "train-labels", "t10k-images", "t10k-labels")


def find_files(folder: str | Path) -> list[Path | None]:
    """The four files of a folder, in the order of NAMES; None for a t10k file that is not there.

    Arguments:
        folder: holds files such as train-images-idx3-ubyte or train-images.idx3-ubyte.gz.

    Raises:
        UserError: there is no such folder, or no train file in it.
    """
    place = Path(folder).expanduser()
    allowed = "a folder with " + ", ".join(f"{name}-idx{_rank(name)}-ubyte(.gz)" for name in NAMES)
    if not place.is_dir():
        raise UserError(f"data.path={str(folder)!r} is no folder", allowed, "data.path=/path/of/it")
    found = [_find(place, name) for name in NAMES]
    for name, file in zip(NAMES[:2], found, strict=False):
        if file is None:
            raise UserError(
                f"data.path={str(folder)!r} has no {name}-idx{_rank(name)}-ubyte file",
                allowed,
                "data.images=/path/of/images data.image_labels=/path/of/labels",
            )
    if (found[2] is None) != (found[3] is None):
        raise UserError(
            f"data.path={str(folder)!r} has one of the two t10k files only",
            allowed,
            "data.images=/path/of/train-images data.image_labels=/path/of/train-labels",
        )
    return found


def read_image_pairs(
    parts: list[tuple[str | Path, str | Path]],
) -> tuple[np.ndarray, np.ndarray, list[int], list[str]]:
    """Read pairs of image and label files into one array, with no second copy of the pixels.

    Arguments:
        parts: pairs (images, labels), one or more.

    Returns:
        Pixels as uint8 of shape (N, height * width), labels as uint8 of shape (N,), the rows of
        each pair, and the sha256 of each file in the order given.

    Raises:
        UserError: a file is damaged, or the files do not fit each other.
    """
    images = [_open(file, IMAGES) for file, _ in parts]
    labels = [_open(file, LABELS) for _, file in parts]
    shapes = [shape for _, shape, _ in images]
    for (_, shape, content), (_, (count,), other) in zip(images, labels, strict=True):
        if shape[0] != count:
            raise UserError(
                f"{content.path.name!r} holds {shape[0]} images and "
                f"{other.path.name!r} {count} labels",
                "one label for each image",
                "data.images=/path/of/images data.image_labels=/path/of/their/labels",
            )
        if shape[1:] != shapes[0][1:]:
            raise UserError(
                f"{content.path.name!r} holds images of {shape[1]}x{shape[2]} pixels, the train "
                f"file of {shapes[0][1]}x{shapes[0][2]}",
                "images of one size",
                "data.test_images=null data.test_image_labels=null",
            )
    counts = [shape[0] for shape in shapes]
    pixels = np.empty((sum(counts), shapes[0][1] * shapes[0][2]), dtype=np.uint8)
    classes = np.empty(sum(counts), dtype=np.uint8)
    start = 0
    for (stream, shape, content), (label_stream, _, label_content) in zip(
        images, labels, strict=True
    ):
        stop = start + shape[0]
        _fill(stream, pixels[start:stop], content.path)
        _fill(label_stream, classes[start:stop], label_content.path)
        start = stop
    fingerprints = [
        content.fingerprint for pair in zip(images, labels, strict=True) for _, _, content in pair
    ]
    return pixels, classes, counts, fingerprints


def _rank(name: str) -> int:
    return 3 if name.endswith("images") else 1


def _find(folder: Path, name: str) -> Path | None:
    for joint in "-.":
        for ending in ("", ".gz"):
            file = folder / f"{name}{joint}idx{_rank(name)}-ubyte{ending}"
            if file.is_file():
                return file
    return None


def _open(path: str | Path, magic: int) -> tuple[IO[bytes], tuple[int, ...], Content]:
    kind = "images" if magic == IMAGES else "labels"
    key = "data.images" if magic == IMAGES else "data.image_labels"
    content = read_content(path, key, f"an IDX file of {kind}, plain or gzip")
    stream: IO[bytes] = io.BytesIO(content.data)
    if content.data[:2] == b"\x1f\x8b":
        stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
    rank = 3 if magic == IMAGES else 1
    header = _guarded(content.path, lambda: stream.read(4 * (rank + 1)))
    fields = struct.unpack(f">{rank + 1}I", header) if len(header) == 4 * (rank + 1) else (0,)
    if fields[0] != magic:
        raise UserError(
            f"{content.path.name!r} is no IDX file of {kind}: it starts with {header[:4].hex()!r}",
            f"an IDX file of {kind}, which starts with {magic:08x}",
            f"{key}=/path/of/the/{kind}",
        )
    shape = fields[1:]
    if int(np.prod([float(size) for size in shape])) > LARGEST or 0 in shape:
        raise _damaged(content.path, f"it declares {' x '.join(map(str, shape))} values")
    return stream, shape, content


def _fill(stream: IO[bytes], out: np.ndarray, path: Path) -> None:
    view = out.reshape(-1).data
    place = 0
    while place < len(view):
        size = _guarded(path, lambda: stream.readinto(view[place : place + (1 << 22)]))  # type: ignore[attr-defined]  # noqa: B023
        if not size:
            raise _damaged(path, f"it ends {len(view) - place} bytes early")
        place += size
    if _guarded(path, lambda: stream.read(1)):
        raise _damaged(path, "it goes on after its last row")


def _guarded(path: Path, read):  # type: ignore[no-untyped-def]
    try:
        return read()
    except (OSError, EOFError, zlib.error) as problem:
        raise _damaged(path, str(problem)) from problem


def _damaged(path: Path, reason: str) -> UserError:
    return UserError(
        f"{path.name!r} is damaged: {reason}",
        "a whole IDX file, plain or gzip",
        f"ls -l {quote(str(path))}",
    )
