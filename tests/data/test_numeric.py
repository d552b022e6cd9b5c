import numpy as np
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from nnexp.config.schema.data import DataConfig
from nnexp.data import numeric
from nnexp.data.quantiles import MidRankQuantiles

SCALERS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "robust": RobustScaler(),
    "quantile": MidRankQuantiles(n_quantiles=80, output_distribution="normal", random_state=0),
}


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(120, 5)) * [1, 10, 100, 1, 1] + [0, 5, 0, 0, 9]
    values[:, 3] = values[:, 0] + rng.normal(size=120) / 10
    values[rng.random(values.shape) < 0.1] = np.nan
    values[:, 4] = np.nan_to_num(values[:, 4])
    return values


def transformed(values, train, **options):
    columns = list(values.T)
    blocks = numeric.fit_blocks(columns, train, DataConfig(**options))
    out = np.empty(values.shape, dtype=np.float32)
    numeric.transform_blocks(blocks, columns, np.arange(len(values)), out)
    return out


@pytest.mark.parametrize("scaling", SCALERS)
@pytest.mark.parametrize("missing", ["mean", "median", "most_frequent", "constant"])
def test_equals_scikit_learn(values, scaling, missing):
    imputer = SimpleImputer(strategy=missing, fill_value=3.0 if missing == "constant" else None)
    reference = make_pipeline(imputer, SCALERS[scaling]).fit(values[:80]).transform(values)
    result = transformed(values, np.arange(80), scaling=scaling, missing=missing, fill_value=3.0)
    np.testing.assert_allclose(result, reference, rtol=1e-6, atol=1e-6)


def test_knn_scales_first(values):
    reference = make_pipeline(StandardScaler(), KNNImputer(n_neighbors=3))
    reference = reference.fit(values[:80]).transform(values)
    result = transformed(values, np.arange(80), missing="knn", neighbors=3)
    np.testing.assert_allclose(result, reference, rtol=1e-5, atol=1e-6)


def test_iterative_imputes_first(values):
    reference = make_pipeline(
        IterativeImputer(skip_complete=True, random_state=0), StandardScaler()
    )
    reference = reference.fit(values[:80]).transform(values)
    result = transformed(values, np.arange(80), missing="iterative")
    np.testing.assert_allclose(result, reference, rtol=1e-5, atol=1e-6)


def test_none_passes_missing_and_infinite_cells_on(values):
    values[3, 4] = np.inf
    result = transformed(values, np.arange(80), missing="none")
    assert (np.isnan(result) == np.isnan(values)).all()
    assert result[3, 4] == np.inf
    np.testing.assert_allclose(np.nanmean(result[:80, :4], axis=0), 0, atol=1e-6)


def test_wide_tables_are_fitted_in_blocks(values, monkeypatch):
    whole = transformed(values, np.arange(80))
    monkeypatch.setattr(numeric, "BLOCK_CELLS", 160)
    monkeypatch.setattr(numeric, "CHUNK", 7)
    blocks = numeric.fit_blocks(list(values.T), np.arange(80), DataConfig())
    assert [(block.start, block.stop) for block in blocks] == [(0, 2), (2, 4), (4, 5)]
    np.testing.assert_array_equal(transformed(values, np.arange(80)), whole)


@pytest.mark.parametrize("missing", ["knn", "iterative"])
def test_long_tables_are_learnt_from_a_sample(values, missing, monkeypatch):
    monkeypatch.setattr(numeric, "MODEL_ROWS", 40)
    one, two = (transformed(values, np.arange(80), missing=missing) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one).all()


def test_constant_columns_and_huge_numbers_stay_finite():
    values = np.array([[1.0, 1e-30], [1.0, 2e-30], [np.nan, 3e38]])
    with np.errstate(all="raise"):
        result = transformed(values, np.arange(2))
    assert np.isfinite(result).all()


def test_no_columns():
    assert numeric.fit_blocks([], np.arange(3), DataConfig()) == ()


@pytest.mark.parametrize("offset", [1e12, 2.0**53, 1.7e18])
def test_numbers_that_differ_little_beside_their_size_are_scaled(offset):
    steps = np.random.default_rng(0).integers(0, 100, 500) * np.spacing(offset) * 4
    out = transformed((offset + steps)[:, None], np.arange(400))[:, 0]
    expected = (steps - steps[:400].mean()) / steps[:400].std()
    np.testing.assert_allclose(out, expected, atol=0.01)


def test_one_number_with_the_roundings_of_a_sum_stays_one():
    values = np.where(np.arange(100) % 2, 0.3, 0.1 + 0.2)
    assert np.abs(transformed(values[:, None], np.arange(100))).max() < 1e-12
