"""A picture of a confusion matrix: class names, counts and colours."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.lines import cut_apart, one_line

PALE, DARK = (247, 251, 255), (8, 48, 107)  # ends of ColorBrewer's Blues
BLACK, DARKEST, PALEST, WHITE = 0, 46, 251, 255  # where they stand in the palette, rising
LONGEST_NAME = 24  # characters; longer class names are cut where they stay apart
MOST_CLASSES = 60  # beyond it cells hold no readable count and names are left out


def draw_confusion(counts: Any, classes: Sequence[Any], title: str = "") -> bytes:
    """Draw a confusion matrix as a PNG.

    A cell's colour is its share of its true class, so a rare class is as plain as a common one;
    the number in it is the count. Cells shrink and names are cut as the classes grow many.

    Arguments:
        counts: (C, C) whole numbers, rows the true class, columns the predicted one.
        classes: C class names, as they are in the table.
        title: a line above; empty for none.

    Returns:
        The file's bytes.

    Raises:
        ValueError: `counts` is not square, or `classes` has another length.
    """
    from PIL import Image, ImageDraw

    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape != (len(classes), len(classes)):
        raise ValueError(
            f"counts are (C, C) with a name for each class. "
            f"Received: shape {counts.shape}, {len(classes)} names"
        )
    size = len(classes)
    labelled = size <= MOST_CLASSES
    digits = len(str(int(counts.max()))) if counts.size else 1
    font_size = 18 if size <= 12 else 14 if size <= 30 else 10
    font = _font(font_size)
    # Room for the longest count; a few classes get cells that hold their names as well.
    widest = max(0.62 * digits + 1.0, 2.1) * font_size
    cell = int(max(widest, 240 / max(size, 1))) if labelled else 8
    written = [one_line(str(name)) for name in classes]
    names = cut_apart(written, LONGEST_NAME) if labelled else [""] * size
    longest = max((_length(name, font_size) for name in names), default=0)
    margin = font_size
    left = int(margin + font_size * 1.8 + longest + margin / 2)
    upright = longest <= cell - 4  # column names fit their cells without being turned
    head = font_size * 1.4 if upright else longest + font_size / 2
    top = int(margin + (font_size * 1.8 if title else 0) + font_size * 1.8 + head + margin / 2)
    # Titles and axis names are longer than a small matrix is wide.
    across = max(size * cell, *(int(_length(line, font_size)) for line in (title, "predicted")))
    down = max(size * cell, int(_length("true", font_size)))
    # in levels of one palette, black over blue to white: less to draw and to pack than in colours
    picture = Image.new("L", (left + across + margin, top + down + margin), WHITE)
    draw = ImageDraw.Draw(picture)

    if title:
        draw.text((left, margin), title, BLACK, font)
    draw.text((left + size * cell / 2, top - head - margin / 2), "predicted", BLACK, font, "md")
    _draw_turned(picture, "true", font_size, (margin, top + size * cell // 2), centred=True)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture.paste(Image.fromarray(_cells(shares, cell)), (left, top))
    for row, name in enumerate(names):
        x, y = left + row * cell, top + row * cell
        known = _strip(name, font_size)
        corner = (left - margin // 2 - known.width, y + (cell - known.height) // 2)
        draw.bitmap(corner, known, BLACK)
        if upright:
            corner = (x + (cell - known.width) // 2, top - margin // 4 - known.height)
            draw.bitmap(corner, known, BLACK)
        else:
            _draw_turned(picture, name, font_size, (x + cell // 2, top - margin // 2))
    for row, column in zip(*np.nonzero(counts), strict=True) if labelled else ():
        number = _strip(str(int(counts[row, column])), font_size)
        x, y = left + column * cell, top + row * cell
        corner = (x + (cell - 1 - number.width) // 2, y + (cell - 1 - number.height) // 2)
        draw.bitmap(corner, number, WHITE if shares[row, column] > 0.5 else BLACK)

    picture.putpalette(_palette())
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)  # a few large fields: more takes time for little
    return file.getvalue()


def load_drawing() -> None:
    """Import what drawing needs: a process that is going to fork does it for its children."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: F401

    Image.preinit()


@cache
def _palette() -> bytes:
    """256 colours, from black over the blues to white, as red, green and blue."""
    known = (BLACK, DARKEST, PALEST, WHITE)
    ends = np.array([(0, 0, 0), DARK, PALE, (255, 255, 255)])
    levels = np.arange(256)
    channels = [np.interp(levels, known, ends[:, channel]) for channel in range(3)]
    return np.stack(channels, 1).round().astype(np.uint8).tobytes()


@cache
def _font(size: int) -> Any:
    """matplotlib's DejaVu Sans, for its many alphabets, else Pillow's own Latin font."""
    from PIL import ImageFont

    matplotlib = find_spec("matplotlib")  # not imported: it takes a tenth of a second
    if matplotlib is not None and matplotlib.origin is not None:
        path = Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)


def _cells(shares: np.ndarray, side: int) -> np.ndarray:
    """The fields of a matrix (C, C) of shares as levels, with a white line after each."""
    levels = np.rint(PALEST + shares * (DARKEST - PALEST)).astype(np.uint8)
    field = levels.repeat(side, 0).repeat(side, 1)
    field[side - 1 :: side] = field[:, side - 1 :: side] = WHITE
    return field


@lru_cache(4096)
def _length(text: str, size: int) -> float:
    return float(_font(size).getlength(text))


@lru_cache(4096)
def _strip(text: str, size: int) -> Any:
    """A short text as a mask, drawn once: the same numbers stand in many cells."""
    from PIL import Image, ImageDraw

    font = _font(size)
    strip = Image.new("L", (int(_length(text, size)) + 2, int(size * 1.4)), 0)
    ImageDraw.Draw(strip).text((strip.width / 2, strip.height / 2), text, 255, font, "mm")
    return strip


@lru_cache(4096)
def _turned(text: str, size: int) -> Any:
    """A short text as a mask, upwards."""
    from PIL import Image, ImageDraw

    length, height = int(_length(text, size)) + 2, int(size * 1.4)
    strip = Image.new("L", (length, height), 0)
    ImageDraw.Draw(strip).text((0, height / 2), text, 255, _font(size), "lm")
    return strip.rotate(90, expand=True)


def _draw_turned(
    picture: Any, text: str, size: int, place: tuple[int, int], centred: bool = False
) -> None:
    """Write upwards: from `place` as the middle of the text's foot, or around it."""
    if not text:
        return
    strip = _turned(text, size)
    x, y = place
    corner = (x, y - strip.height // 2) if centred else (x - strip.width // 2, y - strip.height)
    picture.paste(BLACK, corner, strip)
