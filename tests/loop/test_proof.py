"""The proof of a loop: in no unit, and judged by the rows as well as by the seeds."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import nnexp
from nnexp.diagnosis.finding import Evidence, Finding
from nnexp.diagnosis.report import Diagnosis
from nnexp.loop import proof as module
from nnexp.loop.retrain import Retraining
from nnexp.loop.score import Score, explained

TRAIN = 50


def finding(cause="unscaled_features"):
    return Finding(cause, "suspected", cause, (Evidence("x", 1, "2"),), "so", ())


@pytest.fixture
def proven(monkeypatch):
    """The finding of a loop after its proof, from the scores of trainings without and with it."""

    def run(
        before,
        after,
        *,
        held=20,
        classes=("a", "b"),
        rare=None,
        cause="unscaled_features",
        more=(),
        made=None,
    ):
        index = np.r_[np.zeros(TRAIN, int), np.arange(held) < (held // 2 if rare is None else rare)]
        table = SimpleNamespace(
            train=TRAIN, x=np.zeros(TRAIN + held), index=index.astype(int), classes=classes,
            is_classes=bool(classes),
        )  # fmt: skip
        monkeypatch.setattr(module, "check_factory", lambda watch: None)
        monkeypatch.setattr(module, "_probes", lambda watch, base: ([], []))
        monkeypatch.setattr(module, "_unlike", lambda watch, base, own: [])
        unknown = Score(math.nan, math.nan, np.zeros(0))
        monkeypatch.setattr(module, "score_of_loop", lambda watch: unknown)

        def score(watch, arm, seed, only=None):
            clock.append(1)
            if made:
                return made(arm)
            return (before if arm == Retraining() else after)[seed]

        clock = []  # a second for each training
        monkeypatch.setattr(module, "score", score)
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: float(len(clock))))
        told = [finding(own) for own in (cause, *more)]
        proof = module.prove_loop(
            SimpleNamespace(table=table), Diagnosis(told), len(before or [1] * 5)
        )
        return proof.findings if more else proof.findings[0]

    return run


def accuracy(hits, rows):
    return Score(hits / rows, hits / rows, (np.arange(rows) < hits).astype(float))


def test_one_row_that_all_seeds_tell_better_proves_nothing(proven):
    own = proven([accuracy(16, 20)] * 5, [accuracy(17, 20)] * 5)
    assert own.proof.p < 0.01
    assert own.proof.gain == pytest.approx(0.05)
    assert own.verdict == "suspected"
    many = proven([accuracy(1600, 2000)] * 5, [accuracy(1700, 2000)] * 5, held=2000)
    assert many.verdict == "confirmed"


def test_the_seconds_of_a_proof_are_those_of_its_trainings_and_of_those_without(proven):
    found = proven(
        [accuracy(10, 20)] * 5, [accuracy(20, 20)] * 5, more=("loss_sign_flipped", "undertrained")
    )
    assert [own.proof.seconds for own in found] == [10.0] * 3


def test_rows_of_a_rare_class_weigh_more(proven):
    """Two of four rare rows in 204: seeds agree, and it is two rows."""
    before = [Score(0.9, 0.5, np.ones(204))] * 5
    after = [Score(0.9, 0.75, np.ones(204))] * 5
    own = proven(before, after, held=204, rare=4, cause="class_imbalance")
    assert own.proof.metric == "balanced_accuracy/val"
    assert own.proof.p > 1e-4  # a step is 1/8, and not 1/204
    assert own.verdict == "suspected"
    even = proven(before, after, held=204, cause="class_imbalance")
    assert even.verdict == "confirmed"


def quantities(seeds, error, unit, rows=200):
    """Trainings that predict with an error, of one table."""
    true = np.random.default_rng(0).normal(0, unit, rows)
    noise = [np.random.default_rng(seed + 1).normal(0, error * unit, rows) for seed in seeds]
    return [explained(true + own, true) for own in noise]


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_a_proof_of_quantities_knows_no_unit(proven, unit):
    base = quantities(range(5), 0.9, unit)
    own = proven(base, quantities(range(5), 0.3, unit), held=200, classes=())
    assert (own.proof.metric, own.verdict) == ("R2/val", "confirmed")
    assert own.proof.gain == pytest.approx(0.81 - 0.09, abs=0.1)
    same = proven(base, quantities(range(9, 14), 0.9, unit), held=200, classes=())
    assert same.verdict != "confirmed"


def test_quantities_told_better_in_a_few_rows_are_no_proof(proven):
    """One row out of 20 makes the gain, in every pair."""
    true = np.random.default_rng(0).normal(0, 1, 20)
    off, on = true + 0.1, true + 0.1
    off[0] += 2.0
    own = proven([explained(off, true)] * 5, [explained(on, true)] * 5, classes=())
    assert own.proof.gain > 0.1
    assert own.verdict == "suspected"


def test_pairs_without_a_score_are_left_out(proven):
    lost = Score(math.nan, math.nan, np.zeros(0))
    good, better = accuracy(1000, 2000), accuracy(1800, 2000)
    own = proven([lost, good, good, good], [better, better, lost, better], held=2000)
    assert own.proof.seeds == 2
    assert own.proof.before == pytest.approx(0.5)
    assert proven([lost, good], [better, better], held=2000).proof is None


def test_a_loop_of_small_quantities_is_mended(loops):
    """The largest gain that is possible in squares is 0.0025."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    y = 0.05 * torch.from_numpy(np.tanh(x[:, 0]) + 0.5 * x[:, 1]).float()[:, None]
    x = torch.from_numpy(x * [1, 1, 2000, 2000]).float()

    def make():
        return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))

    torch.manual_seed(0)
    model, loss_fn = make(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    watch = nnexp.watch(
        model, optimizer, loss_fn, train=(x[:200], y[:200]), valid=(x[200:], y[200:]),
        factory=make, classes=0,
    )  # fmt: skip
    loops.follow(watch, x[:200], y[:200], epochs=20, batch=32)
    found = watch.diagnosis(prove=True, seeds=3)
    (own,) = [own for own in found.findings if own.cause == "unscaled_features"]
    assert (own.proof.metric, own.verdict) == ("R2/val", "confirmed")


def test_a_change_that_leaves_all_trainings_as_they_were_acquits_of_nothing(proven):
    before = [accuracy(hits, 20) for hits in (11, 12, 13, 12, 11)]
    assert proven(before, before).verdict == "suspected"
    # models that name one class are alike, and not the same
    one = [Score(0.6, 0.5, np.r_[np.ones(12), np.zeros(8)])] * 5
    assert proven(one, one, rare=8).verdict == "harmless"
    # but for weights of classes, whatever keeps all but one from being named
    assert proven(one, one, rare=8, cause="class_imbalance").verdict == "suspected"


def test_layers_in_a_list_cannot_be_tried_by_a_fresh_model():
    fix = ("torch.nn.ModuleList around the list",)
    listed = Finding("parameters_not_updated", "suspected", "", (), "so", fix)
    assert module.change_of(listed) is None
    assert module.change_of(Finding("parameters_not_updated", "suspected", "", (), "", ("x",)))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sorted batches", {"data": "moons", "optimizer": lambda p: torch.optim.SGD(p, lr=0.2)}),
        ("cross-entropy of one output", {}),
    ],
)
def test_what_the_loop_does_wrong_is_done_without_its_mend_alone(loops, name, changes):
    loop, cause = loops.FAULTS[name]
    loop = replace(loop, factory=True, **changes)
    loops.run(loop, 0)
    found = loop.watch.diagnosis(prove=True)
    first = found.findings[0]
    assert (first.cause, first.verdict) == (cause, "confirmed")
    assert first.proof.before < first.proof.after - 0.05
    assert not found.cautions


