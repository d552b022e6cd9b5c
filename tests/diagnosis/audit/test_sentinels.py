import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import sentinels
from nnexp.diagnosis.audit.table.sentinels import find_spikes


def spikes(values):
    values = np.asarray(values, dtype=np.float64)
    found = find_spikes("c", *np.unique(values[np.isfinite(values)], return_counts=True))
    return sorted(spike.value for spike in found)


def planted(values, code, share, seed=0):
    values = np.array(values, dtype=np.float64)
    values[np.random.default_rng(seed).random(len(values)) < share] = code
    return values


RNG = np.random.default_rng(1)
COLUMNS = {
    "age": RNG.integers(17, 90, 800),
    "income": RNG.lognormal(10, 0.5, 800).round(),
    "z": RNG.normal(size=800),
    "pressure": RNG.normal(72, 12, 800).round(),
    "temperature": RNG.normal(5, 9, 800).round(1),
}


@pytest.mark.parametrize("code", [-999, -9999, 99999999, -1e30])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("name", ["age", "z", "pressure", "temperature"])
def test_far_codes(name, code, share):
    assert spikes(planted(COLUMNS[name], code, share)) == [code]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.4])
@pytest.mark.parametrize(
    ("name", "code"), [("age", -1), ("income", -1), ("pressure", -9), ("age", 999), ("pressure", 0)]
)
def test_near_codes(name, code, share):
    assert spikes(planted(COLUMNS[name], code, share)) == [code]


def test_two_codes_at_both_ends():
    values = planted(planted(COLUMNS["age"], -999, 0.1), 9999, 0.05, seed=1)
    assert spikes(values) == [-999, 9999]


@pytest.mark.parametrize("code", [0, 0.0])
def test_zero_in_a_body_measure_and_not_in_an_amount(code):
    body = RNG.normal(32, 5, 768)
    assert spikes(planted(body, code, 0.02)) == [0]
    for amount in (RNG.exponential(50, 800), RNG.gamma(1.5, 200, 800), RNG.lognormal(3, 1, 800)):
        for share in (0.02, 0.3, 0.8):
            assert spikes(planted(amount, code, share)) == []


@pytest.mark.parametrize(
    "values",
    [
        RNG.poisson(3, 800),
        RNG.poisson(30, 800),
        RNG.integers(0, 16, 800),
        RNG.integers(0, 2, 800),
        RNG.choice([-1, 0, 1], 800),
        RNG.choice([1, 2, 3, 9], 800),
        RNG.lognormal(0, 2, 800),
        RNG.normal(size=800).clip(-2, 2),  # cut off at both ends
        np.where(RNG.random(800) < 0.92, 0, RNG.integers(114, 41311, 800)),
        np.r_[RNG.normal(size=797), 1e6, 1e6, 1e6],  # outliers, but no spike
        np.round(RNG.random(800) * 20) / 20,  # shares
        RNG.normal(-40, 3, 800).round(),
    ],
    ids=lambda values: f"{values.min():.3g}..{values.max():.3g}",
)
def test_no_code_in_columns_of_their_own_kind(values):
    assert spikes(values) == []


def test_the_fix_names_columns_and_numbers(sheet_of, causes):
    frame = pd.DataFrame({name: planted(v, -999, 0.1) for name, v in COLUMNS.items()})
    y = np.arange(800) % 2
    found = sentinels.check(sheet_of(frame[["age", "z"]], y))
    assert causes(found) == ["sentinel_values"]
    assert found.nominations[0].fix == ('data.sentinels=["age=-999","z=-999"]',)
    told = sheet_of(frame[["age", "z"]], y, sentinels=["age=-999"])
    assert sentinels.check(told).nominations[0].fix == ('data.sentinels=["age=-999","z=-999"]',)


def test_a_number_that_is_missing_with_another(sheet_of):
    rng = np.random.default_rng(3)
    pressure = rng.normal(70, 8, 800).round()
    insulin = rng.lognormal(5, 0.6, 800).round()  # down to 20: 0 is not far from that
    pressure[:120] = 0
    insulin[:200] = 0
    y = np.arange(800) % 2
    (found,) = sentinels.check(
        sheet_of(pd.DataFrame({"pressure": pressure, "insulin": insulin}), y)
    ).nominations
    assert set(found.subject.split(", ")) == {"pressure", "insulin"}
    # zeros elsewhere than there are the column's own
    own = np.where(rng.random(800) < 0.3, 0, insulin + 20)
    (found,) = sentinels.check(
        sheet_of(pd.DataFrame({"pressure": pressure, "insulin": own}), y)
    ).nominations
    assert found.subject == "pressure"


def test_zeros_that_meet_by_chance(sheet_of):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"pressure": rng.normal(70, 8, 600).round()})
    frame.loc[:11, "pressure"] = 0
    for n in range(60):
        frame[f"c{n}"] = np.where(rng.random(600) < 0.5, 0, rng.lognormal(3, 1, 600)).round(2)
    (found,) = sentinels.check(sheet_of(frame, np.arange(600) % 2)).nominations
    assert found.subject == "pressure"


