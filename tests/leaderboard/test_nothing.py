"""What is answered where no run can be ranked."""

import pytest

from nnexp.errors import UserError
from nnexp.leaderboard.leaderboard import leaderboard


def answer(*records):
    with pytest.raises(UserError) as caught:
        leaderboard(list(records))
    return caught.value


def test_all_reasons_are_told_the_most_frequent_first(make, tmp_path):
    error = answer(
        make(0, status="failed", reason="odd"),
        make(1, status="diverged", reason="NaN"),
        make(2, status="diverged", reason="NaN"),
    )
    assert error.wrong == (
        "there is nothing to rank, of 3 runs (2 diverged, 1 failed): 2 x NaN; 1 x odd"
    )
    assert error.remedy == f"nnexp diagnose {tmp_path / '1'}"


def test_of_many_reasons_the_rest_are_counted(make):
    runs = [make(n, status="failed", reason=f"odd {n}") for n in range(5)]
    assert answer(*runs).wrong.endswith("1 x odd 0; 1 x odd 1; 1 x odd 2; and 2 other reasons")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [("interrupted", "nnexp resume {}/0"), ("failed", "ls {}/0"), ("done", "data.split.valid=0.2")],
)
def test_what_to_type(make, tmp_path, status, remedy):
    run = make(0, float("nan"), status=status)
    assert answer(run).remedy == remedy.format(tmp_path)
