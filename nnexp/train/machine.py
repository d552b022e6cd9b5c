"""What a run asks of the machine: a device, a number of threads, a patient allocator."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nnexp.errors import UserError
from nnexp.limits import cores_left

# Below this much arithmetic in a step, a second thread costs more in waiting at barriers than it
# saves; scripts/bench_threads.py measures where the lines cross.
FLOPS_WORTH_A_THREAD = 4e7


def pick_device(name: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`.

    Raises:
        UserError: CUDA is asked for and there is none.
    """
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        built = "finds no GPU" if torch.version.cuda else "is built without CUDA"
        raise UserError(
            f"device=cuda, but PyTorch {torch.__version__} {built}",
            "auto, cpu, or cuda on a machine with an NVIDIA GPU and a CUDA build of PyTorch",
            "device=auto",
        )
    return torch.device("cuda")


def pick_threads(setting: str | int, flops: float, *, quick: bool = False) -> int:
    """How many CPU threads to compute with.

    Arguments:
        setting: `auto`, or a number >= 1.
        flops: floating-point operations of one step, 6 * batch rows * weights for a perceptron.
        quick: whether a single thread multiplies with a library that is twice as quick.

    Returns:
        The number given; for `auto` one, and one more for each `FLOPS_WORTH_A_THREAD`, at most as
        many as the process may use. A second thread that only makes up for the slower library is
        none. The rule knows sizes only, so a run repeats itself.
    """
    if setting != "auto":
        return int(setting)
    picked = min(usable_cores(), 1 + int(flops / FLOPS_WORTH_A_THREAD))
    return 1 if quick and picked == 2 else picked


def usable_cores() -> int:
    """How many cores the process may use, where the system tells; else how many there are."""
    has_affinity = hasattr(os, "sched_getaffinity")  # Linux alone has it
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quota = cores_left()
    return cores if quota is None else min(cores, quota)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Compute with `count` threads, and go back to what was set before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> None:
    """Have glibc keep freed blocks for the next allocation instead of returning them at once.

    A temporary of more than 128 KiB is otherwise mapped and faulted in anew at every step. Other
    C libraries have no such setting, and nothing is done there.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
        mallopt(mmap_threshold, 32 << 20)
        mallopt(trim_threshold, 256 << 20)
