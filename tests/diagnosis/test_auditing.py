import re

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.diagnosis.audit_report import AuditReport
from nnexp.errors import UserError


@pytest.fixture
def wine():
    from sklearn.datasets import load_wine

    return load_wine(as_frame=True).frame


def test_a_healthy_table(wine):
    report = nnexp.audit(wine, target="target")
    assert isinstance(report, AuditReport)
    assert report.findings == ()
    assert "nothing wrong was found" in str(report)
    assert "178 rows, 13 columns, 3 classes of 'target'" in report.title
    assert len(report.checked) > 5


def test_findings_are_suspected_and_say_what_to_type(wine):
    wine["after"] = wine["target"] + 0.01 * np.sin(np.arange(178))
    report = nnexp.audit(wine, target="target")
    (finding,) = report.findings
    assert (finding.cause, finding.verdict) == ("target_leak", "suspected")
    assert finding.proof is None
    text = str(report)
    assert "1 finding\n" in text
    assert "fix: 'data.drop=[after]'" in text
    assert "why: " in text
    assert max(map(len, text.splitlines())) <= 120


def test_options_and_overrides_are_the_same(wine):
    by_name = nnexp.audit(wine, "target", scaling="none", split={"valid": 0.05})
    typed = nnexp.audit(wine, "target", ["data.scaling=none", "data.split.valid=0.05"])
    assert by_name.findings == typed.findings
    assert {finding.cause for finding in typed.findings} == {
        "unscaled_features",
        "validation_too_small",
    }


def test_a_split_that_is_made_already(wine):
    report = nnexp.audit(wine, "target", train=range(100))
    assert "100 train, 78 validation" in report.title
    assert [finding.cause for finding in report.findings] == ["ordered_split"]
    order = np.random.default_rng(0).permutation(178)
    report = nnexp.audit(wine, "target", train=order[:100], valid=order[100:140])
    assert "100 train, 40 validation, 38 test" in report.title
    assert report.findings == ()


def test_rows_beside_those_that_validate_are_train_rows(wine):
    report = nnexp.audit(wine, "target", valid=range(0, 178, 5))
    assert "142 train, 36 validation" in report.title
    others = np.arange(178) % 5 > 0
    assert str(report) == str(nnexp.audit(wine, "target", train=others))


def test_a_duration_is_no_date(wine):
    taken = pd.to_timedelta(np.random.default_rng(0).integers(0, 9999, 178), unit="s")
    assert nnexp.audit(wine.assign(t=taken), "target").notes[-1] == "left out: t (a duration)"
    day = pd.Timestamp("2020-01-01") + taken
    assert nnexp.audit(wine.assign(t=day), "target").notes[-1] == "left out: t (a date)"


def test_columns_that_are_numbered_may_be_named_so(wine):
    odd = wine.set_axis(range(14), axis=1)
    named = nnexp.audit(odd, 13, drop=["0"], categorical=["4"], split={"by": "5"})
    given = nnexp.audit(odd, 13, drop=[0], categorical=(np.int64(4),), split={"by": 5})
    assert str(given) == str(named)


def test_the_frame_is_left_alone(wine):
    before = wine.copy()
    nnexp.audit(wine, "target")
    pd.testing.assert_frame_equal(wine, before)


def test_any_index_and_any_names(wine):
    odd = wine.set_axis(range(14), axis=1).set_index(np.arange(178)[::-1] % 7)
    assert nnexp.audit(odd, "13").findings == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "tagret"}, "tagret"),
        ({}, "target is not given"),
        ({"target": "target", "scalin": "none"}, "error: scalin is no setting"),
        ({"target": "y", "scalin": "none"}, "try: nnexp.audit(frame, target='y', scaling='none')"),
        ({"target": "target", "scaling": "loud"}, "error: scaling cannot be 'loud'"),
        ({"target": "target", "split": {"valid": 2.0}}, "error: split.valid"),
        ({"target": "target", "split": {"vald": 0.1}}, "error: split.vald is no setting"),
        ({"target": "target", "overrides": "data.scaling=none"}, "overrides are one text"),
        ({"target": "target", "train": [0, 178]}, "row 178"),
        ({"target": "target", "train": range(100), "valid": range(90, 178)}, "10 rows in common"),
        ({"target": "target", "train": "all"}, "train= is no list of rows"),
        ({"target": "target", "train": []}, "train= has no row"),
        ({"target": "target", "train": [], "valid": [1]}, "try: train=range(89)"),
        ({"target": "target", "valid": range(178)}, "valid= has all rows"),
        ({"target": "target", "train": [4, 1, 4, 2]}, "train= has the row 4 more than once"),
        ({"target": "target", "seed": "a"}, "seed='a'"),
        ({"target": "target", "split": 3}, "try: split={'method': 'random'}"),
        ({"target": "target", "split": "group"}, "split={'method': 'group'}"),
        ({"target": pd.Series([0, 1])}, "target= is of type Series"),
        ({"target": np.zeros(3)}, "target= is of type ndarray"),
        ({"target": ["target"]}, "target= is of type list"),
        ({"target": "target", "split": {"test": 0.999}}, "try: nnexp.audit"),
    ],
)
def test_mistakes(wine, arguments, message):
    with pytest.raises(UserError, match=re.escape(message)):
        nnexp.audit(wine, **arguments)