def test_zeros_of_shares_with_a_slip_among_them(sheet_of):
    rng = np.random.default_rng(0)
    share = np.where(rng.random(900) < 0.5, 0, rng.uniform(0.3, 0.5, 900))
    share[7] = 30000.0  # its decimal point is lost
    frame = pd.DataFrame({"share": share})
    assert not sentinels.check(sheet_of(frame, np.arange(900) % 2)).nominations


def _with_zeros(columns, share=0.25, seed=0):
    rng = np.random.default_rng(seed)
    return {name: np.where(rng.random(len(own)) < share, 0.0, own) for name, own in columns.items()}


def test_zeros_beside_a_column_where_0_is_plainly_none(sheet_of):
    rng = np.random.default_rng(0)
    columns = {
        "alcohol": rng.normal(11, 1.2, 800).round(1),
        "acidity": (0.1 + rng.lognormal(-1.3, 0.5, 800)).round(2),
        "sulphates": (0.25 + rng.lognormal(-1.2, 0.4, 800)).round(2),
    }
    spent = {"spent": rng.lognormal(3, 1, 800).round(2)}  # near 0 with and without zeros
    frame = pd.DataFrame({**_with_zeros(columns), **_with_zeros(spent, seed=1)})
    found = sentinels.check(sheet_of(frame, rng.integers(0, 2, 800)))
    assert set(found.nominations[0].subject.split(", ")) == {"alcohol", "acidity", "sulphates"}
    seldom = _with_zeros({"acidity": columns["acidity"]}, share=0.05)  # of another making
    found = sentinels.check(sheet_of(frame.assign(**seldom), rng.integers(0, 2, 800)))
    assert "acidity" not in found.nominations[0].subject


def test_zeros_are_usual_in_pictures(sheet_of):
    rng = np.random.default_rng(0)
    dark = {
        f"p{k}": np.where(
            rng.random(800) < 0.3 + 0.03 * k, 0, rng.gamma(0.7, 80, 800).round().clip(0, 255)
        )
        for k in range(20)
    }
    edge = {"edge": np.where(rng.random(800) < 0.5, 0, rng.normal(200, 20, 800).round())}
    frame = pd.DataFrame({**dark, **edge})
    y = rng.integers(0, 2, 800)
    assert not sentinels.check(sheet_of(frame, y)).nominations
    assert sentinels.check(sheet_of(frame[["p0", "edge"]], y)).nominations[0].subject == "edge"


def test_counts_with_zeros_of_their_own_beside_marks(sheet_of):
    rng = np.random.default_rng(0)
    marked = _with_zeros({"bmi": rng.normal(27, 4, 800).round(1)})
    smokers = np.where(rng.random(800) < 0.25, 0, rng.integers(3, 30, 800))
    y = rng.integers(0, 2, 800)
    found = sentinels.check(sheet_of(pd.DataFrame({**marked, "cigarettes": smokers}), y))
    assert found.nominations[0].fix == ('data.sentinels=["bmi=0"]',)
    counts = {f"n{k}": rng.negative_binomial(2, 0.35, 800) * 1.0 for k in range(9)}
    marks = _with_zeros({"bmi": marked["bmi"], "pressure": rng.normal(72, 9, 800).round()}, 0.3, 1)
    found = sentinels.check(sheet_of(pd.DataFrame({**counts, **marks}), y))
    assert set(found.nominations[0].subject.split(", ")) == {"bmi", "pressure"}


def test_zeros_among_amounts_that_may_be_nil(sheet_of):
    """What glass is made of: 0 is an amount, of magnesium as of barium and iron."""
    rng = np.random.default_rng(0)
    amounts = {
        name: np.where(rng.random(600) < share, 0, rng.lognormal(-2, 1, 600)).round(2)
        for name, share in (("barium", 0.8), ("iron", 0.6), ("potassium", 0.1))
    }
    metal = np.where(rng.random(600) < 0.2, 0.0, rng.normal(3.4, 0.4, 600).round(2))
    metal[:4] = 0.3, 0.8, 1.2, 1.7
    frame = pd.DataFrame({**amounts, "magnesium": metal})
    y = np.arange(600) % 2
    assert not sentinels.check(sheet_of(frame, y)).nominations
    (found,) = sentinels.check(sheet_of(frame[["iron", "magnesium"]], y)).nominations
    assert found.subject == "magnesium"


@pytest.mark.parametrize(
    ("scale", "mark", "makes_it"), [(1.0, -999.0, True), (300.0, -99999.0, False)]
)
def test_marks_make_the_scale_where_the_rest_has_a_good_one(sheet_of, scale, mark, makes_it):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(800, 4)), columns=list("abcd"))
    frame["d"] *= scale
    for name in "ab":
        frame.loc[rng.random(800) < 0.08, name] = mark
    sheet = sheet_of(frame, rng.integers(0, 2, 800), scaling="none")
    (found,) = sentinels.check(sheet).nominations
    assert found.of_scale is makes_it
