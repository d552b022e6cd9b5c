"""What goes wrong with a chunk is met by halving it, down to the member that cannot be trained."""

import errno
import faulthandler
import json
import os
import signal

import pytest

from nnexp.sweep import execute, finish


def reasons(swept, count):
    content = [
        json.loads((swept.folder / str(n) / "status.json").read_text()) for n in range(count)
    ]
    return [own["reason"] for own in content]


def test_a_chunk_for_which_memory_runs_out_is_halved(command, stacks):
    expected = command("seed=range(7)", folder="undisturbed")

    def too_many(tasks):
        if len(tasks) > 2:
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"
            )

    stacks(before=too_many)
    swept = command("seed=range(7)", "sweep.processes=1")
    assert swept.status == 0
    assert "\nmemory ran out; going on with 7 members in two halves\n" in swept.err
    assert "alloc_cpu" not in swept.err
    for number in range(7):
        assert swept.content(number) == expected.content(number)


def test_a_member_that_cannot_be_trained_fails_alone(command, stacks):
    expected = command("seed=range(5)", folder="undisturbed")

    def bad(tasks):
        if any(task.config.seed == 3 for task in tasks):
            raise ValueError("odd\nmember")

    stacks(training=bad)
    swept = command("seed=range(5)")
    assert swept.status == 1
    assert reasons(swept, 5) == [None, None, None, "ValueError: odd member", None]
    for number in (0, 1, 2, 4):
        assert swept.content(number) == expected.content(number)
    assert "ValueError: odd" in (swept.folder / "3" / "train.log").read_text()


@pytest.mark.parametrize("end", ["kill", "exit", "segfault"])
def test_a_process_that_dies_takes_no_other_member_with_it(command, stacks, end):
    def die(tasks):
        if any(task.config.seed == 1 for task in tasks) and os.getpid() != parent:
            if end == "exit":
                os._exit(3)
            faulthandler.disable()  # its words would be pytest's
            os.kill(os.getpid(), signal.SIGKILL if end == "kill" else signal.SIGSEGV)

    parent = os.getpid()
    stacks(training=die)
    swept = command("seed=range(4)", "sweep.processes=1")
    assert swept.status == 1
    told = {
        "kill": "the process was ended by SIGKILL, perhaps for want of memory",
        "exit": "the process ended with status 3",
        "segfault": "the process was ended by SIGSEGV",
    }
    assert reasons(swept, 4) == [None, told[end], None, None]


def test_stop_begins_no_further_chunk(command, stacks):
    def bad(tasks):
        if any(task.config.seed == 0 for task in tasks):
            raise ValueError("odd")

    stacks(training=bad)
    swept = command(
        "seed=range(4)", "sweep.processes=1", "sweep.memory=0.0001", "sweep.on_error=stop"
    )
    assert swept.status == 1
    assert "not begun: another job failed" in swept.err
    assert (swept.folder / "0" / "status.json").exists()
    assert not (swept.folder / "3" / "metrics.json").exists()


def test_a_full_disk_ends_the_sweep_at_once(command, stacks):
    expected = command("seed=range(8)", folder="undisturbed")

    def full(tasks):
        if any(task.config.seed > 1 for task in tasks):
            raise RuntimeError("not written") from OSError(errno.ENOSPC, "No space left on device")

    stacks(training=full)
    alone = ["sweep.processes=1", "sweep.memory=0.0001"]  # a run after the other
    swept = command("seed=range(8)", *alone)
    assert swept.status == 1
    told = "error: the disk of 'swept' is full\nto run what is missing: nnexp resume swept\n"
    assert swept.err.endswith(told)
    assert "halves" not in swept.err
    assert [own and own.partition(":")[0] for own in reasons(swept, 8)] == [
        None, None, "the sweep was ended before its end", *["not begun"] * 5,
    ]  # fmt: skip
    stacks()
    assert command("swept", program="resume").status == 0
    assert swept.leaderboard == expected.leaderboard


def test_a_disk_that_is_full_before_anything_is_trained(command, monkeypatch):
    def full(job):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(execute, "announce", full)
    swept = command("seed=range(3)", "sweep.processes=1", "sweep.memory=0.0001")
    assert swept.status == 1
    assert "the disk of 'swept' is full" in swept.err
    assert swept.err.count("not begun: the disk is full") == 3


def test_a_leaderboard_that_cannot_be_written_is_printed(command, monkeypatch):
    def full(board, folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(finish, "write_files", full)
    swept = command("seed=range(2)")
    assert "1 configuration, 2 runs" in swept.out
    assert "leaderboard and report are not written: [Errno 28]" in swept.err
    assert not (swept.folder / "leaderboard.csv").exists()


def test_ctrl_c_before_anything_is_trained(command, monkeypatch):
    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "announce", interrupt)
    swept = command("seed=range(3)", "sweep.processes=1", "sweep.memory=0.0001")
    assert swept.status == 130
    assert swept.err.count("interrupted  not begun\n") == 3
    assert "to run what is missing: nnexp resume swept" in swept.err


def test_a_module_that_cannot_be_made_fails_before_anything_is_trained(command):
    swept = command("model=mlp,custom", "~model.hidden", "model._target_=absent.Module")
    assert swept.status == 2


def test_a_process_that_ends_without_a_word_fails_its_member(command, stacks):
    def leave(tasks):
        if any(task.config.seed == 1 for task in tasks):
            os._exit(0)

    stacks(before=lambda tasks: None, training=leave)
    swept = command("seed=range(3)", "sweep.processes=1")
    assert swept.status == 1
    assert reasons(swept, 3) == [None, "the process ended without a word", None]


def test_a_system_without_forks_trains_in_one_process(command, monkeypatch):
    expected = command("seed=range(3)", folder="forked")
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(execute, "can_fork", lambda: False)
    swept = command("seed=range(3)", "sweep.processes=4")
    assert swept.status == 0
    assert "1 process" in swept.err
    assert "4 processes" not in swept.err
    for number in range(3):
        assert swept.content(number) == expected.content(number)
