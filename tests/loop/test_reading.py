"""How targets and outputs are read: classes, quantities or several labels, and which tensor."""

import dataclasses
import math
from collections import namedtuple

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import nnexp
from nnexp.config.schema.model import MLPConfig
from nnexp.loop.configured import make_config
from nnexp.loop.kernel import broadcasts, identify
from nnexp.loop.outputs import is_affine, linear_layers
from nnexp.loop.view import make_units

MADE = torch.Generator().manual_seed(0)
X = torch.randn(600, 6, generator=MADE)


def mlp(outputs, *tail):
    return nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, outputs), *tail)


def run(model, loss_fn, y, epochs=30, lr=5e-3, out=lambda own: own, give=None, **more):
    """A loop over 400 rows, with 200 held out."""
    torch.manual_seed(0)
    model = model()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    own = y if give is None else give
    watch = nnexp.watch(
        model, optimizer, loss_fn, train=(X[:400], own[:400]), valid=(X[400:], own[400:]), **more
    )
    for _ in range(epochs):
        for rows in torch.randperm(400).split(32):
            given = out(model(X[rows]))
            loss = loss_fn(given, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss, given, y[rows])
    return watch, watch.diagnosis()


SEVERAL = torch.stack([(X[:, i] + X[:, i + 1] > 0).float() for i in range(4)], 1)


def causes(found):
    return [own.cause for own in found.findings]


def test_several_labels_a_row_are_no_classes():
    watch, found = run(lambda: mlp(4), nn.BCEWithLogitsLoss(), SEVERAL, 60, lr=0.01)
    assert not watch.table.is_classes
    assert not found.findings


def test_a_softmax_over_several_labels_is_named():
    _, found = run(lambda: mlp(4), nn.CrossEntropyLoss(), SEVERAL)
    assert causes(found)[0] == "wrong_loss"
    _, found = run(lambda: mlp(4, nn.Sigmoid()), nn.BCEWithLogitsLoss(), SEVERAL)
    assert causes(found)[0] == "sigmoid_twice"


def test_an_autoencoder_has_no_classes():
    held = (X > 0).float()  # whose first column has two values
    _, found = run(lambda: mlp(6, nn.Sigmoid()), nn.MSELoss(), held, 100, lr=0.01)
    assert not found.findings


def test_ratings_that_are_regressed_are_quantities():
    noise = 0.5 * torch.randn(600, generator=torch.Generator().manual_seed(1))
    y = (5.5 + X[:, 0] + 0.5 * X[:, 1] + noise).round().clamp(3, 8)
    for give in (y, y.long()):
        watch, found = run(
            lambda: mlp(1), nn.MSELoss(), y, out=lambda own: own.squeeze(1), give=give
        )
        assert not watch.table.is_classes
        assert not found.findings
        assert any("taken for quantities" in note for note in found.notes)
    watch, _ = run(
        lambda: mlp(1), nn.MSELoss(), y, 1, out=lambda own: own.squeeze(1), classes=range(3, 9)
    )
    assert watch.table.is_classes


def test_rows_that_the_loss_passes_over_have_no_class():
    y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
    y[::10] = -100
    watch, found = run(lambda: mlp(3), nn.CrossEntropyLoss(), y)
    assert list(watch.table.classes) == [0, 1, 2]
    assert not found.findings
    assert any("left out" in note for note in found.notes)
    assert found.scores["train"]["accuracy"] > 0.9


def test_many_labels_are_classes_where_there_is_an_output_for_each():
    y = torch.arange(600) % 40
    watch, _ = run(lambda: mlp(40), nn.CrossEntropyLoss(), y, 1)
    assert len(watch.table.classes) == 40
    watch, found = run(lambda: mlp(1), nn.MSELoss(), y.float()[:, None], 1)
    assert not watch.table.is_classes
    assert any("taken for quantities" in note for note in found.notes)


class Heads(nn.Module):
    """Gives its hidden layer, then the logits."""

    def __init__(self, form):
        super().__init__()
        self.hidden, self.last, self.form = nn.Linear(6, 32), nn.Linear(32, 2), form

    def forward(self, x):
        hidden = self.hidden(x).relu()
        return self.form(hidden, self.last(hidden))


Pair = namedtuple("Pair", "hidden logits")


@dataclasses.dataclass
class Data:
    hidden: torch.Tensor
    logits: torch.Tensor


