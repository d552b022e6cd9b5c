"""Numbers with leading zeros, which are codes to people, are told before they are quantities."""

import pandas as pd
import pytest

from nnexp.config.compose import compose
from nnexp.data import load_table, prepare
from nnexp.data.padded import START, padded
from nnexp.data.table import table_from_frame

ROWS = 40


def table(tmp_path, cells, name="plz", separator=","):
    path = tmp_path / "table.csv"
    lines = [separator.join((cell, str(row % 7), "ab"[row % 2])) for row, cell in enumerate(cells)]
    path.write_text("\n".join([separator.join((name, "x", "y")), *lines, ""]))
    return path


def said(path, *more):
    words = ["data=csv", f"data.path={path}", "data.target=y", *more]
    config = compose(words)
    dataset = prepare(load_table(config.data), config.data)
    return [line for line in dataset.messages if "leading zeros" in line]


TOLD = (
    "column plz: numbers with leading zeros, as '01000', are read as quantities; "
    "'data.categorical=[plz]' reads them as codes"
)
CODES = [f"0{1000 + row}" if row < 20 else str(10000 + row) for row in range(ROWS)]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (CODES, [TOLD]),
        (["", *CODES[1:20], *CODES[:20]], [TOLD.replace("01000", "01001")]),
        ([f'"{code}"' for code in CODES], [TOLD]),
        ([code.lstrip("0") for code in CODES], []),
        ([*CODES[:-1], "7"], []),  # widths that differ
        ([f"0.{row:03}" for row in range(ROWS)], []),
        ([f"{row % 12 + 1:02}" for row in range(ROWS)], []),  # months
    ],
    ids=["codes", "missing", "quoted", "none", "widths", "decimals", "months"],
)
def test_codes_that_are_read_as_quantities_are_told(tmp_path, cells, told):
    assert said(table(tmp_path, cells)) == told
    assert said(table(tmp_path, cells), "data.categorical=[plz]") == []
    assert said(table(tmp_path, cells), "data.numeric=[plz]") == []


def test_texts_of_a_frame_are_told_as_well():
    frame = pd.DataFrame({"plz": CODES, "x": range(ROWS), "y": ["a", "b"] * (ROWS // 2)})
    config = compose(["data=csv", "data.path=none.csv", "data.target=y"]).data
    messages = prepare(table_from_frame(frame, "y", "a frame"), config).messages
    assert [line for line in messages if "leading zeros" in line] == [TOLD]


def test_the_beginning_of_a_large_file_is_enough():
    body = b"".join(b"%05d,1\n" % row for row in range(START // 4))
    assert padded(b"id,x\n" + body, ",", ["id", "x"], True, ()) == {"id": "00000"}
