"""Options of the user's own: YAML files beside those of conf/, in folders that a command names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from nnexp.config.grammar import value_of
from nnexp.config.shell import shell
from nnexp.config.store import conf_dir
from nnexp.errors import UserError

FLAGS = ("--config-dir", "-cd")
SEARCH = "hydra.searchpath"
# of the command at work, set for its length: messages and the help name these options, too
_FOLDERS: ContextVar[tuple[Path, ...]] = ContextVar("nnexp_options", default=())


def own_folders() -> tuple[Path, ...]:
    """The folders with options of the user's own, of the command at work."""
    return _FOLDERS.get()


def own_flags() -> list[str]:
    """The flags that name the folders again."""
    return [word for folder in own_folders() for word in ("--config-dir", str(folder))]


def own_file(group: str, option: str) -> Path | None:
    """The file of an option of the user's own; None for one of conf/ or none at all."""
    if (conf_dir() / group / f"{option}.yaml").is_file():
        return None
    files = (folder / group / f"{option}.yaml" for folder in own_folders())
    return next((file for file in files if file.is_file()), None)


@contextmanager
def options_of(words: Sequence[str]) -> Iterator[None]:
    """Let the options be known that a command's words name folders of.

    Arguments:
        words: flags and overrides.

    Raises:
        UserError: a folder is not there.
    """
    token = _FOLDERS.set((*own_folders(), *_named(words)))
    try:
        yield
    finally:
        _FOLDERS.reset(token)


def unknown_folder(group: str, option: str) -> str | None:
    """The flag that is missing where an option lies in a folder here; None where there is none."""
    known = {folder.absolute() for folder in own_folders()}
    for file in sorted(Path().glob(f"*/{group}/{option}.yaml")):
        folder = file.parent.parent
        if folder.absolute() not in known and folder.absolute() != conf_dir().absolute():
            return f"--config-dir {shell(str(folder))}"
    return None


def _named(words: Sequence[str]) -> Iterator[Path]:
    for word, following in zip(words, [*words[1:], ""], strict=False):
        flag, sign, value = word.partition("=")
        if flag in FLAGS:
            folder = Path(value if sign else following)
            if not folder.is_dir():
                raise _no_folder(flag, str(folder))
            yield folder
        elif flag.lstrip("+") == SEARCH:
            with suppress(Exception):  # Hydra says what is wrong with it
                found = (str(item).removeprefix("file://") for item in value_of(word))
                yield from (Path(item) for item in found if "://" not in item)


def _no_folder(flag: str, folder: str) -> UserError:
    conf = conf_dir()
    groups = [path.name for path in conf.iterdir() if path.is_dir()]
    near = sorted({f.parent for name in groups for f in Path().glob(f"*/{name}") if f.is_dir()})
    near = [path for path in near if path.absolute() != conf.absolute()]
    near = [path for path in near if not (path / "__init__.py").exists()]  # a package's parts
    remedy = f"{flag} {shell(str(near[0]))}" if near else f"mkdir -p {shell(f'{folder}/data')}"
    return UserError(
        f"{flag} {folder}: there is no such folder",
        "a folder with options of your own, as data/mine.yaml",
        remedy,
    )
