"""Labels that read as missing cells, or as one number: said, and kept by data.categorical."""

import pandas as pd
import pytest

from nnexp.config.compose import compose
from nnexp.data import load_table, prepare
from nnexp.data.dialect import Dialect
from nnexp.data.files import read_file
from nnexp.errors import UserError


def dataset(tmp_path, labels, *words, key="y", cells=None):
    path = tmp_path / "t.csv"
    cells = cells or [str(place) for place in range(30 * len(labels))]
    rows = "".join(f"{cell},{labels[i % len(labels)]}\n" for i, cell in enumerate(cells))
    path.write_text(f"a,{key}\n{rows}")
    config = compose(["data=csv", f"data.path={path}", f"data.target={key}", *words]).data
    return prepare(load_table(config), config)


def test_labels_that_were_read_as_missing_are_named(tmp_path):
    found = dataset(tmp_path, ["NA", "x", "y", ""])
    assert found.classes == ["x", "y"]
    (line,) = [line for line in found.messages if "read as missing" in line]
    assert line == (
        "labels read as missing: 'NA' in 30 rows; 'data.categorical=[y]' keeps them as labels"
    )
    kept = dataset(tmp_path, ["NA", "x", "y", ""], "data.categorical=[y]")
    assert kept.classes == ["NA", "x", "y"]
    assert "30 rows without a target left out" in kept.messages
    assert not [line for line in kept.messages if "read as missing" in line]


@pytest.mark.parametrize("labels", [["NA", "None"], ["NA", "x"]])
def test_labels_without_which_no_two_classes_are_left(tmp_path, labels):
    with pytest.raises(UserError, match="which were read as missing") as caught:
        dataset(tmp_path, labels)
    assert caught.value.remedy == "'data.categorical=[y]'"
    assert dataset(tmp_path, labels, "data.categorical=[y]").classes == sorted(labels)


def test_labels_that_are_one_number(tmp_path):
    found = dataset(tmp_path, ["01", "1", "2"])
    assert found.classes == [1, 2]
    assert (
        "labels '01', '1' are one number and one class; 'data.categorical=[y]' keeps them apart"
        in found.messages
    )
    assert dataset(tmp_path, ["01", "1", "2"], "data.categorical=[y]").classes == ["01", "1", "2"]
    assert not [line for line in dataset(tmp_path, ["1", "2"]).messages if "one number" in line]
    assert dataset(tmp_path, ["1", "2"]).classes == [1, 2]


def test_other_words_of_the_key_stay(tmp_path):
    found = dataset(tmp_path, ["NA", "x", "y"], "data.categorical=[a]", key="a b",
                    cells=["0", "1"] * 45)  # fmt: skip
    assert any("""data.categorical=[a,a b]' keeps""" in line for line in found.messages)


def test_what_is_written_in_hexadecimal_is_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n0x19,1,0x1\n7,2,\n0x2,3,z\n")
    frame = read_file(path)
    assert frame["a"].tolist() == ["0x19", "7", "0x2"]
    assert frame["b"].tolist() == [1, 2, 3]
    assert pd.api.types.is_integer_dtype(frame["b"])


def test_labels_are_numbers_where_that_says_as_much(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1,1\n2, 2\n3,NA\n")
    frame = read_file(path, Dialect(labels="y"))
    assert pd.api.types.is_float_dtype(frame["y"])
