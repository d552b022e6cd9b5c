"""One command's jobs: how each ended, what is printed of it, and which folders stay."""

from __future__ import annotations

import contextlib
import shlex
import sys
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from nnexp.config.schema.config import Config
from nnexp.errors import UserError
from nnexp.near import near
from nnexp.runs.jobs import Job, TakenError, resume_command
from nnexp.sweep.failure import record_failure
from nnexp.track.folder import MULTIRUN_FILE, SWEEP_FILE
from nnexp.track.status import ENDED, read_status

# what a refused command may leave in a folder it made, and is removed with it
_OF_RUN = {"status.json", "config.yaml", "overrides.yaml", "train.log"}
_REFUSED = frozenset({*_OF_RUN, MULTIRUN_FILE, SWEEP_FILE})


@dataclass
class Session:
    """What one command did.

    Arguments:
        command: the words typed, the program's name first.
        arguments: those after the name: flags and overrides.
        refusal: the mistake for which nothing was run, if any.
        jobs: in the order of their numbers.
        folder: of a sweep, once it is made.
        ended: why it came to an early end other than by Ctrl-C, and what runs the rest ("" where
            nothing had begun).
        listed: whether a leaderboard has listed the jobs that did not succeed.
        held: words of a sweep that fit only some of its jobs, see `nnexp.config.held`.
    """

    command: list[str]
    arguments: list[str] = field(default_factory=list)
    refusal: UserError | None = None
    jobs: list[Job] = field(default_factory=list)
    folder: Path | None = None
    ended: tuple[str, str] | None = None
    listed: bool = False
    held: list[str] = field(default_factory=list)
    _made: list[Path] = field(default_factory=list)

    @property
    def any_failed(self) -> bool:
        """Whether a job has failed."""
        return any(job.status == "failed" for job in self.jobs)

    def note(self, folder: Path) -> None:
        """Remember which part of the output path this command is about to make."""
        path = folder.absolute()
        self._made = [p for p in (path, *path.parents) if not p.exists()]

    def start(self, job: Job) -> None:
        """A job begins; in a sweep its number and overrides are printed."""
        self.jobs.append(job)
        if job.number is not None:
            with contextlib.suppress(BrokenPipeError):  # `| head`: nobody reads, the sweep goes on
                print(f"job {job.number}: {' '.join(job.overrides) or '(defaults)'}", flush=True)

    def end(self, job: Job) -> None:
        """A job has ended; what went wrong is printed as one block."""
        if job.error is None:
            return
        head = "" if job.number is None else f"job {job.number} failed\n"
        if isinstance(job.error, UserError):
            # the single run's error is printed once its folder is gone, by `close`
            if job.number is not None:
                print(f"{head}{job.error.called(self.command)}", file=sys.stderr, flush=True)
        else:
            log = near(job.folder / "train.log")
            first = "".join(str(job.error).splitlines()[:1])
            wrong = f"{type(job.error).__name__}: {first}"
            print(f"{head}error: {wrong} (traceback in {log})", file=sys.stderr, flush=True)

    def close(self, interrupted: bool) -> int:
        """Print what is left to say, remove folders that hold nothing, and give the exit status."""
        refusal = self.refusal
        if refusal is None and len(self.jobs) == 1 and self.jobs[0].number is None:
            error = self.jobs[0].error
            refusal = error if isinstance(error, UserError) else None
        self._print_table()
        if refusal is not None:
            if not isinstance(refusal, TakenError):
                self.remove_folder()
            print(refusal.called(self.command).printed(sys.stderr.encoding), file=sys.stderr)
            return 2
        if self.ended is not None:
            why, command = self.ended
            if not command:
                self.remove_folder()
            lines = [f"error: {why}"]
            if command:
                what = "to go on" if self.folder is None else "to run what is missing"
                lines.append(f"{what}: {command}")
            print("\n".join(lines), file=sys.stderr)
            return 1
        found = {job.status for job in self.jobs}
        if interrupted or "interrupted" in found:
            self._say_interrupted()
        if interrupted:
            return 130
        if found & {"failed", "diverged"}:  # others may not have been begun for it
            return 1
        return 130 if "interrupted" in found else 0

    def _say_interrupted(self) -> None:
        """Print where what there is lies, and how a sweep goes on."""
        if self.folder is not None and (self.folder / SWEEP_FILE).exists():
            command = shlex.join(["nnexp", "resume", str(near(self.folder.absolute()))])
            print(f"interrupted; to run what is missing: {command}", file=sys.stderr)
        elif len(self.jobs) == 1 and self.jobs[0].folder.is_dir():
            folder = self.jobs[0].folder
            with contextlib.suppress(UserError):
                if (status := read_status(folder)["status"]) in ENDED:
                    command = shlex.join(["nnexp", "diagnose", str(near(folder.absolute()))])
                    print(f"interrupted, but the run is {status}: {command}", file=sys.stderr)
                    return
            print(f"interrupted; to go on: {resume_command(folder)}", file=sys.stderr)

    def _print_table(self) -> None:
        bad = [
            job
            for job in self.jobs
            if job.number is not None and job.status not in ("done", "planned")
        ]
        if not bad:
            return
        told = f"\n{len(bad)} of {len(self.jobs)} jobs did not succeed"
        if self.listed:
            print(f"{told}; they are listed below the leaderboard", file=sys.stderr)
            return
        # what all jobs have in common tells nothing about the bad ones
        shared = set.intersection(*(set(job.overrides) for job in self.jobs))
        shared = shared if len(self.jobs) > 1 else set()
        words = [" ".join(o for o in job.overrides if o not in shared) for job in bad]
        width = max(map(len, [*words, "overrides"]))
        print(f"{told}:", file=sys.stderr)
        print(f"{'job':>4}  {'overrides':<{width}}  {'status':<11}  reason", file=sys.stderr)
        for job, text in zip(bad, words, strict=True):
            row = f"{job.number:>4}  {text:<{width}}  {job.status:<11}  {job.reason}"
            print(row.rstrip(), file=sys.stderr)

    def remove_folder(self) -> None:
        """Remove what this command made of the output path, where nothing of value is in it."""
        if not self._made or not self._made[0].is_dir():
            return
        files = list(self._made[0].iterdir())
        if any(file.name not in _REFUSED or file.is_dir() for file in files):
            return
        for file in files:
            file.unlink()
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:  # another run's folder is in it
                return


# set for the length of one command; Hydra builds the callback that reads it
SESSION: ContextVar[Session] = ContextVar("nnexp_session")


def record(job: Job, composed: DictConfig) -> None:
    """Leave in a failed job's folder what the run has not, its configuration as it was composed."""
    record_failure(job, _as_yaml(composed))


def _as_yaml(composed: DictConfig) -> str:
    names = [item.name for item in fields(Config) if item.name in composed]
    composed = OmegaConf.masked_copy(composed, names)  # what a run's own config.yaml holds
    try:
        return OmegaConf.to_yaml(composed, resolve=True)
    except Exception:  # an interpolation that does not resolve may be what failed the job
        return OmegaConf.to_yaml(composed)
