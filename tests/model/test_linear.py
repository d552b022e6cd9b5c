"""Products of a stack's layers: right, and bit for bit what a member has alone."""

import itertools

import pytest
import torch

from nnexp.model.linear import input_gradient, linear, weight_gradient

MEMBERS = 5
SHAPES = [*itertools.product((1, 2, 7, 32), (1, 9, 20, 64), (1, 3, 17, 32)), (64, 33, 40)]


def products(h, weight, bias, d):
    used = weight[0].numel()
    rows = torch.zeros(len(weight), used + 16, dtype=h.dtype)  # wider than the weights, as theta is
    dweight = rows[:, :used].view(weight.shape)
    weight_gradient(h, d, dweight)
    return {
        "out": linear(h, weight, bias),
        "dweight": dweight.clone(),
        "dh": input_gradient(d, weight),
    }


def drawn(rows, inputs, outputs, dtype, members=MEMBERS):
    generator = torch.Generator().manual_seed(rows * 10_000 + inputs * 100 + outputs)

    def normal(*shape):
        return torch.randn(members, *shape, generator=generator).to(dtype)

    bias, d = normal(1, outputs), normal(rows, outputs)
    return normal(rows, inputs), normal(inputs, outputs), bias, d


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_member_has_the_same_bits_alone_and_among_others(dtype):
    for shape in SHAPES:
        given = drawn(*shape, dtype)
        together = products(*given)
        for k in (slice(0, 1), slice(3, 4), slice(1, 3)):
            alone = products(*(value[k].clone() for value in given))
            for name, value in alone.items():
                assert torch.equal(value, together[name][k]), (shape, name)
                assert value.is_contiguous()


@pytest.mark.parametrize("shape", [(8, 64, 8), (32, 16, 8), (8, 8, 64)])
def test_small_products_of_bfloat16_do_not_depend_on_how_many_there_are(shape):
    # rounding to 8 bits hides all but one in some hundred of the differences
    given = drawn(*shape, torch.bfloat16, members=1000)
    together = products(*given)
    for member in range(1000):
        one = slice(member, member + 1)
        alone = products(*(value[one] for value in given))
        assert all(torch.equal(value, together[name][one]) for name, value in alone.items())


def test_values_are_those_of_the_definition():
    for shape in SHAPES:
        h, weight, bias, d = drawn(*shape, torch.float64)
        got = products(h, weight, bias, d)
        expected = {
            "out": torch.einsum("kbi,kio->kbo", h, weight) + bias,
            "dweight": torch.einsum("kbi,kbo->kio", h, d),
            "dh": torch.einsum("kbo,kio->kbi", d, weight),
        }
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
