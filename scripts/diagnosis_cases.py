"""Runs with a known mistake, their twins without it, and healthy runs, to try a diagnosis on.

Numbers F.. and H.. are those of the catalogue of faults and controls that the benchmark follows:
F01-F20 loss, output and labels; F21-F28 features; F29-F35 missing cells; F36-F43 labels; F44-F51
splits and leaks; F52-F57 optimisation; F58-F60 network; F61 an identifier that is memorised; P..
two mistakes at once; H.. healthy runs and near misses. What only a loop of one's own can do wrong,
or only another kind of loss, is in `ELSEWHERE`.

A case is a plain command line and, where the mistake is in the table, a CSV that is made for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import diagnosis_faults as do
import numpy as np
from diagnosis_case import HOLD, PARTS, RAW, SCORES, Case, sgd
from diagnosis_case import commands as commands
from diagnosis_controls import CONTROLS as CONTROLS
from diagnosis_faults import Step, step
from diagnosis_tables import PIMA_ZEROS, TABLES

ELSEWHERE = {
    "F13": "accuracy taken element by element of one-hot targets: a metric of one's own",
    "F17": "outputs (N, 1) against targets (N,): a loss of one's own",
    "F18": "argmax over a single logit: a metric of one's own",
    "F19": "ignore_index=0: a loss of one's own",
    "F56": "no zero_grad, unregistered parameters, a stale optimizer: a loop of one's own",
    "F57": "batch norm in the wrong mode: a loop of one's own",
    "H18": "Gaussian likelihood: not among the losses",
    "H19": "uncertainty-weighted loss: not among the losses",
    "H20": "rounding below zero of BCE: bce cuts its probabilities",
    "H21": "warm restarts: not among the schedules",
    "H23": "gradient accumulation: a loop of one's own",
    "H24": "a layer frozen on purpose: a module of one's own",
}
CASES: list[Case] = []


def make(
    name: str,
    table: str,
    causes: str,
    *overrides: str,
    steps: Sequence[Step] = (),
    base: Sequence[Step] = (),
    same: Sequence[str] = (),
    clean: Sequence[str] = (),
    clean_steps: Sequence[Step] | None = None,
    score: str = "accuracy",
    kind: str = "test",
    fair: bool = True,
) -> Case:
    """A case.

    Arguments:
        name: its number and what is special; the table's name is put between.
        table, score, kind, fair: as in `Case`.
        causes: accepted ids with a | between, and of a pair a + between those of each mistake.
        overrides: the mistake.
        steps: the mistake in the table.
        base: what is done to the table first, of the twin too.
        same: overrides of both.
        clean: overrides of the twin alone.
        clean_steps: what is done to the twin's table in the place of `steps`.
    """
    number, _, remark = name.partition(" ")
    case = ".".join(filter(None, (number, table, remark)))
    accepted = [tuple(ids.split("|")) for ids in causes.split("+")]
    return Case(
        case,
        table,
        (*same, *overrides),
        accepted[0],
        (*base, *steps),
        (*same, *clean),
        (*base, *(clean_steps or ())),
        tuple(accepted) if len(accepted) > 1 else (),
        score,
        kind,
        fair=fair,
    )


def fault(*words: str, **options: Any) -> None:
    """Note a case; arguments as for `make`."""
    CASES.append(make(*words, **options))


def _loss_faults() -> None:
    nll = ("loss=nll", "model.output=softmax")
    fault("F01", "wine", "nll_on_probabilities", *nll)
    fault("F01", "letter", "nll_on_probabilities", *nll)
    fault("F01 sgd", "digits", "nll_on_probabilities", *nll, same=sgd(0.01, 0.9))
    fault("F01 sgd", "vowel", "nll_on_probabilities", *nll, same=sgd(0.05))
    fault("F01", "soybean", "nll_on_probabilities", *nll, same=sgd(0.02))
    fault("F02", "digits", "nll_on_logits", "loss=nll")
    fault("F02", "adult", "nll_on_logits", "loss=nll")
    fault("F02 sgd", "wine", "nll_on_logits", "loss=nll", same=sgd(0.05))
    fault("F02 relu", "vowel", "nll_on_logits", "loss=nll", "model.output=relu")
    for table in ("digits", "iris", "letter", "machines"):
        fault("F03", table, "nll_on_probabilities", "loss=nll", "model.output=sigmoid")
    two = ("loss=bce_with_logits",)
    for table in ("breast_cancer", "moons", "mammographic"):
        relabelled = step(do.relabel, values=(1, 2))
        fault("F04", table, "label_encoding", RAW, same=two, base=[relabelled])
    for table in ("breast_cancer", "pima", "circles"):
        relabelled = step(do.relabel, values=(-1, 1))
        fault("F05", table, "label_encoding", RAW, same=two, base=[relabelled])
    three, bce = step(do.relabel, values=(0, 1, 2)), ("loss=bce", "model.output=sigmoid")
    fault("F06", "iris", "label_encoding", "loss=bce_with_logits", RAW, base=[three])
    fault("F06", "blobs", "label_encoding", "loss=bce_with_logits", RAW, base=[PARTS])
    counted = step(do.relabel, values=(1, 2, 3))
    fault("F06", "wine", "label_encoding", *bce, RAW, base=[counted])
    for table in ("breast_cancer", "people"):
        small = step(do.relabel, values=(0.0, 1 / 255))
        fault("F07", table, "label_encoding", RAW, same=two, base=[small])
    for table in ("wine", "letter", "digits", "car"):
        fault("F08", table, "softmax_twice", "model.output=softmax")
    fault("F08 sgd", "vowel", "softmax_twice", "model.output=softmax", same=sgd(0.02))
    fault("F08 sgd", "soybean", "softmax_twice", "model.output=softmax", same=sgd(0.02))
    for table in ("breast_cancer", "moons", "adult"):
        fault("F09", table, "sigmoid_twice", "loss=bce_with_logits", "model.output=sigmoid")
    fault("F09", "oil_spill", "sigmoid_twice", "model.output=sigmoid", same=two, score=SCORES[1])
    one = ("loss=bce", "model.output=softmax", "model.outputs=1")
    for table in ("breast_cancer", "moons", "titanic"):
        fault("F10", table, "single_unit_softmax", *one)
    for table, output in (
        ("wine", "relu"),
        ("letter", "relu"),
        ("digits", "tanh"),
        ("soybean", "tanh"),
        ("vowel", "relu"),
        ("car", "sigmoid"),
    ):
        fault(f"F11 {output}", table, "activation_on_logits", f"model.output={output}")
    mse = ("loss=mse", "model.output=softmax")
    fault("F12", "digits", "wrong_loss", *mse, same=sgd(0.05))
    fault("F12", "letter", "wrong_loss", *mse, same=sgd(0.05))
    fault("F12 mae", "vowel", "wrong_loss", "loss=mae", "model.output=softmax")
    fault("F12 mae", "soybean", "wrong_loss", "loss=mae", "model.output=softmax")
    fault("F12 codes", "vowel", "wrong_loss", "loss=mse")
    fault("F14", "wine", "wrong_output_size", "model.outputs=10")
    fault("F14", "letter", "wrong_output_size", "model.outputs=500")
    fault("F14", "iris", "wrong_output_size", "model.outputs=200")
    for table in ("wine", "people", "digits"):
        fault("F15", table, "loss_sign_flipped", "loss.scale=-1")
    for table in ("iris", "moons"):
        fault("F15 climb", table, "loss_sign_flipped", "optimizer.maximize=true")
    for table, settings in (
        ("digits", sgd(0.05)),
        ("letter", sgd(0.05)),
        ("people", (*sgd(0.1), "trainer.batch_size=128")),
        ("breast_cancer", (*sgd(0.2), "trainer.batch_size=128", "trainer.epochs=30")),
        ("car", ()),
    ):
        fault("F16", table, "loss_not_averaged", "loss.reduction=sum", same=settings)
    both = "penalty_dominates|over_regularized"
    fault("F20 l1", "breast_cancer", both, "reg.l1=0.1")
    fault("F20 l2", "wine", both, "reg.l2=1")
    fault("F20 l1", "digits", both, "reg.l1=0.05")
    fault("F20 l2", "letter", both, "reg.l2=0.1")
    fault("F20 l1", "people", both, "reg.l1=0.3")


def _feature_faults() -> None:
    raw = "data.scaling=none"
    scale, both = "unscaled_features", "unscaled_features|dominant_feature"
    fault("F21", "breast_cancer", scale, raw, same=sgd(0.01))
    fault("F21", "wine", both, raw)
    fault("F21 sgd", "wine", both, raw, same=sgd(0.02))
    fault("F21", "pima", scale, raw)
    fault("F21", "adult", both, raw)
    fault("F21", "nsl_kdd", both, raw)
    fault("F21", "fashion", scale, raw, same=(*sgd(0.1), "trainer.epochs=30"))
    fault("F21 units", "classification", scale, raw, base=[step(do.magnify, decades=4)])
    fault("F21 units", "vowel", scale, raw, base=[step(do.magnify, decades=3)])
    fault("F21 units", "machines", scale, raw, base=[step(do.magnify, decades=5)])
    for table, first, every in (
        ("classification", 1, 1),
        ("iris", 1000, 1),
        ("breast_cancer", 1.7e9, 60),
        ("moons", 1, 10),
    ):
        standard = [step(do.standardise)] if table == "breast_cancer" else []
        fault(
            "F22",
            table,
            "dominant_feature",
            same=(raw,),
            base=standard,
            steps=[step(do.add_rows_number, first=first, by=every)],
        )
    for table in ("wine", "breast_cancer", "vowel", "machines"):
        fault(
            "F23",
            table,
            "preprocessing_mismatch",
            same=(raw,),
            base=[PARTS],
            steps=[step(do.standardise, where=("train",))],
            clean_steps=[step(do.standardise)],
        )
    fault(
        "F23 pixels",
        "digits",
        "preprocessing_mismatch",
        same=(raw,),
        base=[PARTS],
        steps=[step(do.divide, by=16.0, where=("train",))],
        clean_steps=[step(do.divide, by=16.0)],
    )
    fault(
        "F23 units",
        "electricity",
        "preprocessing_mismatch",
        base=[PARTS],
        steps=[step(do.divide, by=100.0, where=("valid", "test"))],
    )
    for table, scaled, by, settings in (
        ("digits", step(do.divide, by=16.0), 255.0, ()),
        ("digits", step(do.divide, by=16.0), 255.0, sgd(0.05)),
        ("fashion", step(do.divide, by=255.0), 255.0, ()),
        ("breast_cancer", step(do.standardise), 1000.0, sgd(0.05)),
        ("letter", step(do.standardise), 1000.0, ()),
    ):
        fault(
            "F24 sgd" if settings else "F24",
            table,
            "double_scaling",
            same=(raw, *settings),
            base=[scaled],
            steps=[step(do.divide, by=by)],
        )
    fault(
        "F25 zscore",
        "classification",
        "constant_feature|nonfinite_inputs",
        base=[step(do.constant_column)],
        steps=[step(do.standardise)],
        same=("data.missing=none",),
    )
    for table, columns, size in (
        ("wine", 13, 1e6),
        ("moons", 1, 1e5),
        ("iris", 4, 1e4),
        ("breast_cancer", 30, 1e7),
        ("classification", 5, 1e5),
        ("electricity", 4, 1e4),
    ):
        fault(
            "F26",
            table,
            "outlier_crushed_feature",
            same=("data.scaling=minmax", "optimizer.lr=0.01", "trainer.epochs=40"),
            base=[PARTS],
            steps=[step(do.outlier, size=size, columns=columns)],
        )
    fault(
        "F26 standard",
        "moons",
        "outlier_crushed_feature",
        base=[PARTS],
        steps=[step(do.outlier, size=1e6, columns=2)],
    )
    codes = "categorical_as_number"
    fault("F27", "shops", codes, "data.categorical=[]")
    fault("F27 linear", "shops", codes, "data.categorical=[]", same=("model=linear",))
    fault("F27 ordinal", "mushroom", codes, "data.encoding=ordinal", same=("model=linear",))
    longer = ("model=linear", "optimizer.lr=0.03", "trainer.epochs=60")
    # not fair: the linear twin is no healthy run, since model=mlp is better by 0.05
    fault("F27 ordinal", "car", codes, "data.encoding=ordinal", same=longer, fair=False)
    fault("F27 codes", "adult", codes, steps=[step(do.codes_of_texts)])
    fault("F27 codes", "soybean", codes, steps=[step(do.codes_of_texts)])
    nothing = "uninformative_inputs|label_permuted"
    for table in ("digits", "people", "wine"):
        fault("F28", table, nothing, steps=[step(do.noise_for_features)])
    fault("F28 flat", "breast_cancer", "uninformative_inputs", steps=[step(do.flat_features)])
    fault("F28 flat", "digits", "uninformative_inputs", steps=[step(do.flat_features, rows=8)])


def _missing_faults() -> None:
    none = "data.missing=none"
    for table, share in (("wine", 0.01), ("classification", 0.01), ("digits", 0.002)):
        fault("F29", table, "nonfinite_inputs", none, base=[step(do.nonfinite, share=share)])
    fault("F29", "titanic", "nonfinite_inputs", none)
    for table, value in (("wine", np.inf), ("breast_cancer", -np.inf), ("letter", np.inf)):
        lost = step(do.nonfinite, cells=1, value=value)
        fault("F30", table, "nonfinite_inputs", none, base=[PARTS, lost])
    for table, columns, share, value in (
        ("people", ("income", "balance", "age"), 0.3, -999.0),
        ("people", ("income",), 0.03, 99999999.0),
        ("classification", 5, 0.1, -999.0),
        ("vowel", 4, 0.1, 9999.0),
        ("breast_cancer", 10, 0.05, -9999.0),
        ("machines", ("temperature", "pressure"), 0.15, -999.0),
    ):
        fault(
            f"F31 {value:g}",
            table,
            "sentinel_values",
            steps=[step(do.blank, share=share, columns=columns, fill=value)],
            clean_steps=[step(do.blank, share=share, columns=columns)],
        )
    fault(
        "F31 zeros",
        "pima",
        "sentinel_values",
        steps=[step(do.blank_to_zero, columns=PIMA_ZEROS)],
    )
    for table, columns, slope in (
        ("people", ("income", "balance"), 2.0),
        ("machines", ("vibration", "pressure"), 3.0),
        ("moons", ("x1", "x2"), 4.0),
        ("pima", ("glucose", "bmi"), 3.0),
    ):
        fault(
            "F32",
            table,
            "informative_missingness",
            "data.indicator=false",
            base=[step(do.blank_high, columns=columns, slope=slope)],
        )
    fault("F32", "horse_colic", "informative_missingness", "data.indicator=false")
    for table, column, label in (
        ("people", "hours", 1),
        ("breast_cancer", "mean smoothness", 0),
        ("pima", "skin_thickness", 1),
        ("adult", "hours-per-week", ">50K"),
        ("titanic", "Fare", 1),
    ):
        fault(
            "F33",
            table,
            "missingness_leak",
            kind="optimism",
            base=[HOLD],
            steps=[step(do.blank_by_label, column=column, label=label)],
        )
    for table, columns, where in (
        ("people", ("income", "balance", "age"), ("valid", "test")),
        ("wine", 8, ("valid", "test")),
        ("classification", 5, ("test",)),
        ("vowel", 5, ("valid", "test")),
        ("breast_cancer", 20, ("test",)),
    ):
        fault(
            "F34 " + "+".join(where),
            table,
            "missingness_shift",
            base=[PARTS, step(do.blank, share=0.05, columns=columns)],
            steps=[step(do.blank, share=0.6, columns=columns, where=where)],
        )
    for table, column, label, share in (
        ("people", "hours", 1, 0.95),
        ("breast_cancer", "mean smoothness", 0, 0.96),
        ("machines", "current", "leak", 0.97),
    ):
        lost = step(do.blank_by_label, column=column, label=label, share=share, otherwise=0.25)
        fault(
            "F35",
            table,
            "deletion_bias",
            "data.missing=drop",
            base=[HOLD, lost],
            clean=("data.indicator=false",),
            kind="honest",
            score=SCORES[1],
            fair=False,  # it fills the cells in, and still throws away what they tell
        )


def _label_faults() -> None:
    nothing = "label_permuted|uninformative_inputs"
    for table in ("digits", "wine", "letter", "people"):
        fault("F36", table, nothing, steps=[step(do.shuffle_labels)])
    for table, share in (
        ("breast_cancer", 0.3),
        ("digits", 0.4),
        ("moons", 0.25),
        ("mushroom", 0.2),
        ("vowel", 0.3),
        ("wine", 0.3),
    ):
        fault("F37", table, "label_noise", steps=[step(do.flip_labels, share=share)])
    fault(
        "F37 train",
        "letter",
        "label_noise",
        base=[PARTS],
        steps=[step(do.flip_labels, share=0.4, where=("train", "valid"))],
    )
    mapping = "label_mapping_mismatch"
    fault("F38", "wine", mapping, base=[PARTS], steps=[step(do.swap_labels, pairs=((1, 2),))])
    pairs = (("A", "H"), ("B", "T"), ("M", "W"), ("I", "L"))
    fault("F38", "letter", mapping, base=[PARTS], steps=[step(do.swap_labels, pairs=pairs)])
    fault("F38 turned", "digits", mapping, base=[PARTS], steps=[step(do.turn_labels)])
    fault("F38", "people", mapping, base=[PARTS], steps=[step(do.swap_labels, pairs=((0, 1),))])
    for table in ("digits", "letter", "breast_cancer", "classification"):
        fault("F39", table, nothing, steps=[step(do.shift_labels)])
    fault("F39 sorted", "wine", nothing, steps=[step(do.shift_labels)])
    rare = ("data.rows=3000", "data.weights=[0.95,0.05]", "data.class_sep=0.6", "data.flip_y=0.02")
    balanced = ("loss.class_weight=balanced",)
    fault("F40", "classification", "class_imbalance", same=rare, clean=balanced, score=SCORES[1])
    for table in ("oil_spill", "mammography"):
        fault("F40", table, "class_imbalance", clean=balanced, score=SCORES[1])
    fault(
        "F40 thinned",
        "people",
        "class_imbalance",
        base=[step(do.thin_class, label=1, rows=90)],
        clean=balanced,
        score=SCORES[1],
    )
    coded = (RAW, "model.outputs=4")
    fault(
        "F41",
        "iris",
        "label_encoding|wrong_output_size",
        *coded,
        base=[step(do.relabel, values=(1, 2, 3))],
    )
    fault(
        "F41",
        "wine",
        "label_encoding|wrong_output_size",
        *coded,
        base=[step(do.relabel, values=(1, 2, 3))],
    )
    for table, share in (("classification", 0.5), ("car", 0.5), ("blobs", 0.4), ("moons", 0.3)):
        fault(
            "F42",
            table,
            "conflicting_labels",
            base=[PARTS],
            steps=[step(do.repeat_rows, share=share, conflict=True)],
            clean_steps=[step(do.repeat_rows, share=share, conflict=False)],
        )
    for table, classes in (
        ("digits", (9,)),
        ("letter", ("C", "Q", "X")),
        ("wine", (2,)),
        ("machines", ("leak",)),
        ("blobs", (3,)),
    ):
        fault(
            "F43", table, "unseen_class", base=[PARTS], steps=[step(do.drop_class, classes=classes)]
        )


def _split_faults() -> None:
    wide = ("model.hidden=[128]", "trainer.epochs=40")
    for table, share, times in (
        ("pima", 0.5, 1),
        ("titanic", 0.5, 2),
        ("people", 0.6, 1),
        ("mammographic", 0.5, 2),
        ("machines", 0.6, 2),
        ("adult", 0.6, 1),
        ("wine", 0.4, 1),
    ):
        fault(
            "F44",
            table,
            "duplicate_leak",
            kind="optimism",
            same=wide,
            base=[PARTS],
            steps=[step(do.copy_into_train, share=share, times=times)],
        )
    for table, noise in (
        ("pima", 0.05),
        ("titanic", 0.05),
        ("classification", 0.2),
        ("fashion", 0.05),
        ("breast_cancer", 0.05),
    ):
        fault(
            "F45",
            table,
            "target_leak",
            kind="optimism",
            base=[HOLD],
            steps=[step(do.leak, noise=noise)],
        )
    fault(
        "F45 real",
        "weather",
        "target_leak",
        kind="optimism",
        base=[HOLD, step(do.forget, column="RISK_MM")],
        clean=("data.drop=[RISK_MM]",),
        same=("data.drop=[]",),
    )
    group = ("data.split.method=group", "data.split.by=patient")
    # new patients and speakers are not like those trained on, and there is little of them
    fault("F46", "patients", "group_leak", kind="optimism", clean=group, fair=False)
    speaker = ("data.split.method=group", 'data.split.by="Speaker Number"')
    fault(
        "F46",
        "speakers",
        "group_leak",
        kind="optimism",
        base=[step(do.split_speakers, column="Speaker Number", honest=5)],
        clean=speaker,
        fair=False,
    )
    fault(
        "F47",
        "wine",
        "selection_leak",
        kind="optimism",
        base=[step(do.shuffle_labels), HOLD],
        steps=[step(do.select_columns, noise=2000, keep=20)],
        clean_steps=[step(do.noise_for_features)],
        fair=False,  # there is nothing to learn
    )
    for table, levels in (("pima", 300), ("people", 1200), ("adult", 1000)):
        fault(
            "F48",
            table,
            "selection_leak",
            kind="optimism",
            base=[PARTS],
            steps=[step(do.encode_by_target, levels=levels)],
            clean_steps=[step(do.encode_by_target, levels=levels, honestly=True)],
        )
    for table, deviations, columns, where in (
        ("classification", 2.0, 3, ("test",)),
        ("wine", 2.5, 4, ("valid", "test")),
        ("breast_cancer", 3.0, 8, ("test",)),
        ("electricity", 2.0, 3, ("valid", "test")),
        ("digits", 1.5, 12, ("test",)),
    ):
        fault(
            "F49 " + "+".join(where),
            table,
            "distribution_shift",
            base=[PARTS],
            steps=[step(do.shift_rows, deviations=deviations, columns=columns, where=where)],
        )
    for table, column in (("people", "age"), ("adult", "age")):
        fault(
            f"F49 {column}",
            table,
            "distribution_shift",
            steps=[step(do.split_by_order, column=column)],
            clean_steps=[PARTS],
        )
    order = ("data.split.shuffle=false", "data.split.stratify=false")
    sort = step(do.sort_by_class)
    for table in ("wine", "iris", "machines"):
        fault("F50", table, "ordered_split|unseen_class", *order, base=[sort])
    fault("F50 file", "car", "ordered_split|distribution_shift", *order)
    unshuffled = "trainer.shuffle=false"
    for table in ("digits", "people", "vowel", "mushroom"):
        fault("F50 batches", table, "ordered_split", unshuffled, same=sgd(0.1), base=[sort])
    fault("F50 batches-adam", "car", "ordered_split", unshuffled, base=[sort])
    for table, share in (
        ("moons", 0.015),
        ("breast_cancer", 0.035),
        ("people", 0.006),
        ("classification", 0.01),
    ):
        fault(
            "F51",
            table,
            "validation_too_small",
            f"data.split.valid={share}",
            kind="noise",
        )


def _training_faults() -> None:
    high, low = "lr_too_high", "lr_too_low"
    for table, settings, right in (
        ("digits", sgd(1), sgd(0.05)),
        ("digits", sgd(3, 0), sgd(0.1, 0)),
        ("wine", sgd(3), sgd(0.02)),
        ("letter", ("optimizer.lr=0.1",), ()),
        ("digits", ("optimizer.lr=0.3",), ()),
        ("people", ("optimizer.lr=1",), ()),
        ("car", ("optimizer.lr=0.3",), ()),
        ("machines", ("optimizer=rmsprop", "optimizer.lr=0.5"), ("optimizer=rmsprop",)),
        ("vowel", sgd(0.7), sgd(0.05)),
        ("moons", sgd(30, 0), sgd(0.3, 0)),
        ("letter", sgd(0.5), sgd(0.03)),
    ):
        name = "-".join(word.partition("=")[2] for word in settings)
        fault(f"F52 {name}", table, high, *settings, clean=right)
    dead = ("scheduler=step", "scheduler.step_size=1", "scheduler.gamma=0.05")
    for table, settings, right in (
        ("digits", ("optimizer.lr=1e-6",), ()),
        ("digits", dead, ()),
        ("wine", sgd(1e-5), sgd(0.02)),
        ("letter", ("optimizer.lr=1e-5",), ()),
        ("car", dead, ()),
        ("people", sgd(1e-5), sgd(0.02)),
        ("classification", ("optimizer.lr=3e-5",), ()),
        ("vowel", ("scheduler=cosine", "scheduler.warmup=29.9"), ()),
        ("soybean", sgd(1e-4, 0), sgd(0.3, 0)),
    ):
        name = "-".join(word.partition("=")[2] for word in settings)
        fault(f"F53 {name}", table, low, *settings, clean=right)
    other = "unsuitable_optimizer"
    fault("F54 sgd", "ravine", other, *sgd(0.1, 0))
    fault("F54 eps", "ravine", other, "optimizer.eps=0.3", "optimizer.lr=0.03")
    fault("F54 momentum", "wine", other, *sgd(0.05, 0.995), clean=sgd(0.05, 0.9))
    fault("F54 eps", "letter", other, "optimizer.eps=1", "optimizer.lr=0.1")
    for table, epochs, settings in (
        ("digits", 2, ("optimizer.lr=0.001",)),
        ("letter", 3, ()),
        ("vowel", 4, ()),
        ("wine", 3, ()),
        ("soybean", 2, ()),
        ("circles", 3, ()),
        ("car", 2, ()),
    ):
        fault("F55", table, "undertrained", f"trainer.epochs={epochs}", same=settings)


def _network_faults() -> None:
    dead = "dead_units|bad_initialisation"
    for table, bias in (("digits", -10), ("classification", -20), ("letter", -30), ("moons", -5)):
        settings = () if table == "moons" else (*sgd(0.05), "reg.l2=0.002")
        fault("F58a", table, dead, f"model.bias_init={bias}", same=settings)
    deep = "[32,32,32,32,32,32,32,32,32,32,32,32]"
    vanish = "vanishing_gradients"
    for table, activation in (("digits", "sigmoid"), ("wine", "sigmoid"), ("people", "sigmoid")):
        fault("F58b", table, vanish, f"model.hidden={deep}", f"model.activation={activation}")
    fault(
        "F58b small",
        "digits",
        "vanishing_gradients|bad_initialisation",
        "model.init_scale=0.1",
        same=("model.hidden=[32,32,32,32,32,32,32,32]", "model.activation=tanh", *sgd(0.05)),
    )
    fault(
        "F58b small",
        "letter",
        "vanishing_gradients|bad_initialisation",
        "model.init_scale=0.2",
        same=("model.hidden=[64,64,64,64,64,64]", *sgd(0.05)),
    )
    big = "exploding_gradients|bad_initialisation"
    for table, spread in (("digits", 5), ("breast_cancer", 5), ("letter", 2), ("people", 10)):
        fault("F58c", table, big, "model.init=normal", f"model.init_scale={spread}")
    for table, size in (("digits", 0.5), ("wine", 0.1), ("letter", 0.05), ("moons", 1)):
        fault(
            "F58d",
            table,
            "bad_initialisation",
            "model.init=constant",
            f"model.init_scale={size}",
        )
    for table in ("digits", "people"):
        fault("F58d zeros", table, "bad_initialisation", "model.init=zeros")
    small = "underfit_capacity"
    fault("F59a", "circles", small, "model.hidden=[1]")
    fault("F59a linear", "circles", small, "model=linear", clean=("model.hidden=[64,64]",))
    fault("F59a", "letter", small, "model.hidden=[2]")
    fault("F59a", "vowel", small, "model.hidden=[3]")
    fault("F59a identity", "moons", small, "model.activation=identity")
    fault("F59a linear", "electricity", small, "model=linear")
    fault("F59a", "digits", small, "model.hidden=[2]")
    wide = ("trainer.checkpoint=last", "trainer.epochs=40", "model.hidden=[512,512]")
    right = ("reg.l2=0.01", "model.hidden=[32]")
    made = ("data.rows=600", "data.flip_y=0.1", "data.class_sep=1.5")
    for table, same in (("titanic", ()), ("mammographic", ()), ("pima", ()), ("adult", ())):
        fault("F59b", table, "overfit", *wide, same=same, clean=right)
    fault("F59b", "classification", "overfit", *wide, same=made, clean=right)
    few = (step(do.add_noise_columns, count=50), step(do.cut, rows=600))
    fault("F59b few", "machines", "overfit", *wide, base=few, clean=("reg.l1=0.003",))
    reg = "over_regularized"
    fault("F60a", "breast_cancer", reg, "reg.dropout=0.95")
    fault("F60a", "digits", reg, "reg.dropout=0.95")
    fault("F60a", "letter", reg, "reg.dropout=0.9")
    fault("F60a inputs", "vowel", reg, "reg.input_dropout=0.7")
    for table, decay in (("breast_cancer", 100), ("digits", 30), ("people", 60)):
        fault("F60b", table, reg, f"reg.weight_decay={decay}")
    for table, penalty in (("wine", 0.1), ("vowel", 0.03), ("car", 0.03)):
        fault("F60c", table, f"{reg}|penalty_dominates", f"reg.l1={penalty}")
    fault("F60d", "breast_cancer", reg, "reg.label_smoothing=0.9")
    fault("F60d", "letter", reg, "reg.label_smoothing=0.95")
    many = "data.max_levels=5000"
    fault(
        "F61",
        "classification",
        "identifier_feature",
        "data.categorical=[code]",
        many,
        steps=[step(do.add_name)],
        same=("trainer.checkpoint=last",),
    )
    fault(
        "F61",
        "titanic",
        "identifier_feature",
        'data.categorical=["Name","Ticket"]',
        many,
        same=("trainer.checkpoint=last",),
    )
    fault(
        "F61",
        "vowel",
        "identifier_feature",
        "data.categorical=[code]",
        many,
        steps=[step(do.add_name)],
    )


def _pairs() -> None:
    raw = "data.scaling=none"
    fault("P01", "wine", "unscaled_features|dominant_feature+lr_too_high", raw, *sgd(1))
    fault("P02", "breast_cancer", "unscaled_features+over_regularized", raw, "reg.weight_decay=100")
    fault(
        "P03",
        "moons",
        "label_encoding+undertrained",
        RAW,
        "trainer.epochs=2",
        same=("loss=bce_with_logits",),
        base=[step(do.relabel, values=(1, 2))],
    )
    fault(
        "P04",
        "people",
        "class_imbalance+label_noise",
        base=[step(do.thin_class, label=1, rows=150)],
        steps=[step(do.flip_labels, share=0.1)],
        clean=("loss.class_weight=balanced",),
        score=SCORES[1],
    )
    wide = ("trainer.checkpoint=last", "trainer.epochs=40", "model.hidden=[512,512]")
    fault(
        "P05",
        "pima",
        "target_leak+overfit",
        *wide,
        base=[HOLD],
        steps=[step(do.leak, noise=0.5)],
        kind="optimism",
    )
    fault(
        "P06",
        "vowel",
        "preprocessing_mismatch+over_regularized",
        "reg.dropout=0.9",
        same=(raw,),
        base=[PARTS],
        steps=[step(do.standardise, where=("train",))],
        clean_steps=[step(do.standardise)],
    )
    fault(
        "P07",
        "people",
        "sentinel_values+undertrained",
        "trainer.epochs=1",
        steps=[step(do.blank, share=0.3, columns=("income", "balance"), fill=-999.0)],
        clean_steps=[step(do.blank, share=0.3, columns=("income", "balance"))],
    )
    fault("P08", "digits", "softmax_twice+lr_too_low", "model.output=softmax", "optimizer.lr=1e-5")
    fault(
        "P09",
        "titanic",
        "duplicate_leak+overfit",
        *wide,
        base=[PARTS],
        steps=[step(do.copy_into_train, share=0.5)],
        kind="optimism",
    )
    fault(
        "P10",
        "vowel",
        "label_permuted|uninformative_inputs+overfit",
        *wide,
        steps=[step(do.shuffle_labels)],
    )
    fault(
        "P11",
        "oil_spill",
        "penalty_dominates|over_regularized+class_imbalance",
        "reg.l1=0.1",
        clean=("loss.class_weight=balanced",),
        score=SCORES[1],
    )
    fault(
        "P12",
        "digits",
        "vanishing_gradients+lr_too_low",
        "model.hidden=[32,32,32,32,32,32,32,32,32,32]",
        "model.activation=sigmoid",
        "optimizer.lr=1e-5",
    )
    fault(
        "P13",
        "classification",
        "dominant_feature+label_noise",
        same=(raw,),
        steps=[step(do.add_rows_number, by=10), step(do.flip_labels, share=0.2)],
    )
    fault(
        "P14",
        "digits",
        "lr_too_high+label_noise",
        *sgd(1),
        steps=[step(do.flip_labels, share=0.3)],
        clean=sgd(0.05),
    )
    fault("P15", "machines", "unscaled_features+undertrained", raw, "trainer.epochs=1")
    fault(
        "P16",
        "shops",
        "categorical_as_number+lr_too_low",
        "data.categorical=[]",
        "optimizer.lr=1e-5",
    )
    fault(
        "P17",
        "letter",
        "nll_on_probabilities+lr_too_high",
        "loss=nll",
        "model.output=softmax",
        "optimizer.lr=0.1",
    )


for _register in (
    _loss_faults,
    _feature_faults,
    _missing_faults,
    _label_faults,
    _split_faults,
    _training_faults,
    _network_faults,
    _pairs,
):
    _register()


def twins(cases: Iterable[Case], taken: Iterable[Case] = ()) -> list[Case]:
    """The healthy twins of single faults, each work once and none that `taken` holds."""
    seen = {case.work for case in taken}
    found = []
    for case in cases:
        twin = case.twin()
        if case.pair or case.control or not case.fair or twin.work in seen:
            continue
        seen.add(twin.work)
        found.append(twin)
    return found


def available(cases: Iterable[Case], data: Path) -> list[Case]:
    """Those whose real table is there."""
    files = {case.id: TABLES[case.table].file for case in cases}
    return [case for case in cases if not files[case.id] or (data / files[case.id]).exists()]
