"""Which class a user meant by something that is no import path: a file, or a bare name."""

from __future__ import annotations

import ast
from pathlib import Path

from nnexp.errors import UserError

PLACEHOLDER = "package.module.Class"
MOST = 200  # files beside the user's that are looked at


def check_import_path(path: str) -> None:
    """Refuse what cannot be an import path of a class. Nothing is run of what is looked at.

    Raises:
        UserError: it is a file's name, or has no module before its last dot.
    """
    _, dot, name = path.rpartition(".")
    if (
        "/" in path
        or "\\" in path
        or path.endswith(".py")
        or not all(part.isidentifier() for part in path.split("."))
    ):
        file = Path(path)
        classes = classes_of(file)
        what = "is a file" if file.is_file() else "is no import path"
        found = f"{_module(file)}.{classes[0]}" if classes else PLACEHOLDER
        raise _no_path(path, what, found)
    if not dot:
        beside = sorted(Path().glob("*.py"))[:MOST]
        home = next((file for file in beside if name in classes_of(file)), None)
        own = classes_of(Path(f"{name}.py"))
        found = f"{name}.{own[0]}" if own else PLACEHOLDER
        found = f"{home.stem}.{name}" if home is not None else found
        raise _no_path(path, "names no module", found)


def classes_of(file: Path) -> list[str]:
    """The classes of a Python file; those that are derived of a `Module` first."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return []
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    classes.sort(key=lambda own: not any("Module" in ast.unparse(base) for base in own.bases))
    return [own.name for own in classes]


def _module(file: Path) -> str:
    return ".".join([part for part in file.with_suffix("").parts if part not in (".", "/")])


def _no_path(path: str, what: str, meant: str) -> UserError:
    return UserError(
        f"model._target_={path} {what}",
        f"the import path of a torch.nn.Module class that Python finds from here: {PLACEHOLDER}",
        f"model=custom model._target_={meant}",
    )
