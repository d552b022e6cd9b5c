import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.run import audit_sheet, join_audits
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


@pytest.mark.matrix(8)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", TABLES)
def test_healthy_tables(sheet_of, table, causes, name, seed):
    found = audit_sheet(sheet_of(*table(name), seed=seed))
    assert causes(found) == []
    assert len(found.checked) >= 10
    assert found.seconds > 0


@pytest.mark.parametrize("scaling", ["none", "minmax"])
@pytest.mark.parametrize("noise", [0.35, 0.5])
def test_hard_tables(sheet_of, table, causes, noise, scaling):
    assert causes(audit_sheet(sheet_of(*table("moons", noise=noise), scaling=scaling))) == []


def test_rare_positives(sheet_of, causes):
    from sklearn.datasets import make_classification

    x, y = make_classification(2000, 10, weights=[0.95], random_state=0)
    found = audit_sheet(sheet_of(pd.DataFrame(x).add_prefix("x"), y))
    assert causes(found) == []
    assert "no model at all" in found.notes[0]


def test_the_cause_of_several_signs_is_told_alone(sheet_of, table, causes):
    frame, y = table("wine")
    by_class = np.argsort(y, kind="stable")
    sheet = sheet_of(frame.iloc[by_class], y[by_class], split_shuffle=False, split_stratify=False)
    assert causes(audit_sheet(sheet)) == ["ordered_split"]


def test_two_faults_at_once(sheet_of, table, causes):
    frame, y = table("breast_cancer")
    frame["after"] = y + np.random.default_rng(0).normal(0, 0.05, len(y))
    found = causes(audit_sheet(sheet_of(frame, y, scaling="none", split_valid=0.03)))
    assert sorted(found) == ["target_leak", "unscaled_features", "validation_too_small"]


@pytest.mark.parametrize("rare", [0.02, 0.3])
def test_rare_labels_spelt_otherwise_are_no_matter_of_order(sheet_of, causes, rare):
    rng = np.random.default_rng(0)
    y = (rng.random(1200) < rare).astype(int)
    frame = pd.DataFrame(rng.normal(size=(1200, 4)) + 2 * y[:, None], columns=list("abcd"))
    parts = np.repeat(["train", "valid", "test"], [800, 200, 200])
    merge = ("data.labels=merge",)
    for train, held, fix in (
        ("No_{}", "No {}", ()),
        ("'{}'", "{}", merge),
        ("No {}", "no {}", merge),
    ):
        names = [
            (train if part == "train" else held).format(n) for part, n in zip(parts, y, strict=True)
        ]
        found = audit_sheet(sheet_of(frame, np.array(names, dtype=object), parts))
        assert causes(found)[0] == "label_mapping_mismatch"
        assert "ordered_split" not in causes(found)
        assert found.nominations[0].fix == fix


def test_the_same_sheet_gives_the_same_audit(sheet_of, table):
    frame, y = table("classification")
    first, second = (audit_sheet(sheet_of(frame, y)) for _ in range(2))
    assert (first.nominations, first.notes, first.checked) == (
        second.nominations,
        second.notes,
        second.checked,
    )


def test_join_sorts_and_leaves_out_what_is_accounted_for():
    def one(cause, strength, subject=""):
        return Nomination(cause, (Evidence("a", 1, "b"),), "", (), strength, subject=subject)

    audits = [
        Audit([one("label_noise", 0.9), one("validation_too_small", 0.5)], ["n"], ["c"]),
        Audit([one("conflicting_labels", 0.8), one("group_leak", 0.7, "id")], ["n"], ["c"]),
        Audit([one("target_leak", 0.9, "id"), one("target_leak", 0.6, "x")]),
    ]
    joined = join_audits(audits)
    assert [(item.cause, item.subject) for item in joined.nominations] == [
        ("conflicting_labels", ""),
        ("group_leak", "id"),
        ("target_leak", "x"),
        ("validation_too_small", ""),
    ]
    assert (joined.notes, joined.checked) == (["n"], ["c"])


@pytest.mark.matrix(6)
@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": np.r_[np.zeros(30), np.ones(30)]}),
        pd.DataFrame({"a": ["x", "y", "z"] * 20}),
        pd.DataFrame({"a": [np.nan, 1.0, 2.0] * 20, "b": [None, "x", "y"] * 20}),
        pd.DataFrame({"id": np.arange(60), "a": np.random.default_rng(0).normal(size=60)}),
    ],
)
@pytest.mark.parametrize("options", [{}, {"missing": "none"}, {"split_test": 0.0}])
def test_odd_tables_are_looked_at_too(sheet_of, frame, options):
    y = np.tile([0, 1, 1], 20)
    assert audit_sheet(sheet_of(frame, y, **options)).seconds > 0
    assert audit_sheet(sheet_of(frame, y, split_test=0.0, split_valid=0.0)).seconds > 0


def test_a_tiny_table(sheet_of):
    frame = pd.DataFrame({"a": np.arange(9.0), "b": list("xyz") * 3})
    audit_sheet(sheet_of(frame, [0, 1, 0, 1, 0, 1, 0, 1, 0], split_stratify=False))


@pytest.mark.parametrize(("width", "times", "wrong"), [(6, 0.0, 0.0), (2, 1.5, 0.2)])
def test_rows_that_only_marks_of_missing_cells_make_sure_are_no_wrong_labels(
    sheet_of, width, times, wrong
):
    rng = np.random.default_rng(0)
    age, calls = rng.normal(50, 12, 2000).clip(18, 95).round(), rng.normal(size=2000)
    y = (rng.random(2000) < 1 / (1 + np.exp((age - 50) / width + times * calls))).astype(int)
    frame = pd.DataFrame({"age": np.where(rng.random(2000) < 0.15, -1, age), "calls": calls})
    y = np.where(rng.random(2000) < wrong, 1 - y, y)
    found = {own.cause for own in audit_sheet(sheet_of(frame, y)).nominations}
    assert found == {"sentinel_values"} | ({"label_noise"} if wrong else set())


def test_rows_without_a_column_that_varies(sheet_of, causes):
    sheet = sheet_of(pd.DataFrame({"x": np.arange(200)}), np.arange(200) % 2)
    assert causes(audit_sheet(sheet.without_columns(["x"]))) == ["uninformative_inputs"]
