import numpy as np
import pytest

from nnexp.diagnosis.audit import spellings


def labels(y, spelt):
    return np.array([spelt[value] for value in y], dtype=object)


@pytest.mark.parametrize("other", ["Maligna", "MALIGNA", "maligna "])
def test_one_label_in_two_spellings_is_told(sheet_of, table, causes, other):
    frame, y = table("breast_cancer")
    texts = labels(y, {0: "maligna", 1: "benigna"})
    texts[np.flatnonzero(y == 0)[::10]] = other
    found = spellings.check(sheet_of(frame, texts))
    if other.strip() == "maligna":  # blanks around a label are no part of it
        assert causes(found) == []
        return
    assert causes(found) == ["conflicting_labels"]
    (told,) = found.nominations
    assert told.fix == ("data.labels=merge",)
    assert told.certain
    rarer = len(np.flatnonzero(y == 0)[::10])
    assert str(told.evidence[1].value).startswith(f"{rarer} (")


@pytest.mark.parametrize(
    "spelt", [{0: "a", 1: "A"}, {0: "one", 1: "two"}, {0: "hod", 1: "hOd"}, {0: 1, 1: 2}]
)
def test_labels_that_differ_otherwise_are_not(sheet_of, table, causes, spelt):
    frame, y = table("breast_cancer")
    found = spellings.check(sheet_of(frame, labels(y, spelt)))
    assert causes(found) == []
    assert found.checked
