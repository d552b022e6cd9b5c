"""Healthy runs of scripts/bench_diagnosis.py: of these a diagnosis should say nothing.

H.. are the controls of the catalogue, each with what a published rule stumbles over; N.. are near
misses of the fault of that number.
"""

from __future__ import annotations

from collections.abc import Sequence

import diagnosis_faults as do
from diagnosis_case import PARTS, RAW, Case, sgd
from diagnosis_faults import Step, step
from diagnosis_tables import TABLES

CONTROLS: list[Case] = []


def healthy(name: str, table: str, *overrides: str, steps: Sequence[Step] = ()) -> None:
    """Note a healthy run."""
    number, _, remark = name.partition(" ")
    case = ".".join(filter(None, (number, table, remark)))
    CONTROLS.append(Case(case, table, overrides, transform=tuple(steps)))


def _controls() -> None:
    for table in TABLES:
        if table not in ("oil_spill", "mammography", "ravine", "patients", "speakers"):
            healthy("H01", table)
    first = ("digits", "wine", "iris", "breast_cancer", "moons", "circles", "blobs")
    for table in (*first, "classification"):
        for seed in range(1, 5):
            case = Case(f"H01.{table}.seed{seed}", table, (f"seed={seed}",), seed=seed)
            CONTROLS.append(case)
    healthy("H02 strong", "breast_cancer", "reg.l2=0.003")
    healthy("H03 normal", "letter", "data.scaling=standard")
    healthy("H03 normal", "digits", "data.scaling=standard")
    healthy("H04", "digits", *sgd(0.1, 0))
    healthy("H04", "letter", *sgd(0.1, 0.5))
    healthy("H04", "people", *sgd(0.05, 0))
    healthy("H05", "fashion", "reg.dropout=0.6", "model.hidden=[256]")
    healthy("H05", "letter", "reg.dropout=0.5", "model.hidden=[512]", "trainer.epochs=50")
    weights = ("data.weights=[0.95,0.05]", "data.class_sep=2", "data.flip_y=0", "data.rows=3000")
    healthy("H06 rare", "classification", *weights)
    healthy("H07 plateau", "digits", "trainer.epochs=60")
    healthy("H07 plateau", "iris", "trainer.epochs=60")
    healthy("H08 converged", "mushroom", "trainer.epochs=40")
    healthy("H09 tiny", "blobs", "data.std=0.5", "trainer.epochs=40")
    healthy("H10 bayes", "moons", "data.noise=0.5", "model.hidden=[16]")
    healthy("H10 noisy", "moons", "data.noise=0.35", "model.hidden=[32]", "optimizer.lr=0.02")
    healthy("H10 bayes", "circles", "data.noise=0.2", "data.factor=0.6", "model.hidden=[16]")
    healthy("H11 relu", "letter", "model.hidden=[256]")
    healthy("H11 leaky", "digits", "model.activation=leaky_relu")
    healthy("H11 tanh", "vowel", "model.activation=tanh")
    healthy("H11 selu", "wine", "model.activation=selu")
    healthy("H11 batchnorm", "digits", "model.norm=batch")
    healthy("H11 layernorm", "people", "model.norm=layer")
    healthy("H12 sparse", "soybean", "reg.l2=0.001")
    healthy("H12 sparse", "mushroom", "data.scaling=none")
    healthy("H13 constant", "wine", steps=[step(do.constant_column)])
    healthy("H13 unscaled", "digits", "data.scaling=none")
    healthy("H14 strong", "iris", "data.drop=[]", "data.scaling=none")
    lost = step(do.blank, share=0.2, columns=("income", "balance", "age", "hours"))
    healthy("H15 random", "people", "data.indicator=false", steps=[lost])
    healthy(
        "H15 random", "wine", "data.indicator=false", steps=[step(do.blank, share=0.2, columns=6)]
    )
    healthy("H15 random", "digits", steps=[step(do.nonfinite, share=0.05)])
    high = step(do.blank_high, columns=("income", "balance"))
    healthy("H16 indicator", "people", steps=[high])
    healthy("H16 knn", "people", "data.missing=knn", steps=[high])
    healthy("H17 logsoftmax", "wine", "model.output=log_softmax")
    healthy("H17 logsoftmax", "letter", "model.output=log_softmax")
    healthy("H17 nll", "digits", "model.output=log_softmax", "loss=nll")
    healthy("H17 bce", "moons", "loss=bce_with_logits")
    healthy("H17 bce", "breast_cancer", "loss=bce", "model.output=sigmoid")
    healthy("H17 mse", "people", "loss=mse", "model.output=sigmoid")
    healthy(
        "H17 tanh",
        "moons",
        "loss=mse",
        "model.output=tanh",
        RAW,
        steps=[step(do.relabel, values=(-1, 1))],
    )
    healthy(
        "H17 minus-one",
        "breast_cancer",
        "loss=bce_with_logits",
        steps=[step(do.relabel, values=(-1, 1))],
    )
    healthy("H22 warmup", "digits", "scheduler.warmup=3")
    healthy("H22 onecycle", "letter", "scheduler=one_cycle", "optimizer.lr=0.01")
    healthy("H22 cosine", "vowel", "scheduler=cosine", "optimizer.lr=0.005")
    healthy("H22 plateau", "people", "scheduler=plateau")
    healthy("H25 few", "iris", "data.split.valid=0.2", "seeds.split=3")
    healthy("H25 few", "wine", "data.split.valid=0.17", "seeds.split=2")
    healthy("H26 smoothing", "digits", "reg.label_smoothing=0.1")
    healthy("H26 smoothing", "vowel", "reg.label_smoothing=0.05")
    healthy("H27 dropout", "digits", "reg.dropout=0.5")
    healthy("H27 dropout", "people", "reg.dropout=0.4", "model.hidden=[64]")
    healthy("H28 duplicates", "mammographic", "reg.l2=0.003")
    healthy("H28 duplicates", "letter", "seeds.split=1")
    healthy("H28 discrete", "people", "data.drop=[income,hours,balance]")
    healthy(
        "H29 shift",
        "classification",
        steps=[PARTS, step(do.shift_rows, deviations=0.1, columns=3)],
    )
    healthy(
        "H29 time", "weather", "data.split.method=time", "data.split.by=Date", "optimizer.lr=0.02"
    )
    healthy("H30 weighted", "people", "loss.class_weight=[1,2]")
    healthy("H30 weighted", "car", "loss.class_weight=balanced")
    # near misses of single faults
    healthy("N16 sum", "digits", "loss.reduction=sum", *sgd(0.001))
    healthy("N21 raw", "iris", "data.scaling=none")
    healthy("N21 wide", "moons", "data.scaling=none")
    healthy("N22 grade", "people", steps=[step(do.grade_column)])
    healthy("N22 scaled", "classification", steps=[step(do.add_rows_number)])
    healthy("N26 skewed", "people", steps=[step(do.skewed_column)])
    healthy(
        "N26 robust",
        "wine",
        "data.scaling=robust",
        steps=[PARTS, step(do.outlier, size=1e3, columns=1)],
    )
    healthy("N27 grade", "machines", steps=[step(do.grade_column)])
    healthy("N31 below", "machines", "data.drop=[vendor]")
    healthy(
        "N34 equal", "people", steps=[PARTS, step(do.blank, share=0.3, columns=("age", "hours"))]
    )
    healthy(
        "N35 few",
        "people",
        "data.missing=drop",
        steps=[step(do.blank, share=0.01, columns=("age", "hours", "income"))],
    )
    healthy("N37 little", "classification", "data.flip_y=0.05")
    healthy("N37 little", "breast_cancer", steps=[step(do.flip_labels, share=0.02)])
    healthy("N38 weak", "blobs", "data.std=5", "data.seed=3")
    healthy("N43 rare", "digits", steps=[step(do.thin_class, label=9, rows=25)])
    healthy(
        "N42 copies",
        "classification",
        steps=[PARTS, step(do.repeat_rows, share=0.3, conflict=False)],
    )
    healthy("N46 groups", "people", steps=[step(do.add_name)])
    healthy("N50 sorted", "wine", steps=[step(do.sort_by_class)])
    healthy("N50 sorted", "digits", steps=[step(do.sort_by_class)])
    healthy("N54 momentum", "vowel", *sgd(0.05))
    healthy("N54 rmsprop", "letter", "optimizer=rmsprop")
    healthy("N54 adamw", "fashion", "optimizer=adamw", "optimizer.lr=0.001")
    healthy("N55 stopped", "letter", "trainer.epochs=60", "reg.patience=5")
    healthy("N59a linear", "wine", "model=linear", "optimizer.lr=0.02")
    healthy("N59a linear", "breast_cancer", "model=linear", "optimizer.lr=0.01")
    healthy("N59b stopped", "adult", "model.hidden=[128]", "reg.patience=3")
    healthy("N60 little", "breast_cancer", "reg.weight_decay=0.1")
    healthy("N60 little", "digits", "reg.l2=0.0001")
    healthy("N60 little", "people", "reg.dropout=0.2", "reg.l1=0.0001")
    healthy("N61 wide", "breast_cancer", "model.hidden=[64]", "reg.l2=0.01")


_controls()
