"""Loops as people write them, each with the one thing that is wrong in it, and healthy ones."""

import warnings
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn import datasets
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F

import nnexp


@cache
def _table(name):
    if name == "moons":
        return datasets.make_moons(600, noise=0.2, random_state=0)
    if name == "rare":
        return datasets.make_classification(
            1500, 10, n_informative=4, weights=[0.95], class_sep=1.2, flip_y=0, random_state=3
        )
    return getattr(datasets, f"load_{name}")(return_X_y=True)


def table(name, seed=0, scaled=True, most=900):
    """(X, y, Xv, yv) of a table of scikit-learn."""
    x, y = _table(name)
    if len(x) > most and name != "rare":
        x, y = x[:most], y[:most]
    x, xv, y, yv = train_test_split(x, y, test_size=0.3, random_state=seed, stratify=y)
    if scaled:
        mean, std = x.mean(0), x.std(0)
        std[std == 0] = 1
        x, xv = (x - mean) / std, (xv - mean) / std
    return [
        torch.from_numpy(np.array(a)).to(t)
        for a, t in ((x, torch.float32), (y, torch.int64), (xv, torch.float32), (yv, torch.int64))
    ]


def mlp(inputs, outputs, *tail, hidden=(64,), act=nn.ReLU, between=lambda width: ()):
    layers = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), *between(width), act()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs), *tail)


@dataclass
class Loop:
    """A loop; what is not said is as it should be."""

    data: str = "wine"
    scaled: bool = True
    model: object = None  # (inputs, classes) -> module
    loss: object = nn.CrossEntropyLoss
    target: object = staticmethod(lambda t: t)
    given: object = None  # what is done to y for watch, where not nothing
    output: object = staticmethod(lambda out: out)  # between the model and the loss
    sign: float = 1.0
    extra: object = None  # a penalty of the model
    optimizer: object = staticmethod(lambda p: torch.optim.Adam(p, lr=3e-3))
    parameters: object = staticmethod(lambda m: m.parameters())
    clear: int = 1  # zero_grad every so many steps, 0 never; steps are made as often
    stepped: object = None  # optimizer.step every so many steps, where not as `clear`
    train_mode: object = True
    batch: int = 32
    shuffle: bool = True
    epochs: int = 60
    rows: object = None  # (X, y, Xv, yv) -> the same, with a mistake
    accuracy: object = None  # (out, t) -> the loop's own
    before: bool = False  # watch.step before optimizer.step
    watched: bool = True
    factory: bool = False
    after: object = None  # called with the model when it is made
    kwargs: dict = field(default_factory=dict)

    def run(self, seed=0):
        x, y, xv, yv = table(self.data, seed, self.scaled)
        if self.rows:
            x, y, xv, yv = self.rows(x, y, xv, yv)
        classes = int(torch.cat((y, yv)).max()) + 1
        torch.manual_seed(seed)
        make = self.model or mlp

        def fresh():
            model = make(x.shape[1], classes)
            if self.after:
                self.after(model)
            return model

        model = fresh()
        optimizer = self.optimizer(self.parameters(model))
        loss_fn = self.loss()
        give = self.given or (lambda own: own)
        watch = None
        if self.watched:
            watch = nnexp.watch(
                model, optimizer, loss_fn, train=(x, give(y)), valid=(xv, give(yv)),
                factory=fresh if self.factory else None, **self.kwargs,
            )  # fmt: skip
        model.train(self.train_mode)
        count = 0
        for _ in range(self.epochs):
            order = torch.randperm(len(x)) if self.shuffle else torch.arange(len(x))
            for rows in order.split(self.batch):
                if len(rows) < 2:
                    continue
                t = self.target(y[rows])
                out = model(x[rows])
                loss = self.sign * loss_fn(self.output(out), t)
                if self.extra:
                    loss = loss + self.extra(model)
                if self.clear and count % self.clear == 0:
                    optimizer.zero_grad()
                if loss.requires_grad:
                    loss.backward()
                count += 1
                own = self.accuracy(out, t) if self.accuracy else None
                if watch and self.before:
                    watch.step(loss, out, t, accuracy=own)
                if count % (self.stepped or self.clear or 1) == 0:
                    optimizer.step()
                if watch and not self.before:
                    watch.step(loss, out, t, accuracy=own)
        self.module = model
        self.watch = watch
        return watch.diagnosis() if watch else None


