import numpy as np
import pandas as pd
import pytest

from nnexp.data.labels import code_labels, spellings
from nnexp.errors import UserError


@pytest.mark.parametrize(
    ("values", "classes", "codes"),
    [
        (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
        ([" b", "a ", "b"], ["a", "b"], [1, 0, 1]),
        ([-1, 1, -1], [-1, 1], [0, 1, 0]),
        ([10, 9, 3], [3, 9, 10], [2, 1, 0]),
        (["10", "9", "9"], [9, 10], [1, 0, 0]),
        (["0.5", "1.5", "9"], [0.5, 1.5, 9.0], [0, 1, 2]),
        ([1.0, 2.0, 1.0], [1.0, 2.0], [0, 1, 0]),
        ([True, False, True], [False, True], [1, 0, 1]),
        (["True", "False", "True"], [False, True], [1, 0, 1]),
        (["'-1'", "'1'", "'1'"], ["'-1'", "'1'"], [0, 1, 1]),
        (["yes", None, "no"], ["no", "yes"], [1, -1, 0]),
        ([1.0, np.nan, 2.0], [1, 2], [0, -1, 1]),
        ([1.0, np.inf, 2.0], [1.0, 2.0], [0, -1, 1]),
        (["a", "?", "b"], ["a", "b"], [0, -1, 1]),
    ],
)
def test_classes_keep_their_kind(values, classes, codes):
    labels = code_labels(pd.Series(values, name="t"))
    assert labels.classes == classes
    assert [type(label) for label in labels.classes] == [type(label) for label in classes]
    assert labels.codes.tolist() == codes
    assert labels.codes.dtype == np.int64
    assert labels.raw is None


@pytest.mark.parametrize("dtype", ["Int64", "category", "uint8", "float32", "object"])
def test_dtypes(dtype):
    labels = code_labels(pd.Series([3, 1, 3], name="t").astype(dtype))
    assert labels.classes == [1, 3]
    assert labels.codes.tolist() == [1, 0, 1]


def test_missing_cells_in_a_category_of_numbers():
    labels = code_labels(pd.Series([3, None, 1], dtype="category"))
    assert labels.codes.tolist() == [1, -1, 0]
    assert labels.classes == [1, 3]


def test_raw_numbers():
    labels = code_labels(pd.Series([-1.0, 1.0, None]), raw=True)
    np.testing.assert_array_equal(labels.raw, np.array([-1, 1, np.nan], dtype=np.float32))
    assert labels.raw.dtype == np.float32
    assert code_labels(pd.Series(["True", "False"]), raw=True).raw.tolist() == [1, 0]
    with pytest.raises(UserError, match=r"data\.labels=raw") as caught:
        code_labels(pd.Series(["'-1'", "'1'"]), raw=True)
    assert caught.value.remedy == "data.labels=auto"


@pytest.mark.parametrize("values", [["a", "a"], [1, 1], [None, None], ["?", "b"]])
def test_one_class_is_none(values):
    with pytest.raises(UserError, match=r"one class only|no label"):
        code_labels(pd.Series(values, name="t"))


@pytest.mark.parametrize(
    "values",
    [np.linspace(0, 1, 50), np.arange(500), np.arange(5000) % 900, list(map(str, range(200)))],
)
def test_regression_is_refused(values):
    with pytest.raises(UserError, match="regression"):
        code_labels(pd.Series(values, name="price"))


def test_many_classes_with_many_rows_are_classes():
    assert len(code_labels(pd.Series(np.arange(5000) % 200)).classes) == 200
    assert len(code_labels(pd.Series([f"c{row % 200}" for row in range(400)])).classes) == 200


def test_numbers_that_differ_in_most_rows_are_no_classes():
    with pytest.raises(UserError, match="regression"):
        code_labels(pd.Series(range(0, 6000, 100), name="y"))
    assert len(code_labels(pd.Series([*range(20)] * 2)).classes) == 20


def test_another_target_is_proposed():
    others = pd.DataFrame({"a": np.linspace(0, 1, 60), "b": ["u", "v"] * 30, "c": ["w"] * 60})
    with pytest.raises(UserError) as caught:
        code_labels(pd.Series(["no"] * 60, name="y"), others=others)
    assert caught.value.remedy == "data.target=b"


def test_spellings_of_one_label_are_merged_into_the_usual_one_where_asked():
    target = pd.Series(["No", "yes", "no", "no", None, "Yes", "YES", "Yes"], name="t")
    apart = code_labels(target)
    assert apart.classes == ["No", "YES", "Yes", "no", "yes"]
    merged = code_labels(target, merge=True)
    assert merged.classes == ["Yes", "no"]
    assert merged.codes.tolist() == [1, 0, 1, 1, -1, 0, 0, 0]


def test_nothing_else_is_merged():
    for values in (
        ["a", "A", "b"],
        [1, 2, 1],
        ["x y", "xy", "x-y"],
        ["A+", "A-", "A"],
        ["hod", "hOd", "hud", "hUd"],
        [True, False, True],
    ):
        target = pd.Series(values, name="t")
        merged, apart = code_labels(target, merge=True), code_labels(target)
        assert merged.classes == apart.classes
        assert merged.codes.tolist() == apart.codes.tolist()


def test_one_class_in_two_spellings_stays_two_or_nothing_would_be_left():
    merged = code_labels(pd.Series(["no", "No"], name="t"), merge=True)
    assert merged.classes == ["No", "no"]


def test_usual_spellings_are_alike_and_others_are_not():
    alike = ["don't know", "Don't know", "Don't Know", "DON'T KNOW"]
    assert spellings([*alike, "yes"]) == [alike]
    for apart in (["Straße", "strasse"], ["hod", "hOd"], ["a", "A"], ["nitro-A", "nitro-a"]):
        assert spellings([*apart, "yes", "no"]) == []


def test_a_target_that_names_rows_is_refused():
    names = pd.Series([f"Person {n}" for n in range(40)], name="name")
    with pytest.raises(UserError, match="names rows rather than classes"):
        code_labels(names)
    assert len(code_labels(pd.concat([names] * 3, ignore_index=True)).classes) == 40


def test_first_letters_of_usual_words_are_merged_with_them():
    target = pd.Series(["Y", "yes", "no", "N", "yes", "no", "n", "Yes"], name="t")
    merged = code_labels(target, merge=True)
    assert merged.classes == ["no", "yes"]
    assert merged.codes.tolist() == [1, 1, 0, 0, 1, 0, 0, 1]
    assert spellings(["F", "M", "female", "male"]) == [["F", "female"], ["M", "male"]]
    assert spellings(["T", "f", "false", "true"]) == [["T", "true"], ["f", "false"]]
    assert spellings(["N", "no", "y"]) == [["N", "no"]]


@pytest.mark.parametrize(
    "labels",
    [
        ["Y", "N"],  # letters alone
        ["y", "Y", "n", "N"],
        ["a", "m", "n", "y", "male"],  # without the opposite
        ["n", "no", "maybe"],
        ["f", "false", "female", "true", "male"],  # of which it may be either
    ],
)
def test_letters_that_stand_for_no_word_stay(labels):
    assert spellings(labels) == []
