"""The commands: `python train.py`, and `nnexp train` and `nnexp predict` where installed."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from nnexp import __version__
from nnexp.errors import UserError
from nnexp.files import is_full
from nnexp.garbage import collect_again, paused, spare_the_end

# the module that runs a command, by its `main(words) -> exit status`
_COMMANDS = {
    "predict": "nnexp.predict",
    "parts": "nnexp.run_parts",
    "compare": "nnexp.report.command",
    "diagnose": "nnexp.verdict.command",
    "lr-find": "nnexp.sweep.lr_find",
    "resume": "nnexp.resuming",
}
_USAGE = """\
usage: nnexp train [group=option ...] [key=value ...]    train a model; nnexp train --help
       nnexp train -m key=value,value ...                train a sweep
       nnexp predict RUN TABLE [-o FILE]                 predict a table with a run's model
       nnexp parts RUN [-o FILE]                         which rows it trained and tested on
       nnexp compare RUN... [--sort KEY] [--by KEY...]   the leaderboard of some runs or sweeps
       nnexp diagnose RUN... [--probe] [--prove]         what is wrong with a run, and its proof
       nnexp lr-find [group=option ...] [key=value ...]  find a learning rate
       nnexp resume RUN|SWEEP                            go on with what was cut off
       nnexp --version
"""


def _in_peace(command: Callable[..., int]) -> Callable[..., int]:
    """A command that ends in peace where its output is cut off, as by `| head`, or by Ctrl-C.

    Ctrl-C may come at any time, as while modules are imported.
    """

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> int:
        status = 0
        try:
            spare_the_end()
            with paused():
                status = command(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError:
            # what is still buffered goes nowhere, or Python complains about it at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            return 130
        except OSError as error:
            if not is_full(error):
                raise
            print("error: a disk, or what the output goes to, is full", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        return status

    return run


@_in_peace
def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of `nnexp`.

    Arguments:
        argv: the words after `nnexp`; None for the process's own.

    Returns:
        The exit status: 0, 1 for a run that failed, 2 for a mistake of the user's, 130 for Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    head, rest = (words[0], words[1:]) if words else ("--help", [])
    if head in ("--help", "-h"):
        print(_USAGE, end="")
        return 0
    if head == "--version":
        print(f"nnexp {__version__}")
        return 0
    if head == "train":
        return train(rest, ("nnexp", "train"))
    try:
        if head not in _COMMANDS:
            raise _unknown_command(head, rest)
        command = import_module(_COMMANDS[head])
        collect_again()
        return int(command.main(rest))
    except UserError as error:
        print(error.printed(sys.stderr.encoding), file=sys.stderr)
        return 2


@_in_peace
def train(argv: Sequence[str] | None = None, program: Sequence[str] | None = None) -> int:
    """Train as `python train.py ARGV` does.

    Arguments:
        argv: overrides and flags; None for the process's own.
        program: how the command is called, for the help and the record of the run.

    Returns:
        The exit status, as `main`.
    """
    # imported here so that `nnexp --version` and `nnexp predict` do without Hydra
    from nnexp.config.flags import parted, wants
    from nnexp.config.help import help_text
    from nnexp.config.own import options_of
    from nnexp.main import train_with_hydra

    words = list(sys.argv[1:] if argv is None else argv)
    called = list(program or [sys.argv[0]])
    try:
        if wants(words, "--help", "-h"):
            command = " ".join(called) if program else f"python {Path(called[0]).name}"
            typed = [w for w in words if "=" in w and not w.startswith("-")]
            with options_of(words):
                print(help_text(typed, command), end="")
            return 0
        overrides, flags = parted(words)
        if flags == ["--version"]:
            print(f"nnexp {__version__}")
            return 0
        return train_with_hydra([*overrides, *flags], overrides, [*called, *words])
    except UserError as error:
        print(error.called(called).printed(sys.stderr.encoding), file=sys.stderr)
        return 2


def _unknown_command(word: str, rest: Sequence[str]) -> UserError:
    from nnexp.config.likeness import nearest

    commands = ("train", *_COMMANDS)
    if word in ("-v", "-V"):
        remedy = "nnexp --version"
    elif "=" in word or word.startswith("-"):
        remedy = f"nnexp train {word}"
    else:
        near = nearest(word, commands)
        remedy = shlex.join(["nnexp", near, *rest]) if near else "nnexp --help"
    return UserError(f"nnexp has no command {word!r}", f"one of {', '.join(commands)}", remedy)


if __name__ == "__main__":
    sys.exit(main())
