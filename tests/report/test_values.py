import math

import pytest

from nnexp.report.values import p_value, share, signed, value


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (0.123456, "0.1235"), (817.42, "817.4"), (-1.5, "−1.5"), (3, "3"), (True, "true"),
        (None, "not finite"), (math.nan, "not finite"), (math.inf, "not finite"),
        ([1.0, None, "a"], "1, not finite, a"), ("a\nb", "a b"), ([], ""),
        (list(range(14)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (14 in all)"),
    ],
)  # fmt: skip
def test_values(found, text):
    assert value(found) == text


def test_long_texts_are_cut():
    assert len(value("x" * 1000)) == 300


def test_changes_shares_and_p_values():
    assert (signed(0.1894), signed(-382.2, ".3g"), signed(math.nan)) == (
        "+0.189", "−382", "not finite",
    )  # fmt: skip
    assert (share(0.853), share(-0.17)) == ("85 %", "−17 %")
    assert (p_value(0.00102), p_value(1e-9), p_value(1.0)) == ("0.001", "below 0.0001", "1")
