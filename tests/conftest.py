"""What all tests share: one thread, as in a stack, and no trace left behind."""

import pytest

import nnexp  # noqa: F401  before anything computes: it settles how products round


@pytest.fixture(autouse=True)
def _one_thread():
    import sys

    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _undiagnosed(request, monkeypatch):
    """Runs of tests end without their diagnosis, which takes longer than they do.

    Tests that are about it are marked: `pytestmark = pytest.mark.diagnosed`.
    """
    if request.node.get_closest_marker("diagnosed") is None:
        import sys

        runner = sys.modules.get("nnexp.runs.runner")
        if runner is None:
            import nnexp.runs.runner as runner
        monkeypatch.setattr(runner, "_diagnose", lambda *arguments: None)
