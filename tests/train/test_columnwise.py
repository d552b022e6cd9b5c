"""Powers and cosines of a stack's members, bit for bit as each has them alone."""

import numpy as np
import pytest

from nnexp.train.columnwise import columnwise


@pytest.mark.parametrize("steps", [1, 2, 3, 8, 33])
def test_a_column_is_rounded_as_it_is_alone(steps):
    rng = np.random.default_rng(steps)
    base = rng.choice([0.1, 0.5, 0.9, 0.999], 7)  # (K,)
    count = rng.integers(0, 300, (steps, 7)).astype(float)  # (S, K)
    powers, waves = columnwise(np.power, base, count), columnwise(np.cos, count / 7)
    assert powers.shape == waves.shape == (steps, 7)
    for member in range(7):
        one = slice(member, member + 1)
        alone = columnwise(np.power, base[one], count[:, one])
        assert np.array_equal(alone[:, 0], powers[:, member])
        alone = columnwise(np.cos, count[:, one] / 7)
        assert np.array_equal(alone[:, 0], waves[:, member])


def test_values_are_those_of_the_function():
    base, count = np.array([0.5, 3.0]), np.array([[0.0], [2.0], [-1.0]])
    assert np.array_equal(
        columnwise(np.power, base, count), [[1.0, 1.0], [0.25, 9.0], [2.0, 1 / 3.0]]
    )
