import numpy as np
import pytest
from scipy.stats import norm, rankdata
from sklearn.preprocessing import QuantileTransformer

from nnexp.data.numeric import make_scaler
from nnexp.data.quantiles import MidRankQuantiles
from nnexp.data.state import from_plain, to_plain


def scaled(values, rows=1000):
    return make_scaler("quantile", rows).fit(values[:rows]).transform(values)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("end", [-1, 1])
def test_equal_numbers_at_an_end_are_at_the_middle_of_their_ranks(share, end):
    rng = np.random.default_rng(0)
    values = end * rng.exponential(1, 1000)
    values[rng.random(1000) < share] = 0.0
    ranks = (rankdata(values) - 0.5) / 1000
    result = scaled(values[:, None])[:, 0]
    inner = (ranks > 0.01) & (ranks < 0.99)
    np.testing.assert_allclose(result[inner], norm.ppf(ranks[inner]), atol=0.05)
    assert abs(result[values == 0.0][0]) < 2.7
    assert len(np.unique(result[values == 0.0])) == 1
    assert (np.diff(result[np.argsort(values)]) >= 0).all()


def test_equals_scikit_learn_where_no_end_is_shared():
    values = np.random.default_rng(0).normal(size=(1200, 3)).round(1)
    values[0], values[1] = -9.0, 9.0
    reference = QuantileTransformer(n_quantiles=1000, output_distribution="normal", random_state=0)
    expected = reference.fit(values[:1000]).transform(values)
    np.testing.assert_array_equal(scaled(values), expected)


def test_both_ends_and_a_constant():
    values = np.stack([np.repeat([0.0, 1.0], [900, 100]), np.full(1000, 7.0)], 1)
    result = scaled(values)
    np.testing.assert_allclose(np.unique(result[:, 0]), norm.ppf([0.45, 0.95]), atol=0.01)
    np.testing.assert_allclose(result[:, 1], 0.0, atol=0.01)


def test_nan_and_numbers_beyond_the_ends():
    values = np.repeat([0.0, 1.0, 2.0], [500, 300, 200])[:, None]
    scaler = make_scaler("quantile", 1000).fit(values)
    beyond = scaler.transform(np.array([[np.nan], [-1.0], [0.0], [2.0], [3.0]]))[:, 0]
    assert np.isnan(beyond[0])
    assert beyond[1] < -5 < beyond[2] < beyond[3] < 5 < beyond[4]


def test_is_saved_as_data():
    values = np.random.default_rng(0).poisson(1.0, (300, 2)).astype(float)
    scaler = make_scaler("quantile", 300).fit(values)
    arrays = {}
    again = from_plain(to_plain(scaler, arrays, "scaler"), arrays)
    assert isinstance(again, MidRankQuantiles)
    np.testing.assert_array_equal(again.transform(values), scaler.transform(values))


@pytest.mark.parametrize("unit", [1e-12, 1e-7, 1e9])
def test_the_unit_of_a_column_is_of_no_account(unit):
    values = np.random.default_rng(0).lognormal(size=(400, 2))
    plain, other = (scaled(values * factor, 300) for factor in (1.0, unit))
    np.testing.assert_allclose(other, plain, rtol=1e-9, atol=1e-9)
