"""A user's module gives the numbers it gives alone, with autograd's gradients."""

import pytest
import torch
from torch import nn

from nnexp.errors import UserError
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


class Changing(nn.Module):
    """Puts tensors in its buffers' places, counts its calls, and reads both."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("in_place", torch.zeros(4))
        self.register_buffer("seen", torch.tensor(0))
        self.calls = 0
        self.read = lambda x: self.layer(x - self.mean) / self.calls

    def forward(self, x):
        self.calls += 1
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
            self.in_place.mul_(0.9).add_(0.1 * x.detach().mean(0))
            self.seen = self.seen + 1
        return self.read(x)


def stepped(model, theta, buffers, batches):
    """Outputs of steps of gradient descent, and the stack after them."""
    grad = torch.zeros_like(theta)
    stack, outs = model.bind(theta, buffers, grad), []
    for x in batches:
        outs.append(stack.forward(x, training=True).clone())
        stack.backward(torch.ones_like(outs[-1]))
        theta -= 0.1 * grad
    return outs, stack


def test_what_a_module_changes_is_as_in_a_plain_loop():
    model = ModuleModel(Changing, 4, 3)
    batches = torch.randn(5, 3, 6, 4, generator=torch.Generator().manual_seed(0))
    theta, buffers = model.initial(range(3), torch.float32)
    begun = theta.clone(), buffers.clone()
    outs, _ = stepped(model, theta, buffers, batches)
    for member in range(3):
        own = [value[member : member + 1].clone() for value in begun]
        alone, _ = stepped(model, *own, batches[:, member : member + 1])
        assert torch.equal(own[0][0], theta[member])
        assert torch.equal(own[1][0], buffers[member])
        assert all(torch.equal(one[0], out[member]) for one, out in zip(alone, outs, strict=True))

        net = Changing()
        kept = {**model.layout.views(begun[0]), **model.buffers.views(begun[1])}
        net.load_state_dict({name: value[member] for name, value in kept.items()})
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x, out in zip(batches[:, member], outs, strict=True):
            optimizer.zero_grad()
            expected = net(x)
            torch.testing.assert_close(out[member], expected)
            expected.sum().backward()
            optimizer.step()
        for name, value in model.buffers.views(buffers).items():
            torch.testing.assert_close(value[member], net.get_buffer(name).float())
        torch.testing.assert_close(
            model.layout.views(theta)["layer.weight"][member], net.layer.weight
        )


def test_members_that_stay_go_on_with_what_their_modules_hold():
    model = ModuleModel(Changing, 4, 3)
    batches = torch.randn(2, 3, 6, 4, generator=torch.Generator().manual_seed(0))
    whole, _ = stepped(model, *model.initial(range(3), torch.float32), batches)
    theta, buffers = model.initial(range(3), torch.float32)
    _, before = stepped(model, theta, buffers, batches[:1])
    rows = [2, 0]
    stack = model.bind(theta[rows], buffers[rows])
    stack.take_over(before, rows)
    assert torch.equal(stack.forward(batches[1, rows], training=True), whole[1][rows])


class Limited(nn.Linear):
    def forward(self, x):
        self.weight.data = torch.renorm(self.weight.data, 2, 0, 0.1)
        return super().forward(x)


@pytest.mark.parametrize("place", [0, 1])
def test_a_parameter_given_other_numbers_keeps_them(place):
    kinds = [nn.Linear, nn.Linear]
    kinds[place] = Limited

    def make():
        return nn.Sequential(kinds[0](4, 5), nn.Tanh(), kinds[1](5, 3))

    model, net = ModuleModel(make, 4, 3), make()
    theta, buffers = model.initial([0, 1], torch.float32)
    views = model.layout.views(theta)
    net.load_state_dict({name: value[1].clone() for name, value in views.items()})
    x = torch.randn(1, 2, 6, 4, generator=torch.Generator().manual_seed(0))
    (out,), _ = stepped(model, theta, buffers, x)
    expected = net(x[0, 1])
    expected.sum().backward()
    torch.testing.assert_close(out[1], expected)
    for name, own in net.named_parameters():
        torch.testing.assert_close(views[name][1], own - 0.1 * own.grad)


def test_a_buffer_that_began_as_none_remembers_anything():
    class Other(nn.Linear):
        def __init__(self):
            super().__init__(4, 3)
            self.register_buffer("held", None)

        def forward(self, x):
            last, self.held = self.held, x.detach()
            return super().forward(x if last is None else x - last.mean(0))

    model, net = ModuleModel(Other, 4, 3), Other()
    theta, buffers = model.initial([0], torch.float32)
    net.load_state_dict({name: value[0] for name, value in model.layout.views(theta).items()})
    stack = model.bind(theta, buffers)
    for x in torch.randn(3, 1, 6, 4):
        torch.testing.assert_close(stack.forward(x, training=True)[0], net(x[0]))


@pytest.mark.parametrize(
    ("begin", "then", "said", "remedy"),
    [
        (torch.zeros(()), lambda x: x.mean(0), "of shape (4,)", "torch.zeros((4,))"),
        (torch.tensor(0), lambda x: x.mean(), "began as torch.int64", "torch.zeros(())"),
        (torch.zeros(2), lambda x: None, "put None in", "torch.zeros((2,))"),
        (torch.zeros(4), lambda x: x[:, 0], "of shape (5,)", "None"),
    ],
)
def test_a_buffer_that_becomes_what_it_cannot_hold_is_refused(begin, then, said, remedy):
    class Other(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Sequential(nn.Linear(4, 3))
            self.layer.register_buffer("held", begin)

        def forward(self, x):
            self.layer.held = then(x.detach())
            return self.layer(x)

    model = ModuleModel(Other, 4, 3)
    assert "held" in model.why_not_stacked
    stack = model.bind(*model.initial([0], torch.float32))
    with pytest.raises(UserError) as caught:
        stack.forward(torch.ones(1, 5, 4), training=True)
    assert said in caught.value.wrong
    assert caught.value.remedy == f'self.register_buffer("held", {remedy})'
