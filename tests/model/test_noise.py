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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_device_is_given_the_same_masks_in_one_copy(dtype):
    rates, seeds, rows, width = [0.3, 0.0, 0.99999, 1e-6, 0.5], [4, 5, 6, 7, 8], 51, 7
    masks = Masks(rates, width, CPU, dtype)

    def generators():
        return [generator(seed, "dropout", 1) for seed in seeds]

    ones, others = generators(), generators()
    for _ in range(2):  # blocks
        expected = masks.draw(ones, rows)
        drawn = masks._draw_at_once(others, rows * width).view(5, rows, width)
        assert drawn.dtype == dtype
        assert torch.equal(drawn, expected)
    for one, other in zip(ones, others, strict=True):
        assert one.bit_generator.random_raw() == other.bit_generator.random_raw()


def test_only_the_cpu_draws_member_by_member(monkeypatch):
    meta = torch.device("meta")  # stands for any other device
    monkeypatch.setattr(torch.Tensor, "__setitem__", None)
    generators = [generator(seed, "dropout", 1) for seed in (1, 2)]
    mask = Masks([0.5, 0.0], 3, meta, torch.float32).draw(generators, 4)
    assert mask.shape == (2, 4, 3)
    assert mask.device == meta
