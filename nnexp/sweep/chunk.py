"""A chunk of a sweep: members that are trained as one stack, and how its process trains them."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.config import saved, typed
from nnexp.config.pairings import warnings
from nnexp.config.schema.config import Config
from nnexp.data import Dataset
from nnexp.files import is_full
from nnexp.runs import checkpoint
from nnexp.runs.jobs import Job, score_of, validation_score
from nnexp.runs.parking import read_parked, write_parked
from nnexp.runs.runner import notes, reason_of
from nnexp.runs.stack import RunStack
from nnexp.runs.task import Run, Task, begin_run
from nnexp.runs.too_large import too_large
from nnexp.track import status
from nnexp.track.log import open_log
from nnexp.train.machine import threads as with_threads
from nnexp.train.outcome import Epoch

IDENTITY = (saved.FILE, typed.FILE, status.FILE)  # of a run folder
NO_MEMORY = "memory ran out"
OFTEN = 0.2  # seconds between two words on its epochs


@dataclass(frozen=True)
class Chunk:
    """Members that are trained as one stack, in one process.

    Arguments:
        places: which jobs.
        each: bytes of memory that a member takes, about.
        seconds: that it takes, about.
        parked: they are taken up where they were parked.
        until: the epoch after which they are parked; None to train them to their end.
    """

    places: tuple[int, ...]
    each: int
    seconds: float
    parked: bool = False
    until: int | None = None


@dataclass(frozen=True)
class Work:
    """What trains a chunk, in a process of its own or here.

    It sends what happens: `("epoch", best, number)`, where `best` is the place of the job with the
    best monitored validation score so far and that score, or None; `("ended", place, (status,
    reason, score, metrics))`, with metrics where runs leave no files; `("parked", place, None)`;
    and, once and last, `("failed", None, reason)` or, where a disk is full, `("full", None,
    reason)`.

    Arguments:
        jobs: all of the sweep; the parent changes them, a child reads them.
        datasets: the tables of those that can be trained, by place.
        command: the words typed, for the record.
        origin: what `track.origin.origin` gathered.
        columns: the keys that the jobs set.
        files: whether runs leave any.
    """

    jobs: Sequence[Job]
    datasets: Mapping[int, Dataset]
    command: Sequence[str]
    origin: Mapping[str, Any]
    columns: Sequence[str] = ()
    files: bool = True

    def __call__(self, chunk: Chunk, send: Callable[[Any], None], stop: Callable[[], bool]) -> None:
        """Train a chunk; what goes wrong is sent, not raised."""
        try:
            with ExitStack() as context:
                # OpenMP's threads do not live on in a child that was forked
                context.enter_context(with_threads(1))
                tasks = [self._task(place, chunk, context) for place in chunk.places]
                self._train(chunk, tasks, send, stop)
        except BrokenPipeError:
            raise
        except Exception as error:
            if is_full(error):
                send(("full", None, reason_of(error)))
                return
            told = too_large(error, self._config(chunk.places[0]))
            reason = reason_of(told or error)
            if told is not None and len(chunk.places) > 1:  # which is halved: one may well fit
                reason = NO_MEMORY
            send(("failed", None, reason))

    def _config(self, place: int) -> Config:
        config = self.jobs[place].config
        assert config is not None
        return config

    def _task(self, place: int, chunk: Chunk, context: ExitStack) -> Task:
        job, config = self.jobs[place], self._config(place)
        if not self.files:
            return Task(config, job.folder)
        job.folder.mkdir(parents=True, exist_ok=True)
        if not chunk.parked:
            _clear(job.folder)
        log = context.enter_context(open_log(job.folder))
        task = Task(config, job.folder, job.overrides, self.command, log.info, self.columns)
        if not chunk.parked:
            begin_run(task)
            log.info("overrides: %s", " ".join(job.overrides) or "none")
            for line in (*notes(config, self.datasets[place]), *warnings(config)):
                log.info("%s", line)
        return task

    def _train(
        self,
        chunk: Chunk,
        tasks: Sequence[Task],
        send: Callable[[Any], None],
        stop: Callable[[], bool],
    ) -> None:
        places = chunk.places
        stack = RunStack(tasks, [self.datasets[place] for place in places])
        start = [read_parked(task.folder) for task in tasks] if chunk.parked else []
        said, best = time.monotonic(), _Best(*validation_score(tasks[0].config))

        def observe(epoch: Epoch) -> None:
            nonlocal said
            best.see(epoch)
            if time.monotonic() - said >= OFTEN:
                said = time.monotonic()
                found = None if best.place is None else (places[best.place], best.value)
                send(("epoch", found, epoch.number))

        def ended(place: int, run: Run) -> None:
            if self.files:
                checkpoint.remove(run.folder)
            score = score_of(tasks[place].config, run.metrics)
            metrics = None if self.files else run.metrics
            send(("ended", places[place], (run.status, run.reason or "", score, metrics)))

        if chunk.until == 0:
            stack.end(start, [self.jobs[place].reason for place in places], ended, self.origin)
            return
        threads = tasks[0].config.threads
        results = stack.train(
            1 if threads == "auto" else int(threads),
            observe=observe,
            stop=stop,
            ended=ended,
            origin=self.origin,
            start=start,
            until=chunk.until,
            files=self.files,
        )
        for place, result in zip(places, results, strict=True):
            if not isinstance(result, Run):
                write_parked(self.jobs[place].folder, result)
                send(("parked", place, None))


class _Best:
    """The best validation score so far of the members of a stack.

    Arguments:
        name, sign: see `validation_score`.
    """

    def __init__(self, name: str, sign: float) -> None:
        self._name, self._sign = name, sign
        self.place: int | None = None  # among the stack's first members
        self.value = math.nan

    def see(self, epoch: Epoch) -> None:
        """Take note of an epoch."""
        values = self._sign * epoch.record.get(self._name, np.empty(0))
        if not np.isfinite(values).any():
            return
        row = int(np.nanargmin(values))
        if self.place is None or values[row] < self._sign * self.value:
            self.place, self.value = epoch.members[row], float(self._sign * values[row])


def _clear(folder: Path) -> None:
    """Remove what an attempt that did not finish has left in a run folder.

    What tells whose folder it is stays until it is written anew: a sweep that is killed meanwhile
    still knows it.
    """
    for path in folder.iterdir():
        if path.name in IDENTITY:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
