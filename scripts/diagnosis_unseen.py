"""Cases of scripts/bench_diagnosis.py --unseen: tables and mistakes that no rule has seen.

The tables are those of diagnosis_unseen_tables.py. The mistakes are made in ways of their own, by
diagnosis_unseen_steps.py, diagnosis_unseen_splits.py and the modules of
diagnosis_unseen_modules.py, in sizes and on networks of their own. A rule that has learnt from
these cases is to be judged on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import diagnosis_unseen_steps as do
from diagnosis_case import PARTS, Case, sgd
from diagnosis_cases import make
from diagnosis_faults import step
from diagnosis_unseen_controls import HEALTHY, own
from diagnosis_unseen_data import BOTH, DATA, LAST, UNSCALED

FAULTS: list[Case] = []
PENALTY = "penalty_dominates|over_regularized"


def fault(name: str, table: str, causes: str, *overrides: str, **options: Any) -> None:
    """Note a case; arguments as for `make`."""
    FAULTS.append(make(name, table, causes, *overrides, **options))


def module(
    name: str,
    table: str,
    causes: str,
    wrong: str,
    right: str = "Plain",
    width: int = 32,
    words: Sequence[str] = (),
    **options: Any,
) -> None:
    """Note a case of somebody's own module, with `words` beside it; the twin has the right one."""
    mistake = (*own(wrong, width), *words)
    FAULTS.append(make(name, table, causes, *mistake, clean=own(right, width), **options))


def _losses() -> None:
    probabilities = "nll_on_probabilities"
    nll = "loss=nll"
    fault("F01", "glyphs", probabilities, nll, "model.output=softmax", same=sgd(0.03))
    fault("F01", "words", probabilities, nll, "model.output=softmax", same=sgd(0.1))
    fault("F03", "turbines", probabilities, nll, "model.output=sigmoid")
    module("F01 module", "turbines", probabilities, "EndsInSoftmax", words=(nll,))
    fault("F02", "claims", "nll_on_logits", nll)
    fault("F02 relu", "turbines", "nll_on_logits|activation_on_logits", nll, "model.output=relu")
    fault("F02 module", "glyphs", "nll_on_logits", nll, same=own("Plain"))
    twice = "softmax_twice"
    fault("F08", "turbines", twice, "model.output=softmax", same=("optimizer.lr=0.005",))
    fault("F08", "words", twice, "model.output=softmax", same=sgd(0.08))
    fault("F08", "likert", twice, "model.output=softmax", same=("optimizer.lr=0.002",))
    module("F08 module", "glyphs", twice, "EndsInSoftmax", same=sgd(0.02))
    bce, squashed = "loss=bce_with_logits", "model.output=sigmoid"
    fault("F09", "claims", "sigmoid_twice", squashed, same=(bce, *sgd(0.01)))
    fault("F09", "bits", "sigmoid_twice", squashed, same=(bce,))
    module("F09 module", "claims", "sigmoid_twice", "EndsInSigmoid", same=(bce,))
    single = ("loss=bce", "model.output=softmax", "model.outputs=1")
    for table in ("clicks", "bits"):
        fault("F10", table, "single_unit_softmax", *single)
    module("F10 module", "claims", "single_unit_softmax", "EndsInSoftmax", same=("loss=bce",),
           right="EndsInSigmoid")  # fmt: skip
    squash = "activation_on_logits"
    for table, output, settings in (
        ("words", "relu", ()),
        ("turbines", "sigmoid", ("optimizer.lr=0.01",)),
        ("claims", "sigmoid", sgd(0.01)),
    ):
        fault(f"F11 {output}", table, squash, f"model.output={output}", same=settings)
    module("F11 relu module", "turbines", squash, "EndsInRelu", width=24)
    module("F11 clamp module", "glyphs", squash, "EndsInClamp")
    wrong = "wrong_loss"
    fault("F12 mae", "turbines", wrong, "loss=mae", "model.output=softmax")
    fault("F12 mse", "words", wrong, "loss=mse", "model.output=softmax", same=sgd(0.05))
    fault("F12 codes", "glyphs", f"{wrong}|label_encoding|wrong_output_size", "loss=mse",
          "data.labels=raw")  # fmt: skip
    fault("F12 codes", "likert", f"{wrong}|label_encoding|wrong_output_size", "loss=mae",
          "data.labels=raw")  # fmt: skip
    for table, outputs in (("glyphs", 900), ("turbines", 400)):
        fault("F14", table, "wrong_output_size", f"model.outputs={outputs}",
              same=("loss=bce_with_logits", *sgd(0.3)))  # fmt: skip
    fault("F15", "labs", "loss_sign_flipped", "loss.scale=-1")
    fault("F15", "words", "loss_sign_flipped", "loss.scale=-0.2")
    fault("F15 climb", "turbines", "loss_sign_flipped", "optimizer.maximize=true")
    for table, settings in (
        ("likert", ("trainer.batch_size=75", "optimizer.lr=0.05")),
        ("glyphs", (*sgd(0.1), "trainer.batch_size=90")),
        ("clicks", (*sgd(0.05, 0.95), "trainer.batch_size=200")),
    ):
        fault("F16", table, "loss_not_averaged", "loss.reduction=sum", same=settings)
    for table, words in (("clicks", "reg.l1=0.04"), ("words", "reg.l2=0.2"),
                         ("labs", "reg.l2=2")):  # fmt: skip
        fault(f"F20 {words[4:6]}", table, PENALTY, words)


