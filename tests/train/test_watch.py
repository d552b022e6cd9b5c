"""Signals: they change nothing, belong to the member alone, and add up."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from nnexp.model.mlp import MLP
from nnexp.model.module import ModuleModel
from nnexp.train.decision import Decision
from nnexp.train.evaluate import room
from nnexp.train.losses import Loss
from nnexp.train.member import Member, Seeds
from nnexp.train.outcome import Callbacks
from nnexp.train.plan import Data, Part, Plan, Problem
from nnexp.train.signals import is_log_spaced
from nnexp.train.targets import Targets
from nnexp.train.trainer import fit
from nnexp.train.watch import Watch

ROWS, TRAIN, FEATURES, CLASSES = 90, 60, 5, 3
DECISION = Decision("cross_entropy", "logits", tuple(range(CLASSES)))
MEMBERS = [
    Member(Seeds(n, n, n), {"lr": 0.01 * (n + 1)}, dropout=(0.0, 0.2, 0.0), epochs=4 + 3 * n)
    for n in range(3)
]
PLAN = Plan(epochs=10, batch_size=16)


def table(parts=1, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, ROWS)
    x = rng.normal(size=(ROWS, FEATURES)) + np.eye(CLASSES, FEATURES)[labels]
    y = torch.from_numpy(labels)
    rows = [torch.from_numpy(rng.permutation(ROWS)) for _ in range(parts)]
    # validation parts of different lengths
    cut = [Part(own[:TRAIN], own[TRAIN : ROWS - 7 * n]) for n, own in enumerate(rows)]
    return Data(torch.from_numpy(x).float(), None, Targets(y, CLASSES, y), tuple(cut))


class MixesRows(nn.Module):
    """What it makes of a row depends on the others of the pass."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        return self.layer(x - x.mean(0))


def train(data, members, watched=True, **options):
    seen = {}

    def watch(columns, signals):
        for place, column in enumerate(columns):
            for row, epoch in enumerate(signals.epochs):
                told = {name: float(own[row, place]) for name, own in signals.values.items()}
                seen.setdefault(column, {})[epoch] = told

    model = options.pop("module", None)
    if model is None:
        model = MLP(FEATURES, CLASSES, options.pop("hidden", (6, 6)), **options.pop("model", {}))
    records = []
    problem = Problem(data, Loss(), DECISION, options.pop("plan", PLAN))
    told = Callbacks(observe=records.append, watched=watch if watched else None)
    outcomes = fit(model, problem, members, told, **options)
    return outcomes, seen, records


def test_watching_changes_no_bit_of_the_training():
    data = table()
    watched, _, _ = train(data, MEMBERS)
    alone, _, _ = train(data, MEMBERS, watched=False)
    for one, other in zip(watched, alone, strict=True):
        assert torch.equal(one.theta, other.theta)


def test_a_member_shows_in_a_stack_what_it_shows_alone():
    data = table(parts=2)
    members = [replace(member, part=n % 2) for n, member in enumerate(MEMBERS)]
    _, together, _ = train(data, members)
    for place, member in enumerate(members):
        _, alone, _ = train(data, [member])
        assert repr(together[place]) == repr(alone[0])
        assert sorted(together[place]) == list(range(member.epochs + 1))


def test_the_parts_of_the_change_add_up_and_flips_are_counted():
    _, seen, records = train(table(), MEMBERS[:1])
    rows = seen[0]
    assert math.isnan(rows[0]["val_flips"])
    for epoch in range(1, len(rows)):
        own, before = rows[epoch], rows[epoch - 1]
        moved = own["val_moved_right"] + own["val_moved_wrong"] + own["val_moved_flips"]
        assert moved == pytest.approx(own["val_loss"] - before["val_loss"], abs=1e-9)
        assert own["val_loss"] == pytest.approx(float(records[epoch - 1].record["val_loss"][0]))
        # an accuracy moves by flips alone
        assert abs(own["val_accuracy"] - before["val_accuracy"]) <= own["val_flips"] + 1e-12
        assert 0 <= own["val_recall_min"] <= own["val_accuracy"] <= 1
        assert 1 / CLASSES <= own["val_majority"] <= 1


def test_the_initial_state_is_seen():
    _, seen, _ = train(table(), MEMBERS[:1])
    first = seen[0][0]
    assert first["slice_loss"] == pytest.approx(math.log(CLASSES), abs=1.0)
    assert first["weight_norm/layers.0"] > 0
    assert 0 < first["val_entropy"] <= 1
    assert "update_ratio/layers.0" in seen[0][1]


