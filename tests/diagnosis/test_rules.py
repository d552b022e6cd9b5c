"""Each rule on runs that are made of numbers: where it fires, and the near misses where not."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nnexp.config.compose import compose
from nnexp.diagnosis.conclude import conclude, considered
from nnexp.diagnosis.explain import explain
from nnexp.diagnosis.finding import TRIED, Evidence, Nomination
from nnexp.diagnosis.judged import Rows
from nnexp.diagnosis.report import Diagnosis
from nnexp.diagnosis.rules import nominate
from nnexp.diagnosis.seen import Inputs, Seen, Units

EPOCHS = 12


def rows(accuracy, possible=0.97, n=400, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, n)
    wrong = (true + 1) % classes
    run = np.where(np.arange(n) < accuracy * n, true, wrong)
    trees = np.where(np.arange(n) < possible * n, true, wrong)
    votes = np.eye(classes)[trees] * 0.8 + 0.2 / classes
    return Rows(true, run, trees, votes)


def run(*overrides, accuracy=0.6, losses=None, signals=None, penalty=0.0, **changes):
    """A run that is far behind its table, unless `accuracy` says otherwise."""
    config = compose(["data=wine", "trainer.epochs=50", *overrides])
    losses = np.linspace(1.1, 0.9, EPOCHS) if losses is None else np.asarray(losses, dtype=float)
    epochs = len(losses)
    history = pd.DataFrame(
        {
            "epoch": np.arange(1, epochs + 1),
            "train_loss": losses,
            "train_penalty": np.broadcast_to(penalty, epochs).astype(float),
            "train_accuracy": np.full(epochs, accuracy),
            "val_loss": losses,
            "val_accuracy": np.full(epochs, accuracy),
            "lr": np.full(epochs, config.optimizer.lr),
        }
    )
    usual = {"slice_loss": 1.1, "val_loss": 1.1, "val_accuracy": 0.33}
    for layer, fan_out in enumerate((128, 128, 3)):
        usual[f"weight_norm/layers.{layer}"] = math.sqrt(fan_out)
        usual[f"gradient_norm/layers.{layer}"] = 0.5
        usual[f"update_ratio/layers.{layer}"] = 1e-3
    seen = {
        name: np.full(epochs + 1, value) for name, value in {**usual, **(signals or {})}.items()
    }
    ones = np.ones(13)
    return Seen(
        **{
            "config": config,
            "overrides": list(overrides),
            "status": "done",
            "reason": "",
            "history": history,
            "signals": pd.DataFrame({"epoch": np.arange(epochs + 1), **seen}),
            "best_epoch": epochs,
            "classes": ["1", "2", "3"],
            "counts": np.array([40, 40, 26]),
            "outputs": 3,
            "widths": (13, 128, 128, 3),
            "steps": 4,
            "valid_rows": 100,
            "rows": 178,
            "inputs": Inputs([f"x{n}" for n in range(13)], ones, ones, ones > 0),
            "valid": rows(accuracy),
            "train": rows(accuracy, seed=1),
            "units": Units({"layers.0": 0.1}, {}, {"layers.0": 0.0}),
            "train_loss": 0.9,
            **changes,
        }
    )


def first(seen):
    found = conclude(seen, nominate(seen))
    return found[0].cause if found else None


def suspected(seen):
    return [own.cause for own in conclude(seen, nominate(seen)) if own.verdict == "suspected"]


@pytest.mark.parametrize(
    ("accuracy", "fix", "verdict"),
    [
        (0.96, (), "suspected"),  # a little behind, and no re-run can tell
        (0.99, (), "harmless"),
        (0.96, ("model.output=logits",), "harmless"),
    ],
)
def test_what_no_rerun_can_try_is_harmless_where_the_run_is_ahead(accuracy, fix, verdict):
    seen = (Evidence("the module ends in", "relu", "nothing"),)
    ends = Nomination("activation_on_logits", seen, "it cuts the logits", fix, 0.9)
    (found,) = conclude(run(accuracy=accuracy), [ends])
    assert found.verdict == verdict


PAIRINGS = [
    (["loss=nll", "model.output=softmax"], "nll_on_probabilities"),
    (["loss=nll", "model.output=sigmoid"], "nll_on_probabilities"),
    (["loss=nll"], "nll_on_logits"),
    (["loss=nll", "model.output=relu"], "nll_on_logits"),
    (["model.output=softmax"], "softmax_twice"),
    (["model.output=sigmoid"], "activation_on_logits"),
    (["model.output=relu"], "activation_on_logits"),
    (["model.output=tanh"], "activation_on_logits"),
    (["loss=bce_with_logits", "model.output=sigmoid"], "sigmoid_twice"),
    (["loss=bce", "model.output=logits"], "wrong_loss"),
    (["loss=mse"], "wrong_loss"),
    (["loss=mae"], "wrong_loss"),
    (["loss.scale=-1"], "loss_sign_flipped"),
    (["optimizer.maximize=true"], "loss_sign_flipped"),
    (["loss.class_weight=[1,0,1]"], "metric_mismatch"),
    (["loss.class_weight=[1,0.02,1]"], "metric_mismatch"),
    (["loss.class_weight=[25,20,1]"], "metric_mismatch"),
    (["loss.reduction=sum", "optimizer=sgd"], "loss_not_averaged"),
]


@pytest.mark.parametrize(("overrides", "cause"), PAIRINGS)
def test_settings_that_contradict_each_other(overrides, cause):
    assert first(run(*overrides)) == cause


@pytest.mark.parametrize(("overrides", "cause"), PAIRINGS)
def test_they_are_no_alarm_where_they_do_no_harm(overrides, cause):
    assert suspected(run(*overrides, accuracy=0.97)) == []


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["model.output=log_softmax"],
        ["loss=nll", "model.output=log_softmax"],
        ["loss=bce", "model.output=sigmoid"],
        ["loss.scale=-1", "optimizer.maximize=true"],
        ["reg.dropout=0.5"],
        ["loss.class_weight=balanced"],
        ["loss.class_weight=[1,0.3,1]"],
    ],
)
def test_settings_that_belong_together(overrides):
    assert conclude(run(*overrides, accuracy=0.97), nominate(run(*overrides, accuracy=0.97))) == []


def test_outputs():
    assert first(run("model.outputs=10", outputs=10)) == "wrong_output_size"
    single = run("model.output=softmax", "loss=bce", outputs=1, classes=["0", "1"])
    assert first(single) == "single_unit_softmax"


@pytest.mark.parametrize(
    ("labels", "loss", "fires"),
    [
        ([1, 2], "bce_with_logits", True),
        ([-1, 1], "bce_with_logits", True),
        ([0, 1, 2], "bce_with_logits", True),
        ([0, 1 / 255], "bce", True),
        ([0, 1], "bce_with_logits", False),
    ],
)
def test_raw_labels(labels, loss, fires):
    output = "sigmoid" if loss == "bce" else "logits"
    words = ("data.labels=raw", f"loss={loss}", f"model.output={output}")
    seen = run(*words, classes=labels, outputs=1)
    assert (first(seen) == "label_encoding") is fires


def test_unused_outputs_of_raw_labels():
    seen = run("data.labels=raw", "model.outputs=4", classes=[1, 2, 3], outputs=4)
    assert first(seen) == "label_encoding"


def scales(*values):
    names = [f"x{n}" for n in range(len(values))]
    values = np.array(values, dtype=float)
    return Inputs(names, values, values, np.isfinite(values))


def test_scales():
    large = scales(800, 1, 100, 5)
    assert first(run("data.scaling=none", inputs=large)) == "unscaled_features"
    assert first(run("data.scaling=none", inputs=scales(1e9, 1, 1, 2))) == "dominant_feature"
    assert first(run("data.scaling=none", inputs=scales(0.001, 0.002))) == "double_scaling"
    assert suspected(run("data.scaling=none", inputs=large, accuracy=0.97)) == []
    assert suspected(run("data.scaling=none", inputs=scales(6, 3, 4, 1), accuracy=0.97)) == []


def test_cells_that_are_no_numbers_are_told_whatever_the_score():
    seen = run("data.missing=none", inputs=scales(1, np.nan), accuracy=0.97)
    assert first(seen) == "nonfinite_inputs"


def test_rates():
    loud = {"update_ratio/layers.0": 0.5}
    assert first(run("optimizer=sgd", "optimizer.lr=3", signals=loud)) == "lr_too_high"
    assert first(run("optimizer.lr=0.3", signals=loud)) == "lr_too_high"
    quiet = {f"update_ratio/layers.{n}": 1e-6 for n in range(3)}
    assert first(run("optimizer.lr=1e-6", signals=quiet)) == "lr_too_low"
    assert first(run("optimizer.lr=1e-5", signals=quiet)) == "lr_too_low"
    assert suspected(run("optimizer=sgd", "optimizer.lr=0.1", accuracy=0.97)) == []


def test_the_rate_that_sgd_bears_falls_with_the_size_of_the_inputs():
    died = {"dead/layers.0": np.linspace(0, 1, EPOCHS + 1)}
    raw = {"inputs": scales(8, 9, 4, 8), "signals": died}  # as digits are, from 0 to 16
    seen = run("data.scaling=none", "optimizer=sgd", "optimizer.lr=0.1", **raw)
    found = conclude(seen, nominate(seen))
    assert {own.cause for own in found[:2]} == {"lr_too_high", "unscaled_features"}
    (fix,) = next(own.fix for own in found if own.cause == "lr_too_high")
    assert float(fix.partition("=")[2]) == pytest.approx(0.05 * 4 / 56.25, rel=0.01)
    for words, changes in (
        (["data.scaling=none", "optimizer=adam"], raw),  # whose steps do not grow with the inputs
        (["data.scaling=standard", "optimizer=sgd", "optimizer.lr=0.1"], raw),
        (["data.scaling=none", "optimizer=sgd", "optimizer.lr=0.1"], {**raw, "signals": None}),
        (["data.scaling=none", "optimizer=sgd"], {**raw, "inputs": scales(2, 1, 3, 1)}),
    ):
        assert "unscaled_features" not in suspected(run(*words, **changes))


def test_a_schedule_that_has_died():
    seen = run("scheduler=step")
    seen.history["lr"] = 1e-3 * 0.05 ** np.arange(EPOCHS)
    assert first(seen) == "lr_too_low"


def test_a_plateau_that_came_too_soon():
    seen = run("scheduler=plateau", "scheduler.patience=0")
    seen.history["lr"] = 1e-3 * 0.1 ** np.arange(EPOCHS)
    assert first(seen) == "lr_too_low"
    fine = run("scheduler=plateau", accuracy=0.97)
    fine.history["lr"] = 1e-3 * 0.1 ** np.arange(EPOCHS)
    assert suspected(fine) == []


def test_a_loss_that_is_multiplied():
    loud = {"update_ratio/layers.0": 0.5}
    seen = run("optimizer=sgd", "loss.scale=100", signals=loud)
    found = {own.cause: own.fix for own in conclude(seen, nominate(seen))}
    assert list(found)[:2] == ["loss_not_averaged", "lr_too_high"]
    assert found["loss_not_averaged"] == ("loss.scale=1.0",)
    assert found["lr_too_high"] == ("optimizer.lr=0.0005",)  # the scale stays, and multiplies it
    quiet = {f"update_ratio/layers.{n}": 1e-6 for n in range(3)}
    seen = run("optimizer=sgd", "loss.scale=1e-4", signals=quiet)
    (own,) = [own for own in nominate(seen) if own.cause == "lr_too_low"]
    assert own.fix == ("loss.scale=1.0",)
    # the steps of Adam are as long whatever the scale
    seen = run("loss.scale=100", signals=loud)
    assert "loss_not_averaged" not in [own.cause for own in nominate(seen)]


def test_a_warm_up_that_outlasts_the_run():
    seen = run("scheduler.warmup=1000")
    seen.history["lr"] = 1e-6 * np.arange(1, EPOCHS + 1)
    (found,) = [own for own in nominate(seen) if own.cause == "lr_too_low"]
    assert found.fix == ("scheduler.warmup=0",)
    assert first(seen) == "lr_too_low"
    short = run("scheduler.warmup=10")
    short.history["lr"] = np.minimum(1e-4 * np.arange(1, EPOCHS + 1), 1e-3)
    assert "lr_too_low" not in [own.cause for own in nominate(short)]


def test_a_diverged_run_with_a_high_rate():
    reason = "epoch 1, step 3: NaN or infinity began in the output of layers.2"
    seen = run("optimizer=sgd", "optimizer.lr=100", status="diverged", reason=reason)
    assert first(replace(seen, best_epoch=0)) == "lr_too_high"


def test_too_few_epochs():
    seen = run("trainer.epochs=2", losses=[1.0, 0.8])
    assert first(seen) == "undertrained"
    flat = run(losses=[1.0, *[0.3] * 11], accuracy=0.97)
    assert suspected(flat) == []


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_the_end_of_a_run_that_was_cut_off_was_no_choice(status):
    seen = run("trainer.epochs=50", losses=[1.0, 0.8, 0.6], status=status)
    assert "undertrained" not in [own.cause for own in nominate(seen)]
    done = run("trainer.epochs=3", losses=[1.0, 0.8, 0.6])
    assert "undertrained" in [own.cause for own in nominate(done)]


def test_a_run_that_patience_stopped_is_not_mended_by_more_epochs():
    seen = run("trainer.epochs=50", "reg.patience=1", losses=list(np.linspace(1, 0.5, 9)))
    (own,) = [own for own in nominate(seen) if own.cause == "undertrained"]
    assert own.fix == ("reg.patience=null",)
    # and one that had long been getting worse has not been stopped too soon
    late = [*np.linspace(1, 0.5, 5), *np.linspace(0.6, 0.9, 12)]
    seen = run("trainer.epochs=50", "reg.patience=12", losses=late)
    assert "undertrained" not in [own.cause for own in nominate(seen)]


def test_numbers_of_optimizers():
    flat = [1.0, *[0.9] * 11]
    assert first(run("optimizer.eps=0.1", losses=flat)) == "unsuitable_optimizer"
    slow = run("optimizer=sgd", "optimizer.momentum=0.99", losses=flat)
    assert first(slow) == "unsuitable_optimizer"


def test_batch_norm_of_two_rows():
    assert first(run("model.norm=batch", "trainer.batch_size=2")) == "batchnorm_mode"
    assert suspected(run("model.norm=batch", accuracy=0.97)) == []


@pytest.mark.parametrize(
    "word",
    [
        "reg.dropout=0.95",
        "reg.input_dropout=0.9",
        "reg.label_smoothing=0.9",
        "reg.weight_decay=100",
    ],
)
def test_too_much_regularization(word):
    found = conclude(run(word), nominate(run(word)))
    assert found[0].cause == "over_regularized"
    assert found[0].fix == (f"{word.partition('=')[0]}=0.0",)


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (["reg.dropout=0.4"], ["reg.dropout=0.0"]),
        (["reg.input_dropout=0.25"], ["reg.input_dropout=0.0"]),
        (["reg.label_smoothing=0.25"], ["reg.label_smoothing=0.0"]),
        (["optimizer.weight_decay=0.03"], ["optimizer.weight_decay=0.0"]),
        (["reg.weight_decay=0.2", "optimizer.lr=0.1"], ["reg.weight_decay=0.0"]),
        (
            ["reg.dropout=0.4", "optimizer.weight_decay=0.03"],
            ["reg.dropout=0.0", "optimizer.weight_decay=0.0"],
        ),
        # beside one that is beyond what is usual it is none that counts
        (["reg.dropout=0.9", "optimizer.weight_decay=0.03"], ["reg.dropout=0.0"]),
        (["reg.dropout=0.3"], None),
        (["reg.input_dropout=0.2"], None),
        (["reg.label_smoothing=0.1"], None),
        (["optimizer.weight_decay=0.001"], None),
        (["reg.weight_decay=0.01"], None),
    ],
)
def test_much_regularization_is_worth_a_rerun(words, fix):
    """On a run that does well nothing is said of it."""
    well = run(*words, accuracy=0.97)
    told = conclude(well, nominate(well))
    assert [own.verdict for own in told] in ([], ["harmless"])
    found = {own.cause: own for own in nominate(well)}.get("over_regularized")
    assert (None if found is None else list(found.fix)) == fix
    signs = [sign.finding.cause for sign in considered(well, nominate(well), told)]
    assert ("over_regularized" in signs) == (fix is not None)


def test_much_regularization_where_the_train_rows_are_not_learnt():
    """What is usual elsewhere is then suspected, and not only worth a re-run."""
    assert first(run("optimizer.weight_decay=0.03")) == "over_regularized"


@pytest.mark.parametrize(
    ("weights", "counts", "recall", "told"),
    [
        ("[10,3,1]", [500, 150, 30], 0.1, True),  # counts given for weights
        ("[10,3,1]", [500, 150, 30], 0.9, False),
        ("[1,3,10]", [500, 150, 30], 0.1, False),
        ("[1,1,1]", [500, 150, 30], 0.1, False),
        ("[10,3,1]", [50, 40, 30], 0.1, False),
    ],
)
def test_weights_that_raise_the_most_frequent_class(weights, counts, recall, told):
    true = np.repeat([0, 1, 2], [60, 30, 10])
    predicted = np.where((true < 2) | (np.arange(100) < 90 + 10 * recall), true, 0)
    part = Rows(true, predicted, true, np.eye(3)[true])
    seen = replace(run(f"loss.class_weight={weights}"), counts=np.array(counts), train=part)
    found = {own.cause: own for own in nominate(seen)}.get("class_imbalance")
    assert (found is not None) == told
    assert found is None or found.fix == ("loss.class_weight=balanced",)


@pytest.mark.parametrize(
    ("weights", "counts", "told"),
    [
        ("[40,1,1]", [40, 40, 26], True),
        ("[1,1,3]", [40, 40, 26], False),
        ("[1,1,20]", [500, 500, 26], False),  # as their shares ask for
        ("[20,1,1]", [500, 26, 26], True),  # the rare ones are missed for it
        ("balanced", [40, 40, 26], False),
        ("null", [40, 40, 26], False),
    ],
)
def test_weights_in_another_order_than_the_classes(weights, counts, told):
    seen = replace(run(f"loss.class_weight={weights}"), counts=np.array(counts))
    found = {own.cause: own for own in nominate(seen)}.get("class_imbalance")
    assert (found is not None) == told
    assert found is None or found.fix == ("loss.class_weight=balanced",)


@pytest.mark.parametrize(("weight", "worth"), [(0.002, False), (0.003, True)])
def test_a_penalty_that_weighs_little_beside_the_loss(weight, worth):
    falling = np.linspace(1.1, 0.3, EPOCHS)
    seen = run(f"reg.l2={weight}", losses=falling, penalty=0.1, accuracy=0.97)
    assert ("over_regularized" in [own.cause for own in nominate(seen)]) == worth


def test_a_penalty_that_falls_alone():
    flat = np.linspace(1.11, 1.09, EPOCHS)
    seen = run("reg.l1=0.1", losses=flat, penalty=np.linspace(60, 5, EPOCHS))
    found = conclude(seen, nominate(seen))
    assert found[0].cause == "penalty_dominates"
    assert "regularization holds the training down" in [own.value for own in found[0].evidence]
    assert "over_regularized" not in [own.cause for own in found]
    falling = np.linspace(1.1, 0.05, EPOCHS)
    small = run("reg.l2=0.0001", losses=falling, penalty=0.01, accuracy=0.97)
    assert conclude(small, nominate(small)) == []


def test_overfit_counts_only_in_the_weights_that_are_kept():
    losses = np.array([1.0, 0.5, 0.3, *np.linspace(0.4, 2.0, 9)])
    last = run("trainer.checkpoint=last", losses=losses, accuracy=0.9)
    last.history["train_accuracy"] = 1.0
    assert first(last) == "overfit"
    best = replace(last, best_epoch=3)
    assert "overfit" not in suspected(best)


@pytest.mark.parametrize(("up", "expected"), [(0.33, False), (0.38, True), (0.41, True)])
def test_a_small_rise_of_the_loss_is_worth_a_rerun(up, expected):
    losses = np.array([1.0, 0.5, 0.3, *np.linspace(0.3, up + 0.05, 9)])
    seen = run("trainer.checkpoint=last", losses=losses, accuracy=0.97)
    seen.history["train_accuracy"] = 1.01
    told = conclude(seen, nominate(seen))
    assert told == []
    found = [sign.finding.cause for sign in considered(seen, nominate(seen), told)]
    assert ("overfit" in found) == expected


def test_a_rise_of_the_loss_is_told_though_the_accuracy_is_good():
    losses = np.array([1.0, 0.5, 0.3, *np.linspace(0.3, 0.55, 9)])
    seen = run("trainer.checkpoint=last", losses=losses, accuracy=0.97)
    seen.history["train_accuracy"] = 1.01
    assert [(o.cause, o.verdict) for o in conclude(seen, nominate(seen))] == [
        ("overfit", "harmless")
    ]


@pytest.mark.parametrize(("largest", "cause"), [(1e5, "dominant_feature"),
                                               (1e4, "unscaled_features")])  # fmt: skip
def test_one_column_beside_large_ones(largest, cause):
    sizes = np.array([1.0, 30.0, largest])
    inputs = Inputs(["a", "b", "serial"], sizes, sizes, sizes > 0)
    assert first(run("data.scaling=none", inputs=inputs)) == cause


def test_large_columns_are_named():
    sizes = np.array([1.0, 300.0, 30.0, 2.0, 40.0, 50.0])
    inputs = Inputs([f"x{n}" for n in range(6)], sizes, sizes, sizes > 0)
    found = conclude(own := run("data.scaling=none", inputs=inputs), nominate(own))[0]
    assert found.cause == "unscaled_features"
    assert found.title.endswith(": x1, x5, x4, ...")


def test_a_run_that_is_cut_short_is_told_for_how_long_to_go_on():
    own = run(losses=np.linspace(1.1, 0.6, EPOCHS))
    (found,) = (one for one in nominate(own) if one.cause == "undertrained")
    assert found.fix == ("trainer.epochs=250",)
    assert found.evidence[0].expected == "until the loss stays, 1000 perhaps"


def test_initial_weights():
    alike = Units({"layers.0": 0.1}, {}, {"layers.0": 1.0})
    assert first(run("model.init=constant", units=alike)) == "bad_initialisation"
    wide = {f"weight_norm/layers.{n}": 60.0 for n in range(3)}
    seen = run("model.init=normal", "model.init_scale=5", signals={**wide, "slice_loss": 900.0})
    found = conclude(seen, nominate(seen))
    assert found[0].cause == "bad_initialisation"
    # what the same change mends is told once
    assert "exploding_gradients" not in [own.cause for own in found]
    same = [own.value for own in found[0].evidence if own.signal == "mended by the same change"]
    assert same == ["activations or gradients explode"]
    dead = Units({"layers.0": 1.0}, {}, {"layers.0": 0.0})
    assert first(run("model.bias_init=-10", units=dead)) == "dead_units"


def test_dead_units_are_a_consequence_of_a_rate_too_high():
    dead = Units({"layers.0": 1.0}, {}, {"layers.0": 0.0})
    seen = run("optimizer.lr=1", units=dead, signals={"update_ratio/layers.0": 0.5})
    found = suspected(seen)
    assert found[0] == "lr_too_high"
    assert "dead_units" in found


@pytest.mark.parametrize(("shares", "told"), [((0, 400, 0), False), ((130, 140, 130), True)])
def test_classes_under_other_names_need_two_that_show_it(shares, told):
    true = np.repeat(np.arange(3), shares)
    trees = (true + 1) % 3  # whatever is held out goes by another name
    part = Rows(true, trees, trees, np.eye(3)[trees])
    causes = [own.cause for own in nominate(run(accuracy=0.9, valid=part))]
    assert ("label_mapping_mismatch" in causes) == told


def test_vanishing_gradients():
    hidden = "model.hidden=[32,32,32,32,32,32]"
    norms = {f"gradient_norm/layers.{n}": 10.0 ** (n - 8) for n in range(7)}
    seen = run(hidden, "model.activation=sigmoid", signals=norms)
    assert first(seen) == "vanishing_gradients"
    # norms that were never finite are not small
    unknown = dict.fromkeys(list(norms)[:1], math.nan)
    for lost in (unknown, dict.fromkeys(norms, math.nan)):
        blown = run(hidden, signals={**norms, **lost}, status="diverged", reason="NaN")
        assert "vanishing_gradients" not in suspected(blown)


def test_a_rate_that_was_too_high_is_not_expected_to_be_higher():
    blown = run("optimizer=sgd", "optimizer.lr=0.01", status="diverged", reason="epoch 1: NaN")
    (found,) = (own for own in nominate(blown) if own.cause == "lr_too_high")
    assert found.fix == ("optimizer.lr=0.001",)
    assert found.evidence[0].expected == "about 0.001"


@pytest.mark.parametrize("left", [1e-3, 0.5])
def test_a_penalty_takes_the_layers_that_no_gradient_reaches(left):
    """While there are weights, the penalty's gradient stands in for that of the loss."""
    hidden = "model.hidden=[32,32,32,32,32,32]"
    shrinking = np.linspace(1, left, EPOCHS + 1)
    signals = {"gradient_norm/layers.0": 0.02 * shrinking**5, "weight_norm/layers.0": shrinking}
    for n in range(1, 7):
        signals |= {f"gradient_norm/layers.{n}": 0.3, f"weight_norm/layers.{n}": 1.0}
    seen = run(hidden, "model.activation=sigmoid", "reg.l2=0.003", signals=signals)
    assert (first(seen) == "vanishing_gradients") == (left < 0.05)


