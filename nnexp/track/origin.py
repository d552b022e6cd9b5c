"""What made a run: versions, commit, CPU, command line."""

from __future__ import annotations

import platform
import subprocess
import sys
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
GIT_TIMEOUT = 2.0  # seconds; a repository too big to be asked in this time is not asked


def origin() -> dict[str, Any]:
    """Give all that is the same for the runs of one command: CPU, commit, versions."""
    return {"cpu": cpu_model(), "git": git_state(), "versions": versions()}


def versions() -> dict[str, str | None]:
    """Give the versions of Python and of `PACKAGES`, None for one that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def git_state() -> dict[str, Any] | None:
    """Give commit and dirty flag of the code at work.

    That is the repository of the working directory, else that of this package's source.

    Returns:
        `{"commit": 40 hex digits or None before the first commit, "dirty": bool}`, `dirty` when
        a tracked file differs from the commit; None without git or a repository.
    """
    source = Path(__file__).parent
    places = [Path.cwd()] if "site-packages" in source.parts else [Path.cwd(), source]
    for place in places:
        state = _git_state(place)
        if state is not None:
            return state
    return None


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


def _git_state(place: Path) -> dict[str, Any] | None:
    # One call tells both; fsmonitor is a program that a stranger's repository could name.
    words = ("-c", "core.fsmonitor=false", "--no-optional-locks", "-C", str(place))
    status = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--no-renames")
    try:
        answer = subprocess.run(
            ("git", *words, *status),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = answer.stdout.decode("utf-8", "replace").splitlines()
    oids = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    commit = None if not oids or oids[0] == "(initial)" else oids[0]
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}
