"""A user's module in one pass for several members: who may, why others may not, and to the bit."""

import itertools
import random
from threading import Lock

import pytest
import torch
from torch import nn

from nnexp.model import vmapped
from nnexp.model.module import ModuleModel

INPUTS = 5


class Net(nn.Module):
    """A perceptron around a layer of choice."""

    def __init__(self, between=nn.ReLU, hidden=12, outputs=3):
        super().__init__()
        self.first = nn.Linear(INPUTS, hidden)
        self.between = between()
        self.middle = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, outputs)

    def forward(self, x):
        h = self.between(self.first(x))
        return self.last(h + self.between(self.middle(h)))


class Attention(nn.Module):
    """Inputs as a sequence of single numbers; einsum, softmax and layer normalisation."""

    def __init__(self, outputs=3):
        super().__init__()
        self.embed = nn.Parameter(torch.randn(INPUTS, 8))
        self.mix = nn.Parameter(torch.randn(8, 8))
        self.norm = nn.LayerNorm(8)
        self.last = nn.Linear(8, outputs)

    def forward(self, x):
        h = torch.einsum("bd,dh->bdh", x, self.embed)
        weights = torch.softmax(h @ self.mix @ h.mT / 8**0.5, -1)
        return self.last(self.norm(weights @ h).mean(1))


class Scaled(Net):
    """A frozen layer, a buffer that stays, a parameter that nothing uses."""

    def __init__(self):
        super().__init__()
        self.middle.requires_grad_(False)
        self.register_buffer("scale", torch.rand(INPUTS))
        self.unused = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return super().forward(x * self.scale)


class Turning(Net):
    def forward(self, x):
        return super().forward(x if x.sum() > 0 else -x)


class Counting(Net):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.seen.add_(1)
        return super().forward(x)


class Replacing(Counting):
    def forward(self, x):
        self.seen = self.seen * 1  # another tensor of the same value
        return Net.forward(self, x)


class Shrinking(Net):
    def forward(self, x):
        with torch.no_grad():
            self.first.weight.mul_(0.99)
        return super().forward(x)


class Remembering(Net):
    """Changes what it holds beside its tensors, in a way of choice."""

    def __init__(self, change):
        super().__init__()
        self.between.held = {"calls": [0], "generator": random.Random(0)}
        self.change = change

    def forward(self, x):
        self.change(self.between)
        return super().forward(x)


class Holding(Net):
    """Remembers its last batch in a buffer that began as None."""

    def __init__(self):
        super().__init__()
        self.register_buffer("batch", None)

    def forward(self, x):
        self.batch = x.detach()
        return super().forward(x)


class Locked(Net):
    def __init__(self):
        super().__init__()
        self.lock = Lock()
        self.turned = lambda x: -x

    def forward(self, x):
        with self.lock:
            return super().forward(self.turned(x))


class Constant(Net):
    """Multiplies all members' rows by one matrix, in a product whose height is K * B."""

    turn = torch.linspace(-1, 1, INPUTS * INPUTS).view(INPUTS, INPUTS)

    def forward(self, x):
        return super().forward(x @ self.turn.to(x))


def of(cls, *args, **named):
    return lambda: cls(*args, **named)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(INPUTS, 8)
        self.again = nn.Linear(INPUTS, 8)
        self.again.weight = self.first.weight
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)) - self.again(x))


TOGETHER = {
    "relu": Net,
    "one output": of(Net, hidden=33, outputs=1),
    "one unit": of(Net, hidden=1),
    "tanh": of(Net, nn.Tanh),
    "gelu": of(Net, nn.GELU, hidden=7),
    "silu": of(Net, nn.SiLU, hidden=16),
    "leaky": of(Net, of(nn.LeakyReLU, 0.1)),
    "layer norm": of(Net, of(nn.LayerNorm, 12)),
    "attention": Attention,
    "frozen": Scaled,
    "tied": Tied,
    "attributes that stay": of(Remembering, lambda layer: layer.held["calls"].copy()),
    "attributes beyond pickling": Locked,
}
APART = {
    "dropout": (of(Net, of(nn.Dropout, 0.5)), "it draws random numbers, for dropout perhaps"),
    "batch norm": (of(Net, of(nn.BatchNorm1d, 12)), "aten.native_batch_norm is not known"),
    "control flow": (Turning, "its forward pass depends on the values of tensors"),
    "buffer": (Counting, "it changes its buffer seen"),
    "buffer put": (Replacing, "it changes its buffer seen"),
    "parameter": (Shrinking, "it changes its parameter first.weight"),
    "new attribute": (
        of(Remembering, lambda layer: setattr(layer, "last", 1)),
        "it changes its attribute between.last, which is not saved",
    ),
    "list in an attribute": (
        of(Remembering, lambda layer: layer.held["calls"].append(1)),
        "it changes its attribute between.held",
    ),
    "generator of its own": (
        of(Remembering, lambda layer: layer.held["generator"].random()),
        "it changes its attribute between.held",
    ),
    "buffer of None": (Holding, "it changes its attribute batch, which is not saved"),
    "constant": (Constant, "aten.mm is not known to keep members apart"),
    "no tensor": (of(nn.LSTM, INPUTS, 3), "torch.func.vmap fails"),
}


