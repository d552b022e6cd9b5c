"""Curves alone: what they name, and that healthy ones name nothing."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from torch import nn

import nnexp
from nnexp.diagnosis.curve_reading import read_curves

E = np.arange(60)


def causes(frame, classes=None):
    found = nnexp.diagnose_history(frame, classes)
    assert all(own.verdict == "suspected" for own in found.findings)
    assert len(found.notes) >= bool(found.findings)
    return [own.cause for own in found.findings]


def fall(to=0.05, start=1.1, rate=0.15):
    return to + (start - to) * np.exp(-rate * E)


@pytest.mark.parametrize(
    ("frame", "classes", "cause"),
    [
        ({"loss": -1 + 0.66 * np.exp(-E / 9), "accuracy": 0.5 + E / 150}, 3,
         "nll_on_probabilities"),
        ({"loss": -0.4 * E**1.5, "accuracy": 0.4 + E / 200}, 3, "nll_on_logits"),
        ({"loss": 0.6 - 0.4 * E, "accuracy": np.full(60, 0.4)}, 2, "label_encoding"),
        ({"loss": -1.1 - 2.0 * E, "accuracy": 0.33 * np.exp(-E / 5)}, 3, "loss_sign_flipped"),
        ({"loss": np.full(60, math.log(10)), "accuracy": np.full(60, 0.1)}, 10,
         "uninformative_inputs"),
        ({"loss": np.r_[80.0, 9, np.full(58, 0.69)], "accuracy": np.full(60, 0.5)}, 2,
         "unscaled_features"),
        ({"loss": np.r_[1.0, 0.9, np.full(58, np.nan)]}, None, "lr_too_high"),
        ({"loss": np.full(60, np.nan)}, None, "nonfinite_inputs"),
        ({"loss": 1.0 + 0.6 * (E % 2)}, None, "lr_too_high"),
        ({"loss": 0.7 * 1.3**E}, None, "lr_too_high"),
        ({"loss": fall(0.001), "val_loss": fall(0.4) + 0.012 * E}, None, "overfit"),
        ({"loss": fall(0.2, rate=0.01)}, None, "undertrained"),
        ({"loss": 1.0986 - 0.0004 * E}, 3, "lr_too_low"),
        ({"loss": fall(0.25, 0.5), "accuracy": np.full(60, 0.9)}, [0.9, 0.1], "class_imbalance"),
        ({"loss": fall(0.01), "accuracy": np.full(60, 0.4) + E / 600}, None, "metric_mismatch"),
        ({"loss": fall(0.3, 1.1, 0.5), "lr": 0.1 * 0.5**E}, None, "lr_too_low"),
    ],
)  # fmt: skip
def test_a_curve_names_a_cause(frame, classes, cause):
    assert causes(frame, classes)[:1] == [cause]


@pytest.mark.parametrize(("every", "first"), [(2, 0), (3, 0), (2, 1)])
def test_validation_counted_from_the_first_epoch_is_placed_right(every, first):
    epochs = np.arange(31)
    loss = np.abs(epochs - 10) / 10 + 0.2
    given = {"loss": list(1.0 - epochs / 40), "val_loss": list(loss[first::every])}
    found = nnexp.diagnose_history(given).findings
    if first:  # 15 of 31: nobody knows which
        assert found == []
    else:
        stop = int(found[0].fix[0].split()[3].rstrip(","))
        assert abs(stop - 11) < every


@pytest.mark.parametrize("gaps", [True, False])
def test_a_validation_loss_of_every_fifth_epoch_is_read(gaps):
    loss = fall(0.4) + 0.012 * E
    some = np.where(E % 5 == 4, loss, np.nan) if gaps else loss[4::5]
    given = {"loss": list(fall(0.001)), "val_loss": list(some)}
    (own,) = nnexp.diagnose_history(given).findings
    assert own.cause == "overfit"
    assert int(own.fix[0].split()[3].rstrip(",")) % 5 == 0


def curves_of(net, optimizer, loss_fn, x, y, epochs):
    """Curves of a network trained by a plain loop."""
    curves = {"loss": [], "accuracy": []}
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss_fn(net(x[rows]), y[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            out = net(x)
        curves["loss"].append(loss_fn(out, y).item())
        curves["accuracy"].append((out.argmax(1) == y).double().mean().item())
    return curves


def trained(table, *, softmax=False, smoothing=0.0, decay=0.0):
    """Curves of a perceptron trained by a plain loop on a table of scikit-learn."""
    x, y = table(return_X_y=True)
    x = torch.tensor(StandardScaler().fit_transform(x), dtype=torch.float32)
    y = torch.tensor(y)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, int(y.max()) + 1))
    if softmax:
        net.append(nn.Softmax(1))
    optimizer = torch.optim.Adam(net.parameters(), 5e-3, weight_decay=decay)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=smoothing)
    return curves_of(net, optimizer, loss_fn, x, y, 15)


@pytest.mark.parametrize("table", [load_digits, load_wine, load_breast_cancer])
def test_a_softmax_before_cross_entropy_shows_in_the_floor_of_the_loss(table):
    classes = len(set(table().target))
    assert causes(trained(table, softmax=True), classes)[:1] == ["softmax_twice"]
    for healthy in ({"smoothing": 0.1}, {"smoothing": 0.3}, {"decay": 0.03}, {"decay": 0.1}, {}):
        assert "softmax_twice" not in causes(trained(table, **healthy), classes)


def test_curves_of_half_precision_are_read():
    curve = torch.tensor([1.0, 0.5, 0.25, 0.125])
    for given in (curve.bfloat16(), list(curve.bfloat16()), curve.half()):
        found = nnexp.diagnose_history({"loss": given})
        assert str(found) == str(nnexp.diagnose_history({"loss": curve.tolist()}))


def test_a_test_is_known_by_any_kind_of_list():
    curve = list(fall()[:9])
    for tested in ([None] * 9 + [0.9], torch.tensor([math.nan] * 9 + [0.9], requires_grad=True)):
        given = {"loss": [*curve, None], "val_loss": [*curve, None], "test_acc": tested}
        assert "lr_too_high" not in causes(given)
    assert causes({"loss": [*curve, None], "test_p": [[1, 2], [3]]})[0] == "lr_too_high"


@pytest.mark.parametrize(
    ("flipped", "lr", "epochs"), [(0.0, 2e-3, 20), (0.0, 1e-2, 6), (0.1, 0.2, 30), (0.13, 0.2, 30)]
)
def test_two_classes_that_are_half_learnt_are_not_softmaxed_twice(flipped, lr, epochs):
    x, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(0)
    x = torch.tensor(StandardScaler().fit_transform(x), dtype=torch.float32)
    y = torch.tensor(np.where(rng.random(len(y)) < flipped, 1 - y, y))
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer, loss_fn = torch.optim.SGD(net.parameters(), lr), nn.CrossEntropyLoss()
    curves = curves_of(net, optimizer, loss_fn, x, y, epochs)
    assert "softmax_twice" not in causes(curves, 2)


@pytest.mark.parametrize(
    "more",
    [{"test_acc": 0.9}, {"test_f1": None}, {"test_set": ["a"] * 9}, {"test_p": [[1, 2]] * 9}],
)
def test_other_things_called_test_are_passed_over(more):
    curve = list(fall()[:9])
    assert causes({"loss": curve, "val_loss": curve, **more}) == causes(
        {"loss": curve, "val_loss": curve}
    )


def test_the_row_of_a_test_after_training_is_no_diverged_epoch():
    epochs = [
        {"epoch": e, "train_loss": 2 / (e + 1), "val_loss": 2 / (e + 1) + 0.1} for e in range(9)
    ]
    healthy = causes(pd.DataFrame(epochs), 10)
    assert causes(pd.DataFrame([*epochs, {"epoch": 9, "test_loss": 0.4}]), 10) == healthy
    lost = {"epoch": 9, "train_loss": math.nan, "val_loss": math.nan}
    assert causes(pd.DataFrame([*epochs, lost]), 10)[0] == "lr_too_high"


def test_a_loss_that_is_missing_where_the_held_out_one_is_known_has_not_diverged():
    given = {
        "loss": [2.3, 1.5, 1.0, 0.7, 0.5, math.nan],
        "val_loss": [2.3, 1.6, 1.1, 0.8, 0.6, 0.5],
    }
    assert "lr_too_high" not in causes(given)
    given["val_loss"][-1] = math.nan
    assert causes(given)[0] == "lr_too_high"


def test_what_ended_in_nan_is_not_undertrained():
    assert causes({"loss": np.r_[fall()[:6], np.full(54, np.nan)]}) == ["lr_too_high"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("load", [load_wine, load_digits, load_breast_cancer])
def test_healthy_loss_curves_of_scikit_learn_name_nothing(load, seed):
    x, y = load(return_X_y=True)
    x = StandardScaler().fit_transform(x)
    model = MLPClassifier((32,), max_iter=400, random_state=seed, learning_rate_init=3e-3).fit(x, y)
    assert causes(model.loss_curve_, len(np.unique(y))) == []


@pytest.mark.parametrize(
    "frame",
    [
        {"loss": fall(), "val_loss": fall(0.2), "accuracy": 1 - 0.6 * np.exp(-E / 8)},
        {"train_loss": fall(0.5), "val_loss": fall(0.4), "train_accuracy": 0.97 + E / 4000},
        {"loss": fall(0.001), "val_loss": fall(0.1) + 0.001 * E},
        {"loss": fall(0.02, 3.0, 0.4) - 1e-9},
        {"loss": -3 + fall()},  # a density may be above 1: no word of classes
        {"loss": np.tile(fall(rate=0.5)[:20], 3) * np.repeat([1.0, 0.6, 0.4], 20)},  # warm restarts
        {"accuracy": 0.5 + 0.4 * (1 - np.exp(-E / 8))},
        {"loss": [0.9, 0.5]},
    ],
)
def test_a_healthy_curve_names_nothing(frame):
    assert causes(pd.DataFrame(frame)) == []


def test_shapes_of_other_libraries_are_read():
    keras = {"loss": [1.0, 0.9], "val_loss": [1.0, 0.8], "val_accuracy": [50.0, 90.0]}
    from nnexp.diagnosis.curve_reading import read_curves

    curves = read_curves(keras, 3)
    assert curves.val_accuracy.tolist() == [0.5, 0.9]
    assert curves.guessing == pytest.approx(math.log(3))
    assert read_curves([1.0, 0.5]).train_loss.tolist() == [1.0, 0.5]
    assert read_curves({"loss": [1.0]}, [30, 10]).shares.tolist() == [0.75, 0.25]


def test_what_is_no_curve_is_refused():
    with pytest.raises(nnexp.UserError, match="no curve"):
        nnexp.diagnose_history({"epoch": [1, 2]})
    with pytest.raises(nnexp.UserError, match="classes="):
        nnexp.diagnose_history({"loss": [1.0]}, [1.0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (MLPClassifier(), "MLPClassifier has no loss_curve_"),
        ("curves.csv", "'curves.csv' is a path"),
        ([], "no value in it"),
        (None, "no value in it"),
    ],
)
def test_what_holds_no_curve_is_refused_by_what_it_is(given, said):
    with pytest.raises(nnexp.UserError, match=said):
        nnexp.diagnose_history(given)


def test_without_the_number_of_classes_it_is_said_what_cannot_be_told():
    hopeless = {"loss": np.full(60, 2.3), "val_accuracy": np.full(60, 0.1)}
    found = nnexp.diagnose_history(hopeless)
    assert not found.findings
    assert "classes=" in str(found)
    known = nnexp.diagnose_history(hopeless, classes=10)
    assert [own.cause for own in known.findings] == ["uninformative_inputs"]
    assert not any("classes=" in note for note in known.notes)


@pytest.mark.parametrize("given", [3, {"loss": 0.5}, {"loss": ["a", "b"]}])
def test_what_are_no_numbers_is_refused(given):
    with pytest.raises(nnexp.UserError, match="'loss' is no list of numbers"):
        nnexp.diagnose_history(given)


def test_classes_that_are_no_numbers_are_refused():
    with pytest.raises(nnexp.UserError, match="classes='ten'"):
        nnexp.diagnose_history({"loss": [1.0, 0.5]}, "ten")


OVERFIT = {"train_loss": fall(0.001), "val_loss": fall(0.4) + 0.012 * E}


def _logged(curves, epoch=True):
    """As Lightning logs: a row for each curve and epoch, the others empty."""
    rows = []
    for place in range(60):
        for name, curve in curves.items():
            rows.append({name: curve[place], **({"epoch": place} if epoch else {})})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("epoch", [True, False])
def test_a_log_with_several_rows_an_epoch_is_read_as_one(epoch):
    assert causes(_logged(OVERFIT, epoch)) == causes(OVERFIT) == ["overfit"]
    named = {"train_loss_epoch": OVERFIT["train_loss"], "val_loss": OVERFIT["val_loss"]}
    assert causes(_logged(named, epoch)) == ["overfit"]


def test_epochs_without_validation_have_not_diverged():
    seldom = np.where(E < 30, fall() + 0.01, np.nan)
    assert not causes({"loss": fall(), "val_loss": seldom})
    assert not causes(pd.DataFrame({"loss": [0.5, np.nan], "val_loss": [np.nan, 0.6]}))
    assert causes({"val_loss": seldom}) == ["lr_too_high"]


@pytest.mark.parametrize("curves", [[(1.0, 0.5), (0.5, 0.6)], np.ones((3, 2))])
def test_curves_without_names_are_refused(curves):
    with pytest.raises(nnexp.UserError, match="shape"):
        nnexp.diagnose_history(curves)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("alpha", "expected"), [(1e-4, []), (1.0, []), (100.0, ["over_regularized"])]
)
def test_the_penalty_of_an_estimator_is_read(alpha, expected):
    x, y = load_digits(return_X_y=True)
    x = StandardScaler().fit_transform(x)
    fitted = MLPClassifier((32,), alpha=alpha, max_iter=60, random_state=0).fit(x, y)
    assert causes(fitted) == expected
    if expected:
        curves = read_curves(fitted)
        true = fitted.predict_proba(x)[np.arange(len(y)), y]
        # the loss of an epoch is that of its batches, while the weights move
        assert fitted.loss_ - curves.penalty == pytest.approx(-np.log(true).mean(), rel=0.02)
        (own,) = nnexp.diagnose_history(fitted).findings
        assert own.fix == ("alpha=1",)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("solver", "rate"), [("sgd", 0.01), ("adam", 0.001)])
def test_a_loss_far_above_guessing_is_named(solver, rate):
    x, y = load_wine(return_X_y=True)
    raw = MLPClassifier(solver=solver, learning_rate_init=rate, random_state=0).fit(x, y)
    assert causes(raw.loss_curve_, 3)[0] == "unscaled_features"
    x, y = load_digits(return_X_y=True)
    fast = MLPClassifier(learning_rate_init=1.0, max_iter=40, random_state=0).fit(x / 16, y)
    assert "lr_too_high" in causes(fast.loss_curve_, 10)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_holds_curves_is_read():
    from nnexp.diagnosis.curve_reading import read_curves

    history = SimpleNamespace(history={"loss": [1.0, 0.5], "val_accuracy": [0.1, 0.5]})
    assert read_curves(history).val_accuracy.tolist() == [0.1, 0.5]
    x, y = load_wine(return_X_y=True)
    fitted = MLPClassifier(max_iter=20, early_stopping=True, random_state=0).fit(x, y)
    curves = read_curves(fitted)
    assert curves.loss.tolist() == fitted.loss_curve_
    assert curves.val_accuracy.tolist() == fitted.validation_scores_
    assert curves.classes == 3
    assert read_curves([{"loss": 1.0}, {"loss": 0.5}]).loss.tolist() == [1.0, 0.5]
    assert read_curves({"Train Loss": [1.0]}).loss.tolist() == [1.0]


def test_losses_may_be_tensors_with_a_graph():
    import torch

    from nnexp.diagnosis.curve_reading import read_curves

    losses = torch.tensor([1.0, 0.5], requires_grad=True)
    assert read_curves({"loss": losses}).loss.tolist() == [1.0, 0.5]
    assert read_curves(list(losses)).loss.tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("accuracy", "classes", "row"),
    [
        ([0.5, 0.5, 120], None, 3),
        ([0.5, -0.2, 0.6], None, 2),
        ([0.5, 0.6, 70], None, 3),
        ([60, 70, np.nan, 0.7], None, 4),
        ([0.5, 0.9, 1.2], None, 3),
        ([0.5, 60, 70], 3, 1),
    ],
)
def test_an_accuracy_that_is_none_is_named_by_its_row(accuracy, classes, row):
    given = {"loss": np.ones(len(accuracy)), "val_acc": accuracy}
    with pytest.raises(nnexp.UserError, match=f"'val_acc' is .* in row {row} of {len(accuracy)}"):
        nnexp.diagnose_history(given, classes)


@pytest.mark.parametrize(
    ("accuracy", "classes"),
    [
        ([0, 50, 100], None),
        ([0.1, 21, 40], None),  # of a thousand classes, first before any training
        ([0.1, 0.3, 0.8, 2, 6, 12], None),
        ([60, 70, 0.1], 1000),
        ([60, 0, 70], 2),
    ],
)
def test_percents_may_be_small(accuracy, classes):
    from nnexp.diagnosis.curve_reading import read_curves

    curves = read_curves({"loss": np.ones(len(accuracy)), "accuracy": accuracy}, classes)
    assert curves.train_accuracy == pytest.approx(np.array(accuracy) / 100)


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ({"loss": 30, "accuracy": 7}, "'loss' has 30 values, and 'accuracy' has 7"),
        ({"loss": 30, "val_loss": 29}, "'loss' has 30 values, and 'val_loss' has 29"),
        ({"val_loss": 15, "val_acc": 30}, "'val_loss' has 15 values, and 'val_acc' has 30"),
        ({"epoch": 8, "loss": 9}, "'epoch' has 8 values, and 'loss' has 9"),
    ],
)
def test_curves_of_other_lengths_are_refused(lengths, said):
    curves = {name: np.full(size, 0.5) for name, size in lengths.items()}
    with pytest.raises(nnexp.UserError, match=said) as caught:
        nnexp.diagnose_history(curves)
    assert eval(caught.value.remedy, {"nnexp": nnexp, "pandas": pd, "curves": curves})


def test_classes_may_be_counted_by_name():
    from nnexp.diagnosis.curve_reading import read_curves

    curves = read_curves({"loss": [1.0]}, {"a": 90, "b": 10})
    assert (curves.classes, curves.shares.tolist()) == (2, [0.9, 0.1])
    with pytest.raises(nnexp.UserError, match="classes="):
        read_curves({"loss": [1.0]}, {"a": 90})


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_scores_of_a_regressor_are_no_accuracies():
    from sklearn.neural_network import MLPRegressor

    from nnexp.diagnosis.curve_reading import read_curves

    x, y = load_wine(return_X_y=True)
    fitted = MLPRegressor(max_iter=5, early_stopping=True, random_state=0, tol=0).fit(x, y)
    assert min(fitted.validation_scores_) < 0
    assert not len(read_curves(fitted).val_accuracy)
