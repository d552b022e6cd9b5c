"""Predictions that an activation behind the last layer bounds, and targets beyond them."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import nnexp
from nnexp.loop.kernel import Kernel, identify
from nnexp.loop.quantities import cut_off, other_scale

RNG = np.random.default_rng(0)
GIVEN = RNG.normal(size=400)
NOISE = RNG.normal(size=400)
SQUARED = Kernel("squared")
BOUNDED = {
    "relu": np.maximum(0.7 * GIVEN, 0),
    "tanh": np.tanh(3 * GIVEN),
    "sigmoid": 1 / (1 + np.exp(-6 * GIVEN)),
}


def test_what_is_told_of_quantities_speaks_of_no_accuracy(loops):
    """And of no rate that is too high beside shapes that are broadcast, where nothing jumped."""

    def numbers(x, y, xv, yv):
        weights = torch.randn(x.shape[1], generator=torch.Generator().manual_seed(0))
        return x, x @ weights, xv, xv @ weights

    loop = loops.Loop(
        model=loops.one, loss=nn.MSELoss, rows=numbers, optimizer=loops.adam(0.01), epochs=30
    )
    found = loops.run(loop, 0)
    assert [own.cause for own in found.findings] == ["broadcast_mismatch"]
    assert not [
        item for own in found.findings for item in own.evidence if "accuracy" in item.signal
    ]


@pytest.mark.parametrize("predicted", BOUNDED.values(), ids=BOUNDED)
def test_targets_beyond_what_an_activation_gives(predicted):
    (found,) = cut_off(SQUARED, GIVEN, predicted)
    assert (found.cause, found.certain) == ("activation_on_logits", True)
    assert found.evidence[2].value > 0.25


@pytest.mark.parametrize(
    ("predicted", "given", "kind"),
    [
        (np.zeros(400), GIVEN, "relu"),
        (np.full(400, 0.9999), 25 + 300 * BOUNDED["sigmoid"], "sigmoid"),
        (np.tanh(9 + 0.01 * GIVEN), 25 + GIVEN, "tanh"),
    ],
)
def test_predictions_that_an_activation_holds_at_its_bound(predicted, given, kind):
    (found,) = cut_off(SQUARED, given, predicted, kind)
    assert (found.cause, found.certain) == ("activation_on_logits", True)
    assert cut_off(SQUARED, given, predicted) == []


@pytest.mark.parametrize(
    ("kind", "given", "predicted"),
    [
        ("squared", GIVEN, 0.7 * GIVEN),  # no bound
        ("squared", GIVEN**2, np.maximum(GIVEN**2 - 0.5, 0)),  # no target beyond
        ("squared", np.tanh(GIVEN), np.tanh(3 * GIVEN)),
        ("squared", GIVEN, 0.1 * np.tanh(GIVEN)),  # hardly learned, and far from the bound
        ("squared", GIVEN[:40], BOUNDED["relu"][:40]),
        ("logistic", GIVEN, BOUNDED["sigmoid"]),
        ("squared", GIVEN, np.zeros(400)),
        ("squared", 0.97 + 0.5 * GIVEN, 0.97 + 0.01 * np.tanh(GIVEN)),  # a narrow range of a line
        ("squared", np.maximum(GIVEN, 0) + 0.5 * NOISE, np.maximum(GIVEN, 0)),  # noise alone beyond
        ("squared", np.tanh(3 * GIVEN) + 0.3 * NOISE, np.tanh(3 * GIVEN)),
    ],
    ids=[
        "free",
        "positive",
        "within",
        "small",
        "few",
        "logistic",
        "none",
        "narrow",
        "noise",
        "ends",
    ],
)
def test_targets_that_can_be_reached(kind, given, predicted):
    assert cut_off(Kernel(kind), given, predicted) == []


@pytest.mark.parametrize(("last", "named"), [(nn.ReLU(), True), (nn.Identity(), False)])
def test_a_loop_of_quantities_behind_an_activation(loops, last, named):
    made = torch.Generator().manual_seed(0)
    x = torch.randn(500, 5, generator=made)
    y = (x[:, :1] + x[:, 1:2] * x[:, 2:3]) / 1.4
    torch.manual_seed(1)  # of the first start the output is 0 on all rows before long
    model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1), last)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    loss_fn = nn.MSELoss()
    watch = nnexp.watch(
        model, optimizer, loss_fn, train=(x[:400], y[:400]), valid=(x[400:], y[400:])
    )
    loops.follow(watch, x[:400], y[:400], epochs=20, batch=32, generator=made)
    told = [own.cause for own in watch.diagnosis().findings if own.verdict == "suspected"]
    assert ("activation_on_logits" in told) is named


def focal(z, t):
    rows = F.cross_entropy(z, t, reduction="none")
    return ((1 - torch.exp(-rows)) ** 2 * rows).mean()


@pytest.mark.parametrize(
    ("loss_fn", "bounded"),
    [
        (lambda z, t: F.l1_loss(z.softmax(1), F.one_hot(t, 4).float()), True),
        (lambda z, t: F.mse_loss(z.softmax(1), F.one_hot(t, 4).float()), True),
        (nn.CrossEntropyLoss(), False),
        (nn.CrossEntropyLoss(reduction="sum"), False),
        (nn.CrossEntropyLoss(torch.tensor([1.0, 2, 3, 4]), label_smoothing=0.2), False),
        (lambda z, t: F.cross_entropy(z.softmax(1), t), False),  # has a word of its own
        (focal, False),
        (lambda z, t: -torch.log(z.softmax(1).gather(1, t[:, None]) + 1e-8).mean(), False),
        (lambda z, t: (1 - z.softmax(1).gather(1, t[:, None])).mean(), True),
    ],
    ids=["l1", "squares", "mean", "sum", "weighed", "twice", "focal", "by hand", "probability"],
)
def test_losses_that_cost_no_more_however_wrong_a_logit_is(loss_fn, bounded):
    kernel = identify(loss_fn, torch.zeros(32, 4), torch.arange(32) % 4)
    assert (kernel.kind, kernel.bounded) == ("softmax", bounded)


@pytest.mark.parametrize("classes", [2, 30, 500])
def test_a_cross_entropy_by_hand_is_not_bounded_however_many_classes_there_are(classes):
    def by_hand(z, t):
        return -torch.log(z.softmax(1).gather(1, t[:, None]) + 1e-8).mean()

    labels = torch.arange(64) % classes
    assert not identify(by_hand, torch.zeros(64, classes), labels).bounded


@pytest.mark.parametrize(
    ("given", "held", "told"),
    [
        (GIVEN, 14 + 5 * NOISE, True),  # only train was standardised
        (GIVEN, NOISE + 0.5, False),
        (14 + 5 * GIVEN, NOISE, False),  # that much may be other rows
        (14 + 50 * GIVEN, NOISE, True),
        (GIVEN, NOISE[:20] * 9, False),
    ],
)
def test_held_out_targets_on_another_scale(given, held, told):
    standard = (given - given.mean()) / given.std() if given is GIVEN else given
    found = other_scale(standard, held)
    assert [own.cause for own in found] == ["preprocessing_mismatch"] * told
