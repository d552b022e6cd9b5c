import numpy as np
import pandas as pd
import pytest

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data.columns import infer_columns
from nnexp.data.frame_cells import Cells
from nnexp.errors import UserError

ROWS = 60
CYCLE = np.arange(ROWS)


def infer(config=None, train=None, **columns):
    frame = pd.DataFrame({"anchor": CYCLE, **columns})
    train = np.arange(ROWS) if train is None else train
    found = infer_columns(Cells(frame), train, config or DataConfig())
    return {column.name: column for column in found}


@pytest.mark.parametrize(
    ("cells", "kind", "reason"),
    [
        (CYCLE % 7, "numeric", ""),
        (CYCLE / 7, "numeric", ""),
        (CYCLE % 2 == 0, "numeric", ""),
        ((CYCLE % 7).astype(str), "numeric", ""),
        (np.where(CYCLE % 2, "True", "false"), "numeric", ""),
        (np.where(CYCLE % 2, " 1.5", "?"), "numeric", ""),
        (np.where(CYCLE % 2, "a", "b"), "categorical", ""),
        (np.where(CYCLE % 2, "2", "5more"), "categorical", ""),
        (np.where(CYCLE % 2, "a", "?"), "categorical", ""),
        (pd.Categorical((CYCLE % 3).astype(str)), "categorical", ""),
        (pd.Categorical(CYCLE % 3), "categorical", ""),
        ([f"2007-{day % 12 + 1}-{day % 9 + 1}" for day in CYCLE], "dropped", "a date"),
        (pd.Timestamp("2020-01-01") + pd.to_timedelta(CYCLE, "D"), "dropped", "a date"),
        (pd.to_timedelta(CYCLE, "D"), "dropped", "a date"),
        ([f"id {row}" for row in CYCLE], "dropped", "60 levels in 60 train rows"),
        ([f"id {row % 40}" for row in CYCLE], "dropped", "40 levels in 60 train rows"),
        ([f"id {row % 20}" for row in CYCLE], "categorical", ""),
        (np.full(ROWS, 3), "dropped", "one value in train"),
        (["a"] * ROWS, "dropped", "one value in train"),
        ([None] * ROWS, "dropped", "no value in train"),
        (["?"] * ROWS, "dropped", "no value in train"),
        (np.full(ROWS, np.nan), "dropped", "no value in train"),
        (CYCLE + 1j, "dropped", "60 levels in 60 train rows"),
    ],
)
def test_kinds(cells, kind, reason):
    column = infer(c=cells)["c"]
    assert (column.kind, column.reason) == (kind, reason)


def test_held_out_rows_do_not_decide():
    cells = (CYCLE % 7).astype(str).astype(object)
    cells[50:] = "word"
    assert infer(c=cells, train=np.arange(50))["c"].kind == "numeric"
    assert infer(c=cells)["c"].kind == "categorical"
    constant = np.r_[np.zeros(50), np.ones(10)]
    assert infer(c=constant, train=np.arange(50))["c"].kind == "dropped"


def test_missing_train_cells_are_counted():
    holes = np.where(CYCLE % 3 == 0, np.nan, CYCLE)
    assert infer(c=holes)["c"].missing == 20
    assert infer(c=holes, train=np.arange(30))["c"].missing == 10
    assert infer(c=np.where(CYCLE % 3, "a", "?"))["c"].missing == 20


def test_the_configuration_overrules():
    names = [f"id {row}" for row in CYCLE]
    config = DataConfig(drop=["d"], categorical=["n", "c"], numeric=["t"], max_levels=5)
    found = infer(config, d=CYCLE, n=CYCLE % 4, c=names, t=np.where(CYCLE % 2, "1", "x"), m=names)
    assert {name: column.kind for name, column in found.items()} == {
        "anchor": "numeric",
        "d": "dropped",
        "n": "categorical",
        "c": "categorical",
        "t": "numeric",
        "m": "dropped",
    }
    assert found["m"].reason == "60 levels, more than data.max_levels=5"


def test_a_text_of_more_levels_than_are_read_by_itself_is_free():
    cells = Cells(pd.DataFrame({"m": [f"id {row % 101}" for row in range(404)], "x": range(404)}))
    column, _ = infer_columns(cells, np.arange(404), DataConfig(max_levels=5))
    assert column.reason == "free text, 101 levels"


def test_the_split_column_is_no_feature():
    config = DataConfig(split=SplitConfig(method="group", by="g"))
    assert infer(config, g=CYCLE % 5)["g"].kind == "dropped"


