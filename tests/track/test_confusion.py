import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from nnexp.track.confusion import DARK, PALE, draw_confusion


def picture(counts: object, classes: object, title: str = "") -> Image.Image:
    return Image.open(io.BytesIO(draw_confusion(counts, classes, title))).convert("RGB")


@pytest.mark.parametrize("size", [1, 2, 3, 10, 26, 60, 61, 150])
def test_every_number_of_classes_can_be_drawn(size: int) -> None:
    drawn = picture(np.eye(size, dtype=int) * 1234, [f"class {n}" for n in range(size)], "test")
    assert 100 < max(drawn.size) < 5000


def test_a_diagonal_is_dark_and_the_rest_is_pale() -> None:
    drawn = picture(np.eye(10, dtype=int) * 7, list(range(10)))
    colours = {colour: count for count, colour in drawn.getcolors(1 << 20) or []}
    cells = sorted((colours.get(DARK, 0), colours.get(PALE, 0)))
    assert cells[0] > 10 * 20 * 20
    assert 6 < cells[1] / cells[0] < 13


def test_colour_is_the_share_of_the_true_class() -> None:
    # A rare class that is always wrong is as dark as a common one that is always right.
    drawn = picture([[1000, 0], [1, 0]], ["common", "rare"])
    dark = np.all(np.asarray(drawn) == DARK, axis=2)
    # edges of letters pass through the blues, too
    columns = np.flatnonzero(dark.sum(axis=0) > 20)
    rows = np.flatnonzero(dark.sum(axis=1) > 20)
    assert dark.sum() > 0.8 * 2 * (columns[-1] - columns[0] + 1) ** 2
    assert rows[-1] - rows[0] > 1.8 * (columns[-1] - columns[0])


def test_cells_hold_long_counts() -> None:
    widths = [picture([[10**n] * 3] * 3, "abc").width for n in (3, 8, 12)]
    assert all(narrow < wide for narrow, wide in pairwise(widths))


def test_long_names_are_cut_where_they_differ() -> None:
    begin = "household_with_more_than_"
    assert draw_confusion(np.eye(2, dtype=int), [f"{begin}2_members", f"{begin}3_members"]) != (
        draw_confusion(np.eye(2, dtype=int), [f"{begin}4_members", f"{begin}5_members"])
    )


def test_names_of_any_kind_are_drawn() -> None:
    names = ["", "zł\n\x1b", "добр", "x" * 500, 3, None, True, 2.5, "[bold]", "a b"]
    assert picture(np.zeros((10, 10), dtype=int), names).width < 2000


@pytest.mark.parametrize(
    ("counts", "classes"), [([[1, 2]], ["a"]), ([1, 2], ["a", "b"]), ([[1]], ["a", "b"])]
)
def test_shapes_are_checked(counts: object, classes: list[str]) -> None:
    with pytest.raises(ValueError, match=r"\(C, C\)"):
        draw_confusion(counts, classes)
