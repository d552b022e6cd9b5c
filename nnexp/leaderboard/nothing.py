"""The answer where no run can be ranked: how they ended, why, and where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from shlex import quote

from nnexp.errors import UserError
from nnexp.leaderboard.records import Record
from nnexp.leaderboard.words import plural
from nnexp.lines import one_line
from nnexp.runs.jobs import resume_command

MOST_REASONS = 3


def nothing_to_rank(records: Sequence[Record], sort: str) -> UserError:
    """The error of a leaderboard without a row.

    Arguments:
        records: the runs, one at least.
        sort: the score that was to rank.
    """
    reasons = Counter(one_line(record.reason) for record in records if record.reason)
    told = [
        reason if len(reasons) == 1 else f"{count} x {reason}"
        for reason, count in reasons.most_common(MOST_REASONS)
    ]
    if len(reasons) > MOST_REASONS:
        told.append(f"and {plural(len(reasons) - MOST_REASONS, 'other reason')}")
    why = f": {'; '.join(told)}" if told else ""
    return UserError(
        f"there is nothing to rank, of {how_ended(records, sort)}{why}",
        "at least one run that is done and has validation rows",
        _remedy(records),
    )


def how_ended(records: Sequence[Record], sort: str) -> str:
    """How many runs ended in which way: `4 runs (3 diverged, 1 failed)`; `sort` as above."""
    ended = Counter(
        record.status if record.status != "done" else f"done without a {sort}" for record in records
    )
    words = ", ".join(f"{count} {status}" for status, count in sorted(ended.items()))
    return f"{plural(len(records), 'run')} ({words})"


def _remedy(records: Sequence[Record]) -> str:
    """What to type next: of runs that ended otherwise the first that can say most."""
    for record in records:
        if record.status == "diverged":
            return f"nnexp diagnose {quote(str(record.folder))}"
    for record in records:
        if record.open:
            return resume_command(record.folder)
    for record in records:
        if record.status == "done":
            return "data.split.valid=0.2"
    return f"ls {quote(str(records[0].folder))}"
