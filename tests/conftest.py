"""What all tests share: one thread, as in a stack, and no trace left behind."""

import pytest

import nnexp  # noqa: F401  before anything computes: it settles how products round


@pytest.fixture(autouse=True)
def _one_thread():
    import sys

    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
