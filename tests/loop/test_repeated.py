"""What a loop makes of outputs before it hands them over, and what a proof repeats of a loop."""

import numpy as np
import pytest
import torch
from torch import nn

import nnexp
from nnexp.loop import proof
from nnexp.loop.fixes import NO_WARM_UP
from nnexp.loop.kernel import identify
from nnexp.loop.retrain import Retraining, score
from nnexp.loop.retrain import _optimizer as optimizer_of
from nnexp.loop.score import Score
from nnexp.loop.turned import factor_of, is_turned


def softmaxed(out):
    return out.softmax(1)


def logged(out):
    return out.log_softmax(1)


@pytest.fixture
def digits(loops):
    return loops.table("digits")


@pytest.fixture
def loop(digits):
    """The watch of a plain loop on digits."""

    def run(
        optimizer,
        loss_fn=None,
        *,
        hand=lambda out: out,  # of what the model gives
        outputs=10,
        to=lambda y: y,
        differentiated=lambda loss: loss,
        handed_loss=lambda loss: loss,
        more=None,  # of the model, differentiated by itself
        every=1,  # batches a step
        between=False,  # zero_grad() between backward() and step()
        schedule=None,
        drops=0.0,
        mode=lambda model, epoch: None,
        seeded=False,
        looked=False,  # evaluates between the step and what it tells the watch
        epochs=6,
    ):
        x, y, xv, yv = digits
        loss_fn = loss_fn or nn.CrossEntropyLoss()

        def make():
            if seeded:
                torch.manual_seed(3)
            layers = [nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Dropout(drops)]
            return nn.Sequential(*layers, nn.Linear(32, outputs))

        torch.manual_seed(0)
        model = make()
        own = optimizer(model)
        watch = nnexp.watch(model, own, loss_fn, train=(x, to(y)), valid=(xv, to(yv)), factory=make)
        slower = schedule(own) if schedule else None
        count = 0
        for epoch in range(epochs):
            for rows in torch.randperm(len(x)).split(32):
                model.train()
                mode(model, epoch)
                out = hand(model(x[rows]))
                loss = loss_fn(out, to(y)[rows])
                differentiated(loss).backward()
                if more:
                    more(model).backward()
                count += 1
                if between:
                    own.zero_grad()
                if count % every == 0:
                    own.step()
                    own.zero_grad()
                if slower:
                    slower.step()
                if looked:
                    model.eval()
                watch.step(handed_loss(loss), out, to(y)[rows])
        return watch

    return run


def adam(lr=3e-3):
    return lambda model: torch.optim.Adam(model.parameters(), lr)


def sgd(lr=0.1):
    return lambda model: torch.optim.SGD(model.parameters(), lr)


def high(y):
    return (y > 4).float()


def flat(out):
    return out.squeeze(1)


@pytest.mark.parametrize(
    ("hand", "loss_fn", "to", "outputs", "name"),
    [
        (logged, nn.NLLLoss(), lambda y: y, 10, "log_softmax"),
        (torch.sigmoid, nn.BCELoss(), lambda y: high(y)[:, None], 1, "sigmoid"),
        (lambda out: flat(out.sigmoid()), nn.BCELoss(), high, 1, "squeeze sigmoid"),
        (flat, nn.BCEWithLogitsLoss(), high, 1, "squeeze"),
        (lambda out: out[:, 0], nn.BCEWithLogitsLoss(), high, 1, "squeeze"),
        (lambda out: out.clone(), nn.CrossEntropyLoss(), lambda y: y, 10, ""),
    ],
)
def test_what_is_handed_over_is_known_and_no_fault(loop, digits, hand, loss_fn, to, outputs, name):
    watch = loop(adam(), loss_fn, hand=hand, to=to, outputs=outputs, epochs=12)
    assert watch.handed == name
    found = watch.diagnosis()
    assert not [own for own in found.findings if own.cause != "undertrained"]
    assert not any("could not be computed" in note for note in found.notes)
    _, _, x, y = digits
    with torch.no_grad():
        true = float(loss_fn(hand(watch.model(x)), to(y)))
    rows = torch.arange(len(watch.table.x))[watch.table.train :]
    assert watch.loss_of(watch.forward(x), rows) == pytest.approx(true, rel=1e-5)
    assert len(watch.record.fed) > 4


