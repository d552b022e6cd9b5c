"""The written-out backward pass against autograd, and the forward pass against torch.nn."""

import itertools

import pytest
import torch
from torch import nn

from nnexp.model import mlp_stack
from nnexp.model.activation import ACTIVATIONS
from nnexp.model.mlp import MLP

TORCH_ACTIVATIONS = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "gelu": nn.GELU(),
    "selu": nn.SELU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "silu": nn.SiLU(),
    "identity": nn.Identity(),
}


def batch(mlp, members=2, rows=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(members, rows, mlp.inputs, dtype=torch.float64, generator=generator)
    codes = None
    if mlp.embedding:
        columns = [
            torch.randint(0, levels + 1, (members, rows), generator=generator)
            for levels in mlp.embedding.levels
        ]
        codes = torch.stack(columns, 2)
    masks = [
        (torch.rand(members, rows, width, generator=generator) > 0.3).double() / 0.7
        for width in mlp.dropout_widths
    ]
    dlogits = torch.randn(members, rows, mlp.outputs, dtype=torch.float64, generator=generator)
    return x, codes, masks, dlogits


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_backward_equals_autograd(activation, norm):
    for skip, levels in itertools.product((False, True), ((), (3, 2))):
        mlp = MLP(
            5, 3, [6, 6, 4], activation=activation, norm=norm, skip=skip, levels=levels,
            embedding_size=2,
        )  # fmt: skip
        theta, buffers = mlp.initial([0, 1], torch.float64)
        noise = torch.Generator().manual_seed(1)
        theta += 0.1 * torch.randn(theta.shape, dtype=torch.float64, generator=noise)
        theta[:, mlp.layout.used :] = 0
        x, codes, masks, dlogits = batch(mlp)
        grad = torch.full_like(theta, torch.nan)
        stack = mlp.bind(theta, buffers.clone(), grad)
        with torch.no_grad():  # as in training, where activations are overwritten
            stack.forward(x, codes, masks, training=True)
            stack.backward(dlogits)

        leaf = theta.clone().requires_grad_()
        out = mlp.bind(leaf, buffers.clone()).forward(x, codes, masks, training=True)
        (expected,) = torch.autograd.grad((out * dlogits).sum(), leaf)
        torch.testing.assert_close(grad, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_forward_equals_torch_modules(activation, norm):
    mlp = MLP(5, 3, [6, 4], activation=activation, norm=norm)
    theta, buffers = mlp.initial([0, 1], torch.float64)
    stack = mlp.bind(theta, buffers)
    x, _, _, _ = batch(mlp)
    views, running = mlp.layout.views(theta), mlp.buffers.views(buffers)
    references = []
    for member in range(2):
        layers = []
        for layer, (fan_in, fan_out) in enumerate(mlp.shapes()):
            linear = nn.Linear(fan_in, fan_out, dtype=torch.float64)
            with torch.no_grad():
                linear.weight.copy_(views[f"layers.{layer}.weight"][member].T)
                linear.bias.copy_(views[f"layers.{layer}.bias"][member])
            layers.append(linear)
            if layer < 2:
                if norm == "batch":
                    layers.append(nn.BatchNorm1d(fan_out, dtype=torch.float64))
                elif norm == "layer":
                    layers.append(nn.LayerNorm(fan_out, dtype=torch.float64))
                layers.append(TORCH_ACTIVATIONS[activation])
        references.append(nn.Sequential(*layers))
    for training in (True, False):  # batch norm: statistics of the batch, then the running ones
        got = stack.forward(x, training=training)
        for member, reference in enumerate(references):
            expected = reference.train(training)(x[member])
            torch.testing.assert_close(got[member], expected, rtol=0, atol=1e-12)
    if norm == "batch":
        for member, reference in enumerate(references):
            first = next(m for m in reference if isinstance(m, nn.BatchNorm1d))
            for name in ("running_mean", "running_var"):
                expected = getattr(first, name)
                torch.testing.assert_close(running[f"norms.0.{name}"][member], expected)


def test_skip_adds_the_input_where_widths_agree():
    mlp = MLP(4, 2, [4, 3], skip=True, activation="identity", init="zeros")
    theta, buffers = mlp.initial([0], torch.float64)
    mlp.layout.view(theta, "layers.1.weight")[:] = 1.0
    mlp.layout.view(theta, "layers.2.weight")[:] = 1.0
    x = torch.arange(4.0, dtype=torch.float64).view(1, 1, 4)
    # the first layer adds its input to nothing, the second (4 -> 3) adds nothing
    expected = torch.full((1, 1, 2), 3 * x.sum().item(), dtype=torch.float64)
    torch.testing.assert_close(mlp.bind(theta, buffers).forward(x), expected)


def test_members_do_not_mix():
    mlp = MLP(5, 3, [6], norm="batch")
    theta, buffers = mlp.initial([0, 1, 2], torch.float32)
    x, _, _, _ = batch(mlp, members=3)
    x = x.float()
    together = mlp.bind(theta, buffers.clone()).forward(x, training=True)
    for member in range(3):
        rows = slice(member, member + 1)
        alone = mlp.bind(theta[rows].clone(), buffers[rows].clone())
        assert torch.equal(alone.forward(x[rows], training=True)[0], together[member])


def test_weight_matrices_stand_first_and_rows_are_padded():
    mlp = MLP(5, 3, [6], norm="layer", levels=(2,), embedding_size=3)
    kinds = [slot.kind for slot in mlp.layout.slots.values()]
    assert kinds == ["weight"] * 2 + ["bias"] * 2 + ["norm"] * 2 + ["embedding"]
    assert mlp.layout.weights == (5 + 3) * 6 + 6 * 3
    assert mlp.layout.used == mlp.layout.weights + 6 + 3 + 6 + 6 + 2 * 3
    assert mlp.layout.size % 16 == 0
    theta, _ = mlp.initial([0], torch.float32)
    assert not theta[:, mlp.layout.used :].any()


def test_a_member_starts_alike_in_any_stack_and_dtype():
    mlp = MLP(5, 3, [6])
    alone, _ = mlp.initial([7], torch.float32)
    among, _ = mlp.initial([3, 7], torch.float64)
    assert torch.equal(alone[0].double(), among[1])
    assert not torch.equal(among[0], among[1])


def test_bfloat16_stays_close_and_keeps_float32_weights():
    mlp = MLP(20, 4, [32])
    theta, buffers = mlp.initial([0], torch.float32)
    x = torch.randn(1, 16, 20, generator=torch.Generator().manual_seed(0))
    exact_grad, mixed_grad = torch.zeros_like(theta), torch.zeros_like(theta)
    exact = mlp.bind(theta, buffers, exact_grad)
    mixed = mlp.bind(theta, buffers, mixed_grad, torch.bfloat16)
    out = exact.forward(x, training=True)
    rough = mixed.forward(x.bfloat16(), training=True)
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), out, rtol=0.1, atol=0.1)
    exact.backward(torch.ones_like(out))
    mixed.backward(torch.ones_like(rough))
    assert mixed_grad.dtype == torch.float32
    torch.testing.assert_close(mixed_grad, exact_grad, rtol=0.1, atol=0.5)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_stack_that_trains_predicts_with_the_bits_of_one_that_only_predicts(norm):
    mlp = MLP(20, 3, [32, 16], norm=norm)
    theta, buffers = mlp.initial([0, 1, 2], torch.float32)
    training = mlp.bind(theta, buffers, torch.zeros_like(theta))
    generator = torch.Generator().manual_seed(0)
    same = torch.randn(256, 20, generator=generator)
    own = torch.randn(3, 64, 20, generator=generator)
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # the products of one thread are prepared
    try:
        with torch.no_grad():
            for x in (same.expand(3, -1, -1), own, own * 2):
                held = training.forward(x)
                assert held.equal(mlp.bind(theta, buffers).forward(x))
                other = training.forward(x + 1)
                assert not held.equal(other), "outputs are the caller's, not overwritten"
    finally:
        torch.set_num_threads(before)


def test_predictions_are_those_of_plain_layers_where_rows_are_not_rounded_alike(monkeypatch):
    """As with the kernels of AVX2, which predict nothing."""
    mlp = MLP(20, 3, [32])
    theta, buffers = mlp.initial([0], torch.float32)
    stack = mlp.bind(theta, buffers, torch.zeros_like(theta))
    x = torch.ones(1, 8, 20)
    plain = []
    monkeypatch.setattr(
        mlp_stack.Linear, "forward", lambda own, h: plain.append(own) or h @ own.weight
    )
    monkeypatch.setattr(mlp_stack, "rounds_rows_alike", lambda: False)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            stack.forward(x)
    finally:
        torch.set_num_threads(before)
    assert len(plain) == 2
