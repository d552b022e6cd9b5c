import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.labels import additive, noise
from nnexp.diagnosis.audit.learners import yardstick
from nnexp.diagnosis.audit.rows import find_rows


def nominal(seed, rows):
    """Six columns of texts whose effects on the odds add up, and logistic noise."""
    rng = np.random.default_rng(1000 + seed)
    codes = pd.DataFrame({f"c{i}": rng.integers(0, rng.integers(2, 12), rows) for i in range(6)})
    score = (codes.c0 % 3 == 0) * 1.0 + (codes.c1 > 2) * 1.0 - (codes.c2 == 1)
    score += rng.logistic(size=rows) * 0.7
    return codes.astype(str).radd("L"), (score > 0.5).astype(int).to_numpy()


def ruled(seed, share, rows=1500):
    """Such columns, of which four settle the label by a sum; a share is then exchanged."""
    rng = np.random.default_rng(9000 + seed)
    codes = np.stack([rng.integers(0, rng.integers(3, 9), rows) for _ in range(6)], 1)
    score = sum(rng.normal(size=9)[own] for own in codes.T[:4])
    y = (score > np.median(score)) ^ (rng.random(rows) < share)
    return pd.DataFrame(codes).astype(str).radd("L").add_prefix("c"), y.astype(int)


@pytest.mark.parametrize("seed", [10, 24, 46, 49, 82, 97, 118])
def test_odds_that_add_up_are_no_wrong_labels(sheet_of, causes, seed):
    sheet = sheet_of(*nominal(seed, 1500), seed=seed)
    trees = yardstick.measure(sheet)
    assert noise.confidence_of(trees.together, sheet.y).wrong
    assert causes(noise.check(sheet, trees, find_rows(sheet))) == []


@pytest.mark.parametrize("share", [0.15, 0.2])
@pytest.mark.parametrize("seed", [20, 21, 22])
def test_labels_exchanged_under_a_sum_of_effects_are_told(sheet_of, causes, seed, share):
    sheet = sheet_of(*ruled(seed, share), seed=seed)
    trees = yardstick.measure(sheet)
    assert causes(noise.check(sheet, trees, find_rows(sheet))) == ["label_noise"]
    assert not additive.explains(sheet, trees.together)


def test_one_that_tells_less_than_trees_explains_nothing(sheet_of, table):
    sheet = sheet_of(*table("moons", 600))
    assert not additive.explains(sheet, yardstick.measure(sheet).together)


def test_shares_of_rows_by_other_folds(sheet_of, table):
    sheet = sheet_of(*table("wine"))
    shares = additive.logistic(sheet, sheet.used)
    assert shares.shape == (178, 3)
    assert shares.min() > 0
    assert np.allclose(shares.sum(1), 1)
    assert (shares.argmax(1) == sheet.y).mean() > 0.95


def test_a_class_that_a_fold_lacks_has_a_share(sheet_of, table):
    frame, _ = table("wine")
    y = np.where(np.arange(178) == 60, 2, np.arange(178) % 2)
    shares = additive.logistic(sheet_of(frame, y, split_stratify=False), np.arange(178))
    assert np.allclose(shares.sum(1), 1)