def test_units_that_never_fire_are_counted():
    _, seen, _ = train(table(), MEMBERS[:1], model={"bias_init": -50.0})
    assert seen[0][0]["dead/layers.0"] == 1.0
    _, seen, _ = train(table(), MEMBERS[:1])
    assert seen[0][0]["dead/layers.0"] < 0.5


def test_units_at_the_end_of_their_range_are_counted():
    wide = {"activation": "tanh", "init": "normal", "init_scale": 50.0}
    _, seen, _ = train(table(), MEMBERS[:1], model=wide)
    assert seen[0][0]["saturated/layers.0"] > 0.8
    _, seen, _ = train(table(), MEMBERS[:1], model={"activation": "tanh"})
    assert seen[0][0]["saturated/layers.0"] == 0.0


def test_a_run_that_is_taken_up_again_shows_the_same():
    data = table()
    _, whole, _ = train(data, [replace(MEMBERS[0], epochs=9)])
    member = replace(MEMBERS[0], epochs=9)
    (parked,), before, _ = train(data, [member], until=5)
    _, after, _ = train(data, [member], start=[parked.parked])
    assert repr({**before[0], **after[0]}) == repr(whole[0])


def beside(*lengths):
    """Parts with the same 40 train rows, and so many validation rows each."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, CLASSES, 300)
    x = rng.normal(size=(300, FEATURES)) + np.eye(CLASSES, FEATURES)[labels]
    y = torch.from_numpy(labels)
    parts = tuple(Part(torch.arange(40), torch.arange(40, 40 + length)) for length in lengths)
    return Data(torch.from_numpy(x).float(), None, Targets(y, CLASSES, y), parts)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    "lengths", [(200, 200), (250, 250), (250, 200), (200, 250)], ids=["both", "none", "1", "0"]
)
def test_the_slice_goes_beside_validation_rows_where_a_member_has_room(lengths, activation):
    data, model = beside(*lengths), {"activation": activation}
    assert [room(length) >= 40 for length in lengths] == [length == 200 for length in lengths]
    members = [replace(MEMBERS[n], part=n, epochs=4 + 2 * n) for n in range(2)]
    _, together, _ = train(data, members, model=model)
    plain = beside(250, 250)
    for place, member in enumerate(members):
        _, alone, _ = train(data, [member], model=model)
        assert repr(together[place]) == repr(alone[0])
        _, apart, _ = train(plain, [member], model=model)
        for epoch, own in alone[0].items():
            for name, value in own.items():
                if not name.startswith("val_") and is_log_spaced(epoch):
                    assert value == pytest.approx(apart[0][epoch][name], abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(("train_rows", "valid"), [(2, 1), (1, 2)])
def test_parts_may_share_rows_of_one_kind_alone(train_rows, valid):
    data = beside(200, 180)
    one, other = data.parts
    trains = (one.train, one.train if train_rows == 1 else torch.arange(200, 240))
    valids = (one.valid, one.valid if valid == 1 else other.valid)
    data = replace(data, parts=tuple(map(Part, trains, valids)))
    members = [replace(MEMBERS[n], part=n, epochs=4) for n in range(2)]
    _, together, _ = train(data, members)
    for place, member in enumerate(members):
        _, alone, _ = train(data, [member])
        assert repr(together[place]) == repr(alone[0])


def test_the_rows_of_a_pass_stay_among_themselves_in_a_module():
    data, members = beside(200), [replace(MEMBERS[0], dropout=(0.0,), epochs=4)]

    def run(watched):
        module = ModuleModel(MixesRows, FEATURES, CLASSES)
        (outcome,), _, records = train(data, members, watched, module=module)
        return outcome.theta, [float(own.record["val_loss"][0]) for own in records]

    (watched, watched_losses), (plain, losses) = run(True), run(False)
    assert torch.equal(watched, plain)
    assert watched_losses == losses


def test_a_slice_that_has_room_takes_no_pass_of_its_own(monkeypatch):
    monkeypatch.setattr(Watch, "_glance_alone", None)
    _, seen, _ = train(beside(200), MEMBERS[:1])
    assert math.isfinite(seen[0][4]["slice_loss"])
    with pytest.raises(TypeError):
        train(beside(250), MEMBERS[:1])


def test_no_validation_rows():
    data = table()
    part = data.parts[0]
    data = replace(data, parts=(Part(part.train, part.valid[:0]),))
    plan = replace(PLAN, monitor="train_loss")
    _, seen, _ = train(data, MEMBERS[:1], plan=plan)
    assert "val_flips" not in seen[0][1]
    assert seen[0][1]["slice_accuracy"] > 0


def test_log_spaced():
    chosen = [epoch for epoch in range(70) if is_log_spaced(epoch)]
    assert chosen == [0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64]
