import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import pairs

TABLES = ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"]


def _accounts(rng, size=1500, noise=0.0):
    """What is used of a limit, and whether that is more than the limit."""
    limit = rng.lognormal(8, 0.6, size)
    over = rng.random(size) < 0.4
    used = limit * np.where(over, rng.uniform(1.01, 1.6, size), rng.uniform(0.1, 0.99, size))
    frame = pd.DataFrame({"limit": limit.round(), "used": used.round(2)})
    frame["age"] = rng.integers(20, 80, size)
    frame["tenure"] = rng.gamma(2, 3, size) + over
    return frame, np.where(over ^ (rng.random(size) < noise), "over", "within")


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("seed", range(3))
def test_the_label_says_which_of_two_columns_is_larger(sheet_of, causes, noise, seed):
    frame, y = _accounts(np.random.default_rng(seed), noise=noise)
    found = pairs.check(sheet_of(frame, y, seed=seed))
    assert causes(found) == ["target_leak"]
    (own,) = found.nominations
    assert own.subject == "limit, used"
    assert own.fix == ("data.drop=[limit,used]",)
    assert (own.provable, own.title) == (False, pairs.TITLE)


def test_three_classes_by_which_is_larger_or_neither(sheet_of, causes):
    rng = np.random.default_rng(0)
    strength = rng.gamma(2, 1, 1500)
    frame = pd.DataFrame({"home": rng.poisson(strength), "away": rng.poisson(strength)})
    frame["crowd"] = rng.normal(size=1500)
    y = np.sign(frame["home"] - frame["away"]).to_numpy()
    (own,) = pairs.check(sheet_of(frame, np.array(["away", "draw", "home"])[y + 1])).nominations
    assert own.subject == "home, away"


@pytest.mark.parametrize("ratio", [False, True])
def test_the_label_by_how_far_apart_two_columns_are(sheet_of, causes, ratio):
    rng = np.random.default_rng(0)
    late = rng.random(1500) < 0.3
    due = rng.lognormal(7, 0.7, 1500) if ratio else rng.uniform(0, 3000, 1500)
    frame = pd.DataFrame({"due": due, "a": rng.normal(size=1500), "b": rng.normal(size=1500)})
    share = np.where(late, rng.uniform(0.8, 0.97, 1500), rng.uniform(0.98, 1.02, 1500))
    days = np.where(late, rng.uniform(7, 40, 1500), rng.uniform(1, 6.5, 1500))
    frame["paid"] = due * share if ratio else due + days
    (own,) = pairs.check(sheet_of(frame, late.astype(int))).nominations
    assert own.subject == "due, paid"
    assert ("ratio" if ratio else "difference") in own.evidence[0].signal


def _zones(rng, noise, telling):
    a, b = rng.integers(0, 3, (2, 1500))
    y = ((a == b) ^ (rng.random(1500) < noise)).astype(int)
    frame = pd.DataFrame(rng.normal(size=(1500, 4)) + telling * y[:, None], columns=list("abcd"))
    frame["ship"], frame["bill"] = np.array(list("xyz"))[a], np.array(list("uvw"))[b]
    return frame, y


def test_texts_that_say_nothing_alone_and_all_together(sheet_of, causes):
    rng = np.random.default_rng(0)
    (own,) = pairs.check(sheet_of(*_zones(rng, 0.02, 0.4))).nominations
    assert own.subject == "ship, bill"
    assert not own.provable
    # in a table of nothing else that may be what is asked for
    alone = pairs.check(sheet_of(*_zones(rng, 0.02, 0.0)))
    assert causes(alone) == []
    assert "'ship' is beside 'bill'" in alone.notes[0]
    often = pairs.check(sheet_of(*_zones(rng, 0.12, 0.4)))
    assert (causes(often), list(often.notes)) == ([], [])


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("positive", [False, True])
def test_tables_as_they_are(sheet_of, table, causes, name, positive):
    frame, y = table(name)
    if positive:  # so that ratios are looked at
        frame = np.exp((frame - frame.mean()) / frame.std().clip(1e-9))
    found = pairs.check(sheet_of(frame, y))
    assert (causes(found), list(found.notes)) == ([], [])