def column(t):
    return t.float().unsqueeze(1)


def one(inputs, classes):
    return mlp(inputs, 1)


def _with_tail(*tail):
    return lambda inputs, classes: mlp(inputs, classes, *[make() for make in tail])


def _one_with_tail(*tail):
    return lambda inputs, classes: mlp(inputs, 1, *[make() for make in tail])


def after_softmax(output, target):
    return nn.functional.cross_entropy(output.softmax(1), target)


def after_sigmoid(output, target):
    return nn.functional.binary_cross_entropy_with_logits(output.sigmoid(), target)


def softmax():
    return nn.Softmax(1)


class Listed(nn.Module):
    """Hidden layers in a plain list."""

    def __init__(self, inputs, classes):
        super().__init__()
        self.hidden = [nn.Linear(inputs, 8), nn.Linear(8, 8)]
        self.last = nn.Linear(8, classes)

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x).relu()
        return self.last(x)


def _stale(model):
    return mlp(13, 3).parameters()


def _last_only(model):
    return list(model.parameters())[-2:]


def _constant(model):
    for p in model.parameters():
        nn.init.constant_(p, 0.1)


def _large(model):
    for p in model.parameters():
        p.data.mul_(15)


def _dead(model):
    model[0].bias.data.fill_(-30)


def _freeze(model):
    model[0].requires_grad_(False)


def sgd(lr, **more):
    return lambda p: torch.optim.SGD(p, lr=lr, **more)


def adam(lr, **more):
    return lambda p: torch.optim.Adam(p, lr=lr, **more)


def _shuffled(x, y, xv, yv):
    made = torch.Generator().manual_seed(0)
    return x, y[torch.randperm(len(y), generator=made)], xv, yv


def _holes(x, y, xv, yv):
    x = x.clone()
    x[::40, 2] = float("nan")
    return x, y, xv, yv


def _valid_raw(x, y, xv, yv):
    raw = table("wine", 0, False)[2]
    return x, y, raw, yv


def _tiny(x, y, xv, yv):
    return x / 2000, y, xv / 2000, yv


def _big_column(x, y, xv, yv):
    x, xv = x.clone(), xv.clone()
    made = torch.Generator().manual_seed(1)
    x[:, 4] = torch.rand(len(x), generator=made) * 30000
    xv[:, 4] = torch.rand(len(xv), generator=made) * 30000
    return x, y, xv, yv


def _copies(x, y, xv, yv):
    return x, y, torch.cat((xv[:20], x[:34])), torch.cat((yv[:20], y[:34]))


def _leak(x, y, xv, yv):
    made = torch.Generator().manual_seed(1)
    add = [
        own.float().unsqueeze(1) + 0.02 * torch.randn(len(own), 1, generator=made)
        for own in (y, yv)
    ]
    return torch.cat((x, add[0]), 1), y, torch.cat((xv, add[1]), 1), yv


def _sorted(x, y, xv, yv):
    order = y.argsort(stable=True)
    return x[order], y[order], xv, yv


def _few(x, y, xv, yv):
    return x[:60], y[:60], xv, yv


def _elementwise(out, t):
    hot = F.one_hot(t, out.shape[1])
    return float(((out > 0).long() == hot).float().mean())


def _argmax_of_one(out, t):
    return float((out.argmax(1) == t.squeeze(1)).float().mean())


def _argmax(out, t):
    return float((out.argmax(1) == t).float().mean())


BN = {"between": lambda width: (nn.BatchNorm1d(width),)}
BCE = {"data": "breast_cancer", "model": one, "loss": nn.BCEWithLogitsLoss, "target": column}