def test_capacity():
    flat = [1.0, *[0.9] * 11]
    narrow = {"weight_norm/layers.0": 1.0, "weight_norm/layers.1": math.sqrt(3)}
    seen = run("model.hidden=[1]", losses=flat, widths=(13, 1, 3), signals=narrow)
    assert first(seen) == "underfit_capacity"
    assert first(run("model=linear", losses=flat, widths=(13, 3))) == "underfit_capacity"
    assert first(run("model.activation=identity", losses=flat)) == "underfit_capacity"


def test_imbalance_that_is_never_named():
    true = np.repeat([0, 1], [380, 20])
    trees = true.copy()
    votes = np.eye(2)[trees] * 0.6 + 0.2
    blind = Rows(true, np.zeros(400, dtype=int), trees, votes)
    flat = [1.0, *[0.2] * 11]
    two = {"classes": ["no", "yes"], "counts": np.array([380, 20])}
    seen = run(valid=blind, train=blind, losses=flat, **two)
    assert first(replace(seen, outputs=2)) == "class_imbalance"
    handled = replace(seen, train=Rows(true, true, trees, votes), valid=None, outputs=2)
    assert suspected(handled) == []


@pytest.mark.parametrize(
    ("told", "rare", "frequent", "weight", "expected"),
    [
        (0.3, 16, 0.95, (), ["class_imbalance"]),
        (0.7, 16, 0.95, (), []),  # told often enough
        (0.3, 50, 0.95, (), ["class_imbalance"]),
        (0.3, 70, 0.95, (), []),  # not rare
        (0.3, 6, 0.95, (), []),  # too few rows to say
        (0.3, 16, 0.5, (), []),  # nothing is told well
        (0.3, 16, 0.95, ("loss.class_weight=balanced",), []),
    ],
)
def test_a_class_that_is_told_seldom_is_worth_a_rerun(told, rare, frequent, weight, expected):
    """Trees tell it no better; the other two classes are told well."""
    counts = np.array([200, rare, 150])
    true = np.repeat([0, 1, 2], counts)
    predicted = true.copy()
    for label, recall in ((0, frequent), (1, told), (2, 0.9)):
        rows = np.flatnonzero(true == label)
        predicted[rows[round(recall * len(rows)) :]] = (label + 1) % 3
    blind = np.where(true == 1, 0, true)
    part = Rows(true, predicted, blind, np.eye(3)[blind])
    seen = run(*weight, accuracy=0.97, valid=part, train=part, counts=counts)
    told_now = conclude(seen, nominate(seen))
    assert "class_imbalance" not in [own.cause for own in told_now]
    signs = considered(seen, nominate(seen), told_now)
    found = [sign for sign in signs if sign.finding.cause == "class_imbalance"]
    assert [sign.finding.cause for sign in found] == expected
    assert not any(sign.odd for sign in found)


