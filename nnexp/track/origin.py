"""What made a run: versions, commit, CPU, command line."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "nnexp",
    "torch",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy-openblas32",
    "hydra-core",
    "omegaconf",
    "tensorboard",
    "safetensors",
)
_Git = subprocess.Popen[bytes]
GIT_TIMEOUT = 2.0  # seconds; a repository too big to be asked in this time is not asked


def origin() -> dict[str, Any]:
    """Give all that is the same for the runs of one command: CPU, commit, versions."""
    with asked_origin() as answer:
        return answer()


@contextmanager
def asked_origin() -> Iterator[Callable[[], dict[str, Any]]]:
    """Give what answers as `origin` does; git finds its answer out while something else is done."""
    places = _places()
    first = _ask(places[0])

    def answer() -> dict[str, Any]:
        return {"cpu": cpu_model(), "git": _first_state(first, places), "versions": versions()}

    try:
        yield answer
    finally:
        if first is not None and first.returncode is None:  # nobody waited for it
            first.kill()
            first.communicate()


def versions() -> dict[str, str | None]:
    """Give the versions of Python and of `PACKAGES`, None for one that is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


@cache  # what is installed is read from many files
def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _places() -> list[Path]:
    source = Path(__file__).parent
    return [Path.cwd()] if "site-packages" in source.parts else [Path.cwd(), source]


def _first_state(first: _Git | None, places: Sequence[Path]) -> dict[str, Any] | None:
    """Commit and dirty flag of the code at work.

    That is the repository of the working directory, else that of this package's source.

    Arguments:
        first: git, asked of the first place.
        places: what can be asked, in turn.

    Returns:
        `{"commit": 40 hex digits or None before the first commit, "dirty": bool}`, `dirty` when
        a tracked file differs from the commit; None without git or a repository.
    """
    state = _answer(first)
    for place in places[1:]:
        state = _answer(_ask(place)) if state is None else state
    return state


def cpu_model() -> str:
    """Give the CPU's model name, or its architecture where the system tells no more."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def command_line() -> list[str]:
    """Give this process' command line, the program without the folder it lies in."""
    program, *words = sys.argv or [""]
    if program.endswith(".py"):
        return ["python", Path(program).name, *words]
    return [Path(program).name or "python", *words]


def _ask(place: Path) -> _Git | None:
    """Start git in a place; None without git."""
    # One call tells both; fsmonitor is a program that a stranger's repository could name.
    words = ("-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(place))
    status = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--no-renames")
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    try:
        return subprocess.Popen(
            ("git", *words, *status), stdin=nothing, stdout=pipe, stderr=nothing
        )
    except OSError:
        return None


def _answer(git: _Git | None) -> dict[str, Any] | None:
    """What git says; None where it knows of no repository, or takes too long."""
    if git is None:
        return None
    try:
        said, _ = git.communicate(timeout=GIT_TIMEOUT)
    except subprocess.TimeoutExpired:
        git.kill()
        git.communicate()
        return None
    if git.returncode:
        return None
    lines = said.decode("utf-8", "replace").splitlines()
    oids = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    commit = None if not oids or oids[0] == "(initial)" else oids[0]
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}
