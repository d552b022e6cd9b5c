import numpy as np
import pandas as pd

from nnexp.data.categories import Category, encode, fit_category, unseen
from nnexp.data.cells import read_texts

TRAIN = np.arange(6)


def texts(*cells):
    return read_texts(pd.Series(cells, dtype=object))


def test_levels_are_sorted_and_come_from_train_rows():
    cells = texts("b", "a", "b", "a", "b", "c", "d")
    category = fit_category("c", cells, TRAIN)
    assert category == Category("c", ("a", "b", "c"))
    assert encode(category, cells).tolist() == [1, 0, 1, 0, 1, 2, -1]
    assert unseen(category, cells) == ["d"]


def test_numbers_are_sorted_by_size():
    assert fit_category("c", texts("10", "9", "9", "1", "1", "1"), TRAIN).levels == ("1", "9", "10")


def test_rare_levels_are_merged_and_take_in_unseen_ones():
    cells = texts("b", "b", "b", "x", "y", None, "new", None)
    category = fit_category("c", cells, TRAIN, min_frequency=2)
    assert (category.levels, category.merged, category.missing) == (("b",), ("x", "y"), True)
    assert category.titles == ["b", "(rare)", "(missing)"]
    assert category.size == 3
    assert encode(category, cells).tolist() == [0, 0, 0, 1, 1, 2, 1, 2]
    assert unseen(category, cells) == ["new"]


def test_missing_cells_that_train_lacks_are_nothing():
    cells = texts("a", "b", "a", "b", "c", "c", None, "new")
    category = fit_category("c", cells, TRAIN)
    assert not category.missing
    assert encode(category, cells).tolist()[-2:] == [-1, -1]
    rare = fit_category("c", texts("a", "a", "a", "a", "c", "a", None), TRAIN, min_frequency=2)
    assert encode(rare, texts(None, "new")).tolist() == [-1, 1]


def test_a_number_written_otherwise_is_the_level_that_train_has():
    category = Category("zip", ("00501", "01234", "7.0"), merged=("3",))
    cells = texts("1234", "501.0", "7", "3.0", "8")
    assert encode(category, cells).tolist() == [1, 0, 2, 3, 3]
    assert unseen(category, cells) == ["8"]
    both = Category("zip", ("01", "1"))
    assert encode(both, texts("1", "01", "1.0")).tolist() == [1, 0, -1]