def test_what_did_no_harm_that_is_seen_is_considered():
    odd = run("optimizer.eps=1", accuracy=0.97)
    assert conclude(odd, nominate(odd)) == []
    sign = considered(odd, nominate(odd), [])[0]
    assert (sign.finding.cause, sign.finding.verdict) == ("unsuitable_optimizer", "harmless")
    assert (sign.finding.fix, sign.odd) == (("optimizer.eps=1e-08",), True)
    # what is told is not considered besides, nor is what no setting mends
    harmed = run("optimizer.eps=1")
    told = conclude(harmed, nominate(harmed))
    assert "unsuitable_optimizer" in suspected(harmed)
    left = considered(harmed, nominate(harmed), told)
    assert "unsuitable_optimizer" not in [sign.finding.cause for sign in left]


def test_a_run_that_is_not_behind_is_left_in_peace():
    assert conclude(run(accuracy=0.97), nominate(run(accuracy=0.97))) == []


def test_the_change_of_the_loss_is_taken_apart():
    signals = {"val_moved_right": -0.02, "val_moved_wrong": 0.01, "val_moved_flips": -0.03}
    seen = run(signals=signals)
    found = explain(seen)
    assert found.right == pytest.approx(-0.02 * (EPOCHS + 1))
    assert found.prior_accuracy == pytest.approx(40 / 106)
    assert "from rows that were right already" in found.text()
    assert explain(replace(seen, signals=None)) is None


