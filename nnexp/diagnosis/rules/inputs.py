"""What reaches the network: scales and cells that are no numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.config.schema.model import CustomModelConfig
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import also, override
from nnexp.diagnosis.seen import Seen

# root mean squares of an input. Scaled columns have 1; raw iris (5.9) and raw digits (up to 12)
# train nearly as well as scaled, raw pima (130) and raw wine (750) do not
LARGE = 20.0
SMALL = 0.03  # size of the largest input below which all are scaled to next to nothing
DOMINANT = 50.0  # times the next largest column
ALONE = 1000.0  # times the next largest column, from which on that one is not felt, large or not
OTHERS_FINE = 10.0  # size of the next largest input beside a dominant one
DIED = 0.5  # share of a layer's units whose death tells that steps were too long
NAMED = 3  # columns
UNEASY = 9.0  # mean square of inputs for which SGD needs a smaller rate than usual (raw digits: 60)


def nonfinite(seen: Seen) -> list[Nomination]:
    """NaN or infinity in the inputs."""
    if seen.inputs is None or seen.inputs.finite.all():
        return []
    names = [n for n, fine in zip(seen.inputs.names, seen.inputs.finite, strict=True) if not fine]
    evidence = [Evidence("inputs that hold NaN or infinity", names[:6], "none")]
    if seen.reason:
        evidence.append(Evidence("how the run ended", seen.reason, "done"))
    return [
        Nomination(
            "nonfinite_inputs",
            tuple(evidence),
            "one NaN makes the outputs of its row, the loss of its batch and then all weights NaN",
            (override("data.missing", "mean"),),
            0.99,
            certain=True,
            subject=", ".join(names[:6]),
        )
    ]


def made_nan(seen: Seen) -> list[Nomination]:
    """NaN that a user's own module makes of finite inputs before anything was learnt."""
    finite = seen.inputs is not None and seen.inputs.finite.all()
    if not (seen.broke_at_once and finite and isinstance(seen.config.model, CustomModelConfig)):
        return []
    return [
        Nomination(
            "nonfinite_inputs",
            (
                Evidence("how the run ended", seen.reason, "done"),
                Evidence("inputs that hold NaN or infinity", 0, "0"),
            ),
            "the module makes NaN or infinity of finite inputs before a weight has moved: a "
            "division by a spread that is 0 in a batch, a logarithm or a root of 0; a small "
            "number added below it mends that",
            (),
            0.97,
            certain=True,
            subject="made by the module itself",
        )
    ]


def large(seen: Seen) -> list[Nomination]:
    """Inputs of large or very different scales."""
    if seen.inputs is None or not len(seen.inputs.rms):
        return []
    # infinite cells have no size; the squares of finite ones may
    known = np.where(seen.inputs.finite, seen.inputs.rms, 0.0)
    rms = np.nan_to_num(known, nan=0.0, posinf=np.finfo(float).max)
    top = int(rms.argmax())
    if rms[top] < LARGE:
        return _overshooting(seen)
    others = np.delete(rms, top)
    next_largest = float(others.max()) if len(others) else 0.0
    start = seen.initial_loss
    evidence = [
        Evidence("largest root mean square of an input", float(rms[top]), "about 1"),
        Evidence(f"columns above {LARGE:g}", int((rms >= LARGE).sum()), "0"),
    ]
    if start is not None and np.isfinite(start):
        expected = f"near {np.log(max(2, len(seen.classes))):.2f}"
        evidence.append(Evidence("loss before the first step", start, expected))
    name = seen.inputs.names[top]
    text = (
        "a step is as long in every weight, but moves the output in proportion to its input: large "
        "columns drown the others, saturate or kill units, and ask for a far smaller rate"
    )
    strength = float(np.clip(0.7 + 0.08 * np.log10(rms[top] / LARGE), 0.7, 0.95))
    times = rms[top] / max(next_largest, 1e-9)
    single = times > (DOMINANT if next_largest < OTHERS_FINE else ALONE)
    if single and len(others):
        fix: tuple[str, ...] = (also("data.drop", seen.config.data.drop, [name]),)
        first = Evidence(
            f"root mean square of {name!r}", float(rms[top]), f"as others, {next_largest:.3g}"
        )
        if name in seen.inputs.names and seen.config.data.scaling == "none":
            fix = ("data.scaling=standard",)
        return [
            Nomination(
                "dominant_feature", (first, *evidence[2:]), text, fix, strength + 0.03, subject=name
            )
        ]
    return [
        Nomination(
            "unscaled_features",
            tuple(evidence),
            text,
            ("data.scaling=standard",),
            strength,
            subject=_largest(seen.inputs.names, rms),
        )
    ]


def _largest(names: Sequence[str], rms: np.ndarray) -> str:
    """The columns that are large, the largest first, as the audit names them."""
    order = [names[place] for place in np.argsort(-rms, kind="stable") if rms[place] >= LARGE]
    return ", ".join(order[:NAMED]) + ", ..." * (len(order) > NAMED)


def _overshooting(seen: Seen) -> list[Nomination]:
    """Unscaled inputs, no larger than a careful rate bears, in a run that a step of SGD broke."""
    assert seen.inputs is not None
    config, size = seen.config, seen.inputs.mean_square
    if config.data.scaling != "none" or config.optimizer.name != "sgd" or size < UNEASY:
        return []
    if not (seen.diverged or seen.died > DIED):
        return []
    evidence = [Evidence("mean square of the inputs", size, "about 1")]
    if seen.died > DIED:
        evidence.append(
            Evidence("share of a layer's units that died while training", seen.died, "0")
        )
    if seen.diverged:
        evidence.append(Evidence("how the run ended", seen.reason, "done"))
    return [
        Nomination(
            "unscaled_features",
            tuple(evidence),
            "a step of SGD moves the outputs in proportion to the square of the inputs: at a rate "
            "that suits scaled columns the first steps overshoot",
            ("data.scaling=standard",),
            0.85,
        )
    ]


def small(seen: Seen) -> list[Nomination]:
    """Inputs that are scaled to next to nothing."""
    if seen.inputs is None or not len(seen.inputs.rms):
        return []
    largest = seen.inputs.largest
    if not 0 < largest < SMALL:
        return []
    return [
        Nomination(
            "double_scaling",
            (Evidence("largest root mean square of an input", largest, "about 1"),),
            "inputs this small hardly move the outputs: the first layer's gradients are small, and "
            "the network answers with the class shares for long",
            ("data.scaling=standard",),
            0.9,
        )
    ]


def ordinal(seen: Seen) -> list[Nomination]:
    """Categories that are read as quantities."""
    if not seen.ordinal:
        return []
    return [
        Nomination(
            "categorical_as_number",
            (Evidence("categories read as numbers", list(seen.ordinal)[:6], "none"),),
            "the order of the codes means nothing: the network has to bend at every code to tell "
            "one level from its neighbours",
            ("data.encoding=onehot",),
            0.82,
            subject=", ".join(list(seen.ordinal)[:3]),
        )
    ]


RULES = (nonfinite, made_nan, large, small, ordinal)
