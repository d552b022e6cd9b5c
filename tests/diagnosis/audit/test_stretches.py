import numpy as np
import pytest

from nnexp.diagnosis.audit.labels import stretches
from nnexp.diagnosis.audit.learners.yardstick import measure

TABLES = ["digits", "classification"]
STRETCHES = {"beginning": (0.0, 0.3), "middle": (0.35, 0.65), "end": (0.5, 1.0)}


def mixed(table, name):
    frame, y = table(name, **({} if name == "digits" else {"rows": 2000}))
    order = np.random.default_rng(0).permutation(len(y))
    return frame.iloc[order].reset_index(drop=True), y[order]


@pytest.mark.matrix(3)
@pytest.mark.parametrize("where", STRETCHES)
@pytest.mark.parametrize("name", TABLES)
def test_labels_dealt_anew_in_a_stretch_of_the_file(sheet_of, table, causes, name, where):
    frame, y = mixed(table, name)
    start, end = (int(share * len(y)) for share in STRETCHES[where])
    sheet = sheet_of(frame, y)
    assert causes(stretches.check(sheet, measure(sheet))) == []
    y[start:end] = np.random.default_rng(1).permutation(y[start:end])
    sheet = sheet_of(frame, y)
    found = stretches.check(sheet, measure(sheet))
    assert causes(found) == ["label_permuted"]
    first, last = (int(word) for word in found.nominations[0].subject.split() if word.isdigit())
    assert abs(first - start) < len(y) / 8
    assert abs(last - end) < len(y) / 8


def test_another_rule_in_a_stretch_is_no_lost_label(sheet_of, table, causes):
    frame, y = mixed(table, "classification")
    y[: len(y) // 2] = 1 - y[: len(y) // 2]
    sheet = sheet_of(frame, y)
    assert causes(stretches.check(sheet, measure(sheet))) == []


@pytest.mark.parametrize("name", TABLES)
def test_a_file_that_is_sorted_by_class(sheet_of, table, causes, name):
    frame, y = table(name)
    order = np.argsort(y, kind="stable")
    sheet = sheet_of(frame.iloc[order].reset_index(drop=True), y[order])
    assert causes(stretches.check(sheet, measure(sheet))) == []


def test_labels_that_nothing_tells_anywhere(sheet_of, table, causes):
    frame, y = mixed(table, "digits")
    sheet = sheet_of(frame, np.random.default_rng(0).permutation(y))
    assert causes(stretches.check(sheet, measure(sheet))) == []
