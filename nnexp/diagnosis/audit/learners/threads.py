"""Small products of matrices on one thread: a second one, on a busy machine, is waited for."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_inside = 0  # blocks of `one_thread` that are entered and not left, by any thread
_limit: Any = None  # what gives the threads back


@functools.cache
def _libraries() -> Any:
    """The libraries of linear algebra that numpy and scipy call; to find them takes 3 ms."""
    import sklearn.ensemble  # noqa: F401  # which loads scipy's
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra of numpy and scipy on one thread; also a decorator.

    The number of threads is the process's: of blocks that overlap, the first to be entered lowers
    it, and the last to be left gives it back.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _limit
    libraries = _libraries()
    with _lock:
        if not _inside:
            _limit = libraries.limit(limits=1)
        _inside += 1


def _leave() -> None:
    global _inside, _limit
    with _lock:
        _inside -= 1
        if not _inside:
            _limit.restore_original_limits()
            _limit = None
