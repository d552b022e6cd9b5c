"""`nnexp.diagnose`: the diagnosis of a finished run, and its proof."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from shlex import join, quote
from typing import Any

from nnexp import calls
from nnexp.config.saved import read_config
from nnexp.config.schema.config import Config
from nnexp.diagnosis.finding import Nomination
from nnexp.diagnosis.probe import Probe
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError
from nnexp.leaderboard.writing import cannot_write
from nnexp.proof.probing import Probed
from nnexp.proof.probing import probe as make_probes
from nnexp.proof.proving import check_seeds
from nnexp.report.run_page import write_run_file
from nnexp.runs.diagnosing import diagnose_run, read_diagnosis, write_diagnosis
from nnexp.runs.jobs import resume_command
from nnexp.runs.material import check_source
from nnexp.runs.started import files_of, started_in
from nnexp.track.folder import check_links
from nnexp.track.lock import locked
from nnexp.track.status import read_status
from nnexp.verdict.request import Request
from nnexp.verdict.searching import prove_or_search
from nnexp.verdict.tables import AuditedTables
from nnexp.verdict.verdict import Verdict

UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
EARLIER = "this is the earlier diagnosis, which had it"
PROVEN_STEP = 1  # in TensorBoard's text tab; the run's own page is at step 0


def diagnose(
    run: Any,
    prove: bool = False,
    seeds: int = 5,
    budget: float | None = None,
    trust: bool = False,
    probe: bool = False,
) -> Verdict:
    """Diagnose a finished run, and write its diagnosis.json anew.

    Arguments:
        run: a run folder, that of a sweep's member as well, or what `nnexp.run` gave.
        prove: re-run with each fix, paired by seed; where that leaves no cause for a run that is
            behind its table, probe it and prove what the probes show.
        seeds: pairs of a proof, >= 2.
        budget: seconds that the proof may take, about, and the probes as well; None for no limit.
        trust: allow a model class of the user's own to be run, and a table to be downloaded.
        probe: change the run in a dozen ways first (`nnexp.proof.probing`), which may name causes.

    Raises:
        UserError: this is no run that has trained for an epoch.
    """
    folder = calls.folder(run, "nnexp.diagnose")
    return diagnose_one(folder, AuditedTables(trust), Request(probe, prove, seeds, budget, trust))[
        0
    ]


def diagnose_one(folder: Path, tables: AuditedTables, asked: Request) -> tuple[Verdict, str]:
    """A run's verdict, and why its table was not at hand ("" where it was).

    Arguments:
        folder: the run folder.
        tables: those of other runs, and this one's from now on.
        asked: what is to be done.

    Raises:
        UserError: as `diagnose`.
    """
    check_request(asked)
    config = _config(folder, asked)
    check_links(folder)
    with locked(folder):  # its diagnosis, report and manifest are written anew
        _check_ended(folder)
        try:
            return _diagnose(folder, config, tables, asked)
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            raise cannot_write(folder, error) from error


def check_request(asked: Request) -> None:
    """Refuse numbers that nothing can be done with.

    Raises:
        UserError: the budget is not above 0, or the pairs of a proof are fewer than 2.
    """
    if asked.budget is not None and not asked.budget > 0:
        raise UserError(f"--budget {asked.budget:g}", "seconds, more than 0", "--budget 20")
    if asked.prove:
        check_seeds(asked.seeds)


def _diagnose(
    folder: Path, config: Config, tables: AuditedTables, asked: Request
) -> tuple[Verdict, str]:
    """As `diagnose_one`, of a folder that nobody else writes into."""
    budget, trust = asked.budget, asked.trust
    material, audit, why = tables.of(config)
    if material is None and asked.trains:
        raise _no_table(folder, config, why, asked)
    if material is None and (earlier := _judged(folder)) is not None:
        return Verdict(folder, earlier), f"{why}; {EARLIER}"

    def look(nominations: Sequence[Nomination] = (), probes: Sequence[Probe] = ()) -> Diagnosis:
        found = diagnose_run(folder, material, audit, trust, nominations, probes, anew=asked.prove)
        write_run_file(folder, found)  # it is there, whatever becomes of probes and proofs
        return found

    found, probed = look(), Probed()
    if asked.probe:
        probed = make_probes(folder, budget=budget, trust=trust, tables=tables.read)
        found = look(probed.nominations, probed.probes)
    if not asked.prove:
        if asked.probe:
            _write_page(folder, config, found)
        return Verdict(folder, found, probing=probed.seconds, trust=trust), why
    proven, searched = prove_or_search(folder, found, asked, look, tables.read)
    write_diagnosis(folder, proven.diagnosis)
    write_run_file(folder, proven.diagnosis)
    _write_page(folder, config, proven.diagnosis)
    probing = probed.seconds + searched.seconds
    verdict = Verdict(folder, proven.diagnosis, proven.seconds, probing, proven.tried, asked=True)
    return verdict, why


def _config(folder: Path, asked: Request) -> Config:
    """A run's configuration, where it may be read, and re-run if that is asked for."""
    try:
        config = read_config(folder, asked.trust)
        if asked.trains:
            check_source(config, asked.trust)
    except UserError as error:
        if not error.remedy.endswith("--trust"):
            raise
        words = f"{'--prove ' if asked.prove else ''}{'--probe ' if asked.probe else ''}--trust"
        remedy = f"nnexp diagnose {quote(str(folder))} {words}"
        raise UserError(error.wrong, error.allowed, remedy) from error
    return config


def _judged(folder: Path) -> Diagnosis | None:
    """An earlier diagnosis that had the table, and says more than one without it would."""
    try:
        earlier = read_diagnosis(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return earlier if earlier.scores else None


def _no_table(folder: Path, config: Config, why: str, asked: Request) -> UserError:
    """The error of re-runs without a table."""
    words = (("--probe", asked.probe), ("--prove", asked.prove), ("--trust", asked.trust))
    flags = [flag for flag, given in words if given]
    start = started_in(folder, files_of(config.data))
    if start is None:
        remedy = f"nnexp diagnose {quote(str(folder))}"
    else:
        own = folder.absolute().relative_to(start)
        remedy = f"cd {quote(str(start))} && {join(['nnexp', 'diagnose', str(own), *flags])}"
    return UserError(
        f"the table of the run is not at hand, and re-runs need it: {why}",
        "the table where the run has read it; relative paths are read from where it was started",
        remedy,
    )


def _check_ended(folder: Path) -> None:
    """Refuse a run that goes on, or was killed: nothing says how it did."""
    try:
        status = read_status(folder)["status"]
    except UserError:  # it was damaged after the run
        return
    if status == "running":
        raise UserError(
            f"the run in {str(folder)!r} has not ended: it goes on, or was killed",
            "a run that has ended, well or not; one that was killed can be trained to its end",
            resume_command(folder),
        )


def _write_page(folder: Path, config: Config, found: Diagnosis) -> None:
    """What re-runs showed, after the page that the run itself left in TensorBoard."""
    if config.trainer.tensorboard:
        from nnexp.track.events import append_text

        append_text(folder, "diagnosis", found.markdown(), step=PROVEN_STEP)