def _optimisation() -> None:
    high, low, other = "lr_too_high", "lr_too_low", "unsuitable_optimizer"
    for table, rate in (("turbines", 20), ("likert", 3),
                        ("clicks", 0.7)):  # fmt: skip
        fault(f"F52 {rate:g}", table, high, f"optimizer.lr={rate:g}")
    fault("F52 sgd", "claims", high, *sgd(4, 0.95), clean=sgd(0.02))
    for table, rate in (("turbines", 2e-5), ("labs", 3e-6)):
        fault(f"F53 {rate:g}", table, low, f"optimizer.lr={rate:g}")
    fault("F53 decayed", "glyphs", low, "scheduler.step_size=1", "scheduler.gamma=0.03")
    fault("F53 warmup", "claims", low, "scheduler.warmup=2000",
          "scheduler.warmup_start=0.0")  # fmt: skip
    fault("F53 clipped", "turbines", f"{low}|over_regularized", "reg.grad_clip=0.0003")
    for table, words in (
        ("glyphs", ("optimizer.eps=3",)),
        ("labs", ("optimizer.eps=2",)),
    ):
        fault("F54 eps", table, f"{other}|{low}", *words)
    fault("F54 plain", "claims", f"{other}|{low}", *sgd(0.002, 0), clean=sgd(0.05))
    fault("F54 momentum", "likert", f"{other}|{high}", "optimizer.momentum=0.999")
    for table, epochs, batch in (("words", 1, 300), ("glyphs", 1, 250), ("claims", 2, 500)):
        fault("F55", table, "undertrained", f"trainer.epochs={epochs}",
              f"trainer.batch_size={batch}")  # fmt: skip
    fault("F55", "turbines", "undertrained", "trainer.epochs=1", "scheduler=constant",
          "optimizer.lr=0.01")  # fmt: skip
    still = "parameters_not_updated"
    for table, name in (("turbines", "Detached"), ("glyphs", "Detached"),
                        ("claims", "Frozen")):  # fmt: skip
        module(f"F56 {name.lower()}", table, still, name, width=8)
    module("F56 listed", "glyphs", still, "Listed", "Registered", width=6)
    mode = "batchnorm_mode"
    for table in ("turbines", "claims"):
        module("F57 stale", table, mode, "StaleNorm", "Normed")
    module("F57 dropping", "glyphs", f"{mode}|over_regularized", "AlwaysDropping", "Dropping")
    fault("F57 pairs", "likert", mode, "trainer.batch_size=2", same=("model.norm=batch",))