def test_the_mode_of_training_is_mended(loops):
    def normed(inputs, classes):
        hidden = [nn.Linear(inputs, 32), nn.BatchNorm1d(32), nn.ReLU()]
        return nn.Sequential(nn.BatchNorm1d(inputs), *hidden, nn.Linear(32, classes))

    loop = loops.Loop(scaled=False, model=normed, train_mode=False, factory=True, epochs=20)
    loops.run(loop, 0)
    first = loop.watch.diagnosis(prove=True).findings[0]
    assert (first.cause, first.verdict) == ("batchnorm_mode", "confirmed")


def proof_of(loops, loop):
    loops.run(loop, 0)
    return loop.watch.diagnosis(prove=True, seeds=3)


def test_parameters_that_the_factory_freezes_are_trained_by_the_mend(loops):
    def frozen(model):
        model[0].requires_grad_(False)
        model[2].requires_grad_(False)

    loop = loops.Loop(
        "digits", model=lambda i, c: loops.mlp(i, c, hidden=(16, 8)), after=frozen,
        parameters=lambda m: [p for p in m.parameters() if p.requires_grad],
        factory=True, epochs=10,
    )  # fmt: skip
    first = proof_of(loops, loop).findings[0]
    assert (first.cause, first.verdict) == ("parameters_not_updated", "confirmed")


