import numpy as np
import pytest

from nnexp.diagnosis.audit.learners.against import FAR_FEWER, FEWER, beats


def told(rows, wrong, first=0):
    right = np.ones(rows, dtype=bool)
    right[first : first + wrong] = False
    return right


@pytest.mark.parametrize(
    ("own", "theirs", "fewer", "expected"),
    [
        (5, 60, FEWER, True),
        (20, 60, FEWER, False),
        (20, 60, FAR_FEWER, True),
        (0, 9, FEWER, False),  # may be chance
        (0, 20, FEWER, True),
        (0, 0, FEWER, False),
        (60, 5, 1.0, False),
    ],
)
def test_far_fewer_errors_beyond_chance(own, theirs, fewer, expected):
    right, others = told(500, own, 200), told(500, theirs)
    assert beats(right, np.ones(500, dtype=bool), others, fewer) is expected


def test_rows_in_which_a_fact_is_not_known_do_not_count():
    known = told(500, 100)
    assert not beats(known, known, told(500, 90), FEWER)
    assert beats(known, known, told(500, 90, 300), FEWER)
