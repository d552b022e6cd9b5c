from contextlib import ExitStack

import pytest
from threadpoolctl import ThreadpoolController

from nnexp.diagnosis.audit.learners.threads import one_thread


@pytest.fixture
def blas():
    """The libraries of linear algebra, on two threads each."""
    libraries = ThreadpoolController().select(user_api="blas")
    with libraries.limit(limits=2):
        yield libraries


def threads(blas):
    return {own["num_threads"] for own in blas.info()}


def test_threads_come_back(blas):
    with one_thread():
        assert threads(blas) == {1}
        with one_thread():
            assert threads(blas) == {1}
        assert threads(blas) == {1}
    assert threads(blas) == {2}


def test_blocks_that_overlap_leave_the_threads_as_they_were(blas):
    """As of two audits in threads of a server, of which the first to begin ends first."""
    first, second = ExitStack(), ExitStack()
    first.enter_context(one_thread())
    second.enter_context(one_thread())
    first.close()
    assert threads(blas) == {1}
    second.close()
    assert threads(blas) == {2}


def test_threads_come_back_after_an_error(blas):
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert threads(blas) == {2}