def rare(recall, scored=True, n=600, share=0.05, seed=0):
    """Validation rows of a run that ranks the rare class well and seldom names it."""
    rng = np.random.default_rng(seed)
    true = (rng.random(n) < share).astype(int)
    score = np.clip(0.1 + 0.3 * true + rng.normal(0, 0.03, n), 0, 1)
    named = (true == 1) & (rng.random(n) < recall)
    votes = np.tile([1 - share, share], (n, 1))
    scores = np.stack((1 - score, score), 1) if scored else None
    return Rows(true, named.astype(int), np.zeros(n, dtype=int), votes, scores)


def imbalanced(frequent=1900, **options):
    parts = {"valid": rare(**options), "train": rare(**options, n=2000, seed=1)}
    counts = np.array([frequent, 2000 - frequent])
    return run("data=breast_cancer", counts=counts, classes=["no", "yes"], outputs=2, **parts)


def test_a_rare_class_that_the_runs_own_scores_tell():
    (found,) = (
        n
        for n in nominate(imbalanced(recall=0.1))
        if n.cause == "class_imbalance" and n.strength > TRIED
    )
    assert "its own scores tell" in found.evidence[0].expected
    # one row of eight is rare, too; one of five is not
    for frequent, expected in ((1750, 1), (1600, 0)):
        told = nominate(imbalanced(frequent, recall=0.1))
        strong = [n for n in told if n.cause == "class_imbalance" and n.strength > TRIED]
        assert len(strong) == expected
    assert "hardly ever named" in found.explanation
    found = max(
        (n for n in nominate(imbalanced(recall=0.5)) if n.cause == "class_imbalance"),
        key=lambda n: n.strength,
    )
    assert "less often than the run could tell" in found.explanation


