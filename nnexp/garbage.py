"""Python's cyclic garbage collector, kept still while a command imports what it needs.

Torch, pandas and scikit-learn bring many objects that live to the end. Collecting among them, time
and again while they are imported, takes a good part of the time that importing takes, and a single
time later on as long as to train a small network.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_paused = _frozen = False


@contextmanager
def paused() -> Iterator[None]:
    """Collect nothing before `collect_again` is called, or the block ends.

    Nothing happens where the collector is off already, by this or by the user.
    """
    global _paused, _frozen
    if not gc.isenabled():
        yield
        return
    gc.disable()
    _paused = True
    try:
        yield
    finally:
        if _frozen:
            gc.unfreeze()
        _paused = _frozen = False
        gc.enable()


def collect_again() -> None:
    """Collect again, but not among what is there by now; nothing where nobody has paused.

    What a child process inherits is then not written to, and so not copied.
    """
    global _paused, _frozen
    if not _paused:
        return
    _paused = False
    if not gc.get_freeze_count():  # what a user has frozen would be let go with ours
        gc.freeze()
        _frozen = True
    gc.enable()


def spare_the_end() -> None:
    """Let the process end without a last collection, which would find nothing worth the wait."""
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