@pytest.mark.parametrize("make", TOGETHER.values(), ids=TOGETHER)
def test_who_goes_together(make):
    assert ModuleModel(make, INPUTS, 3).why_not_stacked is None


@pytest.mark.parametrize(("make", "why"), APART.values(), ids=APART)
def test_why_others_do_not(make, why):
    given = ModuleModel(make, INPUTS, 3).why_not_stacked
    assert why in given
    assert "\n" not in given


def passed(model, theta, buffers, x, training):
    """Outputs, and gradients by theta, of a pass of all members."""
    grad = torch.full_like(theta, torch.nan) if training else None
    stack = model.bind(theta.clone(), buffers.clone(), grad)
    out = stack.forward(x, training=training)
    if training:
        stack.backward(torch.linspace(-1, 1, out[0].numel()).view(out[0].shape).expand_as(out))
    return out, grad


@pytest.mark.matrix(11)
@pytest.mark.parametrize("make", TOGETHER.values(), ids=TOGETHER)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_member_notices_the_others(make, dtype):
    model = ModuleModel(make, INPUTS, 3)
    drawn = torch.Generator().manual_seed(1)
    for rows, training in itertools.product((1, 2, 13, 32, 64), (True, False)):
        theta, buffers = model.initial(range(7), dtype)
        x = torch.randn(7, rows, INPUTS, generator=drawn, dtype=dtype)
        out, grad = passed(model, theta, buffers, x, training)
        for chosen in ([0], [6], [2, 5]):
            few, own = passed(model, theta[chosen], buffers[chosen], x[chosen], training)
            assert torch.equal(few, out[chosen])
            assert not training or torch.equal(own, grad[chosen])


@pytest.mark.parametrize("make", TOGETHER.values(), ids=TOGETHER)
def test_passes_equal_each_module_alone(make):
    model = ModuleModel(make, INPUTS, 3)
    theta, buffers = model.initial(range(3), torch.float64)
    drawn = torch.Generator().manual_seed(2)
    x = torch.randn(3, 9, INPUTS, generator=drawn, dtype=torch.float64)
    out, grad = passed(model, theta, buffers, x, True)
    values, grads = model.layout.views(theta), model.layout.views(grad)
    kept = model.buffers.views(buffers)
    for member in range(3):
        module = make().double()
        state = {name: value[member] for name, value in {**values, **kept}.items()}
        module.load_state_dict(state, strict=False)
        expected = module(x[member])
        torch.testing.assert_close(out[member], expected, rtol=1e-12, atol=1e-12)
        (expected * torch.linspace(-1, 1, expected.numel()).view_as(expected)).sum().backward()
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                wanted = torch.zeros(4).double() if parameter.grad is None else parameter.grad
                torch.testing.assert_close(grads[name][member], wanted, rtol=1e-11, atol=1e-11)


def test_broken_vectors_and_thin_products_are_seen():
    def passes(make, rows):
        model = ModuleModel(make, INPUTS, 3)
        return model.passes(torch.zeros(1, rows, INPUTS), torch.zeros(()), True)

    assert passes(Net, 13).together
    assert not passes(Net, 13).doubled
    assert passes(Net, 1) == vmapped.Passes(together=True, doubled=True, plain=False)
    assert passes(of(Net, outputs=1), 13).doubled
    assert passes(of(Net, nn.Tanh), 32).together
    assert not passes(of(Net, nn.Tanh), 13).together


def test_members_seen_to_notice_each_other_go_apart(monkeypatch):
    monkeypatch.setattr(vmapped, "_equal", lambda ones, others: False)
    model = ModuleModel(Net, INPUTS, 3)
    passes = model.passes(torch.zeros(1, 32, INPUTS), torch.zeros(()), True)
    assert passes == vmapped.Passes(together=False, doubled=False, plain=False)


class LateToChange(Net):
    """Puts another tensor in a buffer with batches that are larger than the first trial's."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if len(x) > 10:
            self.seen = self.seen + x.detach().sum()
        return super().forward(x)


def test_what_changes_with_larger_batches_only_is_kept():
    model = ModuleModel(LateToChange, INPUTS, 3)
    assert model.why_not_stacked is None
    theta, buffers = model.initial(range(3), torch.float32)
    stack = model.bind(theta, buffers)
    x = torch.randn(3, 16, INPUTS, generator=torch.Generator().manual_seed(0))
    for rows in (16, 5, 16):
        stack.forward(x[:, :rows], training=True)
    for member in range(3):
        assert buffers[member, 0] == x[member].sum() + x[member].sum()


def test_a_trial_leaves_no_trace():
    before = torch.random.get_rng_state()
    calls = []

    class Noted(Net):
        def forward(self, x):
            calls.append(id(self))
            return super().forward(x)

    model = ModuleModel(Noted, INPUTS, 3)
    assert model.why_not_stacked is None
    assert torch.equal(torch.random.get_rng_state(), before)
    assert calls
    assert id(model.module) not in calls
