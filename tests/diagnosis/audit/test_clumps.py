import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.split import clumps


def measured(seed, things=120, times=5, noise=0.1, width=6, uneven=False):
    """Rows that are measurements of things, which have labels of their own, in a random order."""
    rng = np.random.default_rng(seed)
    thing = np.repeat(np.arange(things), rng.integers(2, 7, things) if uneven else times)
    x = rng.normal(size=(things, width))[thing] + noise * rng.normal(size=(len(thing), width))
    order = rng.permutation(len(thing))
    frame = pd.DataFrame(x[order], columns=[f"x{k}" for k in range(width)])
    return frame, rng.integers(0, 3, things)[thing][order], thing[order]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "how",
    [
        {}, {"uneven": True}, {"noise": 0.02}, {"width": 20}, {"times": 2},
        {"times": 25, "things": 40, "noise": 0.2, "width": 12},
        {"times": 50, "things": 40, "noise": 0.2, "width": 12},
    ],
)  # fmt: skip
def test_several_measurements_of_one_thing(sheet_of, causes, seed, how):
    frame, y, _ = measured(seed, **how)
    found = clumps.check(sheet_of(frame, y))
    assert causes(found) == ["group_leak"]
    assert found.nominations[0].fix == ()


def test_the_column_that_names_them(sheet_of, causes):
    frame, y, thing = measured(0)
    frame["thing"] = [f"t{own * 7 % 121}" for own in thing]
    found = clumps.check(sheet_of(frame, y, drop=["thing"]))
    assert found.nominations[0].fix == ("data.split.method=group", "data.split.by=thing")
    whole = {"split_method": "group", "split_by": "thing"}
    assert causes(clumps.check(sheet_of(frame, y, **whole))) == []


def test_clumps_within_train_alone(sheet_of, causes):
    """Held-out rows stand for themselves: there is nothing to tell them by heart from."""
    frame, y, _ = measured(0, things=150)
    alone, other, _ = measured(1, things=200, times=1)
    parts = np.array(["train"] * len(frame) + ["valid", "test"] * 100)
    both = pd.concat([frame, alone], ignore_index=True)
    found = clumps.check(sheet_of(both, np.concatenate((y, other)), parts=parts))
    assert causes(found) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [3, 8, 40])
def test_rows_that_stand_for_themselves(sheet_of, causes, seed, width):
    frame, y, _ = measured(seed, things=600, times=1, width=width)
    assert causes(clumps.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("things", [8, 18])
def test_classes_that_consist_of_a_few_clumps(sheet_of, causes, things):
    frame, _, thing = measured(0, things=things, times=40, noise=0.05)
    assert causes(clumps.check(sheet_of(frame, thing % 2))) == []


def test_measurements_that_tell_no_more_of_each_other_than_of_others(sheet_of, causes):
    """What they are told by holds for new things, too."""
    frame, _, _ = measured(0)
    y = (frame["x0"] + frame["x1"] > 0).astype(int).to_numpy()
    found = clumps.check(sheet_of(frame, y))
    assert causes(found) == []
    assert "clumps of rows" in found.checked[0]


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine", "iris", "moons", "blobs"])
def test_real_tables(sheet_of, table, causes, name):
    assert causes(clumps.check(sheet_of(*table(name)))) == []


def few_digits(frame, digits=2):
    """The columns as laboratories give them: of a few hundred different numbers each."""
    return (5 + frame).round(digits)


@pytest.mark.parametrize("seed", range(3))
def test_measurements_of_few_digits(sheet_of, causes, seed):
    frame, y, _ = measured(seed, things=240, times=8, width=8)
    coarse = few_digits(frame)
    assert all(coarse.nunique() < 0.5 * len(coarse))
    assert causes(clumps.check(sheet_of(coarse, y))) == ["group_leak"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("width", "digits"), [(3, 2), (8, 2), (8, 1), (4, 0)])
def test_rows_of_few_digits_that_stand_for_themselves(sheet_of, causes, seed, width, digits):
    frame, y, _ = measured(seed, things=2000, times=1, width=width)
    assert causes(clumps.check(sheet_of(few_digits(frame, digits), y))) == []


@pytest.mark.parametrize("seed", range(3))
def test_answers_and_one_amount_are_too_coarse(sheet_of, causes, seed):
    """Many columns of a few values beside one of many: rows of the same answers lie close."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(1, 6, (2000, 12)), columns=[f"q{k}" for k in range(12)])
    frame["amount"] = rng.pareto(1.6, 2000).round(2)
    y = (frame["q0"] + frame["q1"] + rng.normal(0, 1, 2000) > 6).astype(int)
    sheet = sheet_of(frame, y, seed=seed)
    assert not clumps.is_fine(sheet, clumps.Points(sheet))
    assert causes(clumps.check(sheet)) == []


def _enlarged(rng, times, noise=0.003, width=6):
    """Rows of a rare class, each several times and with a little noise in every column."""
    y = (rng.random(1200) < 0.15).astype(int)
    frame = pd.DataFrame(rng.normal(size=(1200, width)) + 0.3 * y[:, None])
    frame.columns = [f"x{k}" for k in range(width)]
    rare = frame[y == 1]
    again = [rare + rng.normal(0, noise, rare.shape) for _ in range(times)]
    both = pd.concat([frame, *again], ignore_index=True)
    y = np.r_[y, np.ones(times * len(rare), dtype=int)]
    order = rng.permutation(len(y))
    return both.iloc[order], np.array(["no", "yes"])[y[order]]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("times", [1, 4])
def test_rows_of_a_class_that_were_copied_with_noise(sheet_of, causes, seed, times):
    found = clumps.check(sheet_of(*_enlarged(np.random.default_rng(seed), times), seed=seed))
    assert causes(found) == ["duplicate_leak"]
    (own,) = found.nominations
    assert (own.subject, own.fix) == ("class 'yes'", ())


@pytest.mark.parametrize("seed", range(3))
def test_a_class_that_lies_closer_is_none_of_copies(sheet_of, causes, seed):
    """A dense class within a wide one, and one that consists of few clumps."""
    rng = np.random.default_rng(seed)
    y = (rng.random(1500) < 0.3).astype(int)
    x = rng.normal(size=(1500, 5)) * np.where(y == 1, 0.05, 1.0)[:, None]
    frame = pd.DataFrame(x, columns=list("abcde"))
    assert causes(clumps.check(sheet_of(frame, y, seed=seed))) == []
    centres = rng.normal(size=(12, 5))[rng.integers(0, 12, 1500)]
    frame.iloc[:] = np.where((y == 0)[:, None], x, centres + x)
    assert causes(clumps.check(sheet_of(frame, y, seed=seed))) == []
