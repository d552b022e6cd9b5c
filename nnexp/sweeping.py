"""A sweep from Python, as `python train.py -m` runs it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnexp import calls
from nnexp.config.flags import overrides_of
from nnexp.config.keys import literal
from nnexp.errors import UserError
from nnexp.leaderboard import Leaderboard, compare
from nnexp.leaderboard.folders import is_run
from nnexp.main import start
from nnexp.runs.jobs import TakenError
from nnexp.session import Session

_ONE_AT_A_TIME = threading.RLock()  # Hydra has one state for all threads
NEW = "${now:%Y-%m-%d}/${now:%H-%M-%S-%f}-${nnexp.hex:}"  # as in conf/config.yaml


@dataclass(frozen=True)
class Sweep:
    """A sweep that has ended.

    Arguments:
        folder: its files: a run folder for each job, and the leaderboard.
        status: for each job how it ended: `done`, `diverged`, `failed` or `interrupted`.
        runs: for each job its run folder.
    """

    folder: Path
    status: list[str]
    runs: list[Path]

    @property
    def leaderboard(self) -> Leaderboard:
        """The ranked configurations.

        Raises:
            UserError: no run has a validation score, or none was to be run.
        """
        if set(self.status) == {"planned"}:
            raise UserError(
                "the sweep has no leaderboard: sweep.dry_run=true runs nothing",
                "a sweep that has run",
                "nnexp.multirun(OVERRIDES) without sweep.dry_run=true",
            )
        # not what else may lie in the folder
        return compare([own for own in self.runs if is_run(own)] or self.folder)


def multirun(overrides: Sequence[str] = (), root: str | Path = "outputs/sweeps") -> Sweep:
    """Run a sweep as `python train.py -m OVERRIDES` does, from Python.

    Sweeps of several threads run one after another: each uses all cores by itself.

    Arguments:
        overrides: command line overrides, `["optimizer.lr=0.001,0.01", "seed=range(3)"]`.
        root: where the sweep's folder is made, unless `hydra.sweep.dir` is among the overrides.

    Raises:
        UserError: a mistake for which no job was run.
        KeyboardInterrupt: Ctrl-C; what is finished stays.
    """
    overrides = calls.words(overrides, "nnexp.multirun", root)
    words = overrides_of(overrides)
    if not any(word.startswith(("hydra.sweep.dir=", "sweep.resume=")) for word in words):
        place = calls.root(root, "nnexp.multirun")
        words.append(f"hydra.sweep.dir={literal(f'{place}/{NEW}')}")
    session = Session(["nnexp.multirun", *overrides], ["-m", *words])
    with _ONE_AT_A_TIME:
        interrupted = start(session, words)
    if session.refusal is not None:
        if not isinstance(session.refusal, TakenError):  # what is there is another's
            session.remove_folder()
        raise calls.as_call(session.refusal, overrides)
    if interrupted:
        raise KeyboardInterrupt
    jobs = session.jobs
    folder = session.folder
    assert folder is not None
    return Sweep(folder, [job.status for job in jobs], [job.folder for job in jobs])
