"""Initial weights by their published bounds and deviations."""

import math

import pytest
import torch

from nnexp.config.schema.model import INITS
from nnexp.model.init import initial_bias, initial_weight

SHAPE = (300, 200)


def draw(name, **options):
    return initial_weight(name, SHAPE, torch.Generator().manual_seed(0), **options)


@pytest.mark.parametrize(
    ("name", "activation", "std"),
    [
        ("kaiming_uniform", "relu", math.sqrt(2 / 300)),
        ("kaiming_normal", "relu", math.sqrt(2 / 300)),
        ("kaiming_normal", "tanh", math.sqrt(1 / 300)),
        ("xavier_uniform", "tanh", math.sqrt(2 / 500)),
        ("xavier_normal", "tanh", math.sqrt(2 / 500)),
        ("lecun_normal", "selu", math.sqrt(1 / 300)),
        ("torch", "relu", 1 / math.sqrt(3 * 300)),
        ("normal", "relu", 1.0),
        ("uniform", "relu", 1 / math.sqrt(3)),
        ("auto", "relu", math.sqrt(2 / 300)),
        ("auto", "selu", math.sqrt(1 / 300)),
        ("auto", "sigmoid", math.sqrt(2 / 500)),
    ],
)
def test_standard_deviation(name, activation, std):
    weight = draw(name, activation=activation)
    assert weight.std().item() == pytest.approx(std, rel=0.02)
    assert abs(weight.mean().item()) < 0.02 * std


def test_orthogonal_columns():
    weight = draw("orthogonal")
    torch.testing.assert_close(weight.T @ weight, torch.eye(200), rtol=0, atol=1e-5)


def test_constant_and_zeros():
    assert torch.equal(draw("constant", scale=0.25), torch.full(SHAPE, 0.25))
    assert not draw("zeros").any()


@pytest.mark.parametrize("name", [name for name in INITS if name not in ("zeros",)])
def test_scale_is_a_factor(name):
    torch.testing.assert_close(draw(name, scale=3.0), 3 * draw(name))


def test_torch_matches_linear():
    bias = initial_bias("torch", SHAPE, torch.Generator().manual_seed(0))
    assert bias.abs().max() <= 1 / math.sqrt(300)
    assert bias.std() > 0
    constant = initial_bias("auto", SHAPE, torch.Generator(), -10.0)
    assert torch.equal(constant, torch.full((200,), -10.0))


def test_unknown_name():
    with pytest.raises(ValueError, match="he_normal"):
        draw("he_normal")
