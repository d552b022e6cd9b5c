"""Loss, outputs and targets of a loop that do not fit each other, told from their values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.nature import Nature
from nnexp.loop.fixes import CROSS_ENTROPY
from nnexp.loop.kernel import Kernel

SCALED_DOWN = 0.07  # factor on a cross-entropy, of 16 rows at least, up to which SGD is too slow,
SLOW = 0.005  # ... if the learning rate times it is no more than this: a tenth of what is usual
FAR = 0.1  # of the loss that `step` is given, or its inverse, from where on another is derived
WHOLE_LOSS = "the loss without its factor of "
BINARY = "torch.nn.BCEWithLogitsLoss() on the logits"
NAMES = {
    "softmax": "a loss that applies a softmax",
    "nll": "a loss that is linear in its inputs, as NLLLoss",
    "logistic": "a loss that applies a sigmoid",
    "margin": "a logistic loss of -1 and 1",
    "bce": "a cross-entropy of probabilities",
    "squared": "squared differences",
    "absolute": "absolute differences",
    "other": "another loss",
}


@dataclass(frozen=True)
class Pairing:
    """What a loop's loss gets.

    Arguments:
        kernel: of the loss function.
        nature: of the outputs as the loss gets them.
        classes: how many there are; 0 for quantities.
        labels: of rows that have several, each of which is there or not, how many; else 0.
        levels: the targets of the classes as the loss gets them, ascending.
        used: the outputs of the classes that rows have, ascending.
        told: whether the user said which classes there are.
        wide: whether a row has a target for each class.
        flips: how often the sign is turned: in the loop, in the loss, by the optimizer.
        ratio: the loop's loss over the loss function's, where they are proportional; else NaN.
        size: the loop's gradient over the loss function's; NaN where that is not known.
        batch: rows of a usual batch.
        lr: the first learning rate; `plain` where steps grow with the gradient.
        cleared: whether the gradient is of one batch: none is gathered of several.
        shapes: of outputs and targets that are broadcast; None where they fit.
        lowest, highest, start: losses of the slices; NaN where unknown.
    """

    kernel: Kernel
    nature: Nature
    classes: int
    labels: int
    levels: list[float]
    used: list[int]
    told: bool
    wide: bool
    flips: dict[str, bool]
    ratio: float
    size: float
    batch: int
    lr: float
    plain: bool
    cleared: bool
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None
    lowest: float
    highest: float
    start: float


def nominate_pairing(own: Pairing) -> list[Nomination]:
    """What the pairing of loss, outputs and targets points to."""
    found = [*_shapes(own), *_sign(own), *_sum(own), *_scaled_down(own)]
    if own.classes:
        found += [*_encoding(own), *_fit(own), *_bounded(own), *_width(own)]
    if own.labels:
        found += several_labels(own)
    return found


def _named(own: Pairing) -> Evidence:
    seen = f"{NAMES[own.kernel.kind]}, on {own.nature.kind}"
    seen += " over the rows of a batch" * own.nature.over_rows
    wanted = {"nll": "on log_softmax", "bce": "on sigmoid"}.get(own.kernel.kind, "on logits")
    if own.kernel.kind in ("squared", "absolute"):
        wanted = "a cross-entropy on logits"
    if own.kernel.kind == "softmax" and own.nature.width == 1:
        seen, wanted = f"{NAMES['softmax']}, on one output a row", "an output a class"
    return Evidence("the loss, and what it gets, by their values", seen, wanted)


def _by_class(own: Pairing) -> str:
    """Cross-entropy, and the outputs that it needs."""
    if own.nature.width >= own.classes:
        return CROSS_ENTROPY
    return f"{own.classes} outputs in the last layer, and {CROSS_ENTROPY}"


def _range(own: Pairing) -> Evidence:
    return Evidence(
        "lowest and highest loss", [own.lowest, own.highest], "a cross-entropy is above 0"
    )


def _fit(own: Pairing) -> list[Nomination]:
    kernel, kind, width = own.kernel.kind, own.nature.kind, own.nature.width
    right = BINARY if kernel in ("logistic", "margin", "bce") else CROSS_ENTROPY
    evidence = (_named(own), _range(own))

    def one(cause: str, text: str, strength: float = 0.96, fix: str = right) -> list[Nomination]:
        return [Nomination(cause, evidence, text, (fix,), strength)]

    if own.nature.over_rows:
        cause = {"nll": "nll_on_probabilities", "softmax": "softmax_twice"}.get(kernel, "")
        return one(
            cause if kind == "softmax" and cause else "activation_on_logits",
            f"a {kind} over the rows of a batch, as with dim=0, shares each class out among the "
            "rows: what a row gets depends on the others, and of one row alone it says nothing",
            fix=f"{right}; a softmax for probabilities has dim=1",
        )
    if width == 1 and (kind in ("softmax", "log_softmax") or kernel == "softmax"):
        return one(
            "single_unit_softmax",
            "a softmax over one output is always 1: nothing that the network learns gets through",
            fix=f"{BINARY}, or one output a class",
        )
    if kernel == "nll" and kind != "log_softmax":
        if kind in ("softmax", "sigmoid"):
            return one(
                "nll_on_probabilities",
                "NLL takes logarithms of probabilities. Fed the probabilities themselves it is "
                "their negative mean, in [-1, 0]: its gradient vanishes where a row is badly "
                "wrong, so the loss falls without the wrong rows being learned",
            )
        return one(
            "nll_on_logits",
            "NLL without log_softmax is the negative output of the true class: it falls without "
            "bound as that output grows, whatever the other outputs do",
        )
    if kernel == "softmax" and kind not in ("logits", "log_softmax"):
        floor = math.log(math.e + max(2, width) - 1) - 1
        return one(
            "softmax_twice" if kind == "softmax" else "activation_on_logits",
            f"cross-entropy applies a softmax itself. On outputs of a {kind} it cannot get near 0"
            + (f" (not below {floor:.3f})" if kind in ("softmax", "sigmoid") else "")
            + ", and gradients shrink as rows are learned",
        )
    if kernel in ("logistic", "margin") and kind != "logits":
        twice = kind in ("sigmoid", "softmax")
        return one(
            "sigmoid_twice" if twice else "activation_on_logits",
            "the loss applies a sigmoid itself: after two, probabilities lie in [0.5, 0.73], and "
            "every row is read as positive"
            if twice
            else f"a {kind} on the last layer cuts off what the logit can say",
        )
    # where shapes are broadcast, what the differences are is not known until that is mended
    if kernel in ("squared", "absolute") and own.shapes is None:
        fix = BINARY if own.classes == 2 and width == 1 else _by_class(own)
        return one(
            "wrong_loss",
            "squares and differences treat classes as quantities: their gradient fades where a "
            "squashed output is badly wrong, and they wait longest for the rows that matter",
            0.85,
            fix,
        )
    return []


def _bounded(own: Pairing) -> list[Nomination]:
    """Differences, or the like, of the probabilities that a softmax in the loss makes."""
    if not own.kernel.bounded or own.kernel.sign < 0:
        return []
    text = (
        "squares and differences of probabilities cost no more however wrong a row is: its "
        "gradient fades, and rows that are badly wrong are the last to be learned"
    )
    given = Evidence("what a logit that is farther off costs more", "nothing", "in proportion")
    return [Nomination("wrong_loss", (_named(own), given), text, (_by_class(own),), 0.85)]


def several_labels(own: Pairing) -> list[Nomination]:
    """Rows with several labels: a loss that lets one of them win, or outputs that do not fit."""
    if own.kernel.kind in ("softmax", "nll"):
        given = Evidence("labels of a row", own.labels, "one, or shares that sum to 1")
        text = (
            "a softmax shares one row out among the labels: those that are there together take "
            "from each other, and that none is there cannot be said"
        )
        return [Nomination("wrong_loss", (_named(own), given), text, (BINARY,), 0.9)]
    return _fit(own) if own.kernel.kind == "logistic" else []


def _encoding(own: Pairing) -> list[Nomination]:
    kernel, levels = own.kernel.kind, np.array(own.levels)
    shown = [float(level) for level in levels[:6]]
    if kernel in ("logistic", "bce") and not own.wide:
        given = Evidence("targets as the loss gets them", shown, "0 and 1")
        if levels.min() < 0 or levels.max() > 1 or (len(levels) > 2 and own.nature.width == 1):
            text = (
                "a target outside [0, 1] lets the loss fall without bound: every row is pushed to "
                "one side, and the accuracy to one class's share"
            )
            fix = "targets 0.0 and 1.0" if len(levels) <= 2 else _by_class(own)
            return [Nomination("label_encoding", (given, _range(own)), text, (fix,), 0.98)]
        if levels.max() < 0.5:
            text = "targets near 0 teach the network to answer about 0 for every row"
            return [Nomination("label_encoding", (given,), text, ("targets 0.0 and 1.0",), 0.98)]
    whole, used = kernel in ("softmax", "nll") and not own.wide, own.used
    if whole and not own.told and used and len(used) < own.nature.width and min(used) > 0:
        given = Evidence("outputs that are of a label", used[:6], f"0 to {len(used) - 1}")
        unused = own.nature.width - len(used)
        text = f"{unused} outputs are never a target: the labels do not count from 0"
        fix = f"targets lowered by {min(used)}, and {len(used)} outputs"
        return [Nomination("label_encoding", (given,), text, (fix,), 0.9)]
    return []


def _width(own: Pairing) -> list[Nomination]:
    width, classes = own.nature.width, own.classes
    by_class = own.kernel.kind in ("softmax", "nll") or own.wide
    if not by_class or width <= classes or width < 2 or min(own.levels, default=0) > 0:
        return []
    return [
        Nomination(
            "wrong_output_size",
            (
                Evidence("outputs", width, f"{classes}, one a class"),
                Evidence("loss before the first step", own.start, f"near {math.log(classes):.3f}"),
            ),
            f"{width - classes} outputs stand for no class: the loss first has to push them down",
            (f"{classes} outputs in the last layer",),
            0.85,
        )
    ]


def _shapes(own: Pairing) -> list[Nomination]:
    if own.shapes is None or own.kernel.kind in ("softmax", "nll"):
        return []
    out, target = own.shapes
    return [
        Nomination(
            "broadcast_mismatch",
            (Evidence("shapes of outputs and targets", f"{out}, {target}", "equal"),),
            "each output is compared with the targets of all rows of its batch: the best answer is "
            "their mean, whatever the row",
            (
                "output.squeeze(1) before the loss"
                if len(out) == 2
                else "target.squeeze(1) before the loss",
            ),
            0.98,
        )
    ]


def _sign(own: Pairing) -> list[Nomination]:
    turned = [name for name, turns in own.flips.items() if turns]
    if len(turned) % 2 == 0:
        return []
    return [
        Nomination(
            "loss_sign_flipped",
            (Evidence("what turns the sign", turned, "nothing, or two of them"), _range(own)),
            "each step makes the rows that are right less so: the loss runs away and the accuracy "
            "falls below guessing",
            (
                "maximize=False in the optimizer"
                if "maximize of the optimizer" in turned
                else "the loss without its minus",
            ),
            0.98,
        )
    ]


def _times(own: Pairing) -> float:
    """The loop's loss over the mean of its rows' losses."""
    return own.batch * own.ratio if own.kernel.summed else own.ratio


def _sum(own: Pairing) -> list[Nomination]:
    times = _times(own)
    if not math.isfinite(times) or own.batch < 4 or abs(times) < 0.5 * own.batch:
        return []
    rate = own.lr * abs(times)
    return [
        Nomination(
            "loss_not_averaged",
            (
                Evidence("loss over the mean of its rows", abs(times), "1"),
                Evidence(
                    "effective learning rate",
                    rate if own.plain else own.lr,
                    f"lr={own.lr:g}",
                ),
            ),
            f"the gradient is {abs(times):.0f} times that of the mean, and grows with the batch",
            ("reduction='mean' in the loss",),
            0.9 if own.plain else 0.6,
        )
    ]


def _scaled_down(own: Pairing) -> list[Nomination]:
    """A loss that the loop multiplies by next to nothing, and each step of SGD with it."""
    factor = abs(_times(own)) * own.kernel.factor(own.batch)
    beside = own.size / abs(own.ratio) if own.ratio else math.nan
    where = ""
    if beside < FAR:  # what is differentiated is divided, and what is handed over is not
        factor, where = factor * beside, " that is differentiated"
    known = own.kernel.kind in ("softmax", "logistic", "margin") and own.plain and own.cleared
    if not known or not 0 < factor <= SCALED_DOWN or own.lr * factor > SLOW:
        return []
    return [
        Nomination(
            "lr_too_low",
            (
                Evidence(f"the loss{where} over a cross-entropy", factor, "1"),
                Evidence("effective learning rate", own.lr * factor, f"lr={own.lr:g}"),
            ),
            "the gradient shrinks with the loss, and the steps with it: what is learnt in many "
            "epochs could be learnt in one",
            (f"{WHOLE_LOSS}{factor:.3g}",),
            0.9,
        )
    ]