FAULTS = {
    "nll on softmax": (Loop(model=_with_tail(softmax), loss=nn.NLLLoss), "nll_on_probabilities"),
    "nll on sigmoid": (
        Loop("digits", model=_with_tail(nn.Sigmoid), loss=nn.NLLLoss, epochs=10),
        "nll_on_probabilities",
    ),
    "nll on logits": (Loop("digits", loss=nn.NLLLoss, epochs=10), "nll_on_logits"),
    "softmax in the loop, nll": (
        Loop(output=lambda o: o.softmax(1), loss=nn.NLLLoss), "nll_on_probabilities",
    ),
    "softmax twice": (
        Loop("digits", model=_with_tail(softmax), optimizer=sgd(0.05), epochs=10), "softmax_twice",
    ),
    "softmax twice in the loop": (
        Loop("digits", output=lambda o: o.softmax(1), optimizer=sgd(0.05), epochs=10),
        "softmax_twice",
    ),
    "sigmoid twice": (
        Loop("breast_cancer", model=_one_with_tail(nn.Sigmoid), loss=nn.BCEWithLogitsLoss,
             target=column), "sigmoid_twice",
    ),
    "softmax in the loss function": (
        Loop("digits", loss=lambda: after_softmax, optimizer=sgd(0.05), epochs=10), "softmax_twice",
    ),
    "sigmoid in the loss function": (
        Loop("breast_cancer", model=one, loss=lambda: after_sigmoid, target=column,
             optimizer=sgd(0.01), epochs=10), "sigmoid_twice",
    ),
    "softmax of one": (
        Loop("breast_cancer", model=_one_with_tail(softmax), loss=nn.BCELoss, target=column,
             epochs=10), "single_unit_softmax",
    ),
    "relu on the logits": (
        Loop("digits", model=_with_tail(nn.ReLU), epochs=10, optimizer=sgd(0.1)),
        "activation_on_logits",
    ),
    "tanh on the logits": (
        Loop("digits", model=_with_tail(nn.Tanh), epochs=6, optimizer=sgd(0.05)),
        "activation_on_logits",
    ),
    "squares of classes": (
        Loop("digits", model=_with_tail(softmax), loss=nn.MSELoss, optimizer=sgd(0.05), epochs=10,
             target=lambda t: F.one_hot(t, 10).float()), "wrong_loss",
    ),
    "one output for three": (
        Loop("iris", model=one, loss=nn.BCEWithLogitsLoss, target=column), "label_encoding",
    ),
    "too many outputs": (
        Loop(model=lambda i, c: mlp(i, 40), optimizer=sgd(0.01), epochs=8), "wrong_output_size",
    ),
    "labels 1 and 2": (Loop(**{**BCE, "target": lambda t: column(t) + 1}), "label_encoding"),
    "labels 1 and 2, given": (
        Loop(**{**BCE, "target": lambda t: column(t) + 1}, given=lambda y: y + 1), "label_encoding",
    ),
    "labels -1 and 1": (Loop(**{**BCE, "target": lambda t: 2 * column(t) - 1}), "label_encoding"),
    "labels over 255": (Loop(**{**BCE, "target": lambda t: column(t) / 255}), "label_encoding"),
    "minus": (Loop(sign=-1.0, epochs=20), "loss_sign_flipped"),
    "maximize": (
        Loop(optimizer=lambda p: torch.optim.SGD(p, lr=0.05, maximize=True), epochs=20),
        "loss_sign_flipped",
    ),
    "summed": (
        Loop("digits", loss=lambda: nn.CrossEntropyLoss(reduction="sum"), batch=256,
             optimizer=sgd(0.05), epochs=20), "loss_not_averaged",
    ),
    "broadcast": (
        Loop("moons", model=one, loss=nn.MSELoss, target=lambda t: t.float()), "broadcast_mismatch",
    ),
    "accuracy by element": (
        Loop("digits", epochs=2, optimizer=adam(3e-4), accuracy=_elementwise),
        "metric_mismatch",
    ),
    "argmax of one": (Loop(**BCE, accuracy=_argmax_of_one), "metric_mismatch"),
    "penalty": (
        Loop("breast_cancer", extra=lambda m: 0.1 * sum(p.abs().sum() for p in m.parameters())),
        "penalty_dominates",
    ),
    "never cleared": (
        Loop("digits", clear=0, optimizer=sgd(0.05), epochs=15),
        "parameters_not_updated",
    ),
    "stale optimizer": (Loop(parameters=_stale, epochs=20), "parameters_not_updated"),
    "last layer only": (
        Loop("digits", model=lambda i, c: mlp(i, c, hidden=(6, 6)), parameters=_last_only,
             epochs=10),
        "parameters_not_updated",
    ),
    "plain list": (Loop("digits", model=Listed, epochs=10), "parameters_not_updated"),
    "no step": (Loop(stepped=10**9, epochs=20), "parameters_not_updated"),
    "detached": (Loop(output=lambda o: o.detach(), epochs=20), "parameters_not_updated"),
    "batches of 2": (
        Loop("digits", model=lambda i, c: mlp(i, c, **BN), batch=2, epochs=2,
             optimizer=adam(0.01)), "batchnorm_mode",
    ),
    "running means too slow": (
        Loop(model=lambda i, c: mlp(
            i, c, between=lambda w: (nn.BatchNorm1d(w, momentum=1e-4),)), scaled=True, epochs=20,
            rows=lambda x, y, xv, yv: (x * 3 + 4, y, xv * 3 + 4, yv)), "batchnorm_mode",
    ),
    "dead units": (Loop(after=_dead, epochs=30), "dead_units"),
    "deep sigmoids": (
        Loop("digits", model=lambda i, c: mlp(i, c, hidden=(32,) * 10, act=nn.Sigmoid),
             optimizer=sgd(0.05), epochs=20), "vanishing_gradients",
    ),
    "constant weights": (Loop("digits", after=_constant, epochs=20), "bad_initialisation"),
    "large weights": (
        Loop("digits", after=_large, optimizer=sgd(0.01), epochs=20),
        "bad_initialisation",
    ),
    "not scaled": (Loop("wine", scaled=False, optimizer=sgd(0.01), epochs=30), "unscaled_features"),
    "a large column": (Loop(rows=_big_column, optimizer=adam(1e-3)), "dominant_feature"),
    "scaled to nothing": (
        Loop("digits", rows=_tiny, epochs=15, optimizer=adam(1e-3)),
        "double_scaling",
    ),
    "holes": (Loop(rows=_holes, epochs=5), "nonfinite_inputs"),
    "labels shuffled": (
        Loop("digits", rows=_shuffled, epochs=20),
        {"label_permuted", "uninformative_inputs"},
    ),
    "rare class": (Loop("rare", epochs=15, optimizer=adam(3e-4)), "class_imbalance"),
    "rate too high": (Loop("digits", optimizer=adam(1.0), epochs=20,
             model=lambda i, c: mlp(i, c, hidden=(64, 64))), "lr_too_high"),
    "rate too high, sgd": (Loop("digits", optimizer=sgd(20.0), epochs=20), "lr_too_high"),
    "rate too low": (Loop("digits", optimizer=adam(1e-6), epochs=20), "lr_too_low"),
    "one epoch": (Loop("digits", optimizer=adam(1e-3), epochs=1), "undertrained"),
    "memorised": (
        Loop("moons", rows=_few, model=lambda i, c: mlp(i, c, hidden=(256, 256)), epochs=600,
             optimizer=adam(3e-3)), "overfit",
    ),
    "dropout .97": (
        Loop("digits", model=lambda i, c: mlp(i, c, between=lambda w: (nn.Dropout(0.97),)),
             epochs=15), "over_regularized",
    ),
    "weight decay 10": (
        Loop("digits", epochs=20,
             optimizer=lambda p: torch.optim.AdamW(p, lr=3e-3, weight_decay=30)),
        "over_regularized",
    ),
    "linear": (
        Loop("moons", model=lambda i, c: mlp(i, c, act=nn.Identity), epochs=40),
        "underfit_capacity",
    ),
    "one unit": (
        Loop("digits", model=lambda i, c: mlp(i, c, hidden=(2,)), epochs=60), "underfit_capacity",
    ),
    "sorted batches": (
        Loop("digits", rows=_sorted, shuffle=False, optimizer=sgd(0.05), epochs=10),
        "ordered_split",
    ),
    "cross-entropy of one output": (
        Loop("breast_cancer", model=one, target=column, given=column, epochs=20),
        "single_unit_softmax",
    ),
    "held-out rows not scaled": (Loop(rows=_valid_raw), "preprocessing_mismatch"),
    "copies": (Loop(rows=_copies), "duplicate_leak"),
    "leak": (Loop("moons", rows=_leak, epochs=20), "target_leak"),
}  # fmt: skip


