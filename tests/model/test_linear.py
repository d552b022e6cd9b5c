"""Products of a stack's layers: right, and bit for bit what a member has alone."""

import itertools
from dataclasses import replace

import pytest
import torch

from nnexp.model import products
from nnexp.model.linear import (
    Linear,
    PreparedLinear,
    input_gradient,
    is_preparable,
    linear,
    weight_gradient,
)
from nnexp.model.mlp import MLP
from nnexp.model.products import openblas, quick_kernels, rounds_rows_alike

MEMBERS = 5
SHAPES = [
    *itertools.product((1, 2, 7, 32), (1, 9, 20, 64), (1, 3, 17, 32)),
    (64, 33, 40),
    (64, 130, 130),
]


def all_three(h, weight, bias, d):
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
        together = all_three(*given)
        for k in (slice(0, 1), slice(3, 4), slice(1, 3)):
            alone = all_three(*(value[k].clone() for value in given))
            for name, value in alone.items():
                assert torch.equal(value, together[name][k]), (shape, name)
                assert value.is_contiguous()


@pytest.mark.parametrize("shape", [(8, 64, 8), (32, 16, 8), (8, 8, 64)])
def test_small_products_of_bfloat16_do_not_depend_on_how_many_there_are(shape):
    # rounding to 8 bits hides all but one in some hundred of the differences
    given = drawn(*shape, torch.bfloat16, members=1000)
    together = all_three(*given)
    for member in range(1000):
        one = slice(member, member + 1)
        alone = all_three(*(value[one] for value in given))
        assert all(torch.equal(value, together[name][one]) for name, value in alone.items())


def test_values_are_those_of_the_definition():
    for shape in SHAPES:
        h, weight, bias, d = drawn(*shape, torch.float64)
        got = all_three(h, weight, bias, d)
        expected = {
            "out": torch.einsum("kbi,kio->kbo", h, weight) + bias,
            "dweight": torch.einsum("kbi,kbo->kio", h, d),
            "dh": torch.einsum("kbo,kio->kbi", d, weight),
        }
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


@pytest.fixture
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(openblas() is None, reason="PyTorch's own library is as quick")
@pytest.mark.usefixtures("_one_thread")
@pytest.mark.parametrize("everywhere", [True, False])
def test_a_prepared_layer_has_the_bits_of_one_that_is_not(monkeypatch, everywhere):
    kernels = replace(quick_kernels(), at_all_sizes=everywhere)
    monkeypatch.setattr(products, "quick_kernels", lambda: kernels)
    for shape in SHAPES:
        h, weight, bias, d = drawn(*shape, torch.float32)
        if not is_preparable(h, weight):
            assert min(shape) == 1
            continue
        used = weight[0].numel()
        rows, prepared_rows = torch.zeros(2, MEMBERS, used + 16)
        layer = Linear(weight, bias, rows[:, :used].view(weight.shape))
        own = Linear(weight, bias, prepared_rows[:, :used].view(weight.shape))
        prepared = PreparedLinear(own, torch.empty_like(h), keeps=False, spare=torch.empty_like(h))
        for turn in range(3):  # other batches in other places, and again the one before
            h_now, d_now = (h, d) if turn != 1 else (h.neg(), d.neg())
            outputs = prepared.forward(h_now), layer.forward(h_now)
            if rounds_rows_alike():
                assert torch.equal(*outputs)
            else:  # the other one predicts, by PyTorch's own library
                torch.testing.assert_close(*outputs)
            layer.weight_gradient(h_now, d_now)
            prepared.weight_gradient(h_now, d_now)
            assert torch.equal(prepared_rows, rows)
            assert torch.equal(prepared.input_gradient(d_now), layer.input_gradient(d_now))


@pytest.mark.skipif(openblas() is None, reason="PyTorch's own library is as quick")
@pytest.mark.usefixtures("_one_thread")
def test_logits_of_a_step_outlive_the_next_one():
    mlp = MLP(20, 10, (32, 16))
    theta, buffers = mlp.initial([0, 1], torch.float32)
    stack = mlp.bind(theta, buffers, torch.zeros_like(theta))
    x = drawn(8, 20, 1, torch.float32, members=2)[0]
    with torch.no_grad():
        first = stack.forward(x, training=True)
        kept = first.clone()
        stack.backward(torch.ones_like(first))
        stack.forward(-x, training=True)
    assert torch.equal(first, kept)
