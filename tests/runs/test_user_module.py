"""Modules of the user's own are imported from where the user is, which leaves nothing behind."""

import sys

import pytest

from nnexp.config.schema.model import CustomModelConfig
from nnexp.runs.user_module import user_model

SOURCE = """
from torch import nn

class Net(nn.Linear):
    def __init__(self, inputs, outputs):
        import beside_it_{0}  # found where the class is
        super().__init__(inputs, outputs)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a module, and its name."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"net_{name}.py").write_text(SOURCE.format(name))
        (tmp_path / f"beside_it_{name}.py").write_text("")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(("net_", "beside_it_"))]:
        del sys.modules[name]


def test_what_a_class_imports_when_it_is_made_is_found(here):
    before = list(sys.path)
    model = user_model(CustomModelConfig(_target_="net_a.Net"), 3, 0, 2)
    assert sys.path == before
    del sys.modules["beside_it_a"]
    model.factory()
    assert sys.path == before


def test_a_path_that_was_there_stays_where_it_was(here, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(here), *sys.path])
    before = list(sys.path)
    user_model(CustomModelConfig(_target_="net_b.Net"), 3, 0, 2)
    assert sys.path == before
