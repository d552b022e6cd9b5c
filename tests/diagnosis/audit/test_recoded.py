import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.split import shift
from nnexp.diagnosis.audit.split.recoded import given_anew

ROWS = 1500


def kinds(seed):
    """Columns of codes, each with shares of its own."""
    rng = np.random.default_rng(seed)
    sizes = [4, 6, 9, 12]
    frame = pd.DataFrame(
        {f"kind{k}": rng.choice(k, ROWS, p=rng.dirichlet(np.full(k, 0.7))) for k in sizes}
    )
    return frame, (frame["kind4"] + rng.integers(0, 3, ROWS) > 2).astype(int).to_numpy()


@pytest.mark.parametrize("named", [int, "kind {}".format], ids=["numbers", "names"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_codes_given_in_the_order_in_which_names_appear(
    sheet_of, parts_of, causes, seed, first, named
):
    frame, y = kinds(seed)
    parts = parts_of(ROWS)
    assert causes(shift.check(sheet_of(frame, y, parts))) == []
    # the test rows come first from another end of the file
    order = np.argsort(frame["kind12"], kind="stable")[::-1]
    for column in frame:
        for part in ("train", "valid", "test"):
            own = order[(parts == part)[order]] if part == "test" else np.flatnonzero(parts == part)
            codes = pd.factorize(frame[column].to_numpy()[own])[0] + first
            frame.loc[own, column] = codes
        frame[column] = [named(code) for code in frame[column]]
    sheet = sheet_of(frame, y, parts)
    found = given_anew(sheet, "test", sheet.parts["test"])
    assert found is not None
    assert found.cause == "preprocessing_mismatch"
    assert causes(shift.check(sheet)) == ["preprocessing_mismatch"]


@pytest.mark.parametrize("seed", range(3))
def test_other_shares_of_the_same_codes(sheet_of, parts_of, causes, seed):
    frame, y = kinds(seed)
    parts = parts_of(ROWS)
    rng = np.random.default_rng(9)
    for column in frame:
        count = int(frame[column].max()) + 1
        rows = parts == "test"
        frame.loc[rows, column] = rng.choice(count, rows.sum(), p=rng.dirichlet(np.full(count, 2)))
    assert causes(shift.check(sheet_of(frame, y, parts))) == ["distribution_shift"]


def test_a_single_column_may_turn_over(sheet_of, parts_of):
    rng = np.random.default_rng(0)
    parts = parts_of(ROWS)
    level = rng.choice(4, ROWS, p=[0.6, 0.2, 0.1, 0.1])
    level[parts == "test"] = 3 - level[parts == "test"]
    frame = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=list("abc")).assign(level=level)
    sheet = sheet_of(frame, rng.integers(0, 2, ROWS), parts)
    assert given_anew(sheet, "test", sheet.parts["test"]) is None


@pytest.mark.parametrize("seed", range(3))
def test_counts_that_rose_are_no_codes(sheet_of, parts_of, causes, seed):
    rng = np.random.default_rng(seed)
    parts = parts_of(ROWS)
    later = parts == "test"
    frame = pd.DataFrame(
        {
            "kids": rng.poisson(2, ROWS).clip(0, 7) + 2 * later,
            "rooms": rng.poisson(3, ROWS).clip(0, 9) + 3 * later,
        }
    )
    found = shift.check(sheet_of(frame, rng.integers(0, 2, ROWS), parts))
    assert causes(found) == ["distribution_shift"]


@pytest.mark.parametrize("seed", range(3))
def test_names_of_other_places_are_names(sheet_of, parts_of, causes, seed):
    rng = np.random.default_rng(seed)
    parts = parts_of(ROWS)
    shares = [0.6, 0.25, 0.1, 0.05]
    frame = pd.DataFrame(rng.normal(size=(ROWS, 3)), columns=list("abc"))
    for name, words in (("site", ["Bonn", "Ulm", "Celle", "Hof"]), ("kind", list("wxyz"))):
        own = rng.choice(words, ROWS, p=shares)
        other = rng.choice(words[::-1], ROWS, p=shares)
        frame[name] = np.where(parts == "test", other, own)
    found = shift.check(sheet_of(frame, rng.integers(0, 2, ROWS), parts))
    assert causes(found) == ["distribution_shift"]
