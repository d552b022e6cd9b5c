"""What a sweep shows while it trains: how far it is, the best run so far, the time left."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from nnexp.config.saved import flat
from nnexp.leaderboard.ranking import incomparable
from nnexp.runs.jobs import Job, validation_score
from nnexp.scores import is_loss
from nnexp.track.progress import duration, is_terminal

LINES = 10  # about so many lines in all where lines are printed
PAUSE = 2.0  # seconds between two lines, but for those of jobs that have ended
REFRESH = 0.2  # seconds between two drawings of the bar


class Display:
    """Progress of the jobs of a sweep.

    Arguments:
        jobs: those of an execution, in its order; those that have failed already are not shown.
        chunks: in how many stacks they are.
        mode: `bar`, `plain`, `none`, or `auto`: the bar on a terminal, lines elsewhere.
        stream: where to; None for standard error.
    """

    def __init__(
        self, jobs: Sequence[Job], chunks: int, mode: str = "auto", stream: TextIO | None = None
    ) -> None:
        self.stream = sys.stderr if stream is None else stream
        if mode == "auto":
            mode = "bar" if is_terminal(self.stream) and not os.environ.get("CI") else "plain"
        self.jobs, self.chunks, self.mode = list(jobs), chunks, mode
        going = [job for job in jobs if job.status == "running"]
        self.epochs = {id(job): job.config.trainer.epochs for job in going if job.config}
        self.total, self.runs = sum(self.epochs.values()), len(going)
        self.trained: dict[int, int] = {}  # epochs of the jobs in training
        self.over = self.done = 0  # epochs of the jobs that have ended, and those jobs
        self.best: tuple[Job, float] | None = None  # and its score, perhaps of an epoch so far
        self.comparable = _comparable(going)  # or none is the best
        self.start = self.said = time.monotonic()
        self.drawn, self.printed = -math.inf, 0
        self._rich: Any = None
        if mode == "bar":
            self._open()

    def epoch(
        self, places: Sequence[int], epoch: int, best: tuple[int, float] | None = None
    ) -> None:
        """A chunk has trained an epoch.

        Arguments:
            places: its jobs, some of which may have ended.
            epoch: its number.
            best: the place of its best job so far and that job's monitored value; None where
                there is none.
        """
        for job in (self.jobs[place] for place in places):
            if id(job) in self.epochs:
                self.trained[id(job)] = epoch
        if best is not None:
            self._see(self.jobs[best[0]], best[1])
        if time.monotonic() - self.said >= PAUSE:
            self._print_if_due()

    def again(self, places: Sequence[int]) -> None:
        """What a chunk's jobs have trained is lost: they begin anew."""
        for place in places:
            self.trained.pop(id(self.jobs[place]), None)

    def ended(self, job: Job) -> None:
        """A job has ended, well or not; one that was interrupted has not."""
        if job.status == "interrupted":
            return
        self.done += 1
        self.over += self.epochs.pop(id(job), 0)
        self.trained.pop(id(job), None)
        if job.status == "done" and job.score is not None:
            self._see(job, job.score)
        self._print_if_due(self.done == self.runs)

    def _see(self, job: Job, score: float) -> None:
        """Note a score if it is the best."""
        if not self.comparable:
            return
        _, sign = self._judged_by(job)
        if not math.isnan(score) and (self.best is None or sign * score < sign * self.best[1]):
            self.best = job, score

    def _print_if_due(self, last: bool = False) -> None:
        """Print the line where lines are printed, about `LINES` in all."""
        share = int(LINES * self.share)
        if self.mode == "plain" and self.total and (last or self.printed < share < LINES):
            self.printed, self.said = share, time.monotonic()
            print(self.line(), file=self.stream, flush=True)

    def note(self, text: str) -> None:
        """Something that the user should know at once."""
        if self._rich is not None:
            self._rich.console.print(text, highlight=False, markup=False)
        elif self.mode != "none":
            print(text, file=self.stream, flush=True)

    def tick(self) -> None:
        """Draw, if it is time."""
        if self._rich is not None and time.monotonic() - self.drawn >= REFRESH:
            self._draw()

    def close(self) -> None:
        """End the display; a second call does nothing."""
        if self._rich is not None:
            self._draw()
            self._rich.stop()
            self._rich = None

    @property
    def share(self) -> float:
        """How much of the training is over, 0 to 1."""
        return min(1.0, (self.over + sum(self.trained.values())) / max(1, self.total))

    def line(self) -> str:
        """All of it in one line."""
        chunks = f"{self.chunks} chunk{'s' if self.chunks != 1 else ''}"
        parts = [f"{self.done}/{self.runs} runs in {chunks}"]
        if self.best is not None:
            job, score = self.best
            name, _ = self._judged_by(job)
            parts.append(f"best {name} {score:.4g} (job {job.number})")
        elapsed = time.monotonic() - self.start
        if self.done < self.runs and self.share > 0:
            parts.append(f"{duration(elapsed / self.share - elapsed)} left")
        else:
            parts.append(f"{duration(elapsed)} elapsed")
        return "  ".join(parts)

    def _judged_by(self, job: Job) -> tuple[str, float]:
        assert job.config is not None
        return validation_score(job.config)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._rich = Progress(
            TextColumn("{task.percentage:>3.0f}%"),
            BarColumn(None),
            TextColumn("{task.description}", markup=False),
            console=Console(file=self.stream, force_terminal=True),
            auto_refresh=False,
            expand=True,
        )
        self._task = self._rich.add_task("", total=1.0)
        self._rich.start()

    def _draw(self) -> None:
        self.drawn = time.monotonic()
        self._rich.update(self._task, completed=self.share, description=self.line())
        self._rich.refresh()


def _comparable(jobs: Sequence[Job]) -> bool:
    """Whether what jobs are judged by is one score, which measures the same in all of them."""
    configs = [job.config for job in jobs if job.config is not None]
    scores = {validation_score(config)[0] for config in configs}
    if len(scores) > 1:
        return False
    return not any(map(is_loss, scores)) or not incomparable([flat(config) for config in configs])