class Gaussian(nn.Module):
    """Mean and variance of a quantity."""

    def __init__(self, inputs, classes):
        super().__init__()
        self.body, self.mean, self.log = nn.Linear(inputs, 32), nn.Linear(32, 1), nn.Linear(32, 1)

    def forward(self, x):
        h = self.body(x).relu()
        return self.mean(h), self.log(h).exp() + 1e-4


def _gaussian():
    nll = nn.GaussianNLLLoss()
    return lambda out, t: nll(out[0], t, out[1])


def _quantity(x, y, xv, yv):
    """A quantity known to 0.01."""
    made = torch.Generator().manual_seed(0)
    weights = torch.randn(x.shape[1], generator=made) * 0.1
    return x, x @ weights, xv, xv @ weights


HEALTHY = {
    "cross-entropy": Loop(),
    "cross-entropy, digits": Loop("digits", epochs=20),
    "cross-entropy, breast cancer": Loop("breast_cancer", epochs=20),
    "sgd": Loop("digits", optimizer=sgd(0.1, momentum=0.9), epochs=20),
    "nll on log_softmax": Loop(model=_with_tail(lambda: nn.LogSoftmax(1)), loss=nn.NLLLoss),
    "log_softmax in the loop": Loop(output=lambda o: o.log_softmax(1), loss=nn.NLLLoss),
    "cross-entropy on log_softmax": Loop(model=_with_tail(lambda: nn.LogSoftmax(1))),
    "bce with logits": Loop(**BCE),
    "bce of (N,)": Loop(
        "breast_cancer", model=lambda i, c: nn.Sequential(mlp(i, 1), nn.Flatten(0)),
        loss=nn.BCEWithLogitsLoss, target=lambda t: t.float()),
    "squeezed in the loop": Loop(
        "breast_cancer", model=one, output=lambda o: o.squeeze(1), loss=nn.BCEWithLogitsLoss,
        target=lambda t: t.float()),
    "bce on sigmoid": Loop(
        "breast_cancer", model=_one_with_tail(nn.Sigmoid), loss=nn.BCELoss, target=column),
    "accumulated": Loop(clear=4, batch=8),
    "frozen on purpose": Loop(after=_freeze, epochs=100),
    "smoothing": Loop(loss=lambda: nn.CrossEntropyLoss(label_smoothing=0.1)),
    "class weights": Loop(loss=lambda: nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]))),
    "dropout": Loop("digits", epochs=30, model=lambda i, c: mlp(
        i, c, hidden=(128,), between=lambda w: (nn.Dropout(0.5),))),
    "leaky": Loop(model=lambda i, c: mlp(i, c, act=nn.LeakyReLU)),
    "batch norm": Loop("digits", model=lambda i, c: mlp(i, c, **BN), epochs=20),
    "summed, small rate": Loop(
        loss=lambda: nn.CrossEntropyLoss(reduction="sum"), optimizer=adam(3e-3)),
    "soft margin": Loop(
        **{**BCE, "loss": nn.SoftMarginLoss, "target": lambda t: 2 * column(t) - 1}),
    "gaussian": Loop(model=Gaussian, loss=_gaussian, rows=_quantity,
                     target=lambda t: t.unsqueeze(1), optimizer=adam(3e-3), epochs=150),
    "squares of a quantity": Loop(
        model=one, loss=nn.MSELoss, rows=_quantity, target=lambda t: t.unsqueeze(1), epochs=150),
    "before the step": Loop(before=True),
    "in the order of the file": Loop("digits", shuffle=False, epochs=20),
    "accuracy": Loop(accuracy=_argmax),
    "cosine": Loop("iris", optimizer=adam(0.01)),
    "small penalty": Loop(extra=lambda m: 1e-4 * sum(p.pow(2).sum() for p in m.parameters())),
    "rare class, learned": Loop("rare", epochs=40),
}  # fmt: skip


def follow(watch, x, y, *, epochs, batch, generator=None):
    """Train what is watched on rows of x and y, step by step, as the plainest loop does."""
    model, optimizer, loss_fn = watch.model, watch.optimizer, watch.loss_fn
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(batch):
            out = model(x[rows])
            loss = loss_fn(out, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss, out, y[rows])


@pytest.fixture
def loops():
    return SimpleNamespace(
        FAULTS=FAULTS, HEALTHY=HEALTHY, Loop=Loop, run=run, table=table, mlp=mlp, one=one, sgd=sgd,
        adam=adam, column=column, follow=follow,
    )  # fmt: skip


def run(loop, seed):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using a target size")
        return loop.run(seed)


def pytest_generate_tests(metafunc):
    for name, cases in (("fault", FAULTS), ("healthy", HEALTHY)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, sorted(cases))
