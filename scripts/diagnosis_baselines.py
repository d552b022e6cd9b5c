"""Published rules of five other tools, rebuilt to judge a recorded run of nnexp.

A tool is a list of rules in the order in which it checks or tells, with its published thresholds.
The letters in the comments number the symptoms: L loss curve, A accuracy and predictions, G
gradients, W weights, N activations, S static, D data. Where a tool names a symptom and no cause,
it is given every cause of ours to which its message or its fix would lead: `Rule.causes` is a
generous mapping, and a rule with several causes counts as right if one of them is.

What differs from the originals, and why:

- They look every step or every few; here an epoch is the unit, since runs record epochs. Windows
  of so many steps are windows of so many epochs.
- Activations are those of up to 1,000 train rows at the saved weights. Networks with norms, skips
  or learned vectors have none, and no rule on them fires.
- A layer's mean |gradient| is taken for its root mean square at the epoch's last full step.
- Exact zeros among gradient entries (AutoTrainer) are taken for units that are never active.
- Left out are rules that train by themselves (TheDeepChecker's one-batch fit, zeroed inputs and
  numeric gradients), and those on images and on training time.
- Static rules on Keras' softmax layer are read as: the loss gets what it does not expect. In
  PyTorch cross-entropy on logits is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from diagnosis_recorded import Array, Recorded

SCALE = ("unscaled_features", "dominant_feature", "outlier_crushed_feature")
SCALES = (*SCALE, "double_scaling", "preprocessing_mismatch", "sentinel_values")
LEAKS = ("target_leak", "duplicate_leak", "group_leak", "selection_leak", "missingness_leak")
RATE = ("lr_too_high", "lr_too_low", "unsuitable_optimizer", "loss_not_averaged")
STEADY = ("lr_too_high", "unsuitable_optimizer", "loss_not_averaged")
BROKEN = ("lr_too_high", "exploding_gradients", "nonfinite_inputs", "unscaled_features")
OUTPUT = (
    "activation_on_logits",
    "single_unit_softmax",
    "softmax_twice",
    "sigmoid_twice",
    "nll_on_logits",
    "nll_on_probabilities",
)
SLOW = ("lr_too_low", "undertrained", "unsuitable_optimizer", "bad_initialisation")


@dataclass(frozen=True)
class Rule:
    """A symptom that a tool looks for.

    Arguments:
        name: what it is called.
        causes: ids that its message or fix leads to; empty where it leads nowhere.
        holds: whether it is there.
    """

    name: str
    causes: tuple[str, ...]
    holds: Callable[[Recorded], bool]


@dataclass(frozen=True)
class Tool:
    """A tool's rules.

    Arguments:
        name: of the tool.
        rules: in its order.
        first: it stops at its first symptom.
    """

    name: str
    rules: tuple[Rule, ...]
    first: bool = False

    def symptoms(self, run: Recorded) -> list[Rule]:
        """The rules that hold, in order."""
        found = []
        with np.errstate(all="ignore"):
            for rule in self.rules:
                if rule.holds(run):
                    found.append(rule)
                    if self.first:
                        break
        return found


# ------------------------------------------------------------------------ what several rules use
def _both(run: Recorded) -> Array:
    return np.concatenate([run.loss, run.val_loss[np.isfinite(run.val_loss)]])


def _not_finite(run: Recorded) -> bool:
    """L1: NaN or infinity in the loss."""
    return not bool(np.isfinite(run.loss).all()) or bool(np.isinf(run.val_loss).any())


def _bad_gradient(run: Recorded) -> bool:
    """G3: NaN or infinity in a gradient, and with it in the loss."""
    return _not_finite(run) or any(bool(np.isinf(values).any()) for values in run.gradients)


def _bad_inputs(run: Recorded) -> bool:
    """D3: NaN or infinity in the inputs."""
    return not bool(np.isfinite(run.x).all())


def _outside_one(run: Recorded) -> bool:
    """D1 of UMLAUT and DeepDiagnosis: an input below -1 or above 1."""
    return bool((np.abs(run.x) > 1).any())


def _mismatched(run: Recorded) -> bool:
    """S1, A11: the loss gets what it does not expect of the last layer."""
    expected = {
        "cross_entropy": ("logits", "log_softmax"),
        "nll": ("log_softmax",),
        "bce": ("sigmoid",),
        "bce_with_logits": ("logits",),
        "mse": ("sigmoid", "softmax", "logits", "tanh"),
        "mae": ("sigmoid", "softmax", "logits", "tanh"),
    }
    return run.output not in expected[run.loss_name]


def _mean_gradient(run: Recorded, below: float) -> bool:
    """G1: some layer's mean |gradient| below a threshold, at some epoch."""
    return any(bool((values < below).any()) for values in run.mean_gradients)


