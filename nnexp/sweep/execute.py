"""Jobs trained as stacks: tables prepared, groups made, chunks handed to processes.

Whatever happens to a chunk (memory runs out, its process is killed) is met by halving it, down to
the one member that cannot be trained, which fails alone. A member's result does not depend on its
chunk, so nothing else changes. A full disk alone ends it all, since it would fail every member.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from nnexp import garbage
from nnexp.config.schema.config import Config
from nnexp.data import Dataset
from nnexp.data.cache import Tables
from nnexp.limits import GIB
from nnexp.model.products import openblas
from nnexp.runs.hparams import typed_keys
from nnexp.runs.jobs import Job
from nnexp.runs.stack import RunStack
from nnexp.runs.task import Task, check_parts
from nnexp.runs.too_large import too_large
from nnexp.sweep.chunk import Chunk, Work
from nnexp.sweep.division import Load, divide
from nnexp.sweep.failure import record_failure
from nnexp.sweep.grouping import MOST, Group, cut, differences, group, traits
from nnexp.sweep.memory import free_bytes, member_bytes
from nnexp.sweep.processes import Processes, can_fork
from nnexp.sweep.waiting import DISK_FULL, FAILED, announce, break_off
from nnexp.track.origin import asked_origin
from nnexp.train.machine import pick_device, usable_cores
from nnexp.train.machine import threads as with_threads

SHARE = 0.5  # of the free memory, for all members in training together


@dataclass(frozen=True)
class Size:
    """What a member of a stack takes.

    Arguments:
        bytes: of memory.
        steps: of an epoch.
        flops: floating-point operations of a step.
    """

    bytes: int
    steps: int
    flops: float


class Execution:
    """The jobs of a sweep that can be trained, and how they are.

    Arguments:
        jobs: all with a configuration; what becomes of each is written into it.
        command: the words typed, for the record.
        processes: how many at a time; None for one a core.
        memory: bytes for all members in training together; None for half of what is free.
        stop_on_error: begin nothing more once a job has failed.
        shown: told of what happens, see `nnexp.sweep.display.Display`.
        tables: where datasets that are made already are kept; None to make them.
        files: whether runs leave any; else only their `metrics` are wanted.

    Attributes:
        groups: the stacks.
        remarks: what a user should know of them.
        chunks: for each group how it is cut.
        stopped: whether it came to an early end, by Ctrl-C or by `stop_on_error`.
        interrupted: whether Ctrl-C did it.
        full: whether a disk that is full did it.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        command: Sequence[str] = (),
        *,
        processes: int | None = None,
        memory: int | None = None,
        stop_on_error: bool = False,
        shown: Any = None,
        tables: Tables | None = None,
        files: bool = True,
    ) -> None:
        self.jobs, self.command, self.shown = list(jobs), list(command), shown
        self.stop_on_error = stop_on_error
        self.stopped = self.interrupted = self.full = False
        self.tables = Tables() if tables is None else tables
        self.datasets: dict[int, Dataset] = {}
        self.adapted: dict[tuple[int, int], Dataset] = {}
        self.files = files
        with asked_origin() if files else nullcontext(dict) as answer:
            for place, job in enumerate(self.jobs):
                self._prepare(place, job)
            self.origin = answer()
        ready = sorted(self.datasets)
        found = [traits(self._config(place), self.datasets[place].shape) for place in ready]
        self.groups = [Group(g.traits, [ready[place] for place in g.places]) for g in group(found)]
        self.processes = _processes(processes, self.groups)
        self.remarks: list[str] = []
        self.size = {id(own): self._measure(own) for own in self.groups}
        if memory is None:  # asked of a GPU once something is on it
            gpu = any(_on_gpu(own.traits["device"]) for own in self.groups)
            memory = int(free_bytes(gpu) * SHARE)
        self.memory = memory
        self.chunks = self._cut([own.places for own in self.groups])

    @property
    def reasons(self) -> list[str]:
        """By what the stacks differ."""
        return differences(self.groups)

    def run(self, until: int | None = None, parked: Collection[int] | None = None) -> None:
        """Train the jobs.

        Arguments:
            until: the epoch after which members are parked instead of trained on.
            parked: the places of parked jobs to be taken up; None to begin all. A stack that has
                lost members fills up again: the chunks are cut anew.
        """
        chunks = [chunk for own in self.chunks for chunk in own]
        assert self.files or (until is None and parked is None)  # they are parked in files
        if parked is not None:
            for place in parked:
                self.jobs[place].status = "running"
            left = [[place for place in own.places if place in parked] for own in self.groups]
            chunks = [replace(chunk, parked=True) for cut in self._cut(left) for chunk in cut]
        self._do([replace(chunk, until=until) for chunk in chunks])

    def end(self, places: Collection[int]) -> None:
        """Let parked jobs end where they are; the job's `reason` tells why."""
        chunks = []
        for own in self.groups:
            chosen = tuple(place for place in own.places if place in places)
            if chosen:
                chunks.append(Chunk(chosen, 0, 0.0, parked=True, until=0))
        for place in places:
            self.jobs[place].status = "running"
        self._do(chunks)

    def _do(self, chunks: list[Chunk]) -> None:
        chunks.sort(key=lambda chunk: -chunk.seconds)
        self._failures: dict[tuple[int, ...], str] = {}
        # before the forks: each child would load them anew
        openblas()
        if any(self._config(place).trainer.tensorboard for place in self.datasets):
            import_module("nnexp.track.board")
            import_module("nnexp.track.confusion").load_drawing()
        garbage.collect_again()
        count = self.processes if can_fork() and not self._wants_threads() else 0
        for chunk in chunks[max(1, count) :]:  # the others begin now
            if self.files and not chunk.parked:
                for place in chunk.places:
                    announce(self.jobs[place])
        columns = typed_keys(job.overrides for job in self.jobs)
        self._pool = Processes(
            Work(self.jobs, self.datasets, self.command, self.origin, columns, self.files),
            self._message,
            self._ended,
            self.shown.tick,
            count,
        )
        self._pool.run(chunks)
        if self._pool.stopped:
            failed = self.stop_on_error and any(job.status == "failed" for job in self.jobs)
            self.stopped, self.interrupted = True, not failed and not self.full
            why = DISK_FULL if self.full else FAILED if failed else ""
            for job in self.jobs:
                if job.status in ("running", "parked") and self.files:
                    break_off(job, why)

    def _config(self, place: int) -> Config:
        config = self.jobs[place].config
        assert config is not None
        return config

    def _prepare(self, place: int, job: Job) -> None:
        config = self._config(place)
        try:
            dataset = self.tables.prepare(config.data, *config.seeds.of_split)
            if job.adapt is not None:
                dataset = self._adapted(dataset, job.adapt)
            check_parts(config, dataset)
            self.datasets[place] = dataset
        except Exception as error:
            job.fail(error)

    def _adapted(self, dataset: Dataset, adapt: Callable[[Dataset], Dataset]) -> Dataset:
        """A changed table, one object for all members that share it."""
        key = id(dataset), id(adapt)
        if key not in self.adapted:
            self.adapted[key] = adapt(dataset)
        return self.adapted[key]

    def _wants_threads(self) -> bool:
        """Whether a job asks for several threads, which a forked child may wait for in vain."""
        return any(self._config(place).threads not in ("auto", 1) for place in self.datasets)

    def _measure(self, own: Group) -> Size | None:
        """What a member of a group takes; None where its model cannot be made."""
        first = own.places[0]
        task = Task(self._config(first), self.jobs[first].folder)
        try:
            with with_threads(1):  # or OpenMP would start threads, which children wait for in vain
                stack = RunStack([task], [self.datasets[first]])
            why = getattr(stack.model, "why_not_stacked", None)
            if why and len(own.places) > 1:
                self.remarks.append(f"members of model=custom are trained one by one: {why}")
            return Size(member_bytes(stack), stack.steps, stack.flops)
        except Exception as error:
            for place in own.places:
                self.jobs[place].fail(too_large(error, self._config(place)) or error)
            return None

    def _cut(self, chosen: Sequence[Sequence[int]]) -> list[list[Chunk]]:
        """For each group the chunks of those of its places that are chosen."""
        chunks: list[list[Chunk]] = [[] for _ in self.groups]
        sizes: list[tuple[int, Size, Load]] = []
        for number, (own, places) in enumerate(zip(self.groups, chosen, strict=True)):
            size = self.size[id(own)]
            if size is None or not places:
                continue
            device = pick_device(self._config(places[0]).device).type
            most = min(MOST[device], self.memory // max(1, self.processes) // size.bytes)
            epochs = max(self._config(place).trainer.epochs for place in places)
            load = Load(len(places), epochs * size.steps, size.flops, max(1, most))
            sizes.append((number, size, load))
        counts = divide([load for *_, load in sizes], max(1, self.processes))
        for (number, size, load), count in zip(sizes, counts, strict=True):
            parts, places = cut(load.members, load.most, count), chosen[number]
            longest = max(load.seconds(count))
            chunks[number] = [
                Chunk(tuple(places[i] for i in part), size.bytes, longest) for part in parts
            ]
        return chunks

    def _message(self, chunk: Chunk, message: tuple[str, Any, Any]) -> None:
        kind, subject, value = message
        if kind == "epoch":
            self.shown.epoch(chunk.places, value, subject)
        elif kind == "ended":
            job = self.jobs[subject]
            job.status, job.reason, job.score, job.metrics = value
            self.shown.ended(job)
        elif kind == "parked":
            self.jobs[subject].status = "parked"
        elif kind == "full":
            self.full = True
            self._pool.stop()
        else:
            self._failures[chunk.places] = value

    def _ended(self, chunk: Chunk, death: str | None) -> list[Chunk]:
        """Take up what a chunk has left: halve it, or let its one member fail."""
        reason = self._failures.pop(chunk.places, None) or death
        left = [place for place in chunk.places if self.jobs[place].status == "running"]
        if left and not reason:
            reason = "the process ended without a word"
        if not reason or not left or self._pool.stopped:
            return []
        if len(left) > 1:
            half = -(-len(left) // 2)
            self.shown.note(f"{reason}; going on with {len(left)} members in two halves")
            self.shown.again(left)
            halves = left[:half], left[half:]
            return [replace(chunk, places=tuple(part)) for part in halves]
        job = self.jobs[left[0]]
        job.status, job.reason = "failed", reason
        if self.files:
            record_failure(job)
        self.shown.ended(job)
        if self.stop_on_error:
            self._pool.stopped = True
        return []


def gib(size: float) -> int:
    """Bytes of so many GiB."""
    return int(size * GIB)


def _processes(asked: int | None, groups: Sequence[Group]) -> int:
    """How many processes at a time; one where a GPU does the work, or there are no forks."""
    if any(_on_gpu(g.traits["device"]) for g in groups) or not can_fork():
        return 1
    return usable_cores() if asked is None else asked


def _on_gpu(device: str) -> bool:
    if device == "cpu":
        return False
    # asked of the driver's library: a CUDA context here could not be used after a fork
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    import torch

    return torch.cuda.is_available()
