"""A user's module gives the numbers it gives alone, with autograd's gradients."""

import pytest
import torch
from torch import nn

from nnexp.model.draws import seeded
from nnexp.model.module import ModuleModel


class Net(nn.Module):
    def __init__(self, inputs=5, outputs=3):
        super().__init__()
        self.first = nn.Linear(inputs, 8)
        self.norm = nn.BatchNorm1d(8)
        self.unused = nn.Parameter(torch.ones(4))
        self.last = nn.Linear(8, outputs)

    def forward(self, x):
        return self.last(torch.relu(self.norm(self.first(x))))


def test_passes_equal_the_module_alone():
    model = ModuleModel(Net, 5, 3)
    theta, buffers = model.initial([0, 1], torch.float32)
    grad = torch.zeros_like(theta)
    stack = model.bind(theta, buffers, grad)
    x = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0))
    out = stack.forward(x, training=True)
    stack.backward(torch.ones_like(out))
    values, running = model.layout.views(theta), model.buffers.views(buffers)
    grads = model.layout.views(grad)
    for member in range(2):
        net = model.factory()
        with torch.no_grad():
            for name, parameter in net.named_parameters():
                parameter.copy_(values[name][member])
        expected = net(x[member])
        torch.testing.assert_close(out[member], expected)
        expected.sum().backward()
        for name, parameter in net.named_parameters():
            wanted = torch.zeros(4) if parameter.grad is None else parameter.grad
            torch.testing.assert_close(grads[name][member], wanted, rtol=1e-5, atol=1e-5)
        for name, buffer in net.named_buffers():
            torch.testing.assert_close(running[name][member], buffer.float())


def test_weights_are_matrices_only_and_seeds_decide():
    model = ModuleModel(Net, 5, 3)
    assert model.layers == ["first", "last"]
    assert model.layout.weights == 5 * 8 + 8 * 3
    before = torch.random.get_rng_state()
    one, _ = model.initial([1], torch.float32)
    again, _ = model.initial([0, 1], torch.float32)
    assert torch.equal(one[0], again[1])
    assert not torch.equal(again[0], again[1])
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_random_numbers_of_the_gpu_stay_what_they_were():
    torch.rand(1, device="cuda")
    before = torch.cuda.get_rng_state()
    ModuleModel(Net, 5, 3).initial([1], torch.float32)
    assert torch.equal(torch.cuda.get_rng_state(), before)


def test_a_gpu_that_is_not_in_use_is_not_seeded(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    monkeypatch.setattr(torch, "manual_seed", None)  # it would be called for all devices
    with seeded(3):
        drawn = torch.rand(2)
    with seeded(3):
        assert torch.equal(torch.rand(2), drawn)