def _update(run: Recorded) -> Array:
    """Of the layers' update ratios the mean, an epoch."""
    return np.mean(run.updates, axis=0) if run.updates else np.zeros(0)


def _change(values: Array, count: int) -> Array:
    """Relative changes of the last so many epochs."""
    last = values[np.isfinite(values)][-count - 1 :]
    return np.diff(last) / np.maximum(np.abs(last[:-1]), 1e-12)


def _silent(run: Recorded, share: float = 0.0) -> Array:
    """By hidden layer the share of units that are above 0 for at most `share` of the rows."""
    if run.hidden != "relu":
        return np.zeros(0)
    return np.array([((value > 0).mean(0) <= share).mean() for value in run.before])


def _beyond(run: Recorded, tanh: float, low: float, high: float, share: float = 0.5) -> bool:
    """N2: more than so many pre-activations of a layer where tanh or sigmoid is flat."""
    if run.hidden not in ("tanh", "sigmoid"):
        return False
    a, b = (-tanh, tanh) if run.hidden == "tanh" else (low, high)
    return any(((value < a) | (value > b)).mean() > share for value in run.before)


def _balance(run: Recorded) -> float:
    """The classes' perplexity over their number, 1 where they are equal."""
    share = np.bincount(run.labels, minlength=run.classes) / max(len(run.labels), 1)
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()) / run.classes)


# -------------------------------------------------------------------------------------- UMLAUT
def _umlaut_overfit(run: Recorded) -> bool:
    """L9: validation loss up while train loss goes down, in one epoch."""
    return bool(((np.diff(run.val_loss) > 0) & (np.diff(run.loss) < 0)).any())


def _umlaut_high(run: Recorded) -> bool:
    """A4: val accuracy above 0.95, or above that of train by 0.05, after epoch 3."""
    value, train = run.val_accuracy[3:], run.accuracy[3:]
    return bool(((value > 0.95) | (value - train > 0.05)).any())


UMLAUT = Tool(
    "UMLAUT",
    (
        # D3: NaN loss and NaN in the batch; L1 otherwise
        Rule("NaN inputs", ("nonfinite_inputs",), lambda r: _bad_inputs(r) and _not_finite(r)),
        Rule("NaN loss", BROKEN, _not_finite),
        Rule("inputs not normalised", SCALES, _outside_one),  # D1: min < -1 or max > 1
        Rule("missing softmax", OUTPUT, _mismatched),  # S1
        Rule(  # S3: a non-linearity before softmax
            "activation before softmax",
            ("activation_on_logits", "softmax_twice", "sigmoid_twice"),
            lambda r: r.loss_name == "cross_entropy" and r.output in ("relu", "tanh", "sigmoid"),
        ),
        Rule(  # S2: a hidden layer without activation
            "missing activation",
            ("underfit_capacity",),
            lambda r: r.hidden == "identity" and len(r.weights) > 1,
        ),
        Rule("learning rate high", ("lr_too_high",), lambda r: r.lr > 0.01),  # S4
        Rule("learning rate low", ("lr_too_low",), lambda r: r.lr < 1e-7),  # S4
        Rule("overfitting", ("overfit",), _umlaut_overfit),  # L9
        Rule("accuracy suspiciously high", LEAKS, _umlaut_high),  # A4
        Rule("dropout above 0.5", ("over_regularized",), lambda r: r.dropout > 0.5),  # S5
    ),
)


