"""A finished run's diagnosis, perhaps proven, as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnexp.config.typed import read_typed
from nnexp.diagnosis.finding import Finding
from nnexp.diagnosis.report import Diagnosis, cure
from nnexp.errors import UserError
from nnexp.lines import visible_lines
from nnexp.report.retyped import program_of, retyped
from nnexp.runs.diagnosing import prove_command
from nnexp.track.manifest import read_manifest


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
        if self.asked and not self.seconds:
            text += (
                "no re-run can prove it: nothing of it is mended by a setting\n"
                if self.findings
                else "nothing was re-run: there is nothing to prove\n"
            )
        return visible_lines(text + "".join(f"{line}\n" for line in self.tried))

    def command(self) -> str:
        """The command that trains the run with what restores its score."""
        try:
            program = program_of(read_manifest(self.folder))
        except UserError:  # a run that was cut off
            program = program_of()
        return retyped(read_typed(self.folder, trust=True) or [], self.restores, program)