@pytest.mark.matrix(4)
@pytest.mark.parametrize(
    ("form", "take"),
    [
        (lambda h, z: (h, z), lambda own: own[1]),
        (lambda h, z: {"hidden": h, "logits": z}, lambda own: own["logits"]),
        (Pair, lambda own: own.logits),
        (Data, lambda own: own.logits),
    ],
    ids=["tuple", "dict", "named", "dataclass"],
)
@pytest.mark.parametrize("whole", [True, False])
def test_the_output_that_the_loss_depends_on_is_judged(form, take, whole):
    y = (X[:, 0] + X[:, 1] > 0).long()
    if whole:
        loss_fn, out = (lambda own, t: F.cross_entropy(take(own), t)), lambda own: own
    else:
        loss_fn, out = F.cross_entropy, take
    watch, found = run(lambda: Heads(form), loss_fn, y, out=out)
    assert not found.findings
    assert found.scores["valid"]["accuracy"] > 0.9
    assert watch.nature.width == 2
    assert watch.record.points[-1]["slice_loss"] < 0.3


class Recurrent(nn.Module):
    """Has one linear layer, and others before it."""

    def __init__(self):
        super().__init__()
        self.cell, self.last = nn.GRU(2, 16, batch_first=True), nn.Linear(16, 2)

    def forward(self, x):
        return self.last(self.cell(x.reshape(len(x), 3, 2))[0][:, -1])


@pytest.mark.parametrize(
    ("model", "layered"),
    [
        (mlp(2), True),
        (nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.PReLU(), nn.Linear(8, 2)), True),
        (nn.utils.parametrizations.weight_norm(nn.Linear(6, 2)), True),
        (Recurrent(), False),
        (
            nn.Sequential(
                nn.Unflatten(1, (1, 6)), nn.Conv1d(1, 2, 6), nn.Flatten(), nn.Linear(2, 2)
            ),
            False,
        ),
    ],
    ids=["linear", "normed", "weight_norm", "recurrent", "convolution"],
)
def test_only_a_network_of_linear_layers_is_judged_as_one(model, layered):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = make_config(
        model,
        linear_layers(model, X),
        optimizer=optimizer,
        loss_fn=nn.CrossEntropyLoss(),
        kind="softmax",
        initial={},
        first_lr=0.1,
        epochs=1,
        batch=32,
        is_affine=False,
    )
    assert isinstance(config.model, MLPConfig) is layered


def test_a_network_is_linear_wherever_its_rows_lie():
    """Rows far from all that a unit tells apart meet it on one side."""
    relu = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    plain = nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 2))
    for rows in (1e-4 * torch.randn(16, 3), 1e4 + torch.randn(16, 3)):
        assert not is_affine(relu, rows, linear_layers(relu, rows))
    rows = torch.randn(16, 3)
    assert is_affine(plain, rows, linear_layers(plain, rows))


class Coded(nn.Module):
    """Of whole numbers in a column of floats, as a frame of codes and measurements has them."""

    def __init__(self):
        super().__init__()
        self.names, self.last = nn.Embedding(5, 3), nn.Linear(5, 2)

    def forward(self, x):
        if (x < 0).any() or (x[:, 0] > 4).any():
            raise ValueError("codes from 0 to 4")
        return self.last(torch.cat((self.names(x[:, 0].long()), x[:, 1:]), 1))


def test_a_model_is_asked_nothing_that_it_may_not_be_given():
    rows = torch.rand(16, 3)
    rows[:, 0] = torch.arange(16) % 5
    model = Coded()
    is_affine(model, rows, linear_layers(model, rows))


def test_a_last_layer_that_has_shrunk_is_not_called_bounded():
    def shrunk():
        model = mlp(3)
        nn.init.normal_(model[2].weight, std=1e-4)
        nn.init.zeros_(model[2].bias)
        return model

    y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
    watch, _ = run(shrunk, nn.CrossEntropyLoss(), y, 1, lr=1e-9)
    assert watch.nature.kind == "logits"
    watch, _ = run(lambda: mlp(3, nn.Tanh()), nn.CrossEntropyLoss(), y, 1, lr=1e-9)
    assert watch.nature.kind == "tanh"


@pytest.mark.parametrize(
    ("tail", "loss_fn", "cause"),
    [
        (nn.Softmax(0), nn.CrossEntropyLoss(), "softmax_twice"),
        (nn.LogSoftmax(0), nn.NLLLoss(), "activation_on_logits"),
    ],
)
def test_a_softmax_over_the_rows_is_named_as_such(tail, loss_fn, cause):
    y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
    watch, found = run(lambda: mlp(3, tail), loss_fn, y, 3, lr=1e-3)
    assert watch.nature.over_rows
    assert causes(found)[0] == cause
    assert "dim=1" in found.findings[0].fix[0]


