import os

import pytest
import torch

from nnexp.errors import UserError
from nnexp.train.machine import (
    FLOPS_WORTH_A_THREAD,
    keep_freed_memory,
    pick_device,
    pick_threads,
    threads,
)


def test_threads_by_the_size_of_a_step(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    picked = [pick_threads("auto", share * FLOPS_WORTH_A_THREAD) for share in (0, 0.9, 1, 3.5, 99)]
    assert picked == [1, 1, 2, 4, 8]
    assert pick_threads(3, 0) == 3
    quick = [pick_threads("auto", n * FLOPS_WORTH_A_THREAD, quick=True) for n in (0, 1, 2, 99)]
    assert quick == [1, 1, 3, 8]
    assert pick_threads(2, 0, quick=True) == 2


def test_threads_are_put_back():
    before = torch.get_num_threads()

    def fail():
        with threads(before + 1):
            assert torch.get_num_threads() == before + 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == before


def test_device(monkeypatch):
    assert pick_device("cpu").type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto").type == "cpu"
    with pytest.raises(UserError, match="device=cuda"):
        pick_device("cuda")


def test_keeping_memory_twice_is_harmless():
    keep_freed_memory()
    keep_freed_memory()
