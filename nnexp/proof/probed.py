"""What the probes of a run show, and the causes that they point to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.data.altered import blank
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.probe import Probe
from nnexp.proof.arms import Arm
from nnexp.proof.contrast import WORTH, arm_scores, chance_gain, is_balanced, step_of
from nnexp.proof.typed_back import title_of
from nnexp.statistics import LEVEL, holm, paired_test

LEARNT = 0.95  # accuracy on them
PAIRS = 3  # with a score, for a nomination
AS_MUCH = 0.9  # of the largest gain: a typed setting put back that brings so much comes first, as
# any other change may make up for what somebody typed
FIRST = 0.99  # strength of such a setting
ANY = ""  # cause: all probes of a run are judged by one score

# a gain -> how surely it is the cause; a rate too low makes all that follow it look like one
STRENGTH = {
    "lr_too_low": 0.9,
    "lr_too_high": 0.9,
    "over_regularized": 0.9,
    "unscaled_features": 0.9,
    "outlier_crushed_feature": 0.85,
    "overfit": 0.8,
    "underfit_capacity": 0.78,
    "unsuitable_optimizer": 0.74,
    "undertrained": 0.7,
    # of settings that were typed
    "bad_initialisation": 0.9,
    "batchnorm_mode": 0.85,
    "categorical_as_number": 0.85,
    "class_imbalance": 0.85,
    "informative_missingness": 0.85,
    "ordered_split": 0.85,
    "uninformative_inputs": 0.85,
    "vanishing_gradients": 0.85,
}
WHY = {
    "lr_too_low": "with larger steps the same network learns what it has not learnt here",
    "lr_too_high": "with smaller steps the same network settles where it has not settled here",
    "over_regularized": "without its penalties the same network learns what they hold back",
    "overfit": "held back by a penalty the same network learns less by heart and more of the rule",
    "unscaled_features": "with inputs of one size the same network learns what it has not here",
    "outlier_crushed_feature": "with this scaling the same network tells rows apart that fall "
    "together here",
    "underfit_capacity": "a larger network learns what this one cannot express",
    "unsuitable_optimizer": "at its best rate the other optimizer goes where this one, at the "
    "best of its rates, does not",
    "undertrained": "with more epochs the same run goes on improving",
    "class_imbalance": "with weights that balance the classes the same network tells them better "
    "in the mean",
}
# where a gain does not show what the cause's own title says
TITLES = {
    "outlier_crushed_feature": "the inputs are learnt from better in another scaling",
    "class_imbalance": "weights that balance the classes tell them better than those typed",
}

TYPED = "with this setting as it is by itself the same run learns what it has not learnt here"


@dataclass(frozen=True)
class PlannedProbe:
    """A probe that is to be made.

    Arguments:
        name: in words.
        words: the overrides.
        arm: its runs.
        cause: that its gain would point to; "" for one that changes the rows.
        typed: whether it puts back a setting that somebody typed.
    """

    name: str
    words: tuple[str, ...]
    arm: Arm
    cause: str = ""
    typed: bool = False

    @property
    def scores(self) -> list[float]:
        """Of its runs; where classes are weighted or one has nearly all rows the balanced
        accuracies.
        """
        return [float(score) for score in arm_scores(self.arm, ANY)]

    @property
    def by_heart(self) -> bool:
        """Whether it is judged by the rows it learns."""
        return self.arm.adapt is not None and bool(self.words)

    @property
    def is_scored(self) -> bool:
        """Whether enough of its runs came to a score."""
        return int(np.isfinite(self.scores).sum()) >= 2


def read_probe(own: PlannedProbe, plans: Sequence[PlannedProbe]) -> Probe:
    """What one probe showed, beside the run as it is, the first of the plans."""
    found = np.array(own.arm.accuracies if own.by_heart else own.scores)
    known = found[np.isfinite(found)]
    value = float(known.mean()) if len(known) else None
    base = plans[0]
    gain, interval = None, None
    if own is not base and not own.by_heart and own.is_scored:
        compared = paired_test(_gains(base, own), step=step_of(ANY, own.arm))
        if np.isfinite(compared.mean.low):
            gain = float(compared.mean.mean)
            interval = float(compared.mean.low), float(compared.mean.high)
    return Probe(
        own.name,
        own.words if own.cause else (),
        "accuracy/train" if own.by_heart else _metric(own),
        value,
        gain,
        interval,
        _meaning(own, value, gain, interval),
    )


def _metric(own: PlannedProbe) -> str:
    return "balanced_accuracy/val" if is_balanced(ANY, own.arm) else "accuracy/val"


def left_out(count: int) -> Probe:
    """What stands for probes that were not made."""
    why = "not made: they would take longer than probes may (--budget SECONDS)"
    return Probe(f"{count} more", (), "accuracy/val", None, None, None, why)


def _meaning(
    own: PlannedProbe, value: float | None, gain: float | None, interval: tuple[float, float] | None
) -> str:
    if value is None:
        return "came to no score"
    if own.by_heart:
        if value >= LEARNT:
            return "can learn: loss, gradients and labels are joined"
        return "cannot learn even these: rate, loss or labels"
    if gain is None or interval is None:
        return ""
    if own.arm.adapt is not None:
        what = "inputs" if own.arm.adapt is blank else "labels"
        if interval[1] < -WORTH:
            return f"what the {what} are worth"
        if interval[0] < -WORTH:
            return "no clear difference"
        other = "without inputs" if own.arm.adapt is blank else "with random labels"
        return f"as good {other}: nothing was learnt from them"
    if gain >= WORTH and interval[0] > 0:
        return "better"
    if interval[1] < 0:
        return "worse"
    return "no clear difference" if interval[1] >= WORTH else "no better"


def nominations(plans: Sequence[PlannedProbe]) -> list[Nomination]:
    """The causes whose change gains, by the largest gain of each.

    A gain counts where the paired t-test over the seeds, corrected for the number of probes
    (Holm), and the validation rows, which all of them share, can tell it from none.
    """
    tried = [own for own in plans[1:] if own.cause and own.is_scored]
    before = [_before(own, plans) for own in tried]
    gains = [_gains(base, own) for base, own in zip(before, tried, strict=True)]
    gains = [own[np.isfinite(own)] for own in gains]
    tests = [
        paired_test(gain, step=step_of(ANY, own.arm))
        for own, gain in zip(tried, gains, strict=True)
    ]
    sided = [t.p / 2 if t.mean.mean > 0 else 1.0 for t in tests]
    p_values = holm([p if np.isfinite(p) else 1.0 for p in sided]) if sided else np.zeros(0)
    found: list[tuple[float, PlannedProbe, PlannedProbe]] = []
    for own, base, gain, p in zip(tried, before, gains, p_values, strict=True):
        mean = float(gain.mean()) if len(gain) >= PAIRS else 0.0
        if mean >= max(WORTH, chance_gain(mean, ANY, own.arm)) and p < LEVEL:
            found.append((mean, own, base))
    most = max((gain for gain, *_ in found), default=1.0)
    best: dict[str, tuple[float, PlannedProbe, PlannedProbe]] = {}
    for one in sorted(found, key=lambda one: (not _leads(one[1], one[0], most), -one[0])):
        best.setdefault(one[1].cause, one)
    return [
        Nomination(
            cause,
            (
                Evidence(
                    f"{_metric(own).removesuffix('/val').replace('_', ' ')} on validation rows "
                    f"with {' '.join(own.words)}",
                    round(float(np.nanmean(own.scores)), 4),
                    f"no better than {_mean(base):.3f}, that of the run "
                    f"{'as it is' if base is plans[0] else 'with ' + ' '.join(base.words)} "
                    f"({len(own.scores)} seeds)",
                ),
            ),
            TYPED if own.typed else WHY[cause],
            own.words,
            FIRST if _leads(own, gain, most) else STRENGTH[cause] * float(np.sqrt(gain / most)),
            certain=True,
            title=title_of(own.words) if own.typed else TITLES.get(cause, ""),
            typed=own.typed,
        )
        for cause, (gain, own, base) in best.items()
    ]


def _leads(own: PlannedProbe, gain: float, most: float) -> bool:
    """Whether a probe undoes what somebody typed, and gains as much as any other change."""
    return own.typed and gain >= AS_MUCH * most


def _before(own: PlannedProbe, plans: Sequence[PlannedProbe]) -> PlannedProbe:
    """What a probe is compared with: another optimizer with this one at the best of its rates."""
    other = own.cause == "unsuitable_optimizer" and not own.typed
    return _best_rate(plans) if other else plans[0]


def _best_rate(plans: Sequence[PlannedProbe]) -> PlannedProbe:
    """The run with its own optimizer, at the best of its rates."""
    causes = ("lr_too_low", "lr_too_high")
    rates = [own for own in plans if own.cause in causes and not own.typed]
    return max((plans[0], *rates), key=_mean)


def _mean(own: PlannedProbe) -> float:
    return float(_told(own).mean())


def _told(own: PlannedProbe) -> np.ndarray:
    """Accuracies by seed; a run that came to no score has none."""
    return np.nan_to_num(np.array(own.scores, dtype=float), nan=0.0)


def _gains(before: PlannedProbe, after: PlannedProbe) -> np.ndarray:
    return np.array(after.scores) - _told(before)
