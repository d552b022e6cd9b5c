"""Labels as the loss gets them, and accuracies that are a class's share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.diagnosis.finding import TRIED, Evidence, Nomination
from nnexp.diagnosis.judged import Rows
from nnexp.diagnosis.seen import Seen

FREQUENT = 0.85  # share of a class beside which the others are rare
LOST_RECALL = 0.1  # of the mean recall, by naming the frequent class alone
NAMED = 0.2  # recall below which a class is hardly ever named
RARE_ROWS = 8  # validation rows of the rare class, at least

# a class that may be named too seldom: its share, and that over an equal one; its train rows, its
# recall there, and that of the most frequent class
SELDOM, SELDOM_OF_EQUAL, SELDOM_ROWS, SELDOM_RECALL, WELL_TOLD = 0.15, 0.5, 10, 0.6, 0.8
OVERWEIGHT, OF_ROWS = 0.8, 0.7  # share of the loss by weights, and of the rows at most
RAISED, MORE = 1.5, 2.0  # weight of the most frequent class over that of the rarest, and its rows
OWN = 5  # held-out rows of a class that can show by which name it goes; there have to be two
SHUFFLED, RESTORED = 0.2, 0.1  # accuracy lost on held-out rows, and left lost by other names


def encoding(seen: Seen) -> list[Nomination]:
    """data.labels=raw with numbers that the loss does not take."""
    if seen.config.data.labels != "raw" or not seen.classes:
        return []
    numbers = np.array([float(value) for value in seen.classes])
    name = seen.config.loss.name
    low, high = float(numbers.min()), float(numbers.max())
    given = Evidence("labels", [float(number) for number in numbers[:6]], "0 and 1")
    fix = ("data.labels=auto", "model.outputs=auto")
    if name in ("bce", "bce_with_logits"):
        if low < 0 or high > 1 or len(numbers) > 2:
            outside = (
                "a target outside [0, 1] lets the loss fall without bound: every row is pushed to "
                "one side, and the accuracy to one class's share"
            )
            between = "one output cannot tell more than two classes apart"
            return [_encoding(given, outside if low < 0 or high > 1 else between, fix, 0.98)]
        if high < 0.5:
            return [
                _encoding(
                    given,
                    "targets near 0 teach the network to answer about 0 for every row: the loss "
                    "falls and one class is never named",
                    fix,
                    0.98,
                )
            ]
        return []
    if name in ("cross_entropy", "nll"):
        unused = sorted(set(range(seen.outputs)) - {int(number) for number in numbers})
        if not unused:
            return []
        expected = Evidence("outputs that are no label", unused, "none")
        text = (
            f"labels do not count 0..{len(numbers) - 1}: {len(unused)} outputs are never a target"
        )
        return [_encoding(expected, text, fix, 0.9)]
    return [
        Nomination(
            "wrong_loss",
            (Evidence("loss", name, "cross_entropy for classes"), given),
            f"{name} fits the numbers in the target column as if they were quantities",
            ("loss=cross_entropy", *fix),
            0.85,
        )
    ]


def _encoding(evidence: Evidence, text: str, fix: tuple[str, ...], strength: float) -> Nomination:
    return Nomination("label_encoding", (evidence,), text, fix, strength)


def imbalance(seen: Seen) -> list[Nomination]:
    """An accuracy that is the majority's share, though the inputs tell the rare class."""
    if seen.train is None or seen.prior_accuracy < FREQUENT:
        return []
    if seen.config.loss.class_weight is not None:  # it is weighed already
        return []
    rare = int(np.argmin(np.where(seen.counts > 0, seen.counts, np.inf)))
    frequent = int(np.argmax(seen.counts))
    found = _by_trees(seen.train, rare, frequent) or _by_itself(seen, rare, frequent)
    if found is None:
        return []
    mean, possible, whose, part = found
    return [
        Nomination(
            "class_imbalance",
            (
                Evidence(
                    f"mean recall of {seen.classes[rare]!s} and {seen.classes[frequent]!s}",
                    mean,
                    f"about {possible:.3f}, what {whose} by another threshold",
                ),
                Evidence(
                    f"recall of {seen.classes[rare]!s}",
                    float(part.recalls[rare]),
                    "as of the others",
                ),
                Evidence("accuracy on these rows", part.accuracy, "above the majority's share"),
                Evidence("share of the majority", seen.prior_accuracy, f"below {FREQUENT}"),
            ),
            "the frequent class makes the accuracy: the loss falls as its rows grow more certain, "
            + (
                "and the rare class is hardly ever named"
                if part.recalls[rare] < NAMED
                else "and rows of the rare class are named less often than the run could tell them"
            ),
            ("loss.class_weight=balanced",),
            0.75,
            certain=True,
        )
    ]