def test_a_target_on_a_large_scale_is_named_before_more_epochs_are():
    y = 300 + 80 * (X[:, 0] + 0.5 * X[:, 1])
    _, found = run(lambda: mlp(1), nn.MSELoss(), y[:, None], 10, lr=1e-3)
    assert causes(found)[0] == "label_encoding"
    assert "scale y" in found.findings[0].fix[0]
    _, found = run(lambda: mlp(1), nn.MSELoss(), y[:, None] / 80 - 4, 30)
    assert not found.findings


def test_squares_are_not_blamed_where_shapes_are_broadcast():
    y = (X[:, 0] > 0).float()
    with pytest.warns(UserWarning, match="target size"):
        _, found = run(lambda: mlp(1), nn.MSELoss(), y, 5)
    assert causes(found)[0] == "broadcast_mismatch"
    assert "wrong_loss" not in causes(found)


class Squeezed(nn.Module):
    """BCE of logits (N, 1), whose loss takes the axis away itself."""

    def forward(self, out, target):
        return nn.functional.binary_cross_entropy_with_logits(out.squeeze(1), target.float())


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("whole", [True, False])
def test_a_loss_that_squeezes_compares_each_row_with_its_own_target(start, whole):
    y = (X[:, 0] > 0).long() + start
    watch, found = run(lambda: mlp(1), Squeezed(), y if whole else y.float(), 5, lr=1e-3)
    assert watch.kernel.kind == "logistic"
    assert "broadcast_mismatch" not in causes(found)
    assert ("label_encoding" in causes(found)) == bool(start)


def test_targets_that_are_all_alike_tell_nothing_of_shapes():
    out, ones = torch.randn(8, 1), torch.ones(8)
    loss = Squeezed()
    assert not broadcasts(loss, out, ones)
    assert not broadcasts(loss, out, torch.arange(8.0) % 2)
    assert not broadcasts(nn.MSELoss(), out, ones)
    assert broadcasts(nn.MSELoss(), out, torch.arange(8.0) % 2)


def test_a_loss_of_probabilities_is_asked_with_probabilities():
    def by_hand(p, t):
        return -(t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7)).mean()

    half = torch.arange(8.0) % 2
    assert broadcasts(by_hand, torch.rand(8, 1), half)
    assert not broadcasts(by_hand, torch.rand(8), half)


@pytest.mark.parametrize("told", [True, False])
def test_a_class_that_the_loss_passes_over(told):
    def own(out, target):
        return nn.functional.cross_entropy(out, target, ignore_index=0)

    y = (X[:, 0] > 0).long() + (X[:, 1] > 0.3).long()
    _, found = run(lambda: mlp(3), nn.CrossEntropyLoss(ignore_index=0) if told else own, y, 5)
    assert causes(found)[0] == "metric_mismatch"
    assert "ignore_index" in found.findings[0].fix[0]
    _, found = run(lambda: mlp(3), nn.CrossEntropyLoss(), y, 5)
    assert "metric_mismatch" not in causes(found)
    # rows without a label are what it is for
    _, found = run(lambda: mlp(3), nn.CrossEntropyLoss(), torch.where(X[:, 2] > 1, -100, y), 5)
    assert "metric_mismatch" not in causes(found)


def test_a_sigmoid_in_the_loss_function_moves_no_border(loops):
    loop = loops.FAULTS["sigmoid in the loss function"][0]
    found = loops.run(loop, 0)
    x, y = loop.watch.table.x, loop.watch.table.index
    held = slice(loop.watch.table.train, None)
    with torch.no_grad():
        told = (loop.watch.model(x[held]).reshape(-1) > 0).long()
    right = float((told == torch.as_tensor(y[held])).double().mean())
    assert found.scores["valid"]["accuracy"] == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize(("applied", "named"), [("", []), ("softmax", ["softmax_twice"])])
def test_losses_of_mixed_precision_are_read(applied, named):
    generator = torch.Generator().manual_seed(0)
    y = (X.sum(1) + torch.randn(600, generator=generator) > 0).long()
    torch.manual_seed(0)
    model, loss_fn = mlp(2), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    watch = nnexp.watch(
        model, optimizer, loss_fn, train=(X[:400], y[:400]), valid=(X[400:], y[400:])
    )
    for _ in range(15):
        for rows in torch.randperm(400, generator=generator).split(32):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                given = model(X[rows])
                loss = loss_fn(given.softmax(1) if applied else given, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss, given, y[rows])
    assert watch.applied == applied
    assert causes(watch.diagnosis()) == named


