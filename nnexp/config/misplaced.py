"""Words of a sweep typed for a single run, and those of a single run typed for a sweep."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.config.shell import shell
from nnexp.errors import UserError

RUN_FOLDER, SWEEP_FOLDER = "hydra.run.dir", "hydra.sweep.dir"


def check_single(overrides: Sequence[str]) -> None:
    """Refuse words that say nothing to a single run: those on how to sweep, and a sweep's folder.

    Arguments:
        overrides: as typed.

    Raises:
        UserError: there is such a word.
    """
    for override in overrides:
        name, _, value = override.lstrip("+~").partition("=")
        if name == "sweep" or name.startswith("sweep."):
            raise UserError(
                f"{override} is about a sweep, and this is a single run",
                "sweep and sweep.* go with -m",
                f"nnexp resume {value}" if name == "sweep.resume" else f"-m {shell(override)}",
            )
    check_folder_key(overrides, sweep=False)


def check_folder_key(overrides: Sequence[str], sweep: bool) -> None:
    """Refuse the folder of a run for a sweep, and that of a sweep for a run: nothing reads it.

    Arguments:
        overrides: as typed, of Hydra's keys at least.
        sweep: whether it is a sweep that is to be run.

    Raises:
        UserError: the other one's key is there, and its own is not.
    """
    own, other = (SWEEP_FOLDER, RUN_FOLDER) if sweep else (RUN_FOLDER, SWEEP_FOLDER)
    for override in overrides:
        name, _, value = override.lstrip("+~").partition("=")
        if name == other:
            kinds = ("single run", "sweep") if sweep else ("sweep", "single run")
            raise UserError(
                f"{override} is the folder of a {kinds[0]}, and this is a {kinds[1]}",
                f"{own} names its folder",
                shell(f"{own}={value}"),
            )
