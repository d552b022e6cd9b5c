"""Healthy runs of diagnosis_unseen.py: plain ones, and near misses that look like a mistake."""

from __future__ import annotations

from collections.abc import Sequence

import diagnosis_unseen_splits as part
import diagnosis_unseen_steps as do
from diagnosis_case import PARTS, Case, sgd
from diagnosis_faults import Step, cut, step
from diagnosis_unseen_tables import ALL

HEALTHY: list[Case] = []
ADAM = ("optimizer=adam", "optimizer.lr=0.003")


def own(name: str, width: int = 32) -> tuple[str, ...]:
    """The words that name a module of diagnosis_unseen_modules.py."""
    target = f"model._target_=diagnosis_unseen_modules.{name}"
    return ("model=custom", target, f"model.args.width={width}", "reg.dropout=0")


def healthy(name: str, table: str, *overrides: str, steps: Sequence[Step] = ()) -> None:
    """Note a healthy run."""
    number, _, remark = name.partition(" ")
    case = ".".join(filter(None, (number, table, remark)))
    HEALTHY.append(Case(case, table, overrides, transform=tuple(steps)))


def _plain() -> None:
    for table in ALL:
        HEALTHY.append(Case(f"H01.{table}.seed1", table, ("seed=1",), seed=1))
        healthy("H01 split", table, "seeds.split=4")
        healthy("H27 dropout", table, "model.hidden=[200]", "reg.dropout=0.5")
        healthy("H54 adam", table, *ADAM)
    for table in ("clicks", "labs", "turbines", "likert"):
        healthy("H54 rmsprop", table, "optimizer=rmsprop", "optimizer.lr=0.002")
        healthy("H07 stopped", table, "trainer.epochs=150", "reg.patience=8")


def _settings() -> None:
    healthy("H04 sgd", "glyphs", *sgd(0.1, 0.5))
    healthy("H04 sgd", "words", *sgd(0.05))
    healthy("H04 slow", "glyphs", "optimizer.lr=0.0004", "scheduler=constant", "trainer.epochs=150")
    healthy("H04 slow", "turbines", "optimizer.lr=0.003", "trainer.epochs=200")
    healthy("H04 slow", "claims", "optimizer.lr=0.0003", "trainer.epochs=150")
    healthy("H07 plateau", "likert", "trainer.epochs=120")
    healthy("H07 plateau", "turbines", "trainer.epochs=120")
    healthy("H11 leaky", "glyphs", "model.activation=leaky_relu")
    healthy("H11 tanh", "claims", "model.activation=tanh")
    healthy("H11 batchnorm", "turbines", "model.norm=batch")
    healthy("H11 layernorm", "words", "model.norm=layer")
    healthy("H11 skip", "turbines", "model.hidden=[48,48]", "model.skip=true")
    healthy("H11 selu", "likert", "model.activation=selu")
    healthy("H17 nll", "words", "loss=nll", "model.output=log_softmax")
    healthy("H17 logsoftmax", "glyphs", "model.output=log_softmax")
    healthy("H17 bce", "clicks", "loss=bce_with_logits")
    healthy("H17 bce", "claims", "loss=bce", "model.output=sigmoid")
    healthy("H22 onecycle", "words", "scheduler=one_cycle", "optimizer.lr=0.01")
    healthy("H22 plateau", "claims", "scheduler=plateau", "trainer.epochs=40")
    healthy("H22 warmup", "turbines", "scheduler.warmup=5")
    healthy("H26 smoothing", "glyphs", "reg.label_smoothing=0.1")
    healthy("H26 smoothing", "words", "reg.label_smoothing=0.05")
    healthy("H30 weighted", "labs", "loss.class_weight=balanced")
    healthy("H56 clipped", "turbines", "reg.grad_clip=1")
    for name, table in (("Plain", "glyphs"), ("Plain", "claims"), ("Normed", "turbines"),
                        ("Dropping", "claims"), ("Registered", "turbines")):  # fmt: skip
        healthy(f"H24 {name.lower()}", table, *own(name, 48))
    healthy("N16 sum", "glyphs", "loss.reduction=sum", *sgd(0.001))
    healthy("N60 decay", "claims", "reg.weight_decay=1")
    healthy("N60 l2", "bits", "reg.l2=0.03")
    healthy("N60 l1", "words", "reg.l1=0.0002")


