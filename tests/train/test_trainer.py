"""The loop against a loop of torch modules, and what it promises of stacks."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nnexp.model.mlp import MLP
from nnexp.model.module import ModuleModel
from nnexp.seeds import generator
from nnexp.train.decision import Decision
from nnexp.train.losses import Loss
from nnexp.train.member import Member, Seeds
from nnexp.train.outcome import Callbacks
from nnexp.train.plan import Data, Part, Plan, Problem
from nnexp.train.targets import Targets
from nnexp.train.trainer import fit

ROWS, FEATURES, CLASSES = 53, 6, 3  # 40 train rows: the last batch of 16 is short
DECISION = Decision("cross_entropy", "logits", tuple(range(CLASSES)))
DTYPE = torch.float64


def table(dtype=DTYPE, seed=0, valid=True):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, ROWS)
    x = rng.normal(size=(ROWS, FEATURES)) + np.eye(CLASSES, FEATURES)[labels]
    y = torch.from_numpy(labels)
    order = torch.from_numpy(rng.permutation(ROWS))
    held = order[40:] if valid else order[:0]
    return Data(
        torch.from_numpy(x).to(dtype),
        None,
        Targets(y, CLASSES, y, dtype=dtype),
        (Part(order[:40], held),),
    )


def train(data, members, plan, loss=None, hidden=(8, 8), **options):
    records = []
    outcomes = fit(
        MLP(FEATURES, CLASSES, hidden),
        Problem(data, loss or Loss(), DECISION, plan),
        members,
        Callbacks(observe=records.append, **options),
    )
    return outcomes, records


TORCH_OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


def reference(data, member, plan, hidden=(8, 8)):
    """The same run with nn.Linear, autograd and torch.optim."""
    mlp = MLP(FEATURES, CLASSES, hidden)
    theta, _ = mlp.initial([member.seeds.init], DTYPE)
    layers = []
    for layer, (fan_in, fan_out) in enumerate(mlp.shapes()):
        linear = nn.Linear(fan_in, fan_out, dtype=DTYPE)
        with torch.no_grad():
            linear.weight.copy_(mlp.layout.view(theta, f"layers.{layer}.weight")[0].T)
            linear.bias.copy_(mlp.layout.view(theta, f"layers.{layer}.bias")[0])
        layers += [linear, nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    weights = [m.weight for m in net if isinstance(m, nn.Linear)]
    numbers = dict(member.optimizer)
    if "beta1" in numbers:
        numbers["betas"] = (numbers.pop("beta1"), numbers.pop("beta2"))
    optimizer = TORCH_OPTIMIZERS[plan.optimizer](net.parameters(), **numbers)
    losses = []
    for epoch in range(1, plan.epochs + 1):
        order = generator(member.seeds.batches, "batches", epoch).permutation(
            len(data.parts[0].train)
        )
        total = 0.0
        for rows in data.parts[0].train[torch.from_numpy(order)].split(plan.batch_size):
            y = data.targets.classes[rows]
            out = net(data.x[rows])
            total += F.cross_entropy(out, y, reduction="sum").item()
            loss = F.cross_entropy(out, y, label_smoothing=member.label_smoothing)
            penalty = sum(member.l1 * w.abs().sum() + member.l2 * w.square().sum() for w in weights)
            optimizer.zero_grad()
            (loss + penalty).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), member.grad_clip)
            with torch.no_grad():
                for w in weights:
                    w.mul_(1 - member.optimizer["lr"] * member.weight_decay)
            optimizer.step()
        losses.append(total / len(data.parts[0].train))
    rows = mlp.layout.views(torch.zeros(1, mlp.layout.size, dtype=DTYPE))
    for layer, linear in enumerate(m for m in net if isinstance(m, nn.Linear)):
        rows[f"layers.{layer}.weight"][0] = linear.weight.detach().T
        rows[f"layers.{layer}.bias"][0] = linear.bias.detach()
    with torch.no_grad():
        out = net(data.x[data.parts[0].valid])
    y = data.targets.classes[data.parts[0].valid]
    return rows, losses, F.cross_entropy(out, y).item(), (out.argmax(1) == y).double().mean().item()


MEMBERS = [
    Member(Seeds(1, 2, 3), {"lr": 0.01}, l1=1e-3, l2=1e-2),
    Member(Seeds(4, 5, 6), {"lr": 0.03}, weight_decay=0.1, label_smoothing=0.2),
    Member(Seeds(7, 8, 9), {"lr": 0.1}, grad_clip=0.1),
]


NUMBERS = {  # besides the rate, one set for each member
    "sgd": [{"momentum": 0.9}, {"weight_decay": 0.1}, {"momentum": 0.5, "dampening": 0.3}],
    "adam": [{"beta1": 0.5, "beta2": 0.9}, {"weight_decay": 0.1}, {"eps": 1e-3}],
    "adamw": [{"weight_decay": 0.0}, {"weight_decay": 0.1}, {"eps": 1e-3, "weight_decay": 0.01}],
    "rmsprop": [{"alpha": 0.5}, {"momentum": 0.9}, {"eps": 1e-3, "weight_decay": 0.1}],
}


# one step, one epoch whose last batch is short, four epochs
@pytest.mark.parametrize(
    ("epochs", "batch_size", "error"), [(1, 40, 1e-12), (1, 16, 1e-12), (4, 16, 1e-9)]
)
@pytest.mark.parametrize("optimizer", list(NUMBERS))
def test_every_member_equals_a_loop_of_torch_modules(optimizer, epochs, batch_size, error):
    plan = Plan(
        epochs=epochs, batch_size=batch_size, checkpoint="last", optimizer=optimizer, dtype=DTYPE
    )
    data = table()
    members = [
        replace(member, optimizer={**member.optimizer, **numbers})
        for member, numbers in zip(MEMBERS, NUMBERS[optimizer], strict=True)
    ]
    outcomes, records = train(data, members, plan)
    layout = MLP(FEATURES, CLASSES, (8, 8)).layout
    for index, member in enumerate(members):
        expected, losses, val_loss, val_accuracy = reference(data, member, plan)
        got = layout.views(outcomes[index].theta.unsqueeze(0))
        for name, value in expected.items():
            torch.testing.assert_close(got[name], value, rtol=error, atol=error)
        seen = [epoch.record["train_loss"][index] for epoch in records]
        np.testing.assert_allclose(seen, losses, rtol=error)
        assert records[-1].record["val_loss"][index] == pytest.approx(val_loss, rel=error)
        assert records[-1].record["val_accuracy"][index] == val_accuracy


NOISY = [
    Member(Seeds(1, 1, 1), {"lr": 0.01}, dropout=(0.0, 0.2, 0.5), label_smoothing=0.1),
    Member(Seeds(2, 2, 2), {"lr": 0.03, "beta1": 0.5}, dropout=(0.1, 0.0, 0.0), l1=1e-3),
    Member(Seeds(3, 3, 3), {"lr": 0.3}, dropout=(0.0, 0.0, 0.0), patience=2),
    Member(Seeds(4, 4, 4), {"lr": 0.02}, dropout=(0.0, 0.9, 0.0), grad_clip=0.5),
]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
def test_a_member_is_bit_identical_alone_and_among_others(optimizer, schedule):
    plan = Plan(epochs=8, batch_size=16, optimizer=optimizer, schedule=schedule)
    data = table(torch.float32)
    members = [
        Member(**{**vars(m), "optimizer": {"lr": m.optimizer["lr"]}, "schedule": {"patience": 1}})
        for m in NOISY
    ]
    together, records = train(data, members, plan)
    for index in (0, 2, 3):
        (alone,), own = train(data, [members[index]], plan)
        assert torch.equal(alone.theta, together[index].theta)
        assert alone.best_epoch == together[index].best_epoch
        assert alone.epochs == together[index].epochs
        mine = [e.record for e in own]
        among = [
            {k: v[e.members.index(index)] for k, v in e.record.items()}
            for e in records
            if index in e.members
        ]
        assert [{k: v[0] for k, v in record.items()} for record in mine] == among


@pytest.mark.matrix(18)
@pytest.mark.parametrize("classes", [1, 2, 10])
@pytest.mark.parametrize("activation", ["relu", "silu", "selu", "sigmoid", "tanh", "gelu"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_awkward_shapes_do_not_let_neighbours_through(classes, activation, norm):
    # odd widths and an odd last batch: kernels treat the ends of tensors apart
    rng = np.random.default_rng(0)
    rows, widths = 103, (20, 64)
    labels = torch.from_numpy(rng.integers(0, max(classes, 2), rows))
    targets = (
        Targets(labels, 1, values=labels.float())
        if classes == 1
        else Targets(labels, classes, labels)
    )
    name = "bce_with_logits" if classes == 1 else "cross_entropy"
    data = Data(
        torch.from_numpy(rng.normal(size=(rows, 7)).astype(np.float32)),
        None,
        targets,
        (Part(torch.arange(80), torch.arange(80, rows)),),
    )
    mlp = MLP(7, classes, widths, activation=activation, norm=norm)
    decision = Decision(name, "logits", tuple(range(classes)) if classes > 1 else ())
    plan = Plan(epochs=3, batch_size=23)
    members = [Member(Seeds(k, k, k), {"lr": 0.01 + 0.01 * k}, l2=1e-3 * k) for k in range(5)]
    problem = Problem(data, Loss(name), decision, plan)

    def outcomes(chosen):
        records = []
        ends = fit(mlp, problem, chosen, Callbacks(observe=records.append))
        return ends, records[-1].record

    together, record = outcomes(members)
    for index in (0, 1, 4):
        (alone,), own = outcomes([members[index]])
        assert torch.equal(alone.theta, together[index].theta)
        assert torch.equal(alone.buffers, together[index].buffers)
        assert {key: value[0] for key, value in own.items()} == {
            key: value[index] for key, value in record.items()
        }


def test_best_epoch_is_kept_and_scored():
    plan = Plan(epochs=12, batch_size=16, dtype=DTYPE)
    (outcome,), records = train(table(), [Member(optimizer={"lr": 0.1})], plan)
    losses = [epoch.record["val_loss"][0] for epoch in records]
    assert outcome.best_epoch == int(np.argmin(losses)) + 1
    assert outcome.best_epoch < 12  # it overfits: the last epoch is not the best
    short = Plan(epochs=outcome.best_epoch, batch_size=16, dtype=DTYPE, checkpoint="last")
    (same,), _ = train(table(), [Member(optimizer={"lr": 0.1})], short)
    assert torch.equal(same.theta, outcome.theta)


def test_monitoring_accuracy_climbs():
    plan = Plan(epochs=6, batch_size=16, monitor="val_accuracy", dtype=DTYPE)
    (outcome,), records = train(table(), [Member(optimizer={"lr": 0.03})], plan)
    values = [epoch.record["val_accuracy"][0] for epoch in records]
    assert outcome.best_epoch == int(np.argmax(values)) + 1


def test_early_stopping_counts_from_the_best_epoch():
    plan = Plan(epochs=60, batch_size=16, dtype=DTYPE)
    (outcome,), records = train(table(), [Member(optimizer={"lr": 0.1}, patience=3)], plan)
    assert outcome.epochs == len(records) == outcome.best_epoch + 3
    assert outcome.status == "done"
    assert "3 epochs" in outcome.reason


def test_min_delta_stops_sooner_but_keeps_the_best():
    plan = Plan(epochs=60, batch_size=16, dtype=DTYPE)
    member = Member(optimizer={"lr": 0.003}, patience=2, min_delta=10.0)
    (outcome,), _ = train(table(), [member], plan)
    assert outcome.epochs == 3
    assert outcome.best_epoch == 3


def test_a_diverging_member_leaves_without_touching_the_others():
    members = [
        Member(Seeds(1, 1, 1)),
        Member(Seeds(2, 2, 2), {"lr": 1e200}),
        Member(Seeds(3, 3, 3)),
    ]
    plan = Plan(epochs=4, batch_size=16, optimizer="sgd")
    data = table(torch.float32)
    outcomes, records = train(data, members, plan)
    assert [outcome.status for outcome in outcomes] == ["done", "diverged", "done"]
    assert outcomes[1].best_epoch == 0
    assert torch.isfinite(outcomes[1].theta).all()
    assert outcomes[1].reason.startswith("epoch 1, step ")
    assert records[-1].members == [0, 2]
    without, _ = train(data, [members[0], members[2]], plan)
    assert torch.equal(outcomes[0].theta, without[0].theta)
    assert torch.equal(outcomes[2].theta, without[1].theta)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_a_diverging_members_last_record_is_the_one_it_has_alone(optimizer):
    # beside numbers that it has not itself, each of which makes NaN of 0 * infinity
    momentum = {"momentum": 0.9, "weight_decay": 0.1}
    others = Member(Seeds(1, 1, 1), {"lr": 1e-3, **momentum}, l1=0.1, l2=0.1, grad_clip=1.0)
    diverging = Member(Seeds(2, 2, 2), {"lr": 3e38})
    plan = Plan(epochs=3, batch_size=4, optimizer=optimizer)
    data, loss = table(torch.float32), Loss("mae", scale=-1)  # climbing, with finite gradients
    data.x.abs_().mul_(100)
    together, records = train(data, [others, diverging], plan, loss, hidden=())
    (alone,), own = train(data, [diverging], plan, loss, hidden=())
    assert own[-1].record["train_loss"][0] == -math.inf
    assert alone.status == together[1].status == "diverged"
    assert alone.reason == together[1].reason
    assert alone.epochs == together[1].epochs
    last = records[alone.epochs - 1]
    for name, values in own[-1].record.items():
        np.testing.assert_array_equal(values[0], last.record[name][1])
    np.testing.assert_array_equal(own[-1].gradient_norm[0], last.gradient_norm[1])
    np.testing.assert_array_equal(own[-1].update_ratio[0], last.update_ratio[1])


def test_divergence_is_located():
    data = table(torch.float32)
    plan = Plan(epochs=3, batch_size=16, optimizer="sgd")
    data.x[data.parts[0].train[7], 2] = torch.nan
    (outcome,), _ = train(data, [Member()], plan)
    assert outcome.status == "diverged"
    assert "began in the inputs" in outcome.reason
    data = table(torch.float32)
    data.x[data.parts[0].valid[0], 2] = torch.inf
    (outcome,), _ = train(data, [Member()], plan)
    assert outcome.status == "diverged"
    assert "the validation loss" in outcome.reason


def test_stop_ends_a_run_with_the_best_weights_so_far():
    calls = iter(range(1000))
    plan = Plan(epochs=50, batch_size=16, dtype=DTYPE)
    (outcome,), records = train(table(), [Member()], plan, stop=lambda: next(calls) >= 10)
    assert outcome.status == "interrupted"  # 3 steps an epoch: in the middle of the fourth
    assert outcome.epochs == len(records) == 3
    short = Plan(epochs=3, batch_size=16, dtype=DTYPE)
    (same,), _ = train(table(), [Member()], short)
    assert torch.equal(outcome.theta, same.theta)


def test_no_validation_rows():
    plan = Plan(epochs=3, batch_size=16, monitor="train_loss", dtype=DTYPE)
    (outcome,), records = train(table(valid=False), [Member()], plan)
    assert "val_loss" not in records[0].record
    assert outcome.best_epoch == 3


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_the_last_update_is_looked_at_too(checkpoint):
    plan = Plan(
        epochs=1, batch_size=64, monitor="train_loss", optimizer="sgd", checkpoint=checkpoint
    )
    (outcome,), _ = train(table(torch.float32, valid=False), [Member(optimizer={"lr": 1e39})], plan)
    assert outcome.status == "diverged"
    assert outcome.best_epoch == 0
    assert torch.isfinite(outcome.theta).all()
    assert "last step: the weights" in outcome.reason


def test_patience_met_on_the_last_epoch_is_no_early_stop():
    plan = Plan(epochs=3, batch_size=16, dtype=DTYPE)
    (outcome,), _ = train(table(), [Member(patience=2, min_delta=10.0)], plan)
    assert outcome.epochs == 3
    assert outcome.reason is None


def test_rows_of_weight_zero_weigh_nothing():
    data = table(torch.float32)
    weights = (data.targets.classes != 0).float()
    targets = Targets(data.targets.classes, CLASSES, data.targets.columns, weights=weights)
    weighted = Data(data.x, None, targets, data.parts)
    plan = Plan(epochs=2, batch_size=1)
    loss = Loss(class_weight=torch.tensor([0.0, 1.0, 1.0]))
    (outcome,), _ = train(weighted, [Member()], plan, loss)
    assert outcome.status == "done"


def test_rows_keep_their_order_without_shuffle():
    plan = Plan(epochs=2, batch_size=40, shuffle=False, checkpoint="last", dtype=DTYPE)
    one = Member(Seeds(0, 1, 0))
    two = Member(Seeds(0, 2, 0))
    outcomes, _ = train(table(), [one, two], plan)
    assert torch.equal(outcomes[0].theta, outcomes[1].theta)


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batch_sizes(batch_size):
    plan = Plan(epochs=2, batch_size=batch_size, dtype=DTYPE)
    (outcome,), records = train(table(), [Member()], plan)
    assert outcome.status == "done"
    assert math.isfinite(records[-1].record["train_loss"][0])


def test_signals_are_those_of_the_last_full_step():
    plan = Plan(epochs=1, batch_size=40, optimizer="sgd", checkpoint="last", dtype=DTYPE)
    member = Member(optimizer={"lr": 0.5})
    (outcome,), (epoch,) = train(table(), [member], plan)
    mlp = MLP(FEATURES, CLASSES, (8, 8))
    start, _ = mlp.initial([0], DTYPE)
    for layer, name in enumerate(mlp.layers):
        before = mlp.layout.view(start, f"{name}.weight")[0]
        after = mlp.layout.view(outcome.theta.unsqueeze(0), f"{name}.weight")[0]
        change = (after - before).norm()
        assert epoch.update_ratio[0, layer] == pytest.approx((change / before.norm()).item())
        assert epoch.gradient_norm[0, layer] == pytest.approx((change / 0.5).item())
        assert torch.equal(epoch.weights(0, name), after)


class Dropped(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(FEATURES, 8)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.last(self.dropout(torch.relu(self.hidden(x))))


def test_a_users_module_trains_and_repeats_itself():
    problem = Problem(table(torch.float32), Loss(), DECISION, Plan(epochs=5, batch_size=16))
    model = ModuleModel(Dropped, FEATURES, CLASSES)
    runs = [fit(model, problem, [Member(Seeds(0, 0, seed), {"lr": 0.01})])[0] for seed in (0, 0, 1)]
    assert torch.equal(runs[0].theta, runs[1].theta)
    assert not torch.equal(runs[0].theta, runs[2].theta)  # the dropout seed is its own
    members = [Member(Seeds(0, 0, seed), {"lr": 0.01}) for seed in (1, 0)]
    together = fit(model, problem, members)
    assert torch.equal(together[1].theta, runs[0].theta)
    members = [Member(Seeds(0, 0, 0), {"lr": 0.01}, dropout=(rate,)) for rate in (0.0, 0.5)]
    plain, noisy = fit(model, problem, members)
    assert torch.equal(plain.theta, runs[0].theta)
    assert not torch.equal(noisy.theta, runs[0].theta)  # input dropout
    records = []
    fit(model, problem, [Member(optimizer={"lr": 0.03})], Callbacks(observe=records.append))
    assert records[-1].record["train_loss"][0] < records[0].record["train_loss"][0]


class Odd(nn.Module):
    """Parameters without `weight` in their names, a frozen layer, a counter."""

    def __init__(self):
        super().__init__()
        self.matrix = nn.Parameter(0.1 * torch.ones(FEATURES, CLASSES))
        self.norm = nn.BatchNorm1d(FEATURES)
        self.frozen = nn.Linear(FEATURES, FEATURES).requires_grad_(False)

    def forward(self, x):
        return self.norm(self.frozen(x)) @ self.matrix


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_odd_modules(dtype):
    model = ModuleModel(Odd, FEATURES, CLASSES)
    data = table(dtype)
    targets = Targets(data.targets.classes, CLASSES, data.targets.columns, dtype=dtype)
    data = Data(data.x, None, targets, data.parts)
    plan = Plan(epochs=3, batch_size=16, dtype=dtype)
    seen = []
    problem = Problem(data, Loss(), DECISION, plan)
    told = Callbacks(observe=seen.append)
    (outcome,) = fit(model, problem, [Member(optimizer={"lr": 0.05})], told)
    assert seen[-1].weights(0, model.layers[0]).shape == (FEATURES, CLASSES)
    kept = model.buffers.views(outcome.buffers.unsqueeze(0))
    start = model.buffers.views(model.initial([0], dtype)[1])
    assert torch.equal(kept["frozen.weight"], start["frozen.weight"])
    assert not torch.equal(kept["norm.running_mean"], start["norm.running_mean"])
    assert kept["norm.num_batches_tracked"].item() > 0


class Vectors(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(FEATURES))

    def forward(self, x):
        return (x * self.scale)[:, :CLASSES]


def test_a_module_without_matrices():
    plan = Plan(epochs=2, batch_size=16)
    problem = Problem(table(torch.float32), Loss(), DECISION, plan)
    (outcome,) = fit(ModuleModel(Vectors, FEATURES, CLASSES), problem, [Member()])
    assert outcome.status == "done"


def test_bfloat16_learns():
    data = table(torch.bfloat16)
    targets = Targets(data.targets.classes, CLASSES, data.targets.columns)
    data = Data(data.x, None, targets, data.parts)
    plan = Plan(epochs=8, batch_size=16, compute=torch.bfloat16)
    (outcome,), records = train(data, [Member(optimizer={"lr": 0.03})], plan)
    assert outcome.theta.dtype == torch.float32
    assert records[-1].record["train_loss"][0] < 0.8 * records[0].record["train_loss"][0]