def overweighted(seen: Seen) -> list[Nomination]:
    """Weights by hand that leave the loss to one class, which the rows do not."""
    weights = _by_hand(seen)
    if weights is None or not (weights * seen.counts).sum() > 0:
        return []
    total = weights * seen.counts
    shares, rows = total / total.sum(), seen.counts / seen.counts.sum()
    place = int(shares.argmax())
    if shares[place] < OVERWEIGHT or rows[place] > OF_ROWS:
        return []
    name = seen.classes[place]
    return [
        Nomination(
            "class_imbalance",
            (
                Evidence(
                    f"share of the loss that loss.class_weight gives to {name!s}",
                    round(float(shares[place]), 3),
                    f"{1 / len(rows):.2g} where it balances the classes",
                ),
                Evidence(f"share of {name!s} among the train rows", float(rows[place]), "any"),
            ),
            "the weights make one class of nearly all of the loss, as weights in another order "
            "than that of the classes do: rows of the others are taken for it",
            ("loss.class_weight=balanced",),
            0.85,
        )
    ]


def upside_down(seen: Seen) -> list[Nomination]:
    """Weights by hand that raise the most frequent class above a rare one that is missed."""
    weights, part = _by_hand(seen), seen.train
    if weights is None or part is None or not seen.counts.all():
        return []
    often, rare = int(seen.counts.argmax()), int(seen.counts.argmin())
    raised = weights[often] >= RAISED * weights[rare] and weights[often] > 0
    if not raised or seen.counts[often] < MORE * seen.counts[rare]:
        return []
    if not part.recalls[rare] < SELDOM_RECALL:
        return []
    return [
        Nomination(
            "class_imbalance",
            (
                Evidence(
                    f"loss.class_weight of {seen.classes[often]!s} and of {seen.classes[rare]!s}",
                    [float(weights[often]), float(weights[rare])],
                    "more for the rarer class",
                ),
                Evidence(
                    "their train rows", [int(seen.counts[often]), int(seen.counts[rare])], "any"
                ),
                Evidence(
                    f"recall of {seen.classes[rare]!s} on train rows",
                    float(part.recalls[rare]),
                    "as of the others",
                ),
            ),
            "the weights raise the class that has the most rows, as counts do that were given for "
            "weights: the loss hardly asks for the rare class",
            ("loss.class_weight=balanced",),
            0.85,
            certain=_by_trees(part, rare, often) is not None,
        )
    ]


def _by_hand(seen: Seen) -> np.ndarray | None:
    """Weights of the classes that the user listed (C,); None for none, or for another number."""
    weights = seen.config.loss.class_weight
    if not isinstance(weights, Sequence) or isinstance(weights, str):
        return None
    return np.asarray(weights, dtype=float) if len(weights) == len(seen.counts) else None


def seldom(seen: Seen) -> list[Nomination]:
    """A rare class that is missed even among the train rows; only a re-run shows whether it could
    be told, so this is no more than a sign that is worth one.
    """
    part, shares = seen.train, seen.counts / max(1, seen.counts.sum())
    if part is None or seen.config.loss.class_weight is not None or not len(shares):
        return []
    recalls, least = part.recalls, min(SELDOM, SELDOM_OF_EQUAL / len(shares))
    if not recalls[int(np.argmax(seen.counts))] >= WELL_TOLD:
        return []
    found = [
        place
        for place in np.argsort(seen.counts)
        if seen.counts[place] >= SELDOM_ROWS
        and shares[place] < least
        and recalls[place] < SELDOM_RECALL
    ]
    if not found:
        return []
    rare = int(found[0])
    name = seen.classes[rare]
    return [
        Nomination(
            "class_imbalance",
            (
                Evidence(
                    f"recall of {name!s} on train rows", float(recalls[rare]), "as of the others"
                ),
                Evidence(f"share of {name!s}", float(shares[rare]), f"at least {least:.3g}"),
            ),
            "so few rows are of this class that the loss hardly asks for them: it falls as the "
            "others grow more certain",
            ("loss.class_weight=balanced",),
            TRIED,
        )
    ]


