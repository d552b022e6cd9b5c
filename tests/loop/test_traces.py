"""What a watch leaves behind: nothing in the training, and nothing on the model."""

import copy
import gc
import io
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules import module as of_all

import nnexp
from nnexp.loop.quiet import unwarned


def table(rows=64):
    made = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 5, generator=made)
    return x, (x[:, 0] > 0).long()


def plain():
    return nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))


def spectral():
    parametrized = nn.utils.parametrizations.spectral_norm(nn.Linear(5, 8))
    return nn.Sequential(parametrized, nn.ReLU(), nn.Linear(8, 2))


class Centred(nn.Module):
    """Puts another tensor in the place of its buffer, in training and in evaluation."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(5, 2)
        self.register_buffer("mean", torch.zeros(5))

    def forward(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        return self.last(x - self.mean)


class Lazy(nn.Module):
    """Makes a buffer when it is called first."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(5, 2)

    def forward(self, x):
        if not hasattr(self, "first"):
            self.register_buffer("first", x.detach().mean(0))
        return self.last(x - self.first)


class Assigned(nn.Module):
    """A loss with a running mean that it assigns, and that depends on the outputs' shape."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(2))

    def forward(self, out, t):
        self.mean = 0.9 * self.mean + 0.1 * out.detach().mean(0)
        return F.cross_entropy(out - self.mean, t)


class Written(nn.Module):
    """A loss over its running mean, written in place."""

    def __init__(self):
        super().__init__()
        self.register_buffer("level", torch.ones(()))

    def forward(self, out, t):
        loss = F.cross_entropy(out, t)
        self.level.mul_(0.9).add_(0.1 * loss.detach())
        return loss / self.level


class Counting(nn.Module):
    """Keeps account of its calls in plain attributes, and draws from a generator of its own."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(5, 2)
        self.calls, self.seen, self.level = 0, [], torch.zeros(())
        self.drawn, self.noise = np.random.default_rng(0), torch.Generator().manual_seed(0)

    def forward(self, x):
        self.calls += 1
        self.seen.append(len(x))
        self.level += 0.01
        self.first = getattr(self, "first", 0) + 1
        given = 0.1 * torch.randn(2, generator=self.noise) + self.drawn.normal()
        return (
            self.last(x) * (1 + 1 / self.calls) + self.level * len(self.seen) + given / self.first
        )


class Annealed:
    """A loss that smooths labels less at each call."""

    def __init__(self):
        self.calls = 0

    def __call__(self, out, t):
        self.calls += 1
        return F.cross_entropy(out, t, label_smoothing=max(0, 0.3 - 0.01 * self.calls))