@pytest.mark.parametrize("options", [{"recall": 0.95}, {"recall": 0.1, "scored": False}])
def test_a_rare_class_that_is_named_or_cannot_be_told(options):
    found = [n for n in nominate(imbalanced(**options)) if n.strength > TRIED]
    assert "class_imbalance" not in [n.cause for n in found]


def test_batches_of_a_file_that_is_sorted():
    own = run("trainer.shuffle=false", accuracy=0.97, label_changes=0.02)
    (found,) = conclude(own, nominate(own))
    assert (found.cause, found.fix) == ("ordered_split", ("trainer.shuffle=true",))
    assert found.title.endswith(": batches")
    assert found.verdict == "harmless"
    lost = run("trainer.shuffle=false", label_changes=0.02)
    found, *_ = conclude(lost, nominate(lost))
    assert (found.cause, found.verdict) == ("ordered_split", "suspected")
    fine = run("trainer.shuffle=false", accuracy=0.97, label_changes=0.98)
    assert conclude(fine, nominate(fine)) == []
    # it comes before the dead units that it makes
    units = Units({"layers.0": 0.97}, {}, {"layers.0": 0.0})
    assert first(run("trainer.shuffle=false", label_changes=0.02, units=units)) == "ordered_split"


def test_fewer_outputs_than_classes():
    few = run("model.outputs=1", "loss=bce_with_logits", outputs=1)
    assert first(few) == "wrong_output_size"
    two = replace(few, classes=["a", "b"], counts=np.array([50, 50]))
    assert "wrong_output_size" not in [own.cause for own in nominate(two)]


