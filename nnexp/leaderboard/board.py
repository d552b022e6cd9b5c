"""What a leaderboard holds: configurations, their scores, and how each stands to the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnexp.leaderboard.records import Record

if TYPE_CHECKING:
    import pandas as pd

SORTS = ("val_loss", "val_accuracy", "val_balanced_accuracy", "val_auc")
SCORES = (*SORTS, *(sort.replace("val_", "test_") for sort in SORTS))
MARKS = {"same": "≈", "unknown": "?"}
SAME = f"{MARKS['same']} cannot be told from the first"
UNKNOWN = f"{MARKS['unknown']} not compared with the first"


@dataclass(frozen=True)
class Summary:
    """A score of a configuration, over its runs that are done.

    Where runs differ in their split, the values that the spread and the interval are of are means
    over the seeds of each split; where they differ in further keys, over the runs of each seed.

    Arguments:
        n: runs that have the score; 0 makes all the rest NaN.
        mean: over the runs.
        sd: standard deviation of the values; NaN for one.
        low, high: 95 % interval of the mean by Student's t, over seeds (and splits) with the
            table as it is; NaN for one value.
        stderr: standard error of the mean as an estimate for new seeds and new rows; see
            `_stderr`.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    stderr: float


@dataclass(frozen=True)
class Comparison:
    """A configuration against the first, by their runs of the same seeds and folds.

    Arguments:
        difference: mean of its scores less those of the first; NaN without pairs.
        low, high: 95 % interval of the difference, not adjusted; NaN for one pair.
        p: of the paired t-test, two-sided; NaN for one pair.
        p_holm: adjusted for the number of configurations by Holm's method.
        distinguishable: whether it is worse than the first, with p_holm < 0.05, and an accuracy by
            more than the rows make by chance.
        pairs: what the test has counted: seeds, or splits where the split varies; 0 where the two
            have no run in common, and nothing is known.
        pairs_needed: the number of pairs for 80 % power if difference and spread are as seen;
            None where that is unknown or beyond 10 000, where it is told already, and where it is
            no worse on these pairs than the rows make by chance.
    """

    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    distinguishable: bool
    pairs: int
    pairs_needed: int | None


@dataclass(frozen=True)
class Configuration:
    """A row of the leaderboard.

    Arguments:
        rank: from 1.
        values: varied key -> value; a key that it does not have is left out.
        records: its runs that are done, one for each seed and fold.
        planned: the number of its runs, however they ended.
        scores: `val_loss`, `val_accuracy`, `val_balanced_accuracy`, `val_auc`, and the same of
            `test_`.
        against_leader: by the score that ranks; None for the first.
    """

    rank: int
    values: dict[str, Any]
    records: list[Record]
    planned: int
    scores: dict[str, Summary]
    against_leader: Comparison | None

    @property
    def is_complete(self) -> bool:
        """Whether all of its runs are done."""
        return len(self.records) == self.planned

    @property
    def stopped_after(self) -> int | None:
        """The epoch after which successive halving stopped all of its runs, if it did."""
        found = {record.stopped_after for record in self.records}
        return next(iter(found)) if len(found) == 1 else None

    @property
    def standing(self) -> str:
        """How it stands to the first: `first` itself, `apart`, which is told from it, `same`, which
        is not, `unknown`, which was not compared with it.
        """
        against = self.against_leader
        if against is None:
            return "first"
        if not against.pairs:
            return "unknown"
        return "apart" if against.distinguishable else "same"

    @property
    def mark(self) -> str:
        """A sign for a configuration that is not told from the first."""
        return MARKS.get(self.standing, "")


@dataclass(frozen=True, repr=False)
class Leaderboard:
    """Configurations from the best validation score down.

    Arguments:
        configurations: those with at least one run that is done; those of which all are done
            come first. There may be none, which `ranked` alone gives.
        failed: the runs that are not in any mean, each with its reason.
        varied: the keys that tell the configurations apart.
        sort: the score that ranks.
        winner_test: the test scores of the first, those that it has: what it is good for, since
            its validation score was picked as the best and is optimistic.
        unit: what the comparisons count: `seeds`, each with the mean over what else its runs
            differ in; `splits` where the runs of a configuration differ in their split, each
            with the mean over its seeds.
        notes: what to know before trusting the ranks, a sentence each.
    """

    configurations: list[Configuration]
    failed: list[Record]
    varied: list[str]
    sort: str
    winner_test: dict[str, Summary]
    unit: str = "seeds"
    notes: list[str] = field(default_factory=list)

    @property
    def incomplete(self) -> bool:
        """Whether runs have yet to come to their end, or to begin."""
        return any(record.open for record in self.failed)

    @property
    def halved(self) -> bool:
        """Whether successive halving stopped all runs of a configuration."""
        return any(row.stopped_after is not None for row in self.configurations)

    @property
    def paired(self) -> bool:
        """Whether several pairs were compared for a configuration, so that there is a test."""
        against = [row.against_leader for row in self.configurations]
        return any(own is not None and own.pairs > 1 for own in against)

    @property
    def tests(self) -> list[str]:
        """The test scores that are shown: loss, accuracy, and the kind that ranks in validation."""
        return list(
            dict.fromkeys(["test_loss", "test_accuracy", self.sort.replace("val_", "test_")])
        )

    @property
    def test(self) -> str:
        """By what configurations are told from the first, in words."""
        rows = "" if self.unit == "splits" else " on one split"
        words = f"paired t-test over {self.unit}{rows}, Holm's correction, 5 %"
        if self.sort.endswith("accuracy"):
            return f"{words}, and more than twice the standard error of the rows"
        return words if self.unit == "splits" else f"{words}, of these validation rows alone"

    def frame(self) -> pd.DataFrame:
        """A row a configuration; the columns are those of leaderboard.csv."""
        from nnexp.leaderboard.table import frame

        return frame(self)

    def csv(self) -> str:
        """leaderboard.csv: the same text for the same runs, in whatever order they came."""
        from nnexp.leaderboard.table import csv_text

        return csv_text(self)

    def markdown(self) -> str:
        """leaderboard.md: the table, the runs left out, and the notes."""
        from nnexp.leaderboard.table import markdown

        return markdown(self)

    def text(self, width: int | None = None) -> str:
        """The leaderboard as aligned lines.

        Arguments:
            width: columns of the screen, beyond which columns are shortened and left out; None
                for no limit.
        """
        from nnexp.leaderboard.text import leaderboard_text

        return leaderboard_text(self, width)

    def __repr__(self) -> str:
        return self.text(100)