@pytest.mark.parametrize(
    ("hand", "loss_fn", "cause"),
    [
        (softmaxed, nn.CrossEntropyLoss(), "softmax_twice"),
        (softmaxed, nn.NLLLoss(), "nll_on_probabilities"),
    ],
)
def test_what_is_handed_over_and_does_not_fit_is_named(loop, hand, loss_fn, cause):
    assert loop(sgd(), loss_fn, hand=hand).diagnosis().findings[0].cause == cause


def test_the_proof_of_a_loop_that_hands_over_logarithms_trains_on_them(loop):
    found = loop(sgd(1e-3), nn.NLLLoss(), hand=logged).diagnosis(prove=True, seeds=3)
    assert (found.findings[0].cause, found.findings[0].verdict) == ("lr_too_low", "confirmed")


def test_groups_of_parameters_keep_their_rates_in_a_proof(loop):
    def two(model):
        slow, fast = model[0].parameters(), model[3].parameters()
        return torch.optim.SGD([{"params": slow, "lr": 1e-3}, {"params": fast, "lr": 0.5}], 0.5)

    watch = loop(two)
    (own,) = [own for own in watch.diagnosis(True, 3).findings if own.cause == "undertrained"]
    reached = watch.record.points[-1]["val_accuracy"]
    assert own.proof.before == pytest.approx(reached, abs=0.1)


def test_gradients_of_several_batches_are_one_step_in_a_proof_as_well(loop):
    watch = loop(adam(1e-3), every=8, differentiated=lambda loss: loss / 8)
    assert watch.gathers == 8
    found = watch.diagnosis(prove=True, seeds=3)
    (own,) = [own for own in found.findings if own.cause == "undertrained"]
    assert own.verdict == "confirmed"
    assert own.proof.before == pytest.approx(watch.record.points[-1]["val_accuracy"], abs=0.1)
    assert own.evidence[0].value == watch.updates.count == watch.steps // 8
    assert loop(adam(1e-3)).gathers == 1


@pytest.mark.parametrize("batch", [7, 32])
def test_the_steps_that_are_told_are_those_that_were_taken(loops, batch):
    plain = loops.Loop("digits", optimizer=loops.sgd(1e-3), batch=batch, epochs=7)
    found = loops.run(plain, 0)
    (own,) = [own for own in found.findings if own.cause == "undertrained"]
    assert (own.evidence[0].signal, own.evidence[0].value) == ("steps taken", plain.watch.steps)


@pytest.mark.parametrize(
    ("differentiated", "handed_loss"),
    [(1, 1), (8, 1), (8, 8)],
    ids=["not divided", "divided", "divided and handed over so"],
)
def test_gathered_gradients_are_as_large_in_a_proof(loop, differentiated, handed_loss):
    watch = loop(
        sgd(0.3),
        every=8,
        differentiated=lambda loss: loss / differentiated,
        handed_loss=lambda loss: loss.detach() / handed_loss,
        epochs=8,
    )
    assert abs(factor_of(watch)) == pytest.approx(1 / differentiated, rel=0.05)
    with watch.unseen():
        reached = [score(watch, Retraining(), seed).value for seed in range(3)]
    own = watch.record.points[-1]["val_accuracy"]
    assert sum(reached) / 3 == pytest.approx(own, abs=0.08)


def test_divided_gradients_are_known_with_dropout_as_well(loop):
    watch = loop(sgd(0.5), every=4, differentiated=lambda loss: loss / 4, drops=0.5)
    assert factor_of(watch) == 0.25


def scaled_up(digits, optimizer, loss_fn, *, mean=lambda loss: loss, times=65536.0):
    """A loop whose gradients are scaled up until the step, as by a GradScaler."""
    x, y, xv, yv = digits

    def make():
        return nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, 10))

    torch.manual_seed(0)
    model = make()
    own = optimizer(model)
    watch = nnexp.watch(model, own, loss_fn, train=(x, y), valid=(xv, yv), factory=make)
    for rows in [own for _ in range(6) for own in torch.randperm(len(x)).split(32)]:
        out = model(x[rows])
        loss = mean(loss_fn(out, y[rows]))
        own.zero_grad()
        (loss * times).backward()
        for p in model.parameters():
            p.grad /= times
        own.step()
        watch.step(loss, out, y[rows])
    return watch