def test_what_diverges_on_finite_inputs_has_too_high_a_rate():
    words = ["optimizer=sgd", "optimizer.lr=0.05"]
    assert first(run(*words, status="diverged", reason="epoch 1, step 4: NaN")) == "lr_too_high"
    ended = run(*words)
    assert "lr_too_high" not in [own.cause for own in conclude(ended, nominate(ended))]


def test_the_usual_rate_of_sgd_falls_with_small_batches():
    rates = {}
    for words in (["optimizer=sgd"], ["optimizer=adam"]):
        seen = run(*words, "trainer.batch_size=1", signals={"update_ratio/layers.0": 0.1})
        rates[words[0]] = [own for own in nominate(seen) if own.cause == "lr_too_high"]
    [found] = rates["optimizer=sgd"]
    assert found.fix == ("optimizer.lr=0.00156",)
    assert all(own.strength < found.strength for own in rates["optimizer=adam"])


def test_decay_that_sgd_adds_to_its_gradient():
    many = np.linspace(1.1, 0.9, 200)
    words = ["optimizer=sgd", "optimizer.weight_decay=0.05"]
    assert "over_regularized" in [own.cause for own in nominate(run(*words, losses=many))]
    few = run("optimizer=sgd", "optimizer.weight_decay=0.001", losses=many)
    assert "over_regularized" not in [own.cause for own in nominate(few)]


