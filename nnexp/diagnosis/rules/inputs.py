"""What reaches the network: scales and cells that are no numbers."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import also, override
from nnexp.diagnosis.seen import Seen

# root mean squares of an input. Scaled columns have 1; raw iris (5.9) and raw digits (up to 12)
# train nearly as well as scaled, raw pima (130) and raw wine (750) do not
LARGE = 20.0
SMALL = 0.03  # size of the largest input below which all are scaled to next to nothing
DOMINANT = 50.0  # times the next largest column
OTHERS_FINE = 10.0  # size of the next largest input beside a dominant one


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


def large(seen: Seen) -> list[Nomination]:
    """Inputs of large or very different scales."""
    if seen.inputs is None or not len(seen.inputs.rms):
        return []
    rms = np.nan_to_num(seen.inputs.rms, nan=0.0, posinf=np.finfo(float).max)
    top = int(rms.argmax())
    if rms[top] < LARGE:
        return []
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
    single = next_largest < OTHERS_FINE and rms[top] > DOMINANT * max(next_largest, 1e-9)
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
        Nomination("unscaled_features", tuple(evidence), text, ("data.scaling=standard",), strength)
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


RULES = (nonfinite, large, small, ordinal)