def test_a_scaler_is_no_factor_on_the_loss(digits):
    watch = scaled_up(digits, sgd(0.3), nn.CrossEntropyLoss())
    assert factor_of(watch) == pytest.approx(1.0, rel=1e-4)
    found = watch.diagnosis(prove=True, seeds=2)
    assert not found.cautions
    assert not [own for own in found.findings if own.cause != "undertrained"]


def test_a_loss_of_rows_that_the_loop_averages(digits):
    loss_fn = nn.CrossEntropyLoss(reduction="none")
    watch = scaled_up(digits, sgd(0.3), loss_fn, mean=torch.mean, times=1.0)
    assert factor_of(watch) == pytest.approx(1.0, rel=1e-4)
    assert not watch.diagnosis(prove=True, seeds=2).cautions


def test_to_climb_minus_the_loss_is_to_descend_it(loop):
    def climbing(model):
        return torch.optim.SGD(model.parameters(), 0.1, maximize=True)

    found = loop(climbing, differentiated=lambda loss: -loss).diagnosis(prove=True, seeds=2)
    assert "loss_sign_flipped" not in [own.cause for own in found.findings]
    assert not found.cautions
    found = loop(climbing).diagnosis().findings
    assert found[0].cause == "loss_sign_flipped"


class Several(nn.Module):
    """A model that is asked for other things than its outputs as well."""

    def __init__(self, inputs):
        super().__init__()
        self.layer = nn.Linear(inputs, 10)

    def forward(self, x, what="logits"):
        if what == "penalty":
            return 0.5
        return self.layer(x)


def test_a_call_that_gives_no_tensor_is_passed_over(digits):
    x, y, xv, yv = digits
    model, loss_fn = Several(x.shape[1]), nn.NLLLoss()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y), valid=(xv, yv))
    for rows in torch.randperm(len(x)).split(32):
        out = model(x[rows]).log_softmax(1)
        loss = loss_fn(out, y[rows])
        model(x[rows], what="penalty")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss, out, y[rows])
    assert watch.handed == "log_softmax"


def test_what_helps_another_training_is_not_confirmed_for_the_loop(loop, monkeypatch):
    watch = loop(sgd(0.02))
    low, high = (Score(own, own, np.full(270, own)) for own in (0.1, 0.6))
    rows = iter(range(10**6))

    def scored(watch, arm, seed, only=None):
        jitter = 1e-3 * (next(rows) % 3)
        own = low if arm == Retraining() else high
        return Score(own.value + jitter, own.balanced + jitter, own.rows)

    monkeypatch.setattr(proof, "score", scored)
    assert watch.record.points[-1]["val_accuracy"] > 0.7
    found = watch.diagnosis(prove=True, seeds=3)
    assert "only, and the loop's" in found.cautions[0]
    assert "confirmed" not in [own.verdict for own in found.findings]


def test_groups_that_come_later_are_trained_in_a_proof(loop):
    def later(model):
        optimizer = torch.optim.SGD(model[3].parameters(), 0.1)
        added.append((optimizer, model[0]))
        return optimizer

    def thaw(model, epoch):
        optimizer, layer = added[0]
        if len(optimizer.param_groups) == 1:
            optimizer.add_param_group({"params": layer.parameters(), "lr": 0.05})

    added = []
    watch = loop(later, mode=thaw)
    fresh = dict(watch.factory().named_parameters())
    made = optimizer_of(watch, fresh, Retraining())
    assert [(len(group["params"]), group["lr"]) for group in made.param_groups] == [
        (2, 0.1), (2, 0.05),
    ]  # fmt: skip
    made = optimizer_of(watch, fresh, Retraining(lr=0.2))
    assert [group["lr"] for group in made.param_groups] == pytest.approx([0.2, 0.1])


def test_an_optimizer_that_asks_for_the_loss_is_proven_with_it(digits):
    x, y, xv, yv = digits

    def make():
        return nn.Sequential(nn.Linear(x.shape[1], 16), nn.ReLU(), nn.Linear(16, 10))

    torch.manual_seed(0)
    model, loss_fn = make(), nn.CrossEntropyLoss()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y), valid=(xv, yv), factory=make)

    def again():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        loss = optimizer.step(again)
        watch.step(loss, model(x), y)
    proofs = [own.proof for own in watch.diagnosis(prove=True, seeds=2).findings]
    assert any(own is not None and own.before > 0.3 for own in proofs)


