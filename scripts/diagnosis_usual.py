"""Mistakes that can be made with any table, and plain healthy runs of any table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import diagnosis_faults as do
from diagnosis_case import HOLD, PARTS, RAW, Case, sgd
from diagnosis_cases import make
from diagnosis_faults import step


@dataclass(frozen=True)
class Sizes:
    """How large the mistakes are.

    Arguments:
        rates: of SGD where it trains well, for NLL on probabilities, softmax twice, squared errors,
            summed losses and sorted batches.
        high, adam_high, low, adam_low: rates of SGD and Adam that are mistakes.
        l1, l2, dropout, decay: regularization that is too much.
        flipped: share of labels exchanged.
        divided: standardised columns are divided by it.
        number: first value and step of a column of row numbers.
        copied: share of held-out rows that are in train, and how often.
        leak: noise and scale of a column made from the label.
        batch: of a run that is too short.
        deep: widths of a network through which no gradient comes.
    """

    rates: tuple[float, float, float, float, float] = (0.03, 0.01, 0.02, 0.1, 0.1)
    high: float = 8.0
    adam_high: float = 0.4
    low: float = 2e-5
    adam_low: float = 5e-6
    l1: float = 0.08
    l2: float = 0.3
    dropout: float = 0.95
    decay: float = 60
    flipped: float = 0.35
    divided: float = 400.0
    number: tuple[float, float] = (20000, 3)
    copied: tuple[float, int] = (0.7, 2)
    leak: tuple[float, float] = (0.15, 3.0)
    batch: int = 128
    deep: tuple[int, ...] = (24,) * 9


def usual_faults(tables: Sequence[str], sizes: Sizes) -> list[Case]:
    """Each mistake on each table.

    Arguments:
        tables: names; with a number among their columns, and no column of the name `split`.
        sizes: of the mistakes.
    """
    return [case for table in tables for case in _faults(table, sizes)]


def _faults(table: str, sizes: Sizes) -> list[Case]:
    found: list[Case] = []

    def fault(name: str, causes: str, *words: str, **options) -> None:  # type: ignore[no-untyped-def]
        found.append(make(name, table, causes, *words, **options))

    raw = "data.scaling=none"
    nll, twice, squared, summed, batches = (sgd(rate) for rate in sizes.rates)
    no_signal, permuted = (
        "uninformative_inputs|label_permuted",
        ("label_permuted|uninformative_inputs"),
    )
    fault("F01", "nll_on_probabilities", "loss=nll", "model.output=softmax", same=nll)
    fault("F02", "nll_on_logits", "loss=nll")
    fault("F08", "softmax_twice", "model.output=softmax", same=twice)
    fault("F11 relu", "activation_on_logits", "model.output=relu")
    fault("F11 sigmoid", "activation_on_logits", "model.output=sigmoid")
    fault("F12", "wrong_loss", "loss=mse", "model.output=softmax", same=squared)
    fault("F15", "loss_sign_flipped", "loss.scale=-1")
    fault("F16", "loss_not_averaged", "loss.reduction=sum", same=summed)
    fault("F20", "penalty_dominates|over_regularized", f"reg.l1={sizes.l1:g}")
    fault("F28", no_signal, steps=[step(do.noise_for_features)])
    fault("F36", permuted, steps=[step(do.shuffle_labels)])
    fault("F37", "label_noise", steps=[step(do.flip_labels, share=sizes.flipped)])
    fault("F39", permuted, steps=[step(do.shift_labels)])
    fault(
        "F23",
        "preprocessing_mismatch",
        base=[PARTS],
        same=(raw,),
        steps=[step(do.standardise, where=("train",))],
        clean_steps=[step(do.standardise)],
    )
    fault(
        "F24",
        "double_scaling",
        same=(raw,),
        base=[step(do.standardise)],
        steps=[step(do.divide, by=sizes.divided)],
    )
    first, by = sizes.number
    fault(
        "F22",
        "dominant_feature",
        same=(raw,),
        base=[step(do.standardise)],
        steps=[step(do.add_rows_number, first=first, by=by)],
    )
    share, times = sizes.copied
    fault(
        "F44",
        "duplicate_leak",
        kind="optimism",
        base=[PARTS],
        same=("model.hidden=[256]", "trainer.epochs=60", "optimizer.lr=0.005"),
        steps=[step(do.copy_into_train, share=share, times=times)],
    )
    noise, scale = sizes.leak
    fault(
        "F45",
        "target_leak",
        kind="optimism",
        base=[HOLD],
        steps=[step(do.leak, noise=noise, scale=scale)],
    )
    sort = step(do.sort_by_class)
    of_train = ("trainer.monitor=train_loss",)
    fault("F50", "ordered_split", "data.split.shuffle=false", base=[sort], same=of_train)
    fault("F50 batches", "ordered_split", "trainer.shuffle=false", base=[sort], same=batches)
    fault("F52", "lr_too_high", *sgd(sizes.high), clean=sgd(0.05))
    fault("F52 adam", "lr_too_high", f"optimizer.lr={sizes.adam_high:g}")
    fault("F53", "lr_too_low", f"optimizer.lr={sizes.adam_low:g}")
    fault("F53 sgd", "lr_too_low", *sgd(sizes.low), clean=sgd(0.05))
    fault("F55", "undertrained", "trainer.epochs=1", f"trainer.batch_size={sizes.batch}")
    fault("F60 l2", "over_regularized|penalty_dominates", f"reg.l2={sizes.l2:g}")
    fault("F60 dropout", "over_regularized", f"reg.dropout={sizes.dropout:g}")
    fault("F60 decay", "over_regularized", f"reg.weight_decay={sizes.decay:g}")
    fault("F58 zeros", "bad_initialisation", "model.init=zeros")
    fault(
        "F58 deep",
        "vanishing_gradients|bad_initialisation",
        f"model.hidden=[{','.join(map(str, sizes.deep))}]",
        "model.activation=sigmoid",
    )
    return found


def two_class_faults(tables: Sequence[str], rate: float, labels: tuple[int, int]) -> list[Case]:
    """Mistakes with a single output, on tables of two classes.

    Arguments:
        tables: names.
        rate: of SGD where it trains well.
        labels: two numbers that are not 0 and 1.
    """
    found = []
    bce = "loss=bce_with_logits"
    for table in tables:
        twice = "model.output=sigmoid"
        found += [
            make("F09", table, "sigmoid_twice", bce, twice, same=sgd(rate)),
            make(
                "F10",
                table,
                "single_unit_softmax",
                "loss=bce",
                "model.output=softmax",
                "model.outputs=1",
            ),
            make(
                "F05",
                table,
                "label_encoding",
                RAW,
                same=(bce,),
                base=[step(do.relabel, values=labels)],
            ),
        ]
    return found


def outlier_faults(tables: Sequence[str], size: float, columns: int) -> list[Case]:
    """A cell of that size in so many columns, under min-max scaling."""
    return [
        make(
            "F26",
            table,
            "outlier_crushed_feature",
            same=("data.scaling=minmax",),
            base=[PARTS],
            steps=[step(do.outlier, size=size, columns=columns)],
        )
        for table in tables
    ]


def several_class_faults(tables: Sequence[str], gamma: float) -> list[Case]:
    """Mistakes of optimizer, labels and schedule, on tables of several classes.

    Arguments:
        tables: names.
        gamma: by which the rate is multiplied after each epoch.
    """
    found = []
    decayed = ("scheduler=step", "scheduler.step_size=1", f"scheduler.gamma={gamma:g}")
    for table in tables:
        found += [
            make(
                "F54 eps",
                table,
                "unsuitable_optimizer",
                "optimizer.eps=1",
                "optimizer.lr=0.01",
            ),
            make(
                "F38", table, "label_mapping_mismatch", base=[PARTS], steps=[step(do.turn_labels)]
            ),
            make("F53 decayed", table, "lr_too_low", *decayed),
        ]
    return found


def sentinel_fault(
    table: str, columns: tuple[str, ...], share: float, fill: float, name: str = "F31"
) -> Case:
    """Cells of some columns that are missing, with a number in their place."""
    return make(
        name,
        table,
        "sentinel_values",
        steps=[step(do.blank, share=share, columns=columns, fill=fill)],
        clean_steps=[step(do.blank, share=share, columns=columns)],
    )


def usual_controls(tables: Sequence[str]) -> list[Case]:
    """Healthy runs of each table, with several seeds and with settings that do no harm."""
    found = []
    for table in tables:
        for seed in range(4):
            more = () if not seed else (f"seed={seed}",)
            found.append(Case(f"H01.{table}.seed{seed}", table, more, seed=seed))
        plain = {
            "sgd": sgd(0.05),
            "rmsprop": ("optimizer=rmsprop", "optimizer.lr=0.001"),
            "tanh": ("model.activation=tanh",),
            "dropout": ("reg.dropout=0.2", "model.hidden=[128]"),
            "robust": ("data.scaling=robust",),
            "cosine": ("scheduler=cosine",),
            "large batch": ("trainer.batch_size=128", "optimizer.lr=0.006", "trainer.epochs=60"),
            "unshuffled": ("trainer.shuffle=false",),
        }
        found += [Case(f"H.{table}.{name}", table, words) for name, words in plain.items()]
    return found
