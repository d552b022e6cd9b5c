"""The audit of tables: faults that are put in, and tables that have none."""

import numpy as np
import pandas as pd
import pytest

from nnexp.config.compose import compose
from nnexp.data.labelled import read_labelled
from nnexp.data.sources import load_table
from nnexp.data.table import table_from_frame
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.sheet import make_sheet


def frame(name):
    table = load_table(compose([f"data={name}"]).data)
    return table.frame.assign(y=np.asarray(table.target))


def causes(table, *overrides):
    config = compose(["data=csv", "data.path=x.csv", "data.target=y", *overrides])
    labelled = read_labelled(table_from_frame(table, "y", "t"), config.data)
    return [own.cause for own in audit_sheet(make_sheet(labelled, config.data)).nominations]


HEALTHY = ["digits", "wine", "iris", "breast_cancer", "moons", "circles", "blobs", "classification"]


@pytest.mark.matrix(4)
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_tables(name):
    config = compose([f"data={name}"])
    labelled = read_labelled(load_table(config.data), config.data)
    audit = audit_sheet(make_sheet(labelled, config.data))
    assert list(audit.nominations) == []
    assert audit.checked


def test_a_column_that_is_the_target():
    table = frame("classification")
    rng = np.random.default_rng(0)
    leaking = table.assign(later=table["y"] + rng.normal(0, 0.05, len(table)))
    assert causes(leaking)[0] == "target_leak"


def test_rows_on_both_sides():
    table = frame("wine")
    twice = pd.concat([table, table.sample(frac=0.5, random_state=0)])
    assert "duplicate_leak" in causes(twice)
    assert "duplicate_leak" not in causes(twice, "data.duplicates=drop")


@pytest.mark.parametrize("value", [-999.0, 99999.0])
def test_a_number_that_stands_for_a_missing_cell(value):
    table = frame("breast_cancer")
    name = table.columns[0]
    table.loc[np.random.default_rng(0).random(len(table)) < 0.1, name] = value
    assert "sentinel_values" in causes(table)
    mended = f'data.sentinels=["{name}={value:g}"]'
    assert "sentinel_values" not in causes(table, mended)


def test_labels_that_were_shuffled():
    table = frame("digits")
    table["y"] = np.random.default_rng(0).permutation(table["y"])
    found = causes(table)
    assert {"label_permuted", "uninformative_inputs"} & set(found[:2])


def test_labels_of_which_many_are_wrong():
    table = frame("breast_cancer")
    wrong = np.random.default_rng(0).random(len(table)) < 0.3
    one, other = sorted(set(table["y"]))
    table.loc[wrong, "y"] = table.loc[wrong, "y"].map({one: other, other: one})
    assert causes(table)[0] == "label_noise"


def test_cells_that_are_missing_because_of_the_target():
    table = frame("classification")
    table.loc[table["y"] == 1, "x3"] = np.nan
    assert causes(table)[0] == "missingness_leak"


def test_missing_cells_that_tell_something_and_are_thrown_away():
    table = frame("classification")
    rng = np.random.default_rng(0)
    table.loc[rng.random(len(table)) < np.where(table["y"] == 1, 0.6, 0.1), "x3"] = np.nan
    assert "informative_missingness" in causes(table, "data.indicator=false")
    assert "informative_missingness" not in causes(table)
    random = frame("classification")
    random.loc[rng.random(len(random)) < 0.3, "x3"] = np.nan
    assert causes(random, "data.indicator=false") == []


def test_a_file_that_is_sorted_and_not_shuffled():
    table = frame("iris").sort_values("y", kind="stable")
    words = ("data.split.shuffle=false", "data.split.stratify=false")
    assert causes(table, *words)[0] == "ordered_split"
    assert causes(table) == []


def test_columns_of_very_different_size():
    assert causes(frame("wine"), "data.scaling=none")[0] == "unscaled_features"
    assert causes(frame("wine")) == []
