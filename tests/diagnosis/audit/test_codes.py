import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import codes


def made(levels, rows, seed=0, ordered=False):
    """A column of codes, each with a share of positives of its own or one that rises with it."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, levels, rows)
    share = np.sort(rng.beta(0.5, 0.5, levels)) if ordered else rng.beta(0.5, 0.5, levels)
    y = (rng.random(rows) < share[code]).astype(int)
    return pd.DataFrame({"code": code, "x": rng.normal(size=rows) + 0.5 * y}), y


@pytest.mark.parametrize(("levels", "rows"), [(40, 1000), (100, 2000), (200, 3000), (300, 6000)])
@pytest.mark.parametrize("seed", [0, 1])
def test_codes_of_kinds(sheet_of, causes, levels, rows, seed):
    frame, y = made(levels, rows, seed)
    found = codes.check(sheet_of(frame, y))
    assert causes(found) == ["categorical_as_number"]
    assert found.nominations[0].fix == ("data.categorical=[code]",)
    assert causes(codes.check(sheet_of(frame, y, categorical=["code"]))) == []


def scaled(frame, rows, how):
    """As the rows of train are scaled, in float32 as a loop has them."""
    known = frame.iloc[rows]
    if how == "range":
        moved = (frame - known.min()) / (known.max() - known.min())
    else:
        moved = (frame - known.mean()) / known.std(ddof=0)
    return moved.astype(np.float32).astype(float)


@pytest.mark.parametrize("how", ["standard", "range"])
@pytest.mark.parametrize("levels", [40, 200])
def test_codes_that_were_scaled(sheet_of, causes, how, levels):
    frame, y = made(levels, 3000)
    found = codes.check(sheet_of(scaled(frame, sheet_of(frame, y).train, how), y))
    assert causes(found) == ["categorical_as_number"]
    frame, y = made(levels, 3000, ordered=True)
    assert causes(codes.check(sheet_of(scaled(frame, sheet_of(frame, y).train, how), y))) == []


def test_numbers_that_are_no_codes_are_not_looked_at(sheet_of, causes):
    frame, y = made(40, 3000)
    odd = frame.assign(code=np.sqrt(frame["code"]))  # in unequal steps
    assert causes(codes.check(sheet_of(scaled(odd, sheet_of(odd, y).train, "standard"), y))) == []
    rng = np.random.default_rng(1)
    absent = frame.assign(code=np.where(rng.random(len(frame)) < 0.2, -999, frame["code"]))
    train = sheet_of(absent, y).train
    assert causes(codes.check(sheet_of(scaled(absent, train, "standard"), y))) == []
    tenths = frame.assign(code=frame["code"] / 10)  # measured so
    assert causes(codes.check(sheet_of(tenths, y))) == []


@pytest.mark.parametrize("levels", [12, 40, 200])
@pytest.mark.parametrize("seed", range(3))
def test_quantities_are_silent(sheet_of, causes, levels, seed):
    assert causes(codes.check(sheet_of(*made(levels, 3000, seed, ordered=True)))) == []


def test_hills_and_waves_are_silent(sheet_of, causes):
    rng = np.random.default_rng(0)
    hour, age = rng.integers(0, 24, 3000), rng.integers(18, 90, 3000)
    share = (1 + np.sin(hour / 24 * 2 * np.pi) * np.cos((age - 50) / 12)) / 2
    frame = pd.DataFrame({"hour": hour, "age": age})
    assert causes(codes.check(sheet_of(frame, (rng.random(3000) < share).astype(int)))) == []


def test_codes_that_tell_nothing_are_silent(sheet_of, causes):
    frame, _ = made(100, 2000)
    y = np.random.default_rng(3).integers(0, 2, 2000)
    assert causes(codes.check(sheet_of(frame, y))) == []


@pytest.mark.parametrize("name", ["digits", "iris", "wine"])
def test_small_integers_of_real_tables(sheet_of, table, causes, name):
    assert causes(codes.check(sheet_of(*table(name)))) == []


def few(ordered, seed=0, columns=6, levels=5, rows=1500):
    """Columns of a few codes each; the logit is a sum of what their codes stand for."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, levels, (rows, columns))
    worth = rng.normal(size=(levels, columns))
    worth = np.sort(worth, 0) if ordered else worth
    logit = worth[code, np.arange(columns)].sum(1)
    y = (rng.random(rows) < 1 / (1 + np.exp(-2 * (logit - logit.mean())))).astype(int)
    return pd.DataFrame({f"c{place}": own for place, own in enumerate(code.T)}), y