def test_hits_that_are_divided_by_another_number_than_that_of_the_rows(loops):
    def divided(by):
        return lambda out, t: (out.argmax(1) == t).sum().item() / by(len(t))

    wrong = loops.run(loops.Loop("digits", accuracy=divided(lambda n: n * 1.15), epochs=5), 0)
    assert causes(wrong)[0] == "metric_mismatch"
    fine = loops.run(loops.Loop("digits", accuracy=divided(lambda n: n), epochs=5), 0)
    assert "metric_mismatch" not in causes(fine)


def test_epochs_are_passes_over_the_train_rows():
    y = (X[:, 0] + X[:, 1] > 0).long()
    watch, found = run(lambda: mlp(2), nn.CrossEntropyLoss(), y, 40, lr=1e-4)
    (own,) = (own for own in found.findings if own.cause == "undertrained")
    told = {one.signal: one.value for one in own.evidence}
    assert told["epochs"] == 40
    assert abs(told["steps taken"] - watch.steps) < 0.1 * watch.steps


def _small(out, t):
    return 0.002 * nn.functional.cross_entropy(out, t)


@pytest.mark.parametrize("change", [{"sign": 0.002}, {"loss": lambda: _small}])
def test_a_loss_that_is_scaled_down_takes_the_steps_with_it(loops, change):
    loop = loops.Loop("digits", optimizer=loops.sgd(0.1), epochs=5, factory=True, **change)
    found = loops.run(loop, 0)
    first = found.findings[0]
    assert first.cause == "lr_too_low"
    assert first.fix[0].startswith("the loss without its factor of 0.002")
    proven = loop.watch.diagnosis(prove=True, seeds=3).findings[0]
    assert (proven.cause, proven.verdict) == ("lr_too_low", "confirmed")


def _of_sum(out, t):
    return nn.functional.cross_entropy(out, t, reduction="sum")


def _focal(out, t):
    loss = nn.functional.cross_entropy(out, t, reduction="none")
    return (0.05 * (1 - torch.exp(-loss)) ** 5 * loss).mean()


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": None},
        {"clear": 50, "sign": 0.02},
        {"loss": lambda: _of_sum, "sign": 1 / 64, "batch": 64},
        {"loss": lambda: _focal, "sign": 1.0},
        {"data": "breast_cancer", "model": "one", "target": "column", "sign": 1.0,
         "loss": lambda: nn.BCEWithLogitsLoss(pos_weight=torch.tensor(0.02))},
    ],
)  # fmt: skip
def test_a_factor_that_shortens_no_step_is_none(loops, change):
    """Adam divides by it, a gradient that is gathered of 50 batches and a sum over the rows make up
    for it, and other functions than a cross-entropy have none.
    """
    known = {"one": loops.one, "column": loops.column}
    change = {k: known.get(v, v) if isinstance(v, str) else v for k, v in change.items()}
    usual = {"data": "digits", "epochs": 20, "batch": 8, "sign": 0.002, "optimizer": loops.sgd(0.1)}
    change = {k: v for k, v in {**usual, **change}.items() if v is not None}
    found = loops.run(loops.Loop(**change), 0)
    assert not any("factor" in word for own in found.findings for word in own.fix)


def test_a_network_of_which_not_all_is_seen_is_called_neither_small_nor_linear(loops):
    loop, cause = loops.FAULTS["plain list"]
    found = loops.run(loop, 0)
    assert causes(found)[0] == cause
    assert "underfit_capacity" not in causes(found)


@pytest.mark.parametrize("classes", [3, 250, 1000])
def test_a_softmax_in_the_loss_is_seen_however_many_classes_there_are(classes):
    def twice(out, t):
        return nn.functional.cross_entropy(out.softmax(1), t)

    out, t = torch.randn(64, classes), torch.arange(64) % classes
    assert identify(twice, out, t).applied == "softmax"
    assert identify(nn.CrossEntropyLoss(label_smoothing=0.95), out, t).sign == 1
    assert identify(lambda o, y: -nn.functional.cross_entropy(o, y), out, t).sign == -1


class Clipping(torch.optim.SGD):
    """SGD of gradients that are clipped before each step."""

    def __init__(self, parameters, lr, length):
        self.own = list(parameters)
        super().__init__(self.own, lr=lr)
        self.length = length

    def step(self, closure=None):
        nn.utils.clip_grad_norm_(self.own, self.length)
        return super().step(closure)


