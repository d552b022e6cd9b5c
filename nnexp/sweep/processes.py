"""Work in forked processes, a fresh one for each item: what one breaks, the others do not notice.

A child inherits what its parent has loaded, so nothing is copied to it; what it has to say it
sends through a pipe. It dies with its parent.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
PATIENCE = 0.2  # seconds between two looks at the clock
PR_SET_PDEATHSIG = 1  # of prctl(2)
SIGNALS = (signal.SIGINT, signal.SIGTERM)
OVER = "nnexp: this item is done"  # a child's last message, which is the pipe's alone


def can_fork() -> bool:
    """Whether work can go into child processes here: Linux, no CUDA context in this process."""
    torch = sys.modules.get("torch")
    busy = torch is not None and torch.cuda.is_initialized()
    return sys.platform.startswith("linux") and not busy


class Processes(Generic[Item]):
    """Items of work, each in a process of its own, some at a time.

    Arguments:
        work: (item, send, stop) -> None, what a child does: `send` passes a message to the
            parent, `stop` tells whether it should come to an end.
        message: (item, message), called in the parent.
        ended: (item, failure), called in the parent when an item's process has ended; `failure`
            is None, or what it died of. It returns items to do instead, first.
        tick: called in the parent several times a second.
        count: processes at a time; 0 to work in this process, an item after the other.
    """

    def __init__(
        self,
        work: Callable[[Item, Callable[[Any], None], Callable[[], bool]], None],
        message: Callable[[Item, Any], None],
        ended: Callable[[Item, str | None], Iterable[Item]],
        tick: Callable[[], None],
        count: int,
    ) -> None:
        self.work, self.message, self.ended, self.tick = work, message, ended, tick
        self.count = count
        self.stopped = False
        self._active: dict[Connection, tuple[Item, Any]] = {}

    def run(self, items: Iterable[Item]) -> None:
        """Do all items; Ctrl-C or SIGTERM asks those under way to stop, a second one kills them.

        Afterwards `stopped` tells whether that happened; items not begun are then left.
        """
        queue = deque(items)
        with _signals(self._interrupt):
            try:
                while (queue and not self.stopped) or self._active:
                    if self.count == 0:
                        self._work_here(queue)
                        continue
                    while queue and not self.stopped and len(self._active) < self.count:
                        self._start(queue.popleft())
                    for connection in wait(list(self._active), PATIENCE):
                        queue.extendleft(reversed(self._receive(connection)))  # type: ignore[arg-type]
                    self.tick()
            finally:
                for _, process in self._active.values():
                    process.kill()

    def stop(self) -> None:
        """Begin nothing more, and ask what is under way to come to its end."""
        self.stopped = True
        for _, process in self._active.values():
            process.terminate()

    def _start(self, item: Item) -> None:
        context = multiprocessing.get_context("fork")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=self._child, args=(item, sending), daemon=True)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or the child would write what is buffered once more
        # a signal waits until the child has handlers of its own; to the parent's it would be lost
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads
                process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        sending.close()
        self._active[receiving] = (item, process)
        if self.stopped:  # by a signal that came while it was started
            process.terminate()

    def _receive(self, connection: Connection) -> list[Item]:
        item, process = self._active[connection]
        failure = None
        try:
            message = connection.recv()
        except (EOFError, OSError):
            process.join()
            if process.exitcode:
                failure = _death(process.exitcode)
        else:
            if message != OVER:
                self.message(item, message)
                return []
            # to give back its memory takes a process some time, which nothing has to wait for;
            # multiprocessing collects those that have ended when it starts or ends another
        del self._active[connection]
        connection.close()
        return list(self.ended(item, failure))

    def _child(self, item: Item, sending: Connection) -> None:
        _die_with_parent()
        stop = threading.Event()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        try:
            self.work(item, sending.send, stop.is_set)
            sending.send(OVER)
        except BrokenPipeError:  # the parent is gone
            os._exit(1)

    def _work_here(self, queue: deque[Item]) -> None:
        item = queue.popleft()
        self.work(item, lambda message: self.message(item, message), lambda: self.stopped)
        queue.extendleft(reversed(list(self.ended(item, None))))
        self.tick()

    def _interrupt(self) -> None:
        if not self.stopped:
            self.stop()
            return
        for _, process in self._active.values():
            process.kill()
        if self.count == 0:
            raise KeyboardInterrupt


def _death(status: int) -> str:
    if status > 0:
        return f"the process ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"the process was ended by {name}{hint}"


def _die_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call
        os._exit(1)


@contextmanager
def _signals(handle: Callable[[], None]) -> Iterator[None]:
    """Call `handle` for Ctrl-C and SIGTERM.

    A signal that is ignored stays ignored, as Ctrl-C is in a script's background job. Outside the
    main thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: handle()) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