def test_a_loss_that_is_weighed_already_is_not_told_to_weigh():
    seen = imbalanced(recall=0.1)
    weighed = replace(seen.config, loss=replace(seen.config.loss, class_weight="balanced"))
    told = [own.cause for own in nominate(replace(seen, config=weighed))]
    assert "class_imbalance" not in told


def test_accuracy_that_pays_for_recall_is_behind_only_where_no_weights_ask_for_it():
    true = np.repeat([0, 1], [1900, 100])
    named = np.where(np.arange(2000) < 150, 1, true)  # all rows of the rare class, and others
    trees = np.where(np.arange(2000) >= 1950, 0, true)  # half of them
    part = Rows(true, named, trees, np.eye(2)[trees])
    for weights, behind in (
        ("null", True),
        ("[1,19]", False),
        ("balanced", False),
        ("[19,1]", True),
    ):
        own = run("data=breast_cancer", f"loss.class_weight={weights}", outputs=2)
        own = replace(own, counts=np.array([1900, 100]), classes=["no", "yes"])
        assert replace(own, valid=part, train=part).is_behind is behind
        assert part.plain(behind).get("traded", False) is not behind
    told = part.plain(True, weighed=True)
    assert (told["recall"], told["possible_recall"]) == (np.mean([1750 / 1900, 1]), 0.75)
    text = Diagnosis([], scores={"valid": told}).text()
    assert "mean recall 0.961 where theirs is 0.750, weighed alike" in text


@pytest.mark.parametrize(("blur", "behind"), [(0.0, False), (0.3, False), (2.0, True)])
def test_where_one_class_makes_the_accuracy_the_order_of_the_others_counts(blur, behind):
    rng = np.random.default_rng(0)
    true = (np.arange(2000) < 80).astype(int)
    other, run_ = (true * 2.5 + rng.normal(size=2000) for _ in range(2))
    run_ = run_ + blur * rng.normal(size=2000)
    shares = [1 / (1 + np.exp(-own)) for own in (other / 4, run_ / 4)]
    votes, scores = (np.stack((1 - own, own), 1) for own in shares)
    nobody = np.zeros(2000, dtype=int)
    part = Rows(true, nobody, nobody, votes, scores)
    own = run(valid=part, train=None, counts=np.array([1920, 80]), classes=["no", "yes"])
    assert own.is_behind == behind
    half = replace(own, counts=np.array([1000, 1000]))
    assert not half.is_behind  # there the accuracy shows it


def test_a_rate_that_makes_up_for_an_epsilon_is_put_back_with_it():
    fixes = {
        rate: [o.fix for o in nominate(run("optimizer.eps=1", f"optimizer.lr={rate}"))]
        for rate in (0.1, 0.001)
    }
    assert ("optimizer.eps=1e-08", "optimizer.lr=0.001") in fixes[0.1]
    assert ("optimizer.eps=1e-08",) in fixes[0.001]


def test_a_falling_schedule_does_not_hide_what_the_rate_did_before():
    losses = [2.0, 0.3, 0.7, 6.0, 0.8, 0.6, 0.4, 0.3, 0.25, 0.2, 0.19, 0.18]
    rates = np.linspace(0.5, 0.0, len(losses))
    seen = run("optimizer=sgd", "optimizer.lr=0.5", losses=losses)
    flat = seen.history.assign(lr=0.5)
    fallen = seen.history.assign(lr=rates)
    strengths = [
        max(o.strength for o in nominate(replace(seen, history=own)) if o.cause == "lr_too_high")
        for own in (flat, fallen)
    ]
    assert strengths[0] == 0.35
    assert strengths[1] == 0.75


def test_a_layer_that_never_moves_is_named_where_its_steps_would_show():
    still = {"update_ratio/layers.1": 0.0}
    told = run("optimizer=sgd", "optimizer.lr=0.1", signals=still)
    assert "parameters_not_updated" in [own.cause for own in nominate(told)]
    # of weights that have run off to infinity no step is felt
    away = np.r_[11.0, np.full(EPOCHS, math.inf)]
    gone = run("optimizer=sgd", "optimizer.lr=0.1", signals={**still, "weight_norm/layers.1": away})
    assert "parameters_not_updated" not in [own.cause for own in nominate(gone)]


def test_a_column_with_infinite_cells_has_no_size():
    sizes = np.r_[np.inf, np.ones(12)]
    inputs = Inputs([f"x{n}" for n in range(13)], sizes, sizes, np.isfinite(sizes))
    told = [own.cause for own in nominate(run("data.missing=none", inputs=inputs))]
    assert "nonfinite_inputs" in told
    assert "dominant_feature" not in told


