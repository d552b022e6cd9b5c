"""Work in forked processes: messages, deaths, Ctrl-C, and nobody left behind."""

import os
import signal
import threading

import pytest

from nnexp.sweep.processes import Processes, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="forks on Linux only")


def run(work, items, count=2, again=lambda item, failure: [], tick=lambda pool: None):
    """What was said, and how each item ended."""
    said, ends = [], []

    def ended(item, failure):
        ends.append((item, failure))
        return again(item, failure)

    pool = Processes(
        work, lambda item, message: said.append((item, message)), ended, lambda: tick(pool), count
    )
    pool.run(items)
    return said, ends, pool


@pytest.mark.parametrize("count", [0, 1, 3])
def test_all_items_are_done_and_their_messages_come_in_order(count):
    def work(item, send, stop):
        for number in range(3):
            send((item, number))

    said, ends, pool = run(work, range(5), count)
    for item in range(5):
        assert [m for i, m in said if i == item] == [(item, number) for number in range(3)]
    assert sorted(ends) == [(item, None) for item in range(5)]
    assert not pool.stopped


def test_each_item_has_a_process_of_its_own():
    said, _, _ = run(lambda item, send, stop: send(os.getpid()), range(4))
    assert len({pid for _, pid in said} | {os.getpid()}) == 5


def test_what_has_to_be_done_again_comes_first():
    order = []

    def work(item, send, stop):
        send(item)
        if item == 0:
            os._exit(7)

    def again(item, failure):
        order.append(item)
        return [10, 11] if failure else []

    _, ends, _ = run(work, [0, 1], count=1, again=again)
    assert order == [0, 10, 11, 1]
    assert ends[0] == (0, "the process ended with status 7")


def test_a_death_by_a_signal_is_named():
    _, ends, _ = run(lambda i, s, t: os.kill(os.getpid(), signal.SIGKILL), [0])
    assert ends == [(0, "the process was ended by SIGKILL, perhaps for want of memory")]


def test_ctrl_c_asks_children_to_stop_and_begins_no_more():
    begun = threading.Event()

    def work(item, send, stop):
        send("begun")
        while not stop():
            signal.sigtimedwait([], 0.01)
        send("stopped")

    def tick(pool):
        if not begun.is_set() and len(pool._active) == 2:
            begun.set()
            os.kill(os.getpid(), signal.SIGINT)

    said, ends, pool = run(work, range(5), tick=tick)
    assert pool.stopped
    assert sorted(said) == [(0, "begun"), (0, "stopped"), (1, "begun"), (1, "stopped")]
    assert sorted(ends) == [(0, None), (1, None)]


def test_a_signal_that_was_ignored_stays_ignored():
    """As a shell starts what runs in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _, ends, pool = run(
            lambda item, send, stop: None,
            range(2),
            tick=lambda pool: os.kill(os.getpid(), signal.SIGINT),
        )
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert not pool.stopped
    assert sorted(ends) == [(0, None), (1, None)]


def test_a_second_ctrl_c_ends_children_that_do_not_listen():
    sent = []

    def work(item, send, stop):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        send("begun")
        while True:
            signal.pause()

    def tick(pool):
        if len(sent) < 2 and pool._active:
            sent.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    _, ends, pool = run(work, [0], tick=tick)
    assert pool.stopped
    assert len(ends) == 1


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run(lambda item, send, stop: None, [0])
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_while_a_child_is_started_reaches_it(monkeypatch):
    """It comes once the child runs and before the parent has noted it."""
    from multiprocessing.context import ForkProcess

    start = ForkProcess.start

    def interrupted(process):
        start(process)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(ForkProcess, "start", interrupted)

    def work(item, send, stop):
        send("begun")
        while not stop():
            signal.sigtimedwait([], 0.01)
        send("stopped")

    said, _, pool = run(work, range(3))
    assert pool.stopped
    assert said == [(0, "begun"), (0, "stopped")]