def _tables() -> None:
    level = step(do.token, each=100)
    healthy("N27 levels", "clicks", "data.categorical=[landing,token]", steps=[level])
    healthy("N27 embedded", "clicks", "data.encoding=embedding")
    healthy("N27 ordinal", "likert", "data.scaling=minmax")
    healthy("N21 raw", "likert", "data.scaling=none", *ADAM)
    healthy("N21 raw", "words", "data.scaling=none", "optimizer.lr=0.01")
    healthy("N21 wide", "claims", "data.scaling=robust")
    healthy("N22 scaled", "turbines", steps=[step(do.clock, first=1.7e12, every=6e4)])
    healthy("N22 account", "clicks", steps=[step(do.account, digits=8)])
    healthy("N26 tail", "claims", "data.scaling=standard")
    healthy("N26 robust", "turbines", "data.scaling=robust",
            steps=[PARTS, step(do.lost_point, by=30.0, columns=("s3_kurt",))])  # fmt: skip
    healthy("N23 same", "glyphs", steps=[PARTS, step(do.rescale, by=0.1, add=3.0)])
    gone = ("q02", "q07", "q13")
    healthy("N31 blank", "likert", steps=[step(do.unplug, share=0.1, columns=gone)])
    healthy("N32 random", "turbines", "data.indicator=false",
            steps=[step(do.unplug, share=0.1, columns=("s0_mean", "s2_peak"))])  # fmt: skip
    healthy("N32 told", "clicks", steps=[step(do.hide_extremes, columns=("price", "seconds"))])
    healthy("N32 knn", "labs", "data.missing=knn")
    healthy("N34 equal", "clicks",
            steps=[PARTS, step(do.unplug, share=0.3, columns=("price", "visits"))])  # fmt: skip
    healthy("N35 few", "claims", "data.missing=drop",
            steps=[step(do.unplug, share=0.02, columns=("age", "margin"))])  # fmt: skip
    healthy("N37 little", "clicks", steps=[step(do.mistake_for, share=0.02, labels=(0, 1))])
    healthy("N37 little", "glyphs", steps=[step(do.guess, share=0.03)])
    balanced = "loss.class_weight=balanced"
    healthy("N40 weighted", "turbines", balanced,
            steps=[step(do.make_rare, label="loose", rows=90)])  # fmt: skip
    healthy("N40 learnt", "glyphs", steps=[step(do.make_rare, label=6, rows=40)])
    healthy("N40 learnt", "words", balanced)
    healthy("H10 blurred", "glyphs", "trainer.epochs=60", steps=[step(do.blur, size=1.5)])
    healthy("H10 blurred", "turbines", "model.hidden=[16]", steps=[step(do.blur, size=1.2)])
    healthy("H25 few", "claims", "trainer.batch_size=16", "trainer.epochs=40", "reg.l2=0.01",
            steps=[step(cut, rows=500)])  # fmt: skip
    measured = step(part.remeasure, times=2, jitter=0.02, where=("train",))
    for table in ("turbines", "labs"):
        healthy("N44 train only", table, steps=[PARTS, measured])
    healthy("N42 copies", "bits", steps=[PARTS, step(do.contradict, share=0.3, agree=True)])
    grouped = ("data.split.method=group", "data.split.by=machine", "data.drop=[]")
    healthy("N46 grouped", "turbines", *grouped)
    healthy("N46 windows", "turbines", "seeds.split=7")
    healthy("N49 later", "turbines", steps=[step(part.last_rows)])
    healthy("N49 slight", "clicks",
            steps=[step(part.drift, deviations=0.05, columns=("price", "hour"))])  # fmt: skip
    healthy("N50 sorted", "glyphs", steps=[step(part.by_label)])
    healthy("N50 sorted", "claims", steps=[step(part.by_label)])
    healthy("N51 fewer", "clicks", "data.split.valid=0.08")
    separable = step(do.rescale, by=0.01)
    healthy("N45 separable", "turbines", steps=[step(part.clear, size=6.0), separable])
    healthy("N45 separable", "likert", steps=[step(part.clear, size=4.0)])


for _register in (_plain, _settings, _tables):
    _register()