def test_a_loss_that_cannot_be_repeated_is_an_answer(loop):
    calls = []

    def once(out, target):
        if len(calls) > 10**6:
            raise RuntimeError("too late")
        return nn.functional.cross_entropy(out, target)

    watch = loop(sgd(1e-3), once)
    calls.extend(range(10**6 + 1))
    with pytest.raises(nnexp.UserError, match=r"could not be trained as the loop.*too late"):
        watch.diagnosis(prove=True, seeds=2)


@pytest.mark.parametrize("seeded", [True, False])
def test_a_factory_that_sets_a_seed_is_told_and_its_batches_differ(loop, seeded):
    found = loop(sgd(0.02), seeded=seeded).diagnosis(prove=True, seeds=3)
    assert any("gives the same weights" in own for own in found.cautions) is seeded
    (own,) = [own for own in found.findings if own.cause == "undertrained"]
    assert own.proof.ci95[1] - own.proof.ci95[0] > 1e-3


def test_gradients_that_are_cleared_before_the_step_are_named(loop):
    (own,) = loop(adam(), between=True).diagnosis().findings
    assert own.cause == "parameters_not_updated"
    assert "optimizer.step() right behind it" in own.fix[0]
    assert own.evidence[0].signal == "steps of the optimizer that found no gradient"


def test_a_gradient_that_is_only_looked_at_is_not_held(digits):
    x, y, xv, yv = digits
    torch.manual_seed(0)
    model, loss_fn = nn.Linear(x.shape[1], 10), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y), valid=(xv, yv))
    for rows in [own for _ in range(4) for own in torch.randperm(len(x)).split(32)]:
        out = model(x[rows])
        loss = loss_fn(out, y[rows])
        torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss, out, y[rows])
    assert watch.record.backwards > 3
    assert (watch.record.uncleared, watch.record.gathered, watch.record.wasted) == (0, 0, 0)


@pytest.mark.parametrize("lr", [0.1, 3.0])
def test_a_minus_before_backward_is_seen(loop, lr):
    found = loop(sgd(lr), differentiated=lambda loss: -loss).diagnosis().findings
    assert found[0].cause == "loss_sign_flipped"
    assert found[0].evidence[0].value == ["minus before backward()"]
    assert "loss_sign_flipped" not in [own.cause for own in loop(sgd(lr)).diagnosis().findings]


def test_a_penalty_differentiated_by_itself_turns_nothing(loop):
    def penalty(model):
        return 1e-2 * sum(p.pow(2).sum() for p in model.parameters())

    watch = loop(sgd(0.3), more=penalty, epochs=20)
    assert not is_turned(watch)
    assert "loss_sign_flipped" not in [own.cause for own in watch.diagnosis().findings]


class Lookahead(torch.optim.Optimizer):
    """A wrapper as they are often written: an optimizer by its groups alone."""

    def __init__(self, inner):
        self.inner, self.defaults = inner, inner.defaults

    @property
    def param_groups(self):
        return self.inner.param_groups

    @property
    def state(self):
        return self.inner.state

    def step(self, closure=None):
        return self.inner.step(closure)

    def zero_grad(self, set_to_none=True):
        self.inner.zero_grad(set_to_none)


def test_an_optimizer_without_hooks_is_watched(loop):
    watch = loop(lambda model: Lookahead(torch.optim.SGD(model.parameters(), 0.1)))
    assert (watch.updates.count, watch.gathers) == (0, 1)
    assert "parameters_not_updated" not in [own.cause for own in watch.diagnosis().findings]


class Pair(tuple):
    """A tuple that is not made of a list."""

    def __new__(cls, first, second):
        return super().__new__(cls, (first, second))


class Both(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.layer = nn.Linear(inputs, 10)

    def forward(self, x):
        logits = self.layer(x)
        return Pair((logits > 0).long(), logits)


def test_a_model_that_returns_whole_numbers_beside_its_logits(digits):
    x, y, xv, yv = digits
    model, loss_fn = Both(x.shape[1]), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y), valid=(xv, yv))
    for rows in [own for _ in range(4) for own in torch.randperm(len(x)).split(32)]:
        logits = model(x[rows])[1]
        loss = loss_fn(logits, y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss, logits, y[rows])
    assert watch.path == (1,)
    assert watch.record.points[-1]["val_accuracy"] > 0.5