def _networks() -> None:
    start = "bad_initialisation"
    for table, bias in (("words", -12), ("bits", -15)):
        fault("F58 dead", table, f"dead_units|{start}", f"model.bias_init={bias}")
    module("F58 dead module", "claims", f"dead_units|{start}", "DeadBody")
    ten = "[20,20,20,20,20,20,20,20,20,20]"
    for table in ("claims", "labs"):
        fault("F58 deep", table, f"vanishing_gradients|{start}", f"model.hidden={ten}",
              "model.activation=sigmoid")  # fmt: skip
    fault("F58 small", "turbines", f"vanishing_gradients|{start}", "model.init_scale=0.08",
          same=("model.hidden=[30,30,30,30,30,30]",))  # fmt: skip
    for table, words in (
        ("glyphs", ("model.init=normal", "model.init_scale=4")),
        ("claims", ("model.init_scale=60",)),
        ("turbines", ("model.init=normal", "model.init_scale=15")),
    ):
        fault("F58 large", table, f"exploding_gradients|{start}", *words)
    for table, words in (
        ("words", ("model.init=zeros",)),
        ("turbines", ("model.init=constant", "model.init_scale=0.2")),
    ):
        fault("F58 equal", table, start, *words)
    module("F58 equal module", "glyphs", start, "Symmetric")
    small = "underfit_capacity"
    fault("F59a", "words", small, "model.hidden=[2]")
    fault("F59a", "glyphs", small, "model.hidden=[60,2]")
    fault("F59a linear", "glyphs", small, "model=linear")
    module("F59a module", "glyphs", small, "Narrow")
    for table, large in (
        ("likert", ("model.hidden=[400,200]", "optimizer.lr=0.05", "trainer.epochs=60",
                    "reg.l2=0")),
        ("claims", ("model.hidden=[300,300]", "trainer.epochs=60", "reg.l2=0")),
        ("clicks", ("model.hidden=[512,256]", "trainer.epochs=60", "trainer.batch_size=32")),
    ):  # fmt: skip
        fault("F59b", table, "overfit", *large, LAST)
    reg = "over_regularized"
    fault("F60 dropout", "glyphs", reg, "reg.dropout=0.93")
    fault("F60 inputs", "words", reg, "reg.input_dropout=0.92")
    fault("F60 decay", "claims", reg, "reg.weight_decay=70")
    fault("F60 torch decay", "turbines", PENALTY, "optimizer.weight_decay=0.3")
    fault("F60 smoothing", "words", reg, "reg.label_smoothing=0.97")


def _pairs() -> None:
    fault("P21", "turbines", f"{BOTH}+over_regularized", UNSCALED, "reg.input_dropout=0.8")
    fault("P22", "words", "label_noise+lr_too_high", "optimizer.lr=0.3",
          steps=[step(do.guess, share=0.35)])  # fmt: skip
    fault("P23", "claims", "sentinel_values+lr_too_low", "optimizer.lr=2e-5",
          steps=[step(do.unplug, share=0.2, columns=("amount", "growth"), fill=1e7)],
          clean_steps=[step(do.unplug, share=0.2, columns=("amount", "growth"))])  # fmt: skip
    fault("P25", "glyphs", "label_mapping_mismatch+undertrained", "trainer.epochs=1", base=[PARTS],
          steps=[step(do.recode)])  # fmt: skip
    fault("P26", "likert", "softmax_twice+lr_too_low", "model.output=softmax",
          "optimizer.lr=0.0002")  # fmt: skip


for _register in (_losses, _optimisation, _networks, _pairs):
    _register()

UNSEEN = [*DATA, *FAULTS, *HEALTHY]
