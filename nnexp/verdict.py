"""`nnexp.diagnose` and `nnexp diagnose`: the diagnosis of finished runs, and its proof."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import join, quote
from typing import Any

from nnexp import calls
from nnexp.arguments import Arguments
from nnexp.config.saved import config_text, read_config
from nnexp.config.schema.config import Config
from nnexp.config.typed import read_typed
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.finding import Audit, Finding
from nnexp.diagnosis.report import Diagnosis, cure
from nnexp.errors import UserError
from nnexp.leaderboard.folders import find_runs
from nnexp.lines import one_line, visible_lines
from nnexp.proof.probing import Probed
from nnexp.proof.probing import probe as make_probes
from nnexp.proof.proving import prove as prove_findings
from nnexp.report.retyped import program_of, retyped
from nnexp.report.run_page import write_run_file
from nnexp.runs.diagnosing import diagnose_run, prove_command, read_diagnosis, write_diagnosis
from nnexp.runs.examine import Material, check_source, read_material
from nnexp.runs.jobs import resume_command
from nnexp.runs.started import files_of, started_in
from nnexp.track.folder import check_links
from nnexp.track.manifest import read_manifest
from nnexp.track.status import read_status

EARLIER = "this is the earlier diagnosis, which had it"
PROVEN_STEP = 1  # in TensorBoard's text tab; the run's own page is at step 0


@dataclass(frozen=True)
class Verdict:
    """A run's diagnosis, perhaps proven.

    Arguments:
        folder: the run folder; diagnosis.json is in it.
        diagnosis: what was found.
        seconds: what the proof took; 0 without one.
        probing: what the probes took; 0 without any.
        tried: of a proof where nothing was suspected, what was tried and brought too little.
        asked: whether a proof was asked for.
        trust: whether the folder was trusted with a class of the user's own.
    """

    folder: Path
    diagnosis: Diagnosis
    seconds: float = 0.0
    probing: float = 0.0
    tried: Sequence[str] = ()
    asked: bool = False
    trust: bool = False

    @property
    def restores(self) -> Sequence[str]:
        """After a proof the smallest set of changes that mends the run."""
        return self.diagnosis.restores

    @property
    def findings(self) -> Sequence[Finding]:
        """The most probable cause first."""
        return self.diagnosis.findings

    def __str__(self) -> str:
        text = self.diagnosis.text("" if self.asked else prove_command(self.folder, self.trust))
        if self.restores:
            text += f"{cure(self.diagnosis)}: {self.command()}\n"
        if self.asked and not self.seconds and self.findings:
            text += "no re-run can prove it: nothing of it is mended by a setting\n"
        return visible_lines(text + "".join(f"{line}\n" for line in self.tried))

    def command(self) -> str:
        """The command that trains the run with what restores its score."""
        try:
            program = program_of(read_manifest(self.folder))
        except UserError:  # a run that was cut off
            program = program_of()
        return retyped(read_typed(self.folder, trust=True) or [], self.restores, program)


class AuditedTables:
    """Tables and their audits by configuration, so that the runs of a sweep share them.

    Arguments:
        trust: whether the run folders may say what is downloaded, and where to.
    """

    def __init__(self, trust: bool) -> None:
        self.trust = trust
        self._known: dict[str, tuple[Material | None, Audit | None, str]] = {}

    def of(self, config: Config) -> tuple[Material | None, Audit | None, str]:
        """A configuration's table and audit; None and why where it cannot be read."""
        key = config_text(replace(Config(), data=config.data, seeds=config.seeds))
        if key not in self._known:
            try:
                check_source(config, self.trust)
                material = read_material(config)
                self._known[key] = material, audit_sheet(material.sheet, material.trees), ""
            except (UserError, OSError) as error:
                why = error.wrong if isinstance(error, UserError) else str(error)
                self._known[key] = None, None, why
        return self._known[key]


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
        prove: re-run with each fix, paired by seed.
        seeds: pairs of a proof, >= 2.
        budget: seconds that the proof may take, about, and the probes as well; None for no limit.
        trust: allow a model class of the user's own to be run, and a table to be downloaded.
        probe: change the run in a dozen ways first (`nnexp.proof.probing`), which may name causes.

    Raises:
        UserError: this is no run that has trained for an epoch.
    """
    folder = calls.folder(run, "nnexp.diagnose")
    return _one(folder, AuditedTables(trust), prove, seeds, budget, trust, probe)[0]


def _one(
    folder: Path,
    tables: AuditedTables,
    prove: bool,
    seeds: int,
    budget: float | None,
    trust: bool,
    probe: bool,
) -> tuple[Verdict, str]:
    """A run's verdict, and why its table was not at hand."""
    if budget is not None and not budget > 0:
        raise UserError(f"--budget {budget:g}", "seconds, more than 0", "--budget 20")
    try:
        config = read_config(folder, trust)
        if probe or prove:
            check_source(config, trust)
    except UserError as error:
        if not error.remedy.endswith("--trust"):
            raise
        words = f"{'--prove ' if prove else ''}{'--probe ' if probe else ''}--trust"
        remedy = f"nnexp diagnose {quote(str(folder))} {words}"
        raise UserError(error.wrong, error.allowed, remedy) from error
    check_links(folder)
    _check_ended(folder)
    material, audit, why = tables.of(config)
    if material is None and (probe or prove):
        raise _no_table(folder, config, why, probe, prove, trust)
    if material is None and (earlier := _judged(folder)) is not None:
        return Verdict(folder, earlier), f"{why}; {EARLIER}"
    found, probed = diagnose_run(folder, material, audit, trust), Probed()
    write_run_file(folder, found)  # it is there, whatever becomes of probes and proofs
    if probe:
        probed = make_probes(folder, budget=budget, trust=trust)
        found = diagnose_run(folder, material, audit, trust, probed.nominations, probed.probes)
        write_run_file(folder, found)
    if not prove:
        if probe:
            _write_page(folder, config, found)
        return Verdict(folder, found, probing=probed.seconds, trust=trust), why
    proven = prove_findings(folder, found, seeds=seeds, budget=budget, trust=trust)
    write_diagnosis(folder, proven.diagnosis)
    write_run_file(folder, proven.diagnosis)
    _write_page(folder, config, proven.diagnosis)
    verdict = Verdict(
        folder, proven.diagnosis, proven.seconds, probed.seconds, proven.tried, asked=True
    )
    return verdict, why


