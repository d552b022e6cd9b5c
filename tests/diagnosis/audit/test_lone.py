import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import sentinels
from nnexp.diagnosis.audit.table.lone import find_lone


def column(others, mark, share=0.05, rows=800, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(rows) < share, mark, others(rng, rows))


def whole(low, high):
    return lambda rng, rows: rng.integers(low, high, rows).astype(float)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("others", "mark"),
    [
        (whole(1980, 2020), 1900),
        (whole(1950, 2020), 1900),
        (whole(1990, 2020), 1970),
        (whole(0, 100), 300),
        (lambda rng, rows: rng.normal(60, 10, rows), 200),
    ],
)
def test_a_number_alone_is_noted_and_the_column_not_called_in_order(sheet_of, others, mark, seed):
    values = column(others, mark, seed=seed)
    frame = pd.DataFrame({"year": values, "b": np.random.default_rng(9).normal(size=800)})
    found = sentinels.check(sheet_of(frame, np.arange(800) % 2))
    (note,) = found.notes
    assert note.startswith(f"'year' is {mark} in {(values == mark).sum()} cells")
    assert f"'data.sentinels=[year={mark}]'" in note or f'"year={mark}"' in note
    assert found.checked == []
    assert found.nominations == ()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.negative_binomial(0.3, 0.02, 800),
        lambda rng: rng.zipf(1.6, 800).clip(0, 10**6),
        lambda rng: np.round(rng.lognormal(2, 1.5, 800)),
        lambda rng: np.minimum(rng.integers(17, 120, 800), 90),
        lambda rng: rng.integers(0, 2, 800),
        lambda rng: rng.integers(1, 8, 800) ** 3,
        lambda rng: np.where(rng.random(800) < 0.3, 0, rng.integers(50, 90, 800)),
        lambda rng: rng.normal(size=800),
        lambda rng: np.where(rng.random(800) < 0.7, 0, rng.exponential(50, 800)),
    ],
)
def test_tails_flags_and_amounts_have_no_such_number(draw, seed):
    values, counts = np.unique(draw(np.random.default_rng(seed)), return_counts=True)
    assert find_lone(values.astype(float), counts) is None


def test_columns_in_order_are_said_to_be(sheet_of):
    frame = pd.DataFrame({"year": column(whole(1980, 2020), 1980)})
    found = sentinels.check(sheet_of(frame, np.arange(800) % 2))
    assert (found.notes, found.checked) == ([], ["no number stands for missing in 1 columns"])