class Scheduled(nn.Module):
    """A loss that is a module and divides by the number of its calls."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, out, t):
        self.calls += 1
        return F.cross_entropy(out / self.calls, t)


def enclosed():
    calls = 0

    def loss(out, t):
        nonlocal calls
        calls += 1
        return F.cross_entropy(out, t) / calls**0.5

    return loss


def called_within():
    inner = Annealed()
    return lambda out, t: inner(out, t)


def within():
    inner = Written()
    return lambda out, t: inner(out, t)


def train(make, loss_fn, watched, steps=20, before=False, ask=()):
    x, y = table()
    torch.manual_seed(0)
    np.random.seed(0)
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y)) if watched else None
    for step in range(1, steps + 1):
        rows = torch.randint(0, len(x), (16,))
        out = model(x[rows])
        loss = loss_fn(out, y[rows])
        optimizer.zero_grad()
        if watch and before:
            watch.step(loss, out, y[rows])
        loss.backward()
        optimizer.step()
        if watch and not before:
            watch.step(loss, out, y[rows])
        if watch and step in ask:
            watch.diagnosis()
    return model, watch


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    ("make", "loss"),
    [
        (spectral, lambda: F.cross_entropy),
        (Centred, lambda: F.cross_entropy),
        (Lazy, lambda: F.cross_entropy),
        (plain, lambda: lambda out, t: F.cross_entropy(F.dropout(out, 0.2), t)),
        (plain, lambda: lambda out, t: F.cross_entropy(out, t) * (1 + 0.1 * np.random.rand())),
        (plain, Assigned),
        (plain, Written),
        (plain, within),
        (Counting, lambda: F.cross_entropy),
        (plain, Annealed),
        (plain, lambda: Annealed().__call__),
        (plain, lambda: partial(Annealed())),
        (plain, Scheduled),
        (plain, enclosed),
        (plain, called_within),
    ],
    ids=[
        "spectral", "centred", "lazy", "torch", "numpy", "assigned", "written", "within",
        "counting", "annealed", "method", "partial", "scheduled", "enclosed", "called within",
    ],
)  # fmt: skip
def test_a_training_ends_in_the_same_bits(make, loss, before):
    own, other = loss(), loss()
    alone, _ = train(make, own, False)
    watched, _ = train(make, other, True, before=before, ask=(7, 10))
    assert alone.state_dict().keys() == watched.state_dict().keys()
    for name, value in alone.state_dict().items():
        assert torch.equal(value, watched.state_dict()[name]), name
    if isinstance(own, nn.Module):
        for name, value in own.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


def test_a_proof_leaves_gradients_and_buffers_of_a_loss_as_they_are():
    class Own(Written):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(2))

        def forward(self, out, t):
            return super().forward(out + self.weight, t)

    loss_fn = Own()
    watch = train(plain, loss_fn, True, steps=12)[1]
    watch.factory = plain
    kept = copy.deepcopy(loss_fn.state_dict()), loss_fn.weight.grad.clone()
    watch.diagnosis(prove=True, seeds=2)
    assert all(torch.equal(v, kept[0][n]) for n, v in loss_fn.state_dict().items())
    assert torch.equal(loss_fn.weight.grad, kept[1])


def hooks(model):
    own = sum(len(one._forward_pre_hooks) + len(one._forward_hooks) for one in model.modules())
    of_parameters = sum(len(p._backward_hooks or ()) for p in model.parameters())
    return own, of_parameters, len(of_all._global_forward_hooks)


@pytest.mark.parametrize("steps", [1, 5, 14, 15, 16, 17])
def test_a_model_is_copied_and_saved_as_an_unwatched_one(steps):
    size = _size(train(plain, nn.CrossEntropyLoss(), False)[0])
    model, watch = train(plain, nn.CrossEntropyLoss(), True, steps)
    assert _size(model) == _size(copy.deepcopy(model)) == size
    watch.diagnosis()
    assert hooks(model) == (0, 0, 0)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_a_watched_model_can_be_scripted():
    model, _ = train(plain, nn.CrossEntropyLoss(), True, 14)
    assert torch.jit.script(model)(table()[0]).shape == (64, 2)


def _size(model):
    held = io.BytesIO()
    torch.save(model, held)
    assert b"nnexp" not in held.getvalue()
    return len(held.getvalue())


def test_looks_go_on_after_a_diagnosis():
    _, asked = train(plain, nn.CrossEntropyLoss(), True, 32, ask=(14, 30))
    _, alone = train(plain, nn.CrossEntropyLoss(), True, 32)
    assert asked.record.layers == alone.record.layers
    assert "gradient_norm/0.weight" in asked.record.layers[-1]


def test_a_watch_that_is_dropped_takes_its_hooks_with_it():
    model, watch = train(plain, nn.CrossEntropyLoss(), True, 14)
    assert hooks(model) != (0, 0, 0)
    del watch
    gc.collect()
    assert hooks(model) == (0, 0, 0)


def test_a_factory_gives_a_fresh_model_each_time():
    model, watch = train(plain, nn.CrossEntropyLoss(), True, 12)
    kept = copy.deepcopy(model.state_dict())
    one = plain()
    for factory, wrong in (
        (lambda: model, "the model that is watched"),
        (lambda: nn.Sequential(model[0], nn.ReLU(), nn.Linear(8, 2)), "shares parameters"),
        (lambda: one, "same model twice"),
        (lambda: nn.Linear(5, 2), "another model"),
        (lambda: (plain(), 1), "gave a tuple"),
        (lambda: plain(3), "raised TypeError"),
    ):
        watch.factory = factory
        with pytest.raises(nnexp.UserError, match=wrong):
            watch.diagnosis(prove=True, seeds=2)
    assert all(torch.equal(v, kept[n]) for n, v in model.state_dict().items())


def test_warnings_of_the_loop_are_shown_once_as_without_a_watch():
    """A loss that broadcasts warns: once a place, as Python does."""

    def warn():
        warnings.warn("of the loop", UserWarning, stacklevel=1)

    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        for _ in range(3):
            with unwarned():
                warnings.warn("of the watch", UserWarning, stacklevel=1)
            warn()
    assert [str(own.message) for own in shown] == ["of the loop"]