def _judged(folder: Path) -> Diagnosis | None:
    """An earlier diagnosis that had the table, and says more than one without it would."""
    try:
        earlier = read_diagnosis(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return earlier if earlier.scores else None


def _no_table(
    folder: Path, config: Config, why: str, probe: bool, prove: bool, trust: bool
) -> UserError:
    """The error of re-runs without a table."""
    asked = (("--probe", probe), ("--prove", prove), ("--trust", trust))
    flags = [flag for flag, given in asked if given]
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


def main(words: Sequence[str]) -> int:
    """`nnexp diagnose WORDS`; returns the exit status.

    Raises:
        UserError: a mistake in the words, or a path without runs.
    """
    parser = Arguments(
        "nnexp diagnose",
        "RUN [--probe] [--prove] [--seeds N] [--budget SECONDS] [--trust]",
        "Say what is wrong with a run, or with each run of a sweep, and prove it by re-runs.",
    )
    parser.add("runs", nargs="+", type=Path, metavar="RUN", help="run folders, or sweeps")
    parser.add("--probe", action="store_true", help="change the run in a dozen ways, and look")
    parser.add("--prove", action="store_true", help="re-run with each fix, paired by seed")
    parser.add("--seeds", type=int, default=5, metavar="N", help="pairs of a proof (default 5)")
    parser.add("--budget", type=float, metavar="SECONDS", help="what re-runs may take, about")
    parser.add("--trust", action="store_true", help="allow a class of your own, and a download")
    options = parser.parse_args(words)
    folders = find_runs(options.runs)
    tables = AuditedTables(options.trust)
    for folder in folders:
        if len(folders) > 1:
            print(f"{folder}:")
        status: dict[str, Any] | None = None
        try:
            status = read_status(folder)
            verdict, why = _one(
                folder,
                tables,
                options.prove,
                options.seeds,
                options.budget,
                options.trust,
                options.probe,
            )
        except UserError as error:
            if len(folders) == 1 and (status is None or status["status"] != "failed"):
                raise
            status = status or {"status": "failed"}
            print(one_line(f"{status['status']}: {status.get('reason') or error.wrong}"))
            continue
        except Exception as error:
            if len(folders) == 1:
                raise
            wrong = f"no diagnosis: {type(error).__name__}: {error}"
            print(one_line(wrong))  # of one bad folder; the others have theirs
            continue
        if why:
            how = "" if why.endswith(EARLIER) else ": judged by the curves"
            print(one_line(f"the table is not at hand ({why}){how}"), file=sys.stderr)
        if status["status"] in ("diverged", "interrupted"):
            print(one_line(f"{status['status']}: {status['reason']}"))
        print(str(verdict), end="")
        if len(folders) == 1 and verdict.diagnosis.explained:
            print(visible_lines(verdict.diagnosis.explained))
        if verdict.probing:
            print(f"probes took {verdict.probing:.1f} s")
        if verdict.seconds:
            print(f"re-runs took {verdict.seconds:.1f} s")
        print(f"report: {folder / 'report.html'}")
    return 0
