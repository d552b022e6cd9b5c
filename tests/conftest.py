"""What all tests share: one thread, as in a stack, and no trace left behind."""

import pytest


@pytest.fixture(autouse=True)
def _one_thread():
    import sys

    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