# ------------------------------------------------------------------------------- DeepDiagnosis
def _dd_blame(run: Recorded) -> str:
    """W4, D1, W1: what it blames for a loss that stands still, in its order."""
    variances = [float(weight.var()) for weight, _ in run.weights]
    if any(not 1e-5 <= value <= 10 for value in variances):
        return "init"
    if _outside_one(run):
        return "inputs"
    ratio = _update(run)
    if len(ratio) and not 1e-5 <= ratio[-1] <= 1e-1:
        return "rate"
    return "optimizer"


def _dd_flat(run: Recorded) -> bool:
    """L4: mean and maximum of the last 5 losses are equal."""
    last = run.loss[-5:]
    return len(last) == 5 and bool(last.mean() == last.max())


def _dd_flat_because(what: str) -> Callable[[Recorded], bool]:
    return lambda run: _dd_flat(run) and _dd_blame(run) == what


def _dd_flat_accuracy(run: Recorded) -> bool:
    """A1: the accuracy is the same for 20 epochs."""
    last = run.accuracy[-20:]
    return len(last) == 20 and bool(last.mean() == last.max())


def _dd_broken(what: str) -> Callable[[Recorded], bool]:
    """L1: a loss that is not finite is put on the last layer, the rate or the optimizer."""

    def holds(run: Recorded) -> bool:
        if not _not_finite(run):
            return False
        if _mismatched(run):
            return what == "activation"
        ratio = _update(run)
        rate = len(ratio) == 0 or not bool(((ratio >= 1e-5) & (ratio <= 1e-1)).all())
        return what == ("rate" if rate else "optimizer")

    return holds


def _dd_range(run: Recorded) -> bool:
    """A11: the last layer cannot reach the targets, or is linear where the loss wants shares."""
    low, high = {"sigmoid": (0, 1), "softmax": (0, 1), "tanh": (-1, 1), "relu": (0, math.inf)}.get(
        run.output, (-math.inf, math.inf)
    )
    least, most = run.targets or (0.0, 1.0)
    return least < low or most > high or (run.loss_name == "nll" and run.output == "logits")


DEEP_DIAGNOSIS = Tool(
    "DeepDiagnosis",
    (
        Rule("NaN loss: last activation", OUTPUT, _dd_broken("activation")),  # L1
        Rule("NaN loss: learning rate", STEADY, _dd_broken("rate")),
        Rule("NaN loss: optimizer", STEADY, _dd_broken("optimizer")),
        Rule(  # A3: accuracy 0 or NaN
            "invalid accuracy",
            (*OUTPUT, "label_encoding", "wrong_loss"),
            lambda r: bool((r.accuracy == 0).any() or np.isnan(r.accuracy).any()),
        ),
        Rule("output range", (*OUTPUT, "label_encoding"), _dd_range),  # A11
        Rule(
            "vanishing gradient", ("vanishing_gradients",), lambda r: _mean_gradient(r, 1e-7)
        ),  # G1
        Rule(  # N1: 70 % of the activations of a layer at or below 0
            "dead node",
            ("dead_units", "bad_initialisation"),
            lambda r: r.hidden == "relu" and any((v <= 0).mean() >= 0.7 for v in r.before),
        ),
        Rule(  # N2: beyond 5 for more than half
            "saturated activation",
            ("vanishing_gradients", "bad_initialisation", *SCALE),
            lambda r: _beyond(r, 5, -5, 5),
        ),
        Rule("loss stands still: weights", ("bad_initialisation",), _dd_flat_because("init")),  # L4
        Rule("loss stands still: inputs", SCALES, _dd_flat_because("inputs")),
        Rule("loss stands still: learning rate", RATE, _dd_flat_because("rate")),
        Rule("loss stands still: optimizer", RATE, _dd_flat_because("optimizer")),
        Rule("accuracy stands still", RATE, _dd_flat_accuracy),  # A1
        Rule("inputs out of range", SCALES, _outside_one),  # D1
    ),
    first=True,
)


