"""Modes that do not do what they are for."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nnexp.loop.retrain import Retraining, score


def test_a_loop_that_never_trains_batch_normalisation_is_named(loops):
    def deep(inputs, classes):
        layers = []
        for _ in range(6):
            layers += [nn.Linear(inputs, 64), nn.BatchNorm1d(64), nn.Sigmoid()]
            inputs = 64
        return nn.Sequential(*layers, nn.Linear(64, classes))

    loop = loops.Loop("digits", model=deep, train_mode=False, epochs=10)
    found = loops.run(loop, 0)
    assert found.findings[0].cause == "batchnorm_mode"
    assert found.findings[0].fix == ("model.train() before the steps",)


class Dropped(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 32), nn.Linear(32, classes)

    def forward(self, x):
        return self.last(F.dropout(self.first(x).relu(), 0.8))


def test_dropout_that_stays_on_is_named(loops):
    found = loops.run(loops.Loop("digits", model=Dropped, epochs=15), 0)
    assert found.findings[0].cause == "over_regularized"
    assert "training=self.training" in found.findings[0].fix[0]


class Noisy(nn.Module):
    """Random in evaluation mode: by dropout of a few units, or by a little noise."""

    def __init__(self, inputs, classes, drops):
        super().__init__()
        self.first, self.last, self.drops = nn.Linear(inputs, 64), nn.Linear(64, classes), drops

    def forward(self, x):
        h = self.first(x).relu()
        return self.last(F.dropout(h, 0.2) if self.drops else h + 0.001 * torch.randn_like(h))


@pytest.mark.parametrize("drops", [True, False])
def test_dropout_that_stays_on_is_named_whatever_the_scores_are(loops, drops):
    loop = loops.Loop("breast_cancer", model=lambda i, c: Noisy(i, c, drops))
    found = loops.run(loop, 0)
    assert found.scores["valid"]["behind"] is False
    assert ("over_regularized" in [own.cause for own in found.alarms]) is drops


def normed(momentum):
    def make(inputs, classes):
        hidden = [nn.Linear(inputs, 32), nn.BatchNorm1d(32, momentum=momentum), nn.ReLU()]
        return nn.Sequential(*hidden, nn.Linear(32, classes))

    return make


def test_running_statistics_that_never_move_are_named_whatever_the_scores_are(loops):
    found = loops.run(loops.Loop(model=normed(0.0)), 0)
    first = found.findings[0]
    assert (first.cause, first.fix) == ("batchnorm_mode", ("momentum=0.1 in BatchNorm1d",))
    fine = loops.run(loops.Loop(model=normed(0.1)), 0)
    assert "batchnorm_mode" not in [own.cause for own in fine.findings]


class Scrambled(nn.Module):
    """Ends in a view that mixes the rows of a batch, or in a right one."""

    def __init__(self, inputs, classes, mixes):
        super().__init__()
        self.first, self.last, self.mixes = nn.Linear(inputs, 32), nn.Linear(32, classes), mixes

    def forward(self, x):
        out = self.last(self.first(x).relu())
        return out.view(out.shape[1], -1).t() if self.mixes else out.view(len(x), -1)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda i, c: Scrambled(i, c, True), True),
        (lambda i, c: Scrambled(i, c, False), False),
        (normed(0.1), False),
        (Dropped, False),
    ],
    ids=["view", "right view", "batch norm", "random"],
)
def test_rows_of_a_batch_that_are_mixed_are_told(loops, make, told):
    found = loops.run(loops.Loop("digits", model=make, epochs=10), 0)
    titles = [own.title for own in found.findings]
    assert any("rows of a batch are mixed" in title for title in titles) is told
    if told:
        assert "rows of a batch are mixed" in titles[0]


def test_the_layer_whose_momentum_is_odd_is_called_by_its_name(loops):
    def make(inputs, classes):
        norm = nn.Sequential(nn.Unflatten(1, (4, 1, 16)), nn.BatchNorm2d(4, momentum=0.0))
        return nn.Sequential(norm, nn.Flatten(), nn.Linear(inputs, classes))

    found = loops.run(loops.Loop("digits", model=make, epochs=5), 0)
    assert found.findings[0].fix == ("momentum=0.1 in BatchNorm2d",)


def test_a_bias_before_batch_normalisation_has_no_gradient_and_no_fault(loops):
    """Its gradient is 0 but for rounding, and a low rate moves it by nothing."""
    rate = loops.sgd(1e-5)
    found = loops.run(loops.Loop(scaled=False, model=normed(0.1), optimizer=rate, epochs=3), 0)
    assert "parameters_not_updated" not in [own.cause for own in found.findings]


@pytest.mark.parametrize("change", [{"train_mode": False}, {"momentum": 0.0}])
def test_statistics_that_were_loaded_may_be_kept(loops, change):
    def trained(model):
        x = loops.table("wine")[0]
        for _ in range(200):
            model(x)
        model[1].momentum = change.get("momentum", 0.1)

    mode = change.get("train_mode", True)
    found = loops.run(loops.Loop(model=normed(0.1), after=trained, train_mode=mode), 0)
    assert "batchnorm_mode" not in [own.cause for own in found.findings]


def test_statistics_of_the_batch_alone_are_none_that_stay(loops):
    def make(inputs, classes):
        norm = nn.BatchNorm1d(32, track_running_stats=False)
        return nn.Sequential(nn.Linear(inputs, 32), norm, nn.ReLU(), nn.Linear(32, classes))

    found = loops.run(loops.Loop(model=make, train_mode=False), 0)
    assert "batchnorm_mode" not in [own.cause for own in found.findings]


def test_a_loop_that_diverges_in_evaluation_mode_is_named(loops):
    loop = loops.Loop(
        scaled=False, model=normed(0.1), train_mode=False, optimizer=loops.sgd(10.0), epochs=5
    )
    found = loops.run(loop, 0)
    assert found.findings[0].cause == "batchnorm_mode"


@pytest.mark.parametrize("kind", ["Dropout", "Dropout1d", "AlphaDropout", "FeatureAlphaDropout"])
def test_dropout_of_every_kind_is_named_and_taken_out_by_a_proof(loops, kind):
    def make(inputs, classes):
        drops = [] if kind != "Dropout1d" else [nn.Unflatten(1, (64, 1))]
        back = [] if kind != "Dropout1d" else [nn.Flatten()]
        own = getattr(nn, kind)(0.97)
        return loops.mlp(inputs, classes, between=lambda width: (*drops, own, *back))

    loop = loops.Loop("digits", model=make, epochs=6, factory=True)
    found = loops.run(loop, 0)
    (own,) = [own for own in found.findings if own.cause == "over_regularized"]
    assert (own.evidence[0].signal, own.evidence[0].value) == ("dropout", 0.97)
    arms = Retraining(), Retraining(dropout=False)
    with_it, without = (score(loop.watch, arm, 0).value for arm in arms)
    assert without > with_it + 0.1