Imbalanced = tuple[float, float, str, Rows]


def _by_trees(part: Rows, rare: int, frequent: int) -> Imbalanced | None:
    """Train rows, of which other learners tell the rare class by another threshold."""
    recall, positive = part.recalls[rare], part.true == rare
    if positive.sum() < 5 or np.isnan(recall):
        return None
    mean = float((recall + part.recalls[frequent]) / 2)
    possible = _best_of_thresholds(part.votes[:, rare], positive, part.true == frequent)
    if possible - mean < LOST_RECALL or possible < 0.6:
        return None
    return mean, possible, "other learners reach", part


def _by_itself(seen: Seen, rare: int, frequent: int) -> Imbalanced | None:
    """Validation rows, of which the run's own scores tell the rare class by another threshold.

    The threshold is the best one for the train rows.
    """
    part, known = seen.valid, seen.train
    if part is None or known is None or part.scores is None or known.scores is None:
        return None
    positive, negative = part.true == rare, part.true == frequent
    if positive.sum() < RARE_ROWS or not negative.any():
        return None
    scores = known.scores[:, rare]
    levels = np.quantile(scores, np.linspace(0, 1, 201)[1:])
    inside, outside = known.true == rare, known.true == frequent
    if not inside.any() or not np.isfinite(scores).all() or not np.isfinite(part.scores).all():
        return None
    means = [(scores[inside] >= t).mean() + (scores[outside] < t).mean() for t in levels]
    told = part.scores[:, rare] >= levels[int(np.argmax(means))]
    possible = float((told[positive].mean() + (~told)[negative].mean()) / 2)
    mean = float((part.recalls[rare] + part.recalls[frequent]) / 2)
    gained = int(told[positive].sum() - (part.predicted[positive] == rare).sum())
    if possible - mean < LOST_RECALL or gained < 2 * np.sqrt(max(gained, 1)):
        return None
    return mean, possible, "its own scores tell", part


def _best_of_thresholds(votes: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """The mean of both recalls at the threshold where it is highest."""
    levels = np.unique(votes)[1:]
    if not len(levels) or not negative.any():
        return 0.5
    means = [((votes[positive] >= t).mean() + (votes[negative] < t).mean()) / 2 for t in levels]
    return float(max(means))


def exchanged(seen: Seen) -> list[Nomination]:
    """Held-out rows that are told apart as well as train rows, but under other names."""
    if seen.valid is None or seen.train is None or len(seen.classes) < 2:
        return []
    part, known = seen.valid, seen.train.possible
    if known < 0.7 or known - part.possible < SHUFFLED or len(part.true) < 20:
        return []
    from scipy.optimize import linear_sum_assignment

    count = len(seen.classes)
    cells = np.bincount(part.yardstick * count + part.true, minlength=count * count)
    told, named = linear_sum_assignment(-cells.reshape(count, count))
    renamed = float(cells.reshape(count, count)[told, named].sum() / len(part.true))
    if renamed < known - RESTORED or renamed - part.possible < SHUFFLED:
        return []
    # rows of one class alone fit whatever name most rows are given
    held = np.bincount(part.true, minlength=count)
    fitting = cells.reshape(count, count)[told, named] > held[named] / 2
    if (fitting & (held[named] >= OWN)).sum() < 2:
        return []
    pairs = [
        f"{seen.classes[a]} as {seen.classes[b]}"
        for a, b in zip(told, named, strict=True)
        if a != b and cells.reshape(count, count)[a].sum()
    ]
    return [
        Nomination(
            "label_mapping_mismatch",
            (
                Evidence(
                    "accuracy of other learners on validation rows",
                    part.possible,
                    f"about {known:.3f}",
                ),
                Evidence("the same with classes renamed", renamed, "no better"),
                Evidence("classes that train knows by another name", pairs[:6], "none"),
            ),
            "train and held-out rows call the same thing by different labels: what is learned is "
            "right and counts as wrong",
            (),
            0.95,
            certain=True,
        )
    ]


RULES = (encoding, imbalance, overweighted, upside_down, seldom, exchanged)