def test_what_is_no_table():
    with pytest.raises(UserError, match="ndarray"):
        nnexp.audit(np.zeros((3, 3)), "a")


def test_train_rows_can_be_a_mask(wine):
    mask = np.arange(len(wine)) % 3 != 0
    by_mask = nnexp.audit(wine, target="target", train=mask)
    assert str(by_mask) == str(nnexp.audit(wine, target="target", train=np.flatnonzero(mask)))
    with pytest.raises(UserError, match="10 rows"):
        nnexp.audit(wine, target="target", train=mask[:10])


def test_an_empty_frame_is_answered():
    with pytest.raises(UserError, match="0 rows"):
        nnexp.audit(pd.DataFrame(), "species")


def test_a_column_that_stands_twice_is_named(wine):
    for name in ("target", "alcohol"):
        twice = pd.concat([wine, wine[[name]]], axis=1)
        with pytest.raises(UserError, match=f"two columns named '{name}'"):
            nnexp.audit(twice, "target")


def test_a_seed_may_be_of_numpy(wine):
    assert str(nnexp.audit(wine, "target", seed=np.int64(3))) == str(
        nnexp.audit(wine, "target", seed=3)
    )


def test_errors_speak_of_the_call_where_it_was_one(wine):
    few = wine.iloc[[0, 60, 150, 1, 61]]
    with pytest.raises(UserError, match=r"split={'stratify': False}"):
        nnexp.audit(few, "target")
    with pytest.raises(UserError, match=r"data.split.stratify=false"):
        nnexp.audit(few, "target", ["data.scaling=none"])


def test_the_last_column_may_be_meant_by_its_place(wine):
    for frame, name in ((wine, "target"), (wine.set_axis(range(14), axis=1), "13")):
        with pytest.raises(UserError) as caught:
            nnexp.audit(frame, target=-1)
        assert caught.value.remedy == f"nnexp.audit(frame, target={name!r})"


def test_sentinels_may_be_a_mapping(wine):
    odd = wine.copy()
    odd.loc[::9, "ash"] = -1.0
    odd.loc[4::9, "ash"] = 99.0
    as_texts = nnexp.audit(odd, "target", sentinels=["ash=-1", "ash=99", "hue=0"])
    given = {"ash": [-1, np.float64(99)], "hue": 0}
    assert str(nnexp.audit(odd, "target", sentinels=given)) == str(as_texts)
    assert str(as_texts) != str(nnexp.audit(odd, "target"))
    for wrong in ({"ash": "few"}, {"ash": None}, {"ash": True}):
        with pytest.raises(UserError, match="which is no column=number") as caught:
            nnexp.audit(odd, "target", sentinels=wrong)
        assert caught.value.remedy == "nnexp.audit(frame, target='target', sentinels=['ash=0'])"


@pytest.mark.parametrize("column", ["hue", "target"])
def test_long_doubles_are_read_as_numbers(wine, column):
    plain = wine.astype({column: np.float64})
    long = wine.astype({column: np.longdouble})
    assert str(nnexp.audit(long, "target")) == str(nnexp.audit(plain, "target"))
    assert long[column].dtype == np.longdouble


def test_long_doubles_beyond_float64_are_missing(wine):
    wine["hue"] = wine["hue"].astype(np.longdouble)
    wine.loc[::9, "hue"] *= np.longdouble("1e1000")
    assert len(nnexp.audit(wine, "target").checked) > 5


def test_complex_long_doubles_are_texts(wine):
    odd = wine.assign(c=wine["hue"] + 1j * wine["ash"])
    same = odd.astype({"c": np.clongdouble})
    assert nnexp.audit(same, "target").notes == nnexp.audit(odd, "target").notes
