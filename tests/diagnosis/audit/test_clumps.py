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