@pytest.mark.parametrize("seed", range(3))
def test_a_border_between_columns_of_no_kin_is_no_leak(sheet_of, causes, seed):
    x = np.random.default_rng(seed).normal(size=(1500, 5))
    frame = pd.DataFrame(x, columns=list("abcde"))
    assert causes(pairs.check(sheet_of(frame, (x[:, 0] > x[:, 1]).astype(int)))) == []
    assert causes(pairs.check(sheet_of(np.exp(frame), (x[:, 0] > x[:, 1]).astype(int)))) == []


@pytest.mark.parametrize("seed", range(3))
def test_columns_that_tell_more_together_by_degrees_are_no_leak(sheet_of, causes, seed):
    """Debts beside an income, of which a bank makes what it likes."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(8, 0.6, 1500)
    debt = income * rng.lognormal(0, 0.5, 1500)
    frame = pd.DataFrame({"income": income, "debt": debt, "age": rng.normal(40, 9, 1500)})
    y = (np.log(debt / income) + rng.logistic(0, 0.15, 1500) > 0).astype(int)
    assert causes(pairs.check(sheet_of(frame, y))) == []


def test_a_column_that_settles_the_label_alone_makes_no_pair(sheet_of, causes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1500)
    frame = pd.DataFrame({"a": rng.normal(10, 1, 1500) + 8 * y})
    frame["b"] = 0.1 * frame["a"] + rng.normal(13, 0.2, 1500)
    frame["c"] = rng.normal(size=1500)
    assert causes(pairs.check(sheet_of(frame, y))) == []


def test_cells_that_are_missing_or_endless(sheet_of):
    frame, y = _accounts(np.random.default_rng(0))
    frame.loc[::3, "used"] = np.nan
    frame.loc[5, "limit"] = np.inf
    frame["empty"] = np.where(np.arange(len(y)) < 30, 1.0 * np.arange(len(y)), np.nan)
    (own,) = pairs.check(sheet_of(frame, y, missing="none")).nominations
    assert own.subject == "limit, used"


def test_the_gain_of_a_second_column_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4)) @ rng.normal(size=(4, 4))
    y = (x[:, 1] - 0.7 * x[:, 3] + rng.normal(size=400) > 0).astype(int)

    def explained(places):
        centred = x[:, places] - x[:, places].mean(0)
        return np.linalg.lstsq(centred, y - y.mean(), rcond=None)[1][0] / (y.var() * 400)

    gains = {
        (i, j): min(explained([i]), explained([j])) - explained([i, j])
        for i in range(4)
        for j in range(i + 1, 4)
    }
    found = pairs._by_plane(x, y, 2, ~np.eye(4, dtype=bool))
    assert tuple(sorted(found)) == max(gains, key=lambda pair: gains[pair])


@pytest.mark.parametrize("leaks", [True, False])
def test_the_label_says_whether_two_columns_of_the_same_texts_differ(sheet_of, causes, leaks):
    rng = np.random.default_rng(0)
    countries = np.array([f"C{n}" for n in range(20)])
    card, shop = rng.integers(0, 20, (2, 1500))
    fraud = rng.random(1500) < 0.3
    ship = np.where(fraud if leaks else rng.random(1500) < 0.3, (card + 1 + shop % 19) % 20, card)
    frame = pd.DataFrame({"card": countries[card], "ship": countries[ship]})
    frame["amount"] = rng.lognormal(4, 1, 1500) * (1 + fraud)
    frame["hour"] = rng.normal(12, 4, 1500) + 3 * fraud
    frame["items"] = rng.poisson(2 + fraud, 1500)
    found = pairs.check(sheet_of(frame, fraud.astype(int)))
    assert causes(found) == ["target_leak"] * leaks
    if leaks:
        (own,) = found.nominations
        assert own.subject == "card, ship"
        assert "whether 'card' and 'ship' are the same" in own.evidence[0].signal