# --------------------------------------------------------------------------------- AutoTrainer
THETA = 0.6  # the accuracy that satisfies the user; 0.6 in its own script


def _at_poor(run: Recorded) -> bool:
    """Its gradient symptoms count only where the accuracy is poor or never moves (A2, L8)."""
    return _at_accuracy(run) or _at_slow(run)


def _at_accuracy(run: Recorded) -> bool:
    """A2: neither accuracy ever reaches the wanted one."""
    best = [values[np.isfinite(values)] for values in (run.accuracy, run.val_accuracy)]
    return all(len(values) == 0 or values.max() < THETA for values in best)


def _at_slow(run: Recorded) -> bool:
    """L8: no epoch gains 0.01 in either accuracy."""
    steps = np.concatenate([np.diff(run.accuracy), np.diff(run.val_accuracy)])
    steps = steps[np.isfinite(steps)]
    return len(steps) == 0 or bool(steps.max() < 0.01)


def _at_vanish(run: Recorded) -> bool:
    """G1: the first layer's gradient below 1e-4, and 1e-3 of the last one's."""
    if len(run.gradients) < 2:
        return False
    first, last = run.gradients[0], run.gradients[-1]
    return bool(((first < 1e-4) & (first < 1e-3 * last)).any())


def _at_explode(run: Recorded) -> bool:
    """G2: the first layer's gradient above 70 times the last one's."""
    return len(run.gradients) > 1 and bool((run.gradients[0] > 70 * run.gradients[-1]).any())


def _at_oscillates(run: Recorded) -> bool:
    """A1: in a fifth of the epochs a local top and the bottom after it are 0.03 apart."""
    value = run.accuracy[np.isfinite(run.accuracy)]
    if len(value) < 3:
        return False
    turn = np.flatnonzero(np.sign(np.diff(value))[1:] * np.sign(np.diff(value))[:-1] < 0) + 1
    tops = [k for k in turn if value[k] > value[k - 1]]
    pairs = sum(any(value[top] - value[k] >= 0.03 for k in turn[turn > top][:1]) for top in tops)
    return pairs >= 0.2 * len(value)


AUTO_TRAINER = Tool(
    "AutoTrainer",
    (
        Rule(
            "NaN loss", BROKEN, lambda r: _not_finite(r) or bool((_both(r) >= 1e3).any())
        ),  # L1, L3
        Rule(  # L2: a negative loss; it replaces the loss
            "abnormal loss",
            (*OUTPUT, "label_encoding", "wrong_loss", "loss_sign_flipped"),
            lambda r: bool((_both(r) < 0).any()),
        ),
        Rule("last activation", OUTPUT, _mismatched),  # S1: last activation against the loss
        Rule(  # D1: mean |output| of a hidden layer of 10 or more
            "abnormal data", SCALES, lambda r: any(np.abs(v).mean() >= 10 for v in r.after)
        ),
        Rule(
            "exploding gradient",
            ("exploding_gradients", "bad_initialisation"),
            lambda r: _at_poor(r) and _at_explode(r),
        ),
        Rule(
            "vanishing gradient",
            ("vanishing_gradients", "bad_initialisation"),
            lambda r: _at_poor(r) and _at_vanish(r),
        ),
        Rule(  # G4: 70 % of the gradient's entries exactly 0
            "dying ReLU",
            ("dead_units", "bad_initialisation"),
            lambda r: _at_poor(r) and bool((_silent(r) >= 0.7).any()),
        ),
        Rule("oscillating loss", STEADY, _at_oscillates),  # A1
        Rule("slow convergence", SLOW, lambda r: _at_slow(r)),  # L8
        Rule("not converged", SLOW, _at_accuracy),  # A2
    ),
    first=True,
)