@pytest.mark.parametrize("seed", range(3))
def test_few_codes_of_many_columns(sheet_of, causes, seed):
    frame, y = few(ordered=False, seed=seed)
    found = codes.check(sheet_of(frame, y))
    assert causes(found) == ["categorical_as_number"]
    (own,) = found.nominations
    assert own.fix[0].startswith("data.categorical=[c")
    assert len(own.subject.split(", ")) >= 3
    texts = frame.astype(str).map(lambda code: f"kind {code}")
    assert causes(codes.check(sheet_of(texts, y))) == []


@pytest.mark.parametrize("seed", range(3))
def test_few_steps_of_a_quantity_are_silent(sheet_of, causes, seed):
    assert causes(codes.check(sheet_of(*few(ordered=True, seed=seed)))) == []


@pytest.mark.parametrize(("ordered", "expected"), [(False, ["categorical_as_number"]), (True, [])])
def test_one_column_of_codes_that_plainly_are_kinds(sheet_of, causes, ordered, expected):
    """Beside quantities that tell as much, so that the orders look right in the mean."""
    rng = np.random.default_rng(3)
    code, amounts = rng.integers(0, 6, 1500), rng.integers(0, 8, (1500, 2))
    worth = np.array([1.5, -2.0, 1.0, -1.0, 2.0, -1.5])
    worth = np.sort(worth) if ordered else worth
    logit = worth[code] + 0.6 * (amounts.sum(1) - 7)
    y = (rng.random(1500) < 1 / (1 + np.exp(-2 * logit))).astype(int)
    frame = pd.DataFrame({"code": code, "a": amounts[:, 0], "b": amounts[:, 1]})
    found = codes.check(sheet_of(frame, y))
    assert causes(found) == expected
    if expected:
        assert found.nominations[0].fix == ("data.categorical=[code]",)


def beside(seed, smooth=False, rows=2300):
    """Codes of eight kinds, or eight steps of a curve, that tell a little beside strong columns."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 8, rows)
    worth = np.array([0.4, -1.0, 0.7, -0.4, 0.1, -0.7, 1.0, -0.1])
    told = (1.4 * np.sin(code / 7 * 6) if smooth else 1.6 * worth[code])[:, None]
    x = rng.normal(size=(rows, 4))
    y = (2.0 * x.sum(1, keepdims=True) + told + rng.logistic(size=(rows, 1)) > 0).astype(int)[:, 0]
    return pd.DataFrame({"code": code, **{f"x{i}": x[:, i] for i in range(4)}}), y


@pytest.mark.parametrize("seed", range(4))
def test_codes_that_tell_little_beside_strong_columns(sheet_of, causes, seed):
    found = codes.check(sheet_of(*beside(seed)))
    assert causes(found) == ["categorical_as_number"]
    assert found.nominations[0].fix == ("data.categorical=[code]",)
    assert causes(codes.check(sheet_of(*beside(seed, smooth=True)))) == []


def test_a_column_of_names_is_told_with_the_others_of_its_kind(sheet_of):
    """One tells much by itself, one a little beside it."""
    rng = np.random.default_rng(0)
    carrier, airport = rng.integers(0, 10, 3000), rng.integers(0, 12, 3000)
    worth = 2.5 * rng.permutation(np.linspace(-1, 1, 10))[carrier]
    worth = worth + 1.2 * np.tile([1.0, -1.0], 6)[airport]
    y = (worth + rng.logistic(size=3000) > 0).astype(int)
    delay = rng.normal(size=3000) + 0.3 * y
    frame = pd.DataFrame({"carrier": carrier, "airport": airport, "delay": delay})
    (found,) = codes.check(sheet_of(frame, y)).nominations
    assert sorted(found.subject.split(", ")) == ["airport", "carrier"]
