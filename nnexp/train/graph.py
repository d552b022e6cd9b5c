"""Training steps recorded in CUDA graphs and replayed.

A step of a small network is dozens of kernels of a few microseconds, and launching each from
Python takes longer than running it. A graph launches all of them at once. It runs the same kernels
on the same addresses at each replay, so what changes from step to step is copied into buffers of
its own before (`Batch`), and nothing that it reads may move: the members' rows, the optimizer's
tensors and constant columns stay where they are until members leave the stack.

A step of each size is run a few times as usual, then recorded, then replayed. Where recording
fails, all steps go on as usual.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from nnexp.train.step import Batch

WARM_UP = 3  # steps of each size; libraries allocate what they need, and SGD's first step differs

Step = Callable[[Batch], Tensor]


class Recorder(Protocol):
    """What records and replays; `CudaGraph`, or a stand-in."""

    def warm_up(self, call: Callable[[], Tensor]) -> Tensor:
        """Run a call as it is to be run before one like it is recorded."""
        ...

    def record(self, call: Callable[[], Tensor]) -> None:
        """Record a call without running it.

        Raises:
            RuntimeError: it cannot be recorded.
        """
        ...

    def replay(self) -> Tensor:
        """Run what was recorded; the result is overwritten by the next replay."""
        ...


class CudaGraph:
    """A recorder of CUDA kernels."""

    def __init__(self) -> None:
        self._graph = torch.cuda.CUDAGraph()
        self._out: Tensor | None = None

    def warm_up(self, call: Callable[[], Tensor]) -> Tensor:
        main, side = torch.cuda.current_stream(), torch.cuda.Stream()
        side.wait_stream(main)
        with torch.cuda.stream(side):
            out = call()
        main.wait_stream(side)
        out.record_stream(main)
        return out

    def record(self, call: Callable[[], Tensor]) -> None:
        stream = torch.cuda.current_stream()
        try:
            with torch.cuda.graph(self._graph):
                self._out = call()
        except BaseException:
            # where ending the recording fails as well, its stream is left the current one
            torch.cuda.set_stream(stream)
            raise

    def replay(self) -> Tensor:
        assert self._out is not None
        self._graph.replay()
        return self._out


def recorder_for(device: torch.device) -> Callable[[], Recorder] | None:
    """What makes recorders for a device; None where steps are run as usual."""
    return CudaGraph if device.type == "cuda" else None


class Replayed:
    """A training step that is recorded once for each size of a batch.

    Arguments:
        step: takes a step and gives the logits (K, B, C); it waits for nothing and keeps no count.
        make: makes recorders.
        note: told in a line if recording fails.
    """

    def __init__(
        self, step: Step, make: Callable[[], Recorder], note: Callable[[str], None]
    ) -> None:
        self._step, self._make, self._note = step, make, note
        self._fails = False
        self.forget()

    def forget(self) -> None:
        """Begin anew: members have left the stack, and the others have moved."""
        self._seen: dict[int, int] = {}
        self._recorded: dict[int, tuple[Recorder, Batch]] = {}

    def __call__(self, batch: Batch) -> Tensor:
        """Take a step; the logits (K, B, C)."""
        rows = batch.x.shape[1]
        self._seen[rows] = self._seen.get(rows, 0) + 1
        if self._fails:
            return self._step(batch)
        if self._seen[rows] <= WARM_UP:
            return self._make().warm_up(lambda: self._step(batch))
        if rows not in self._recorded and not self._record(batch, rows):
            return self._step(batch)
        recorder, buffers = self._recorded[rows]
        for buffer, value in zip(buffers.tensors(), batch.tensors(), strict=True):
            buffer.copy_(value)
        return recorder.replay().clone()

    def _record(self, batch: Batch, rows: int) -> bool:
        buffers = batch.each(lambda value: torch.empty_like(value).copy_(value))
        recorder = self._make()
        try:
            recorder.record(lambda: self._step(buffers))
        except RuntimeError as error:
            self.forget()
            self._fails = True
            # what went wrong in the step; that its recording could not be ended came after it
            first = error.__context__ or error
            if not isinstance(first, Exception):  # Ctrl-C
                raise first from None
            reason = " ".join(str(first).split())[:200]
            self._note(f"steps are not recorded in a CUDA graph: {reason}")
            return False
        self._recorded[rows] = recorder, buffers
        return True
