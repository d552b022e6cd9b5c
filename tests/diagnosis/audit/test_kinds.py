import numpy as np
import pytest

from nnexp.diagnosis.audit.table.kinds import compare_levels, curve, gain_by_kinds, order_of_codes


@pytest.mark.parametrize("shape", [np.sin, np.cos, np.abs, np.sqrt, lambda x: x**3])
def test_curves_are_followed(shape):
    """Least squares on the basis leaves next to nothing of a smooth curve."""
    x = np.random.default_rng(0).integers(0, 30, 2000).astype(float)
    target = shape(x / 6)
    basis = np.c_[curve(x), np.ones(len(x))]
    rest = target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
    assert rest.var() < 0.01 * target.var()


def test_equal_numbers_have_equal_places():
    basis = curve(np.array([3.0, 1.0, 3.0, 2.0, 1.0]))
    assert np.array_equal(basis[0], basis[2])
    assert np.array_equal(basis[1], basis[4])


def test_a_constant_has_a_curve():
    assert np.isfinite(curve(np.full(5, 7.0))).all()


def test_kinds_gain_where_amounts_cannot():
    rng = np.random.default_rng(0)
    code = rng.integers(0, 10, 2000).astype(float)
    other = rng.normal(size=(2000, 1))
    odd = (code % 2 + rng.normal(0, 0.3, 2000) > 0.5).astype(int)
    share, z = gain_by_kinds(other, [code], odd, 2)
    assert share > 0.3
    assert z > 20
    rising = (code + rng.normal(0, 3, 2000) > 5).astype(int)
    share, _ = gain_by_kinds(other, [code], rising, 2)
    assert share < 0.01


def test_the_products_are_unbiased():
    rng = np.random.default_rng(0)
    code = rng.integers(0, 200, 4000)
    own = [compare_levels(code, rng.integers(0, 2, 4000), 2).own for _ in range(20)]
    assert abs(np.mean(own)) < 0.003


def test_the_order_of_codes_beside_random_ones():
    rng = np.random.default_rng(0)
    code = rng.integers(0, 6, 3000)
    rising = (rng.random(3000) < code / 6).astype(int)
    explained, place = order_of_codes(code, rising, 2)
    assert explained > 0.2
    assert place < 0.02
    places = []
    for _ in range(30):
        other = rng.permutation(6)[code]
        explained_too, own = order_of_codes(other, rising, 2)
        assert explained_too == pytest.approx(explained)
        places.append(own)
    assert 0.35 < np.mean(places) < 0.65
    nothing, _ = order_of_codes(code, rng.integers(0, 2, 3000), 2)
    assert abs(nothing) < 0.005


def test_many_codes_of_many_classes_take_no_memory_for_each_pair_and_class(peak_of):
    rng = np.random.default_rng(0)
    code, y = rng.permutation(np.arange(4000) % 200), rng.integers(0, 300, 4000)
    assert peak_of(lambda: order_of_codes(code, y, 300)) < 200 * 200 * 300
