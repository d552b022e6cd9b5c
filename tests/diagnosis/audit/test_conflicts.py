import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit import conflicts
from nnexp.diagnosis.audit.rows import find_rows

TABLES = ["breast_cancer", "wine", "digits", "moons", "classification"]


def look(sheet):
    return conflicts.check(sheet, find_rows(sheet))


def repeated(frame, y, share, flip):
    rng = np.random.default_rng(0)
    again = rng.choice(len(y), int(share * len(y)), False)
    other = (y[again] + flip) % (y.max() + 1)
    order = rng.permutation(len(y) + len(again))
    return pd.concat([frame, frame.iloc[again]]).iloc[order], np.r_[y, other][order]


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("name", TABLES)
def test_equal_rows_with_other_labels(sheet_of, table, causes, name, share):
    found = look(sheet_of(*repeated(*table(name), share, flip=1)))
    assert causes(found) == ["conflicting_labels"]
    bound = found.nominations[0].evidence[1].value
    assert bound == pytest.approx(1 - share / (1 + share), abs=0.005)


@pytest.mark.parametrize("name", TABLES)
def test_equal_rows_with_the_same_label(sheet_of, table, causes, name):
    assert causes(look(sheet_of(*repeated(*table(name), 0.2, flip=0)))) == []


def test_rows_of_few_values_conflict_by_nature(sheet_of, causes):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.binomial(6, 0.4, (1500, 4)), columns=list("abcd"))
    found = look(sheet_of(frame, (rng.random(1500) < frame["a"] / 6).astype(int)))
    assert causes(found) == []
    assert "bounds the accuracy" in found.notes[0]
