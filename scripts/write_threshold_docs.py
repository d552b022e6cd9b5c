"""Write docs/thresholds.md: every number of the diagnosis, and how it was chosen.

    python scripts/write_threshold_docs.py

The numbers and what is said of them are read from the source: a module's constants, each with its
comment. The text before them is HEAD.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "thresholds.md"
MARK = "<!-- numbers, by scripts/write_threshold_docs.py -->"
PARTS = (
    (
        "What is told",
        (
            "nnexp/diagnosis/seen.py",
            "nnexp/diagnosis/conclude.py",
            "nnexp/statistics.py",
            "nnexp/diagnosis/proven.py",
            "nnexp/proof/proving.py",
            "nnexp/proof/contrast.py",
            "nnexp/proof/judging.py",
            "nnexp/proof/probing.py",
            "nnexp/proof/probed.py",
        ),
    ),
    ("Rules of a run", ("nnexp/diagnosis/rules",)),
    ("Audit: columns and cells", ("nnexp/diagnosis/audit/table",)),
    ("Audit: labels", ("nnexp/diagnosis/audit/labels",)),
    ("Audit: columns that know the label", ("nnexp/diagnosis/audit/leaks",)),
    ("Audit: the split", ("nnexp/diagnosis/audit/split",)),
    ("Audit: what its checks share", ("nnexp/diagnosis/audit", "nnexp/diagnosis/audit/learners")),
    ("Loops of one's own, and curves alone", ("nnexp/loop", "nnexp/diagnosis/curve_rules")),
)
COLUMNS = ("where", "number", "value", "what it is")


def numbers(path: Path) -> list[tuple[str, str, str]]:
    """Constants of a module that hold numbers: name, value, comment."""
    source = path.read_text(encoding="utf-8")
    comments: dict[int, str] = {}
    alone: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string.lstrip("# ").strip()
            if not token.line[: token.start[1]].strip():
                alone.add(token.start[0])
    found = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign) or not _is_number(node.value):
            continue
        name = ast.get_source_segment(source, node.targets[0]) or ""
        if name != name.upper():
            continue
        words: list[str] = []
        line = node.end_lineno or node.lineno
        above = node.lineno - 1
        while above in alone and node.end_lineno not in comments:
            words.insert(0, comments[above])
            above -= 1
        while line in comments and (line == node.end_lineno or line in alone):
            words.append(comments[line])
            line += 1
        value = ast.get_source_segment(source, node.value) or ""
        found.append((name.strip("()"), value.strip("()"), " ".join(words)))
    return found


def _is_number(node: ast.expr) -> bool:
    """Whether a number, or several, and nothing else."""
    if isinstance(node, ast.Tuple):
        return bool(node.elts) and all(_is_number(own) for own in node.elts)
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def table() -> str:
    """All parts as Markdown."""
    lines = []
    for title, places in PARTS:
        lines += [f"### {title}", "", f"| {' | '.join(COLUMNS)} |", "| --- | --- | --- | --- |"]
        for place in places:
            own = ROOT / place
            for path in sorted(own.glob("*.py")) if own.is_dir() else [own]:
                where = path.relative_to(ROOT / "nnexp").with_suffix("").as_posix()
                for name, value, words in numbers(path):
                    cells = (f"`{where}`", f"`{name}`", f"`{value}`", words.replace("|", "\\|"))
                    lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Replace what follows the mark."""
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(f"{head}{MARK}\n\n{table()}", encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
