import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import one_class


@pytest.mark.parametrize("classes", [3, 5])
def test_a_cost_that_only_one_class_is_spared(sheet_of, causes, classes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, 1200)
    frame = pd.DataFrame(rng.normal(size=(1200, 6)) + 0.5 * y[:, None], columns=list("abcdef"))
    assert causes(one_class.check(sheet_of(frame, y))) == []
    frame["cost"] = np.where(y == 1, 0.0, rng.lognormal(6, 1, 1200).round())
    found = one_class.check(sheet_of(frame, y))
    assert causes(found) == ["target_leak"]
    assert found.nominations[0].fix == ("data.drop=[cost]",)


def test_a_class_that_the_others_tell_nearly_as_well(sheet_of, causes):
    """The metal that makes an alloy one, beside its other metals."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 1500)
    frame = pd.DataFrame(rng.normal(size=(1500, 6)) + 1.7 * y[:, None], columns=list("abcdef"))
    frame["metal"] = np.where(y == 1, rng.normal(9, 1, 1500), rng.normal(0, 1, 1500))
    assert causes(one_class.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_measurement_that_tells_the_other_classes_as_well(sheet_of, causes, seed):
    """The length of a foot, by which a naturalist tells most kinds, and one at a glance."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 6, 1800)
    frame = pd.DataFrame(rng.normal(size=(1800, 5)) + 0.4 * y[:, None], columns=list("abcde"))
    foot = np.array([50.0, 20, 24, 27, 31, 34])[y] + rng.normal(0, 1.5, 1800)
    assert causes(one_class.check(sheet_of(frame.assign(foot=foot), y))) == []
    # where the others are all alike by it, it is about that one class alone
    alike = np.where(y == 0, 50.0, 27) + rng.normal(0, 1.5, 1800)
    assert causes(one_class.check(sheet_of(frame.assign(foot=alike), y))) == ["target_leak"]


@pytest.mark.parametrize("seed", range(3))
def test_an_amount_that_rises_with_the_class_and_is_nil_for_one(sheet_of, causes, seed):
    """A payout is known after the outcome, of which it also tells the size."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, 1500)
    frame = pd.DataFrame(rng.normal(size=(1500, 5)) + 0.4 * y[:, None], columns=list("abcde"))
    frame["payout"] = np.where(y == 0, 0.0, 100.0 * y + rng.normal(0, 60, 1500).clip(-90, 300))
    assert causes(one_class.check(sheet_of(frame, y))) == ["target_leak"]


def test_two_classes_are_looked_at_elsewhere(sheet_of, causes):
    y = np.arange(200) % 2
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 4)), columns=list("abcd"))
    assert causes(one_class.check(sheet_of(frame.assign(e=y * 1.0), y))) == []


@pytest.mark.parametrize("name", ["iris", "wine", "digits", "blobs"])
def test_a_class_that_is_plain_by_measurement(sheet_of, table, causes, name):
    assert causes(one_class.check(sheet_of(*table(name)))) == []


@pytest.mark.parametrize("name", ["car", "letter", "soybean", "vowel"])
def test_real_tables(real_sheet, causes, name):
    assert causes(one_class.check(real_sheet(name))) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_measurement_of_one_class_beside_noise(sheet_of, causes, seed):
    """Adults by their height, and boys and girls, of whom nothing tells."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 1800)
    frame = pd.DataFrame(rng.normal(size=(1800, 4)), columns=list("abcd"))
    frame["height"] = np.where(y == 2, rng.normal(185, 9, 1800), rng.normal(132, 12, 1800))
    assert causes(one_class.check(sheet_of(frame, y, seed=seed))) == []
    # beside what tells a part it is suspected, and no re-run confirms that
    frame[["a", "b"]] += 1.2 * (y == 2)[:, None]
    (own,) = one_class.check(sheet_of(frame, y, seed=seed)).nominations
    assert (own.subject, own.provable) == ("height", False)