@pytest.mark.parametrize(
    ("cause", "possible", "first_of_all"),
    [
        ("label_mapping_mismatch", 0.55, True),  # others lose 0.42 from train to held-out rows
        ("label_mapping_mismatch", 0.95, False),
        ("duplicate_leak", 0.95, True),  # which others have learnt by heart
        ("conflicting_labels", 0.55, False),
    ],
)
def test_what_spoils_the_yardstick_comes_before_what_the_run_is_behind_it(
    cause, possible, first_of_all
):
    seen = run(accuracy=0.45, valid=rows(0.45, possible), train=rows(0.6, seed=1))
    of_run = Nomination("lr_too_low", (Evidence("lr", 1, "2"),), "so", ("optimizer.lr=1",), 0.8)
    of_table = Nomination(cause, (Evidence("a", 1, "2"),), "so", (), 0.85)
    told = [own.cause for own in conclude(seen, [of_run, of_table])]
    assert (told[0] == cause) is first_of_all


LAYERS = [f"update_ratio/layers.{layer}" for layer in range(3)]


@pytest.mark.parametrize(
    ("most", "end", "last_rate", "strength"),
    [
        (0.2, 0.0, 1.0, 0.75),  # thrown to where there is no gradient
        (0.2, 5e-4, 1.0, 0.6),  # it moves yet
        (0.2, 0.0, 0.1, 0.6),  # the rate itself has fallen
        (0.01, 0.0, 1.0, 0.35),
    ],
)
def test_long_steps_at_the_beginning_tell_of_a_rate_too_high(most, end, last_rate, strength):
    moved = np.r_[np.geomspace(most / 5, most, 4), np.full(EPOCHS - 3, end)]
    seen = run("optimizer.lr=0.01", signals=dict.fromkeys(LAYERS, moved))
    seen.history["lr"] = np.geomspace(0.01, 0.01 * last_rate, EPOCHS)
    (found,) = [own for own in nominate(seen) if own.cause == "lr_too_high"]
    assert found.strength == strength


def test_marks_that_make_the_scale_come_before_what_a_scale_brings_about():
    evidence = (Evidence("cells that are -999", 40, "none"),)
    marks = Nomination("sentinel_values", evidence, "no measurement", (), 0.9, of_scale=True)
    scale = Nomination("unscaled_features", evidence, "as measured", (), 0.95)
    optimizer = Nomination("unsuitable_optimizer", evidence, "no momentum", (), 0.85)
    found = conclude(run(), [scale, optimizer, marks])
    assert found[0].cause == "sentinel_values"
    found = conclude(run(), [scale, optimizer, replace(marks, of_scale=False)])
    assert found[0].cause == "unscaled_features"


def nothing_told(fix=()):
    """That no column tells of the label, as the audit says it of inputs and of labels."""
    seen = (Evidence("accuracy of trees on rows they did not see", 0.34, "above 0.33"),)
    return [
        Nomination("label_permuted", seen, "shuffled", (), 0.85, certain=True),
        Nomination("uninformative_inputs", seen, "empty", fix, 0.6, certain=True),
    ]


@pytest.mark.parametrize(
    ("accuracy", "told"),
    [(0.41, ["label_permuted", "uninformative_inputs"]), (0.47, [])],  # the majority: 0.35
)
def test_a_run_that_tells_the_classes_disproves_that_nothing_does(accuracy, told):
    own = run(accuracy=accuracy, valid=rows(accuracy, possible=0.34))
    assert sorted(item.cause for item in conclude(own, nothing_told())) == told


def test_what_a_setting_mends_and_labels_of_other_rows_stand_whatever_the_run_tells():
    own = run(accuracy=0.9, valid=rows(0.9, possible=0.34))
    slip = (Evidence("accuracy of trees with the label of the row 1 row later", 0.9, "0.34"),)
    slipped = Nomination("label_permuted", slip, "slipped", (), 0.98, certain=True)
    _, empty = nothing_told(("data.decimal=comma",))
    told = conclude(own, [slipped, empty])
    assert sorted(item.cause for item in told) == ["label_permuted", "uninformative_inputs"]


def test_columns_that_give_the_label_away_disprove_that_nothing_tells_it():
    alike = (Evidence("accuracy by which of 'a' and 'b' is larger", 1.0, "less"),)
    pair = Nomination("target_leak", alike, "made from them", ("data.drop=[a,b]",), 0.7)
    told = conclude(run(accuracy=0.35), [pair, *nothing_told()])
    assert [item.cause for item in told] == ["target_leak"]


def test_a_column_left_out_that_would_tell_the_label_is_told_alone():
    why = (Evidence("why column 'price' is left out", "numbers written like '1.234,5'", "numbers"),)
    words = {"subject": "price", "title": "numbers are left out as text"}
    price = Nomination("uninformative_inputs", why, "as text", (), 0.85, **words)
    (own,) = conclude(run(accuracy=0.35), [*nothing_told(), price])
    assert (own.title, own.explanation) == ("numbers are left out as text: price", "as text")


@pytest.mark.parametrize(
    ("train", "valid", "told"),
    [
        (1.0, 0.6, False),  # it has learnt its rows by heart
        (1.0, 0.5, True),  # and is behind
        (0.7, 0.66, False),  # better than others tell rows that they have not seen
        (0.7, 0.5, True),
        (0.41, 0.6, True),
    ],
)
def test_regularization_holds_nothing_down_where_train_rows_are_learnt(train, valid, told):
    own = run(
        "reg.dropout=0.95",
        train=rows(train, possible=0.4, seed=1),
        valid=rows(valid, possible=0.6),
    )
    causes = [item.cause for item in conclude(own, nominate(own))]
    assert ("over_regularized" in causes) == told
    signs = {sign.finding.cause: sign.odd for sign in considered(own, nominate(own), [])}
    assert signs["over_regularized"] == told  # a proof may try it nevertheless
