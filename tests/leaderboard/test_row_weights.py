import json
import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.row_weights import rows_of, step_of


@pytest.fixture
def of_classes(make):
    """A record whose table has so many rows of each class, a tenth of which validate."""

    def record(counts, *args, **given):
        own = make(*args, **given)
        own.folder.mkdir(exist_ok=True)
        classes = [{"label": str(n), "rows": rows} for n, rows in enumerate(counts)]
        (own.folder / "manifest.json").write_text(json.dumps({"data": {"classes": classes}}))
        own.metrics["val"]["n"] = sum(counts) // 10
        return own

    return record


def test_steps_are_those_of_the_scores(of_classes):
    record = of_classes([40, 1960], 0)
    true = np.r_[np.zeros(4, int), np.ones(196, int)]
    assert step_of(record, "val_loss") == 0
    assert step_of(record, "val_accuracy") == 1 / 200
    other = true.copy()
    other[0] = 1
    moved = 1 - balanced_accuracy_score(true, other)
    assert step_of(record, "val_balanced_accuracy") == pytest.approx(moved)
    score = np.arange(200.0)
    score[[3, 4]] = score[[4, 3]]  # the last of the rare class, and the first of the other
    assert step_of(record, "val_auc") == pytest.approx(1 - roc_auc_score(true, score))


def test_the_step_of_an_area_of_several_classes(of_classes):
    record = of_classes([100, 400, 500], 0)
    assert step_of(record, "val_auc") == pytest.approx(1 / (3 * 10 * 90))


@pytest.mark.parametrize(
    ("counts", "accuracy", "said"),
    [
        ([200, 1800], 0.9, True),
        ([200, 1800], 0.1, True),
        ([200, 1800], 0.5, False),  # recalls of 0.5 and 0.5, or 0.7 and 0.3
        ([200, 900, 900], 0.45, False),  # three classes
    ],
)
def test_one_class_for_every_row_is_told_by_its_share(of_classes, counts, accuracy, said):
    records = [of_classes(counts, n, optimizer__lr=rate) for n, rate in enumerate((0.1, 0.2))]
    for own in records:
        own.metrics["val"] |= {"balanced_accuracy": 0.5, "accuracy": accuracy}
    notes = leaderboard(records).notes
    assert any("as if it named one class" in note for note in notes) == said


def test_a_class_that_may_have_no_row_is_taken_to_have_one(of_classes):
    record = of_classes([4, 9996], 0)
    assert step_of(record, "val_auc") == pytest.approx(1 / 999)


def test_rows_of_one_weight(of_classes):
    record = of_classes([40, 1960], 0)
    assert rows_of(record, "val_accuracy") == 200
    assert rows_of(record, "val_balanced_accuracy") == pytest.approx(4 / (1 / 4 + 1 / 196))
    assert rows_of(record, "val_loss") == rows_of(record, "val_auc") == math.inf


def test_equal_steps_of_a_rare_row_prove_little(of_classes):
    """A row of four, told better by each of five seeds."""
    records = []
    for seed in range(5):
        for l2, score in ((0.0, 0.875), (0.1, 0.75)):
            own = of_classes([40, 1960], len(records), seed=seed, reg__l2=l2)
            own.metrics["val"]["balanced_accuracy"] = score
            records.append(own)
    against = leaderboard(records, "val_balanced_accuracy").configurations[1].against_leader
    assert against.p > 1e-3
    assert not against.distinguishable


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", "{}", '{"data": 1}', '{"data": {"classes": [{"rows": "x"}, {"rows": true}, 3]}}'],
)
def test_a_manifest_that_does_not_tell(of_classes, manifest):
    record = of_classes([40, 1960], 0)
    (record.folder / "manifest.json").write_text(manifest)
    assert step_of(record, "val_balanced_accuracy") == 1 / 200
    assert step_of(record, "val_auc") == 0
    assert rows_of(record, "val_balanced_accuracy") == 200
    record.metrics["val"]["n"] = None
    assert step_of(record, "val_accuracy") == 0
    assert rows_of(record, "val_accuracy") == math.inf
