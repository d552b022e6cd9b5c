import numpy as np
import pytest
from scipy import stats
from sklearn.feature_selection import f_classif

from nnexp.diagnosis.audit import chance


def test_association_is_the_chi_squared_test():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, 500), rng.integers(0, 4, 500)
    b[a == 1] = 2
    table = chance.cross(a, b)
    expected = stats.chi2_contingency(table, correction=False)
    p, strength = chance.association(a, b)
    assert p == pytest.approx(expected.pvalue)
    assert strength == pytest.approx(stats.contingency.association(table, "cramer"))
    assert chance.association(np.zeros(5, int), np.arange(5)) == (1.0, 0.0)


def test_shares_by_exact_tests():
    expected = stats.fisher_exact([[8, 2], [3, 17]], alternative="greater").pvalue
    assert chance.share_p(8, 10, 3, 20) == pytest.approx(expected)
    assert chance.share_p(0, 0, 3, 20) == 1.0
    assert chance.sign_p(9, 1) == pytest.approx(
        stats.binomtest(9, 10, alternative="greater").pvalue
    )
    assert chance.sign_p(0, 5) == 1.0


def test_bounds_of_a_share():
    low = stats.binomtest(5, 40, alternative="greater").proportion_ci(0.95, "exact").low
    assert chance.at_least(5, 40) == pytest.approx(low)
    assert chance.at_least(0, 40) == 0.0


def test_separation_is_the_area_under_the_curve():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    truth = rng.random(200) < 0.3
    scores = np.round(rng.normal(size=200) + truth, 1)
    area, error = chance.separation(scores, truth)
    assert area == pytest.approx(roc_auc_score(truth, scores))
    assert 0.03 < error < 0.06
    assert chance.separation(scores, np.zeros(200, bool)) == (0.5, np.inf)


def test_largest_gap_is_kolmogorovs():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=300), rng.normal(0.3, 1, size=200)
    expected = stats.ks_2samp(a, b, method="asymp")
    distance, p = chance.largest_gap(a, b)
    assert distance == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue, rel=0.2)


@pytest.mark.parametrize("classes", [2, 5])
def test_p_is_that_of_the_f_test(classes):
    rng = np.random.default_rng(classes)
    label = rng.integers(0, classes, 300)
    x = rng.normal(size=(300, 8)) * 10.0 ** np.arange(8) + 5 + 0.3 * label[:, None]
    np.testing.assert_allclose(chance.p_of_means(x, label), f_classif(x, label)[1], rtol=1e-6)
    assert chance.p_of_means(label[:, None] * 2.0, label) == 0
