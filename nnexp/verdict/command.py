"""`nnexp diagnose`: the diagnosis of finished runs, and its proof."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnexp.arguments import Arguments
from nnexp.errors import UserError
from nnexp.leaderboard.folders import find_runs
from nnexp.lines import one_line, visible_lines
from nnexp.track.status import read_status
from nnexp.verdict.diagnose import EARLIER, check_request, diagnose_one
from nnexp.verdict.request import Request
from nnexp.verdict.tables import AuditedTables
from nnexp.verdict.verdict import Verdict

NOTES = 3  # that are shown of a run without an alarm


def main(words: Sequence[str]) -> int:
    """`nnexp diagnose WORDS`; returns the exit status, 1 where a run has no diagnosis.

    A run that failed, or was ended before its first epoch, has none: that is no mistake.

    Raises:
        UserError: a mistake in the words, or a path without runs.
    """
    parser = Arguments(
        "nnexp diagnose",
        "RUN... [--probe] [--prove] [--seeds N] [--budget SECONDS] [--trust]",
        "Say what is wrong with a run, or with each run of a sweep, and prove it by re-runs.",
    )
    parser.add("runs", nargs="+", type=Path, metavar="RUN", help="run folders, or sweeps")
    parser.add("--probe", action="store_true", help="change the run in a dozen ways, and look")
    parser.add("--prove", action="store_true", help="re-run with each fix, paired by seed")
    parser.add("--seeds", type=int, metavar="N", help=f"pairs of a proof (default {Request.seeds})")
    parser.add("--budget", type=float, metavar="SECONDS", help="what re-runs may take, about")
    parser.add("--trust", action="store_true", help="allow a class of your own, and a download")
    options = parser.parse_args(words)
    _check_used(options, words)
    seeds = Request.seeds if options.seeds is None else options.seeds
    asked = Request(options.probe, options.prove, seeds, options.budget, options.trust)
    check_request(asked)  # once, and not for each run
    folders = find_runs(options.runs)
    tables = AuditedTables(asked.trust)
    alone = len(folders) == 1
    missed = False
    for folder in folders:
        if not alone:
            print(f"{folder}:")
        try:
            found = _diagnose(folder, tables, asked)
        except Exception as error:
            if alone:
                raise
            missed = True  # one bad folder; the others have theirs
            wrong = getattr(error, "wrong", f"{type(error).__name__}: {error}")
            print(one_line(f"{folder}: no diagnosis: {wrong}"), file=sys.stderr)
            continue
        if found is not None:
            _show(*found, alone)
    return int(missed)


def _check_used(options: Any, words: Sequence[str]) -> None:
    """Refuse flags that say how to re-run where nothing is to be re-run.

    Raises:
        UserError: there is such a flag.
    """
    prove = shlex.join(["nnexp", "diagnose", *words, "--prove"])
    if options.seeds is not None and not options.prove:
        raise UserError("--seeds says how to prove", "--seeds with --prove", prove)
    if options.budget is not None and not (options.prove or options.probe):
        raise UserError(
            "--budget says what re-runs may take", "--budget with --prove or --probe", prove
        )


def _diagnose(
    folder: Path, tables: AuditedTables, asked: Request
) -> tuple[Verdict, str, dict[str, Any]] | None:
    """A run's verdict, why its table was not at hand, and its status.

    Of a run that ended before it had something to be diagnosed the reason is printed, and None
    returned.

    Raises:
        UserError: as `diagnose`.
    """
    status = read_status(folder)
    try:
        return *diagnose_one(folder, tables, asked), status
    except UserError as error:
        if status["status"] not in ("failed", "interrupted"):
            raise
        print(one_line(f"{status['status']}: {status.get('reason') or error.wrong}"))
        if status["status"] == "failed" and "--trust" in error.remedy:
            print(one_line(f"no diagnosis: {error.wrong}; try: {error.remedy}"))
        return None


def _show(verdict: Verdict, why: str, status: dict[str, Any], alone: bool) -> None:
    """Print a verdict, with its explanation where it is the only one."""
    if why:
        how = "" if why.endswith(EARLIER) else ": judged by the curves"
        print(one_line(f"the table is not at hand ({why}){how}"), file=sys.stderr)
    if status["status"] in ("diverged", "interrupted", "failed"):
        print(one_line(f"{status['status']}: {status['reason']}"))
    print(str(verdict), end="")
    if alone and verdict.diagnosis.explained:
        print(visible_lines(verdict.diagnosis.explained))
    found = verdict.diagnosis
    notes = [own for own in found.notes if own not in found.noted]
    notes = notes if alone and not found.alarms else []
    for note in notes[:NOTES]:
        print(one_line(f"note: {note}"))
    if len(notes) > NOTES:
        print(f"{len(notes) - NOTES} more in diagnosis.json")
    if verdict.probing:
        print(f"probes took {verdict.probing:.1f} s")
    if verdict.seconds:
        print(f"re-runs took {verdict.seconds:.1f} s")
    print(f"report: {verdict.folder / 'report.html'}")