class Detached(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 12), nn.Linear(12, classes)

    def forward(self, x):
        return self.last(self.first(x).relu().detach())


def test_what_a_detach_in_the_model_costs_is_not_told_from_outside(loops):
    found = proof_of(loops, loops.Loop("digits", model=Detached, factory=True, epochs=10))
    (own,) = (own for own in found.findings if own.cause == "parameters_not_updated")
    assert (own.verdict, own.proof) == ("suspected", None)


def test_smoothing_is_taken_out_of_the_loss(loops):
    loop = loops.Loop(
        "digits", loss=lambda: nn.CrossEntropyLoss(label_smoothing=0.97), factory=True,
        optimizer=loops.sgd(0.05), epochs=5,
    )  # fmt: skip
    found = proof_of(loops, loop)
    assert "loss_sign_flipped" not in [own.cause for own in found.findings]
    (own,) = (own for own in found.findings if own.cause == "over_regularized")
    assert own.fix == ("label_smoothing=0 in the loss",)
    assert (own.verdict, own.proof.gain > 0.05) == ("confirmed", True)


def test_one_output_cannot_tell_many_classes_by_another_loss(loops):
    loop = loops.Loop(
        "digits", model=loops.one, loss=nn.MSELoss, target=loops.column, factory=True, epochs=5,
        kwargs={"classes": 10},
    )  # fmt: skip
    (own, *_) = proof_of(loops, loop).findings
    assert (own.cause, own.verdict, own.proof) == ("wrong_loss", "suspected", None)
    assert own.fix[0].startswith("10 outputs in the last layer")


@pytest.mark.parametrize(
    ("cause", "fix", "change"),
    [
        ("over_regularized", ("weight_decay=0 in the optimizer",), Retraining(decay=False)),
        ("over_regularized", ("leave the penalty out of the loss",), None),
        ("unsuitable_optimizer", ("momentum=0.9",), Retraining(momentum=0.9)),
        ("unsuitable_optimizer", ("eps=1e-08",), None),
    ],
)
def test_what_is_trained_is_the_change_that_is_told(cause, fix, change):
    assert module.change_of(Finding(cause, "suspected", "", (), "so", fix)) == change


def test_a_schedule_that_has_died_is_repeated_without_its_mend_alone(loops):
    def decays(optimizer):
        return torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)

    x, y, xv, yv = loops.table("digits")
    model = loops.mlp(64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler, loss_fn = decays(optimizer), nn.CrossEntropyLoss()
    watch = nnexp.watch(
        model, optimizer, loss_fn, train=(x, y), valid=(xv, yv), factory=lambda: loops.mlp(64, 10)
    )
    for _ in range(12):
        for rows in torch.randperm(len(x)).split(32):
            out = model(x[rows])
            loss = loss_fn(out, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            watch.step(loss, out, y[rows])
    found = watch.diagnosis(prove=True, seeds=3)
    assert (found.findings[0].cause, found.findings[0].verdict) == ("lr_too_low", "confirmed")
    assert found.findings[0].proof.before < 0.9 < found.findings[0].proof.after
    assert not found.cautions


def test_what_brings_nothing_beside_the_cure_is_not_confirmed(proven):
    """All three make up for a loss that is too small, and one of them is enough."""
    found = proven(
        [accuracy(100, 200)] * 5, [accuracy(190, 200)] * 5, held=200,
        more=("loss_sign_flipped", "undertrained"),
    )  # fmt: skip
    assert [own.verdict for own in found] == ["confirmed", "suspected", "suspected"]
    assert all(own.proof.gain == pytest.approx(0.45) for own in found)


def test_changes_that_bring_something_each_are_both_confirmed(proven):
    def both(arm):
        return accuracy(100 + 45 * arm.scaled + 45 * arm.whole, 200)

    found = proven(
        None, None, held=200, cause="unscaled_features", more=("loss_sign_flipped",), made=both
    )
    assert [own.verdict for own in found] == ["confirmed", "confirmed"]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Retraining(lr=0.1), Retraining(lr=0.1, constant=True), Retraining(lr=0.1, constant=True)),
        (Retraining(lr=0.1), Retraining(lr=0.2), None),
        (Retraining(on_logits=True), Retraining(on_logits=True), None),
        (Retraining(dropout=False), Retraining(steps=5.0), Retraining(dropout=False, steps=5.0)),
    ],
    ids=["one within the other", "two rates", "the same", "two"],
)
def test_two_changes_are_made_at_once_where_they_agree(one, other, both):
    assert module.together(one, other) == both