# ------------------------------------------------------------------------- SageMaker Debugger
def _smd_not_decreasing(run: Recorded) -> bool:
    """L4: within 10 losses a decrease below 0.1 %."""
    last = run.loss[-11:]
    return len(last) == 11 and bool(last[-1] > last[0] - 0.001 * abs(last[0]))


def _smd_increasing(run: Recorded) -> bool:
    """L4: an increase of more than 5 %."""
    return bool((_change(run.loss, len(run.loss)) > 0.05).any())


def _smd_overfit(run: Recorded) -> bool:
    """L9: (validation - train) / train above 0.1, once."""
    return bool(((run.val_loss - run.loss) / run.loss > 0.1).any())


def _smd_overtraining(run: Recorded) -> bool:
    """L10: train not better by 0.01 for 5 and validation for 10."""
    return _stale(run.loss, 5) and _stale(run.val_loss, 10)


def _stale(values: Array, patience: int) -> bool:
    best, since, longest = math.inf, 0, 0
    for value in values:
        since = 0 if value < best - 0.01 else since + 1
        best, longest = min(best, value), max(longest, since)
    return longest >= patience


def _smd_initialisation(run: Recorded) -> bool:
    """W4: layer variances 10 apart or gradients within 1e-3, and a flat loss, in 10 epochs."""
    variances = [float(weight.var()) for weight, _ in run.initial]
    apart = len(variances) > 1 and max(variances) > 10 * max(min(variances), 1e-300)
    narrow = any(bool((values[:10] * 2 * 1.645 < 1e-3).any()) for values in run.mean_gradients)
    first = run.loss[:10]
    flat = any(np.ptp(first[k : k + 5]) < 1e-3 * abs(first[k]) for k in range(len(first) - 4))
    return flat and (apart or narrow)


def _smd_imbalance(run: Recorded) -> bool:
    """A5: classes 10 to 1, and one of them wrong in 70 % of its rows; from 500 rows on."""
    counts = np.bincount(run.labels, minlength=run.classes)
    if run.confusion is None or counts.sum() < 500 or counts.max() <= 10 * max(counts.min(), 1):
        return False
    return bool((_recall(run.confusion) < 0.3).any())


def _recall(confusion: Array) -> Array:
    total = confusion.sum(1)
    return np.diag(confusion)[total > 0] / total[total > 0]


def _smd_confusion(run: Recorded) -> bool:
    """A6: a class with less than 0.9 right, or more than 0.1 taken for another."""
    return run.confusion is not None and bool((_recall(run.confusion) < 0.9).any())


def _unchanged(run: Recorded) -> bool:
    """W2: a weight matrix that does not change (rtol 1e-5)."""
    return any(bool((values[1:] < 1e-5).any()) for values in run.updates)