@pytest.mark.parametrize("key", ["drop", "numeric", "categorical"])
def test_columns_that_do_not_exist(key):
    with pytest.raises(UserError, match=f"data.{key} names the column 'ankor'") as caught:
        infer(DataConfig(**{key: ["ankor"]}))
    assert caught.value.remedy == f"'data.{key}=[anchor]'"


def test_contradictions():
    with pytest.raises(UserError, match=r"in data\.numeric and in data\.categorical"):
        infer(DataConfig(numeric=["anchor"], categorical=["anchor"]))
    with pytest.raises(UserError, match="no number"):
        infer(DataConfig(numeric=["c"]), c=["a"] * ROWS)
    with pytest.raises(UserError, match="no column is left"):
        infer(DataConfig(drop=["anchor"]))


def test_nothing_but_infinite_numbers_is_no_value():
    cells = Cells(pd.DataFrame({"a": CYCLE, "b": np.full(ROWS, np.inf)}), keep_infinite=True)
    found = infer_columns(cells, np.arange(ROWS), DataConfig(missing="none"))
    assert found[1].reason == f"no value in train: {ROWS} cells infinite or beyond float32"


@pytest.mark.parametrize(
    ("cells", "options", "remedy"),
    [
        ([np.nan] * 6, {}, "data=csv data.path=/path/of/your/table.csv"),
        ([1.0] * 6, {}, "data=csv data.path=/path/of/your/table.csv"),
        (["2020-1-1", "2020-1-2"] * 3, {}, "'data.categorical=[a]'"),
        ([1.0, 2.0] * 3, {"drop": ["a"]}, "data.drop=[]"),
    ],
)
def test_the_way_out_of_no_column(cells, options, remedy):
    with pytest.raises(UserError) as caught:
        infer_columns(Cells(pd.DataFrame({"a": cells})), np.arange(6), DataConfig(**options))
    assert caught.value.remedy == remedy


def test_a_name_is_taken_from_the_numbers():
    with pytest.raises(UserError) as caught:
        infer(DataConfig(numeric=["a", "b"]), a=CYCLE, b=["x"] * ROWS)
    assert caught.value.remedy == "'data.numeric=[a]'"


@pytest.mark.parametrize("written", ["{:,.0f}", "{:.1f}%", "$ {:,.2f}", "comma"])
def test_numbers_that_are_written_as_texts_are_told_as_such(written):
    values = np.linspace(1234, 99999, ROWS)
    texts = [
        f"{value:.2f}".replace(".", ",") if written == "comma" else written.format(value)
        for value in values
    ]
    column = infer(x=texts)["x"]
    assert column.kind == "dropped"
    assert column.reason.startswith("numbers written like ")
    style = "comma" if written == "comma" else "point"
    assert column.reason.endswith(f" data.decimal={style} reads them")
    with pytest.raises(UserError) as caught:
        infer_columns(Cells(pd.DataFrame({"x": texts})), CYCLE, DataConfig())
    assert caught.value.remedy == f"data.decimal={style}"
    cells = Cells(pd.DataFrame({"x": texts}), decimal=style)
    [read] = infer_columns(cells, CYCLE, DataConfig(decimal=style))
    assert read.kind == "numeric"
    np.testing.assert_allclose(cells.numbers("x").values, values, atol=0.51)


def test_texts_with_digits_are_no_numbers():
    assert "written like" not in infer(x=[f"{n}-{n}" for n in range(ROWS)])["x"].reason


def test_a_few_mistyped_cells_leave_a_column_of_numbers_what_it_is():
    numbers = [f"{n / 7:.3f}" for n in range(400)]
    for odd, kind in ((0, "numeric"), (2, "numeric"), (4, "numeric"), (5, "dropped")):
        texts = ["forty", "n.a.", *["?!"] * 3][:odd] + numbers[odd:]
        frame = pd.DataFrame({"x": texts, "other": range(400)})
        column, _ = infer_columns(Cells(frame), np.arange(400), DataConfig())
        assert column.kind == kind, odd
        assert kind == "dropped" or column.missing == odd


def test_codes_with_a_rare_letter_are_categories():
    texts = ["A"] + [str(n % 12) for n in range(399)]
    (column,) = infer_columns(Cells(pd.DataFrame({"x": texts})), np.arange(400), DataConfig())
    assert column.kind == "categorical"


def test_a_word_for_missing_is_no_way_of_writing_numbers():
    texts = [f"{n}" for n in range(ROWS - 2)] + ["unknown"] * 2
    assert "written like" not in infer(x=texts)["x"].reason
