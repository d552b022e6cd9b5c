import json

import pytest

from nnexp.leaderboard.resampling import DEFAULT, valid_to_train


def test_of_folds_and_of_shares(make):
    assert valid_to_train(make(0, data__split__folds=5)) == pytest.approx(1 / 4)
    assert valid_to_train(make(0)) == pytest.approx(0.2 / 0.6)


def test_of_folds_forward_in_time(make):
    record = make(0, data__split__folds=3, data__split__method="time")
    assert valid_to_train(record) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


@pytest.mark.parametrize("folds", [None, True, 1, "5", [5]])
def test_what_does_not_tell(make, folds):
    odd = {"data__split__folds": folds, "data__split__valid": None}
    assert valid_to_train(make(0, **odd)) == DEFAULT
    assert valid_to_train(make(0, data__split__valid=1.0)) == DEFAULT


def test_rows_that_are_counted_go_before_shares(make):
    """Where the test rows have a file of their own, no share of the table is set aside for them."""
    record = make(0)
    record.folder.mkdir()
    manifest = {"data": {"split": {"train": 88, "valid": 22, "test": 40}}}
    (record.folder / "manifest.json").write_text(json.dumps(manifest))
    assert valid_to_train(record) == 22 / 88
    folds = make(0, data__split__folds=3, data__split__method="time")
    assert valid_to_train(folds) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    odd = {"data": {"split": {"train": "88", "valid": True}}}
    (record.folder / "manifest.json").write_text(json.dumps(odd))
    assert valid_to_train(record) == pytest.approx(0.2 / 0.6)