SAGEMAKER = Tool(
    "SageMaker Debugger",
    (
        Rule("exploding tensor", BROKEN, _bad_gradient),  # G3, L1
        Rule("class imbalance", ("class_imbalance",), _smd_imbalance),  # A5
        Rule("poor weight initialisation", ("bad_initialisation",), _smd_initialisation),  # W4
        Rule(  # N1: units active for less than 1 %, more than half of a layer
            "dead ReLU",
            ("dead_units", "bad_initialisation"),
            lambda r: bool((_silent(r, 0.01) > 0.5).any()),
        ),
        Rule(  # N2: tanh beyond 9.4999, sigmoid below -23 or above 16.99999
            "saturated activation",
            ("vanishing_gradients", "bad_initialisation", *SCALE),
            lambda r: _beyond(r, 9.4999, -23, 16.99999),
        ),
        Rule(
            "vanishing gradient", ("vanishing_gradients",), lambda r: _mean_gradient(r, 1e-7)
        ),  # G1
        Rule(  # W1: an update ratio above 10
            "weight update ratio high", STEADY, lambda r: bool((_update(r) > 10).any())
        ),
        Rule(  # W1: below 1e-8
            "weight update ratio low",
            ("lr_too_low", "parameters_not_updated"),
            lambda r: bool((_update(r) < 1e-8).any()),
        ),
        Rule("unchanged tensor", ("parameters_not_updated", "lr_too_low"), _unchanged),  # W2
        Rule(  # N5: a tensor of zeros
            "all zero",
            ("dead_units", "bad_initialisation", "vanishing_gradients"),
            lambda r: (
                any(not v.any() for v in r.after)
                or any(bool((values == 0).any()) for values in r.gradients)
            ),
        ),
        Rule("loss increases", STEADY, _smd_increasing),  # L4
        Rule("loss does not decrease", RATE, _smd_not_decreasing),  # L4
        Rule("overfitting", ("overfit",), _smd_overfit),  # L9
        Rule("overtraining", ("overfit",), _smd_overtraining),  # L10
        Rule("confusion", (), _smd_confusion),  # A6: a symptom that leads to no cause
    ),
)


# ----------------------------------------------------------------------------- TheDeepChecker
PERIODS = 5  # of growth or decay in a row


def _steadily(values: Array, factor: float) -> bool:
    """Each of the last periods multiplies by `factor` at least, or at most where it is below 1."""
    last = values[np.isfinite(values)][-PERIODS - 1 :]
    if len(last) <= PERIODS or (last[:-1] == 0).any():
        return False
    rates = last[1:] / last[:-1]
    return bool((rates >= factor).all() if factor > 1 else (rates <= factor).all())


def _tdc_unscaled(run: Recorded) -> bool:
    """D1: a feature that is neither in [0, 1] or [-1, 1] nor of mean 0 and deviation 1."""
    low, high = run.x.min(0), run.x.max(0)
    unit = np.isclose(high, 1) & (np.isclose(low, 0) | np.isclose(low, -1))
    normal = np.isclose(run.x.mean(0), 0, atol=1e-3) & np.isclose(run.x.std(0), 1, atol=1e-2)
    return not bool((unit | normal | (low == high)).all())


def _tdc_start(run: Recorded) -> bool:
    """L12: the first loss further than ln K from ln K; the first epoch's mean stands for it."""
    uniform = math.log(max(run.classes, 2))
    return run.loss_name != "mse" and bool(abs(run.loss[0] - uniform) >= uniform)


def _tdc_initial_scale(run: Recorded) -> bool:
    """W4: an F-test (level 0.1) of a layer's variance against those of He, Glorot and LeCun."""
    from scipy import stats

    for weight, _ in run.initial:
        inputs, outputs = weight.shape
        fits = []
        for expected in (2 / inputs, 2 / (inputs + outputs), 1 / inputs):
            ratio, size = weight.var() * weight.size / expected, weight.size - 1
            low, high = stats.chi2.ppf((0.05, 0.95), size)
            fits.append(low <= ratio <= high)
        if not any(fits) and weight.size > 1:
            return True
    return False


def _tdc_bias(run: Recorded) -> bool:
    """W6: unbalanced classes, and a last bias that does not say so."""
    return bool(run.initial) and _balance(run) < 0.5 and not run.initial[-1][1].any()


def _tdc_dead(run: Recorded) -> bool:
    """N1: |a| below 1e-5 in 95 % of the rows, for more than half of a layer."""
    return any((np.percentile(np.abs(v), 95, axis=0) < 1e-5).mean() > 0.5 for v in run.after)


