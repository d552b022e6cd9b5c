"""What all tests share: one thread, as in a stack, and no trace left behind."""

import functools
import importlib.util
import os
import signal
from collections import defaultdict
from pathlib import Path

import pytest

import nnexp  # noqa: F401  before anything computes: it settles how products round

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in a background job of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--matrix", action="store_true", help="run all cases of matrices, not a sample of each"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Of tests marked `matrix(N)` keep N cases, unless all are asked for."""
    if config.getoption("matrix"):
        return
    matrices = defaultdict(list)
    for item in items:
        if item.get_closest_marker("matrix"):
            matrices[item.nodeid.partition("[")[0]].append(item)
    left = set()
    for own in matrices.values():
        (most,) = own[0].get_closest_marker("matrix").args
        kept = _sampling().sample([item.callspec.indices for item in own], most)
        left |= {item for place, item in enumerate(own) if place not in kept}
    if left:
        config.hook.pytest_deselected(items=list(left))
        items[:] = [item for item in items if item not in left]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call():
    """Without pytest's variable of the test that runs.

    What `compose` remembers holds for one environment, which would be another in each test.
    """
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    return (yield)


@functools.cache
def _sampling():
    place = Path(__file__).with_name("sampling.py")
    spec = importlib.util.spec_from_file_location("sampling", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
        monkeypatch.setattr(runner, "diagnose", lambda *arguments: None)
