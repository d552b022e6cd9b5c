"""Ridge regressions of folds are those of scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from nnexp.diagnosis.audit.learners.linear import FOLDS, PENALTY, WIDE, WIDE_FOLDS, by_ridge


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize(
    ("rows", "columns"), [(200, 7), (37, 7), (25, 60), (200, WIDE + 5), (900, WIDE + 5)]
)
def test_targets_are_those_of_ridge(rows, columns, targets):
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, columns)) * rng.uniform(0.5, 2, columns) + 3
    x[:, 1] = x[:, 0]  # a column twice, as one-hot ones that add up
    truth = np.eye(targets + 1)[rng.integers(0, targets + 1, rows)][:, :targets]
    expected = np.zeros_like(truth)
    folds = FOLDS if columns <= WIDE else WIDE_FOLDS
    for learn, tell in KFold(folds, shuffle=True, random_state=0).split(x):
        ridge = Ridge(alpha=PENALTY * len(learn)).fit(x[learn], truth[learn])
        expected[tell] = ridge.predict(x[tell]).reshape(len(tell), -1)
    np.testing.assert_allclose(by_ridge(x, truth), expected, atol=1e-9)
