"""The documents are true: their commands run, their Python runs, their links lead somewhere.

The blocks of a page are run in order, in one folder made for it. By convention it holds
`table.csv` and `people.csv` with the target `income`, `new.csv` with further rows,
`missing_column.csv` that lacks a column, and `RUN`, a finished run on the table, which Python
blocks also know as `folder`. Training lines get one epoch, no progress and no events; range tests
get one epoch, re-runs one second. A trailing `# exit status N` says how a line ends where that
is not 0. A Python block that begins with the comment `# name.py` is that file.
"""

import contextlib
import io
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp import cli
from nnexp.config.groups import groups
from nnexp.config.keys import all_keys

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
OVERRIDE = re.compile(r"~?([a-z_]+(?:\.[A-Za-z_]\w*)*)=(\S+)")
SKIPPED = ("make", "pip", "git", "tensorboard", "cd", "ls", "cat")
PAGES_OF_HYDRA = ("--help", "--cfg")  # they show something and train nothing
ROWS = 160


@dataclass(frozen=True)
class Command:
    """A line of a shell block: its words, the folders in PYTHONPATH, how it should end."""

    words: list[str]
    path: str | None
    status: int


def read_command(line):
    """The command of a line; None for an empty or a skipped one."""
    stated = re.search(r"# exit status (\d+)$", line)
    words = shlex.split(line, comments=True)
    path = words.pop(0).partition("=")[2] if words and words[0].startswith("PYTHONPATH=") else None
    if not words or words[0] in SKIPPED:
        return None
    assert words[0] == "nnexp" or words[:2] == ["python", "train.py"], f"cannot check: {line}"
    return Command(words, path, int(stated[1]) if stated else 0)


def blocks(text):
    """(language, content) of each fenced block."""
    return [(language, content) for language, content in FENCE.findall(text)]


def run_command(command, folder, monkeypatch):
    """Run a command in-process; its exit status and what it wrote to standard error."""
    words = list(command.words)
    trains = words[0] == "python" or words[1:2] == ["train"]
    if trains and not set(PAGES_OF_HYDRA) & set(words):
        words += ["trainer.epochs=1", "trainer.progress=none", "trainer.tensorboard=false"]
    if words[1:2] == ["lr-find"] and "--epochs" not in words:
        words += ["--epochs", "1"]
    if words[1:2] == ["diagnose"] and {"--prove", "--probe"} & {*words}:
        words += ["--budget", "1"]  # the last one counts
    out, err = io.StringIO(), io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py"])
        if words[0] == "python":  # Python finds modules beside the script
            patch.syspath_prepend(str(folder))
        elif command.path is not None:
            patch.syspath_prepend(str(folder / command.path))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.train(words[2:]) if words[0] == "python" else cli.main(words[1:])
    return status, err.getvalue()


def write_tables(folder):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 70, ROWS).astype(float),
            "hours": rng.normal(40, 10, ROWS).round(1),
            "job": rng.choice(["clerk", "driver", "nurse", "teacher"], ROWS),
        }
    )
    score = frame["age"] + frame["hours"] + rng.normal(0, 8, ROWS)
    frame.loc[::20, "hours"] = np.nan
    labelled = frame.assign(income=np.where(score > 84, ">50K", "<=50K"))
    for name in ("table.csv", "people.csv"):
        labelled.to_csv(folder / name, index=False)
    frame.head(5).to_csv(folder / "new.csv", index=False)
    frame.head(5).drop(columns="age").to_csv(folder / "missing_column.csv", index=False)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The folder that every page's blocks start from."""
    folder = tmp_path_factory.mktemp("docs")
    write_tables(folder)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run = nnexp.run(
            ["data=csv", f"data.path={folder / 'table.csv'}", "data.target=income",
             "trainer.epochs=2", "trainer.progress=none"],
            root=folder / "outputs",
        )  # fmt: skip
    run.folder.rename(folder / "RUN")
    shutil.rmtree(folder / "outputs")
    return folder


@pytest.fixture
def workplace(prepared, tmp_path, monkeypatch):
    """A copy of it as the working directory; modules imported from it are forgotten again."""
    folder = tmp_path / "work"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_blocks_of_a_page_run(page, workplace, monkeypatch, capsys):
    names = {"folder": "RUN"}
    for language, content in blocks(page.read_text(encoding="utf-8")):
        if language == "bash":
            for line in content.replace("\\\n", " ").splitlines():
                command = read_command(line)
                if command is None:
                    continue
                status, err = run_command(command, workplace, monkeypatch)
                assert status == command.status, f"{line}\n{err}"
                assert "traceback in" not in err, f"{line}\n{err}"
                if status == 2:
                    assert re.search(r"^error: .+\nallowed: .+\ntry: .+$", err, re.MULTILINE), line
        elif language == "python":
            file = re.match(r"# (\w+\.py)\n", content)
            if file:
                (workplace / file[1]).write_text(content, encoding="utf-8")
            else:
                exec(compile(content, f"{page.name}: {content[:60]!r}", "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_pages_and_headings(page):
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("https://", "http://")):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {anchor(title) for title in titles}, link


def anchor(title):
    """A heading's name in a link, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_overrides_in_the_text_name_what_exists(page):
    options = groups()
    keys = {key.path for key in all_keys()}
    for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", page.read_text(encoding="utf-8"))):
        for name, value in OVERRIDE.findall(code):
            if name in options and re.fullmatch(r"\w+", value):
                assert value in [*options[name], "mine"], code
            elif name.partition(".")[0] in {*options, "reg", "seeds"} and "." in name:
                assert name in keys or name.startswith("model.args."), code


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert set(LINK.findall(index)) == {path.name for path in PAGES[1:]} - {"README.md"}


@pytest.mark.parametrize("line", ["rm -rf outputs", "python scripts/x.py", "python train.py&&ls"])
def test_a_line_that_cannot_be_checked_is_refused(line):
    with pytest.raises(AssertionError, match="cannot check"):
        read_command(line)


def test_a_line_is_read_as_a_shell_reads_it():
    command = read_command("PYTHONPATH=. nnexp train 'seed=range(0, 2)'  # exit status 2")
    assert command == Command(["nnexp", "train", "seed=range(0, 2)"], ".", 2)
    assert read_command("make train  # sets up") is None
    assert read_command("# only words") is None