Clipping.__name__ = "SGD"  # as a loop calls both by themselves


@pytest.mark.parametrize(("length", "told"), [(0.002, True), (5.0, False)])
def test_gradients_that_are_clipped_to_next_to_nothing(loops, length, told):
    loop = loops.Loop("digits", optimizer=lambda p: Clipping(p, 0.1, length), epochs=5)
    found = loops.run(loop, 0)
    words = [word for own in found.findings for word in own.fix]
    assert any("clip_grad_norm_" in word for word in words) is told
    if told:
        assert causes(found)[0] == "lr_too_low"


@pytest.mark.parametrize("kind", ["binary", "squares"])
@pytest.mark.parametrize("missing", [math.nan, math.inf])
def test_targets_that_are_no_numbers_are_named(kind, missing):
    y = (X[:, 0] > 0).float()[:, None] if kind == "binary" else X[:, :1] + X[:, 1:2]
    y[::40] = missing
    loss_fn = nn.BCEWithLogitsLoss() if kind == "binary" else nn.MSELoss()
    watch, found = run(lambda: mlp(1), loss_fn, y, 5)
    assert causes(found)[0] == "label_encoding"
    assert "torch.isfinite(y)" in found.findings[0].fix[0]
    assert watch.table.unknown == (10, 5)
    assert any("5 held-out rows whose target is NaN" in note for note in found.notes)
    assert torch.isfinite(watch.table.y).all()


def test_targets_that_the_loop_passes_over_itself_do_no_harm():
    y = (X[:, 0] + X[:, 1] > 0).float()[:, None]
    y[::40] = math.nan

    def known(out, target):
        return nn.functional.binary_cross_entropy_with_logits(
            out[torch.isfinite(target)], target[torch.isfinite(target)]
        )

    _, found = run(lambda: mlp(1), known, y, 30)
    assert not found.findings
    # neither are they blamed for weights that were lost by something else
    _, found = run(lambda: mlp(1), lambda out, t: known(out, t) ** 8, y, 5, lr=1e12)
    assert "label_encoding" not in causes(found)
    _, found = run(lambda: mlp(1), known, y, 30)
    assert any("10 train rows whose target is NaN" in note for note in found.notes)


def test_targets_that_are_taken_away_before_the_loss_are_not_blamed():
    y = X[:, :1] + X[:, 1:2]
    y[::40] = math.nan
    torch.manual_seed(0)
    model, loss_fn = mlp(1), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=3.0)
    watch = nnexp.watch(model, optimizer, loss_fn, train=(X[:400], y[:400]))
    for _ in range(20):
        for rows in torch.randperm(400).split(32):
            rows = rows[torch.isfinite(y[rows, 0])]
            out = model(X[rows])
            loss = loss_fn(out, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss, out, y[rows])
    assert not torch.isfinite(model[0].weight).all()
    assert causes(watch.diagnosis())[0] == "lr_too_high"


def test_whole_numbers_that_a_loss_casts_are_broadcast_too():
    def cast(output, target):
        return ((torch.sigmoid(output) - target.float()) ** 2).mean()

    classes = torch.arange(8) % 2
    assert broadcasts(cast, torch.rand(8, 1), classes)
    assert not broadcasts(cast, torch.rand(8), classes)
    assert not broadcasts(nn.CrossEntropyLoss(), torch.rand(8, 2), classes)
    assert not broadcasts(nn.CrossEntropyLoss(), torch.rand(8, 1), 0 * classes)


@pytest.mark.parametrize("aims", [(0.0, 1.0), (-1.0, 1.0)])
@pytest.mark.parametrize(
    ("measure", "kind"), [(F.mse_loss, "squared"), (F.l1_loss, "absolute"), (F.huber_loss, "other")]
)
def test_differences_to_a_one_hot_row_that_the_loss_makes_itself(aims, measure, kind):
    def loss_fn(output, target):
        hot = F.one_hot(target, output.shape[1]).to(output)
        return measure(output, aims[0] + (aims[1] - aims[0]) * hot)

    assert identify(loss_fn, torch.zeros(12, 3), torch.arange(12) % 3).kind == kind


def test_a_layer_of_one_unit_is_like_no_other():
    x = torch.randn(16, 6, generator=torch.Generator().manual_seed(0))
    for width, alike in ((1, {}), (2, {"layer 0": 0.0})):
        model = nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, 3))
        assert make_units(linear_layers(model, x), "relu").alike == alike
