"""Signals as a question that training asks."""

import signal

import pytest

from nnexp.runs.interrupts import interrupts


@pytest.fixture
def handled():
    """Sets what is done about Ctrl-C, and puts it back."""
    before = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


def test_the_first_is_asked_for_and_the_second_interrupts():
    with interrupts() as asked:
        assert not asked()
        signal.raise_signal(signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_one_that_was_ignored_stays_ignored(handled):
    handled(signal.SIG_IGN)
    with interrupts() as asked:
        signal.raise_signal(signal.SIGINT)
        assert not asked()
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