def _tdc_saturated(run: Recorded) -> bool:
    """N2: a saturation measure above 0.85 for more than half of a layer: the mean |tanh|."""
    if run.hidden not in ("tanh", "sigmoid"):
        return False
    scaled = [v if run.hidden == "tanh" else 2 * v - 1 for v in run.after]
    return any((np.abs(v).mean(0) > 0.85).mean() > 0.5 for v in scaled)


def _tdc_range(run: Recorded) -> bool:
    """N3: the deviation of a layer's activations surely outside [0.5, 2] (F-test)."""
    from scipy import stats

    for value in run.after:
        spread, size = float(value.var()), value.size - 1
        if spread * size / 0.25 < stats.chi2.ppf(0.05, size):
            return True
        if spread * size / 4.0 > stats.chi2.ppf(0.95, size):
            return True
    return False


def _tdc_output(run: Recorded) -> bool:
    """A11: outputs that are no shares where the loss takes shares, or another number of them."""
    if run.outputs > max(run.classes, 2):
        return True
    if run.targets is not None and (run.targets[0] < 0 or run.targets[1] > 1):
        return True
    return _mismatched(run)


def _tdc_constant(run: Recorded) -> bool:
    """A10: outputs without variance."""
    return run.ends is not None and bool(run.ends.std(0).max() < 1e-12)


def _tdc_smoothness(values: Array) -> float:
    """Of the last 50 losses: the share of the way that leads somewhere."""
    last = values[np.isfinite(values)][-50:]
    way = np.abs(np.diff(last)).sum()
    return float(abs(last[-1] - last[0]) / way) if way > 0 else 1.0


def _tdc_flat(run: Recorded) -> bool:
    """L4: each of the last 5 relative decreases below 5 %."""
    change = _change(run.loss, PERIODS)
    return len(change) == PERIODS and bool((-change < 0.05).all())


def _tdc_diverges(run: Recorded) -> bool:
    """L5: each of the last 5 losses twice the least."""
    last = run.loss[-PERIODS:]
    return len(run.loss) > PERIODS and bool((last >= 2 * run.loss.min()).all() and last[0] > 0)


def _tdc_unrepresentative(run: Recorded) -> bool:
    """L15: |correlation| of loss and accuracy below 0.5."""
    known = np.isfinite(run.loss) & np.isfinite(run.accuracy)
    loss, accuracy = run.loss[known], run.accuracy[known]
    if len(loss) < 3 or loss.std() == 0 or accuracy.std() == 0:
        return len(loss) >= 3
    return bool(abs(np.corrcoef(loss, accuracy)[0, 1]) < 0.5)


def _tdc_ratio(run: Recorded, above: bool) -> bool:
    """W1: log10 of the mean update ratio above -1, or below -4."""
    ratio = np.log10(np.maximum(_update(run), 1e-30))
    return bool((ratio > -1).any() if above else (ratio < -4).any())


def _tdc_weights(run: Recorded) -> bool:
    """W5: 95 % of a layer's weights within 1e-5, or negative, or a mean |w| above 1e8."""
    return any(
        (np.abs(w) < 1e-5).mean() >= 0.95 or (w < 0).mean() >= 0.95 or np.abs(w).mean() > 1e8
        for w, _ in run.weights
    )


def _tdc_growing_penalty(run: Recorded) -> bool:
    """L16: the penalty's share grows twofold in 5 periods (of the terms, for their gradients)."""
    return bool(np.any(run.penalty > 0)) and _steadily(run.penalty / np.abs(run.loss), 2)


