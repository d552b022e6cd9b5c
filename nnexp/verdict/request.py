"""What a diagnosis is asked to do besides looking at what a run has left."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """Re-runs that are asked for, and what they may do.

    Arguments:
        probe: change the run in a dozen ways first (`nnexp.proof.probing`).
        prove: re-run with each fix, paired by seed.
        seeds: pairs of a proof, >= 2.
        budget: seconds that the proof may take, about, and the probes as well; None for no limit.
        trust: allow a model class of the user's own to be run, and a table to be downloaded.
    """

    probe: bool = False
    prove: bool = False
    seeds: int = 5
    budget: float | None = None
    trust: bool = False

    @property
    def trains(self) -> bool:
        """Whether it takes re-runs, and so the table."""
        return self.probe or self.prove