def test_a_mode_that_the_model_was_not_called_in_is_no_matter(loop):
    found = loop(sgd(0.01), drops=0.5, looked=True, epochs=8).diagnosis().findings
    assert "batchnorm_mode" not in [own.cause for own in found]


def test_a_warm_up_that_outlasts_the_loop_is_named(loop):
    def climbs(steps):
        return lambda own: torch.optim.lr_scheduler.LinearLR(own, 1e-4, total_iters=steps)

    early = loop(sgd(), schedule=climbs(10000), epochs=5).diagnosis().findings
    assert "lr_too_low" not in [own.cause for own in early]  # it may be meant
    found = loop(sgd(), schedule=climbs(10000), epochs=10).diagnosis().findings
    assert found[0].cause == "lr_too_low"
    # of the schedule, and no other rate that it would hold down as well
    assert found[0].fix == ("lr=0.1", NO_WARM_UP)
    first, last = found[0].evidence[0].value
    assert 0 < first < last < 0.01
    found = loop(sgd(), schedule=climbs(20)).diagnosis().findings
    assert "lr_too_low" not in [own.cause for own in found]


def halved_loss(out, t):
    return nn.functional.cross_entropy(out, t) / len(out)


def by_rows(loss):
    return loss / 32


@pytest.mark.parametrize(
    "change",
    [
        {"differentiated": by_rows, "handed_loss": by_rows},
        {"differentiated": by_rows},
        {"loss_fn": halved_loss},
    ],
    ids=["in the loop", "before backward", "in the loss"],
)
def test_a_mean_that_is_divided_by_the_rows_once_more_is_named_and_proven(loop, change):
    watch = loop(sgd(0.1), **change, epochs=10)
    found = watch.diagnosis(prove=True, seeds=3)
    first = found.findings[0]
    assert (first.cause, first.verdict) == ("lr_too_low", "confirmed")
    assert first.fix == ("the loss without its factor of 0.0313",)
    assert first.proof.before == pytest.approx(watch.record.points[-1]["val_accuracy"], abs=0.15)
    assert not found.cautions


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"loss_fn": nn.CrossEntropyLoss(label_smoothing=0.1)},
        {"every": 4, "differentiated": lambda loss: loss / 4},
        {"handed_loss": by_rows},
        {"drops": 0.3},
    ],
    ids=["plain", "smoothed", "gathered", "handed over alone", "dropout"],
)
def test_a_mean_that_is_divided_once_is_no_fault(loop, change):
    found = loop(sgd(0.5), **change, epochs=12).diagnosis()
    assert not any("factor" in word for own in found.findings for word in own.fix)


def test_a_loss_that_is_divided_by_the_rows_is_known_by_its_values():
    out, t = torch.randn(16, 3), torch.randint(0, 3, (16,))
    kernel = identify(halved_loss, out, t)
    assert (kernel.kind, kernel.divided) == ("softmax", True)
    assert kernel.factor(32) == pytest.approx(1 / 32)
    plain = identify(nn.functional.cross_entropy, out, t)
    assert not plain.divided
    assert plain.factor(32) == pytest.approx(1.0)


class Own:
    """An optimizer of somebody's own, whose step takes nothing."""

    def __init__(self, groups, lr):
        self.param_groups = [dict(own) for own in groups]
        for own in self.param_groups:
            own.setdefault("lr", lr)
        self.defaults = {"lr": lr}

    def zero_grad(self):
        for group in self.param_groups:
            for own in group["params"]:
                own.grad = None

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for own in group["params"]:
                if own.grad is not None:
                    own -= group["lr"] * own.grad


def test_the_proof_of_an_optimizer_that_takes_no_closure(loop):
    watch = loop(lambda model: Own([{"params": list(model.parameters())}], 1e-4))
    found = watch.diagnosis(prove=True, seeds=2)
    assert found.findings[0].proof.before == pytest.approx(0.1, abs=0.1)


def test_dropout_that_most_steps_go_without_is_told(loop):
    def forgotten(model, epoch):
        model.train(epoch == 0)

    record = loop(sgd(0.01), drops=0.5, mode=forgotten, epochs=8).diagnosis().findings
    assert "model.train() before the steps" in [fix for own in record for fix in own.fix]
    kept = loop(sgd(0.01), drops=0.5, epochs=8).diagnosis().findings
    assert "batchnorm_mode" not in [own.cause for own in kept]
