import numpy as np
import pytest
import torch

from nnexp.model.noise import Masks
from nnexp.seeds import generator

CPU = torch.device("cpu")


def draw(rates, seeds, rows=500, width=40):
    masks = Masks(rates, width, CPU, torch.float64)
    return masks.draw([generator(seed, "dropout", 1) for seed in seeds], rows)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.95, 0.99999])
def test_share_and_mean(rate):
    mask = draw([rate], [0], rows=2000)[0]
    kept = (mask > 0).double().mean().item()
    spread = np.sqrt(rate * (1 - rate) / mask.numel())
    assert kept == pytest.approx(1 - rate, abs=5 * spread + 2e-5)
    values = mask[mask > 0].unique()
    assert len(values) <= 1
    if rate == 0.0:
        assert torch.equal(mask, torch.ones_like(mask))
    elif rate < 0.99:  # inverted dropout: the mean is 1
        assert mask.mean().item() == pytest.approx(1.0, abs=5 * spread / (1 - rate))


def test_a_member_draws_the_same_in_any_stack():
    together = draw([0.5, 0.2, 0.0], [4, 5, 6])
    assert torch.equal(together[1], draw([0.2], [5])[0])
    assert torch.equal(together[0], draw([0.5, 0.9], [4, 1])[0])


def test_units_are_independent():
    mask = (draw([0.5], [0], rows=4000, width=8)[0] > 0).double()
    correlation = np.corrcoef(mask.numpy().T)
    off_diagonal = correlation[~np.eye(8, dtype=bool)]
    assert np.abs(off_diagonal).max() < 0.08
