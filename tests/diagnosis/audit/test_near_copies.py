import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.rows import find_rows
from nnexp.diagnosis.audit.split import near_copies


def answers(size=300, seed=0):
    """Answers of people in five steps, with their age and income."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(1, 6, (size, 12))).add_prefix("q")
    frame["age"] = rng.normal(45, 15, size).round()
    frame["income"] = rng.lognormal(10, 0.5, size).round(-2)
    return frame, rng.integers(0, 3, size)


def copies(frame, y, times, noise, seed=1):
    rng = np.random.default_rng(seed)
    every = [frame]
    for _ in range(times):
        own = frame.copy()
        own["age"] += noise * rng.choice([-1, 0, 1], len(own))
        own["income"] = (own["income"] * (1 + 0.01 * noise * rng.normal(size=len(own)))).round(-2)
        every.append(own)
    order = rng.permutation(len(frame) * (times + 1))
    joined = pd.concat(every, ignore_index=True)
    return joined.iloc[order].reset_index(drop=True), np.tile(y, times + 1)[order]


def found_of(sheet):
    return near_copies.check(sheet, find_rows(sheet))


@pytest.mark.parametrize("times", [1, 4])
def test_copies_but_for_a_little_noise(sheet_of, causes, times):
    frame, y = answers()
    assert causes(found_of(sheet_of(frame, y))) == []
    found = found_of(sheet_of(*copies(frame, y, times, 1.0)))
    assert causes(found) == ["duplicate_leak"]
    # the same answers of others
    assert causes(found_of(sheet_of(*copies(frame, y, times, 40.0)))) == []


def test_answers_that_repeat_by_nature(sheet_of, causes):
    frame, y = answers(2000)
    coarse = (frame.iloc[:, :8] > 4).astype(int).assign(age=frame["age"], income=frame["income"])
    assert causes(found_of(sheet_of(coarse, y * 0 + coarse["q0"].to_numpy()))) == []


@pytest.mark.parametrize("name", ["letter", "titanic", "nsl_kdd", "vowel"])
def test_real_tables(sheet_of, table, causes, name):
    assert causes(found_of(sheet_of(*table(name)))) == []
