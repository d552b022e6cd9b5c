import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.split import file_groups


def windows(subjects=25, each=24, classes=3, own=1.5, seed=0, most=0.0):
    """Windows of subjects, one after another, each with a style and a way of its own."""
    rng = np.random.default_rng(seed)
    who, y = np.repeat(np.arange(subjects), each), rng.integers(0, classes, subjects * each)
    y[np.random.default_rng(seed).random(len(y)) < most] = 0
    kinds = rng.normal(size=(classes, 12))
    style, way = rng.normal(size=(subjects, 12)), rng.normal(size=(subjects, classes, 12))
    x = kinds[y] + own * (style[who] + way[who, y]) + 0.3 * rng.normal(size=(len(y), 12))
    return pd.DataFrame(x, columns=[f"x{place}" for place in range(12)]), y


@pytest.mark.parametrize("classes", [2, 4])
def test_subjects_one_after_another(sheet_of, causes, classes):
    frame, y = windows(classes=classes)
    found = file_groups.check(sheet_of(frame, y))
    assert causes(found) == ["group_leak"]
    assert found.nominations[0].fix[0] == "data.split.shuffle=false"
    # the order of the file tells nothing once it is mixed, and no split of it is torn
    order = np.random.default_rng(1).permutation(len(y))
    assert causes(file_groups.check(sheet_of(frame.iloc[order], y[order]))) == []
    in_order = {"split_shuffle": False, "split_stratify": False}
    assert causes(file_groups.check(sheet_of(frame, y, **in_order))) == []


@pytest.mark.parametrize("seed", range(3))
def test_subjects_of_whom_each_has_mostly_one_class(sheet_of, causes, seed):
    frame, y = windows(classes=2, seed=seed, most=0.4)
    assert 0.6 < (y == 0).mean() < 0.8
    assert causes(file_groups.check(sheet_of(frame, y))) == ["group_leak"]


def test_subjects_alike_and_series_in_time(sheet_of, causes):
    assert causes(file_groups.check(sheet_of(*windows(own=0.0)))) == []
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(1500, 6)), 0)
    y = (walk[:, 0] > np.median(walk[:, 0])).astype(int)
    assert causes(file_groups.check(sheet_of(pd.DataFrame(walk).add_prefix("x"), y))) == []


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "blobs"])
def test_files_sorted_by_class(sheet_of, table, causes, name):
    frame, y = table(name)
    order = np.argsort(y, kind="stable")
    assert causes(file_groups.check(sheet_of(frame.iloc[order], y[order]))) == []
