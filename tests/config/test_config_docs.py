"""docs/configuration.md is what its script writes."""

import importlib.util
import sys
from pathlib import Path

from nnexp.config.contradictions import RULES
from nnexp.config.keys import all_keys

ROOT = Path(__file__).parents[2]


def load_script():
    path = ROOT / "scripts" / "write_config_docs.py"
    spec = importlib.util.spec_from_file_location("write_config_docs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date_and_whole(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])  # the script adds the checkout
    written = load_script().page()
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert page == written, "run: python scripts/write_config_docs.py"
    assert all(f"`{key.path}`" in page for key in all_keys())
    assert page.count("\n- ") >= len(RULES)