DEEP_CHECKER = Tool(
    "TheDeepChecker",
    (
        # before training
        Rule("NaN inputs", ("nonfinite_inputs",), _bad_inputs),  # D3
        Rule("features not scaled", SCALES, _tdc_unscaled),  # D1
        Rule(  # D2: a feature of one value
            "constant feature",
            ("constant_feature", "uninformative_inputs"),
            lambda r: bool((r.x.std(0) == 0).any()),
        ),
        Rule("unbalanced labels", ("class_imbalance",), lambda r: _balance(r) < 0.5),  # A5
        Rule(  # W3: weights without variance
            "symmetric weights",
            ("bad_initialisation",),
            lambda r: any(weight.var() == 0 for weight, _ in r.initial if weight.size > 1),
        ),
        Rule("initial scale", ("bad_initialisation", "exploding_gradients"), _tdc_initial_scale),
        Rule("last bias ignores the classes", ("class_imbalance",), _tdc_bias),  # W6
        Rule(  # L12
            "first loss",
            ("bad_initialisation", "exploding_gradients", *SCALE, *OUTPUT, "loss_sign_flipped"),
            _tdc_start,
        ),
        Rule(  # L13: the loss grows with the batch
            "loss is summed", ("loss_not_averaged",), lambda r: r.reduction == "sum"
        ),
        Rule(  # A11
            "invalid outputs", (*OUTPUT, "wrong_output_size", "label_encoding"), _tdc_output
        ),
        # while training
        Rule("NaN loss", BROKEN, _not_finite),  # L1
        Rule("outputs are constant", (*OUTPUT, "bad_initialisation"), _tdc_constant),  # A10
        Rule("dead units", ("dead_units", "bad_initialisation"), _tdc_dead),  # N1
        Rule(
            "saturated units", ("vanishing_gradients", "bad_initialisation"), _tdc_saturated
        ),  # N2
        Rule("activation range", ("bad_initialisation", *SCALE), _tdc_range),  # N3
        Rule(  # G1: mean |gradient| below 1e-6, or halved 5 times in a row
            "vanishing gradient",
            ("vanishing_gradients",),
            lambda r: _mean_gradient(r, 1e-6) or any(_steadily(v, 0.5) for v in r.gradients),
        ),
        Rule(  # G2: above 1e6, or doubled 5 times in a row
            "exploding gradient",
            ("exploding_gradients", "lr_too_high"),
            lambda r: (
                any((v > 1e6).any() for v in r.mean_gradients)
                or any(_steadily(v, 2) for v in r.gradients)
            ),
        ),
        Rule("update ratio high", STEADY, lambda r: _tdc_ratio(r, True)),  # W1
        Rule(
            "update ratio low",
            ("lr_too_low", "parameters_not_updated"),
            lambda r: _tdc_ratio(r, False),
        ),  # W1
        Rule(
            "untrained parameter",
            ("parameters_not_updated", "lr_too_low"),
            lambda r: any(bool((v[1:] == 0).any()) for v in r.updates),
        ),  # W2
        Rule("weights dead or diverging", ("over_regularized", "penalty_dominates"), _tdc_weights),
        Rule("loss diverges", STEADY, _tdc_diverges),  # L5
        Rule("loss fluctuates", STEADY, lambda r: _tdc_smoothness(r.loss) < 0.5),  # L6
        Rule("loss does not decrease", RATE, _tdc_flat),  # L4
        Rule(  # L14: loss below 1e-8, or below 1e-5 and smooth
            "zero loss",
            ("overfit",),
            lambda r: (
                bool(np.nanmin(np.abs(r.loss)) <= 1e-8)
                or bool(np.nanmin(np.abs(r.loss)) <= 1e-5 and _tdc_smoothness(r.loss) > 0.95)
            ),
        ),
        Rule(  # L16
            "penalty overwhelms the loss",
            ("penalty_dominates", "over_regularized"),
            _tdc_growing_penalty,
        ),
        Rule("loss does not represent the accuracy", (), _tdc_unrepresentative),  # L15: no cause
    ),
)

TOOLS: Sequence[Tool] = (UMLAUT, DEEP_DIAGNOSIS, AUTO_TRAINER, SAGEMAKER, DEEP_CHECKER)
