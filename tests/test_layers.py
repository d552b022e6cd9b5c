"""Imports run downwards only, read from the source; heavy libraries come late."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "nnexp"
FILES = sorted(p for p in ROOT.rglob("*.py") if "conf" not in p.relative_to(ROOT).parts)
# a part may import what is below it, and nothing beside it
LAYERS = (
    {"errors"},
    {"files", "seeds", "arguments", "calls", "garbage", "limits", "lines", "near"},
    {"scores", "statistics"},
    {"config"},
    {"data", "model"},
    {"train", "track"},
    {"diagnosis"},
    {"runs"},  # joins the parts into a run
    {"saved_model", "leaderboard", "csv_out"},
    {"predict", "run_parts"},
    {"report"},
    {"sweep"},
    {"session"},
    {"main"},
    {"resuming", "sweeping", "loop"},
    {"proof"},
    {"verdict", "watching"},
    {"cli"},
    {"__main__"},
)


AUDIT = (
    {"chance", "dependent", "words", "numbering", "sheet", "rows"},
    {"learners"},
    {"split"},
    {"table", "labels", "leaks"},
    {"run"},
)


def part_of(path, root=ROOT):
    return path.relative_to(root).with_suffix("").parts[0]


def rank(part, layers=LAYERS):
    return next(level for level, parts in enumerate(layers) if part in parts)


def imports(path, everywhere=True):
    """The dotted names that a file imports; those of functions and type checks on demand."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if everywhere else iter(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_downwards(path):
    own = part_of(path)
    if own == "__init__":
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "nnexp" or len(parts) == 1 or parts[1] in (own, "__version__"):
            continue
        if not ((ROOT / parts[1]).is_dir() or (ROOT / f"{parts[1]}.py").is_file()):
            continue  # a name of nnexp/__init__.py
        below, here = rank(parts[1]), rank(own)
        assert below < here, f"{own} imports {name}"


def test_the_audits_parts_do_so_as_well():
    folder, seen = ROOT / "diagnosis" / "audit", set()
    for path in folder.rglob("*.py"):
        own = part_of(path, folder)
        for name in imports(path):
            parts = name.split(".")
            other = parts[3] if parts[:3] == ["nnexp", "diagnosis", "audit"] and parts[3:] else own
            if other != own and own != "__init__":
                shared = own in AUDIT[0] and other in AUDIT[0]
                assert shared or rank(other, AUDIT) < rank(own, AUDIT), f"{path} imports {name}"
        seen.add(own)
    assert seen - {"__init__"} == set().union(*AUDIT)


def roots(path, everywhere=True):
    return {name.split(".")[0] for name in imports(path, everywhere)}


@pytest.mark.parametrize("part", ["train", "model"])
def test_training_knows_no_configuration(part):
    files = sorted((ROOT / part).glob("*.py"))
    assert files
    for path in files:
        assert not roots(path) & {"hydra", "omegaconf"}, path
        assert not [n for n in imports(path) if n.startswith("nnexp.config")], path


def test_configuration_knows_no_heavy_library():
    heavy = {"torch", "sklearn", "pandas", "numpy"}
    for path in sorted((ROOT / "config").rglob("*.py")):
        assert not roots(path) & heavy, path
    for name in ("cli.py", "main.py", "session.py"):
        assert not roots(ROOT / name, everywhere=False) & heavy, name


def test_the_only_hydra_main_is_in_main():
    found = [p.name for p in FILES if "hydra.main(" in p.read_text(encoding="utf-8")]
    assert found == ["main.py"]
