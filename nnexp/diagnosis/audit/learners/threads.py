"""Small products of matrices on one thread: a second one, on a busy machine, is waited for."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@functools.cache
def _libraries() -> Any:
    """The libraries of linear algebra that numpy and scipy call; to find them takes 3 ms."""
    import sklearn.ensemble  # noqa: F401  # which loads scipy's
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra of numpy and scipy on one thread; also a decorator."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield
