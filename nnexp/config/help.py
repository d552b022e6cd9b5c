"""The text of `--help`, written from the schema and the files of the groups."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from nnexp.config.groups import chosen, groups
from nnexp.config.keys import Key, all_keys, literal, option_keys
from nnexp.config.picked import key_of
from nnexp.config.schema.options import OPTIONS

_WIDTH = 98
_MOST_USED = (
    "seed",
    "device",
    "data.path",
    "data.target",
    "data.scaling",
    "data.missing",
    "data.split.valid",
    "model.hidden",
    "model.activation",
    "model.output",
    "reg.l1",
    "reg.l2",
    "reg.weight_decay",
    "reg.dropout",
    "reg.patience",
    "optimizer.lr",
    "optimizer.momentum",
    "scheduler.warmup",
    "trainer.epochs",
    "trainer.batch_size",
    "trainer.monitor",
)
_EXAMPLES = (
    ("", "the defaults: digits, two hidden layers, adam"),
    ("data=csv data.path=table.csv data.target=income", "a table of your own"),
    ("optimizer=adam reg.l2=0.01 trainer.epochs=100", "single values"),
    ("regularizer=dropout reg.dropout=[0.2,0.5]", "a group, then one of its values"),
    ("experiment=negative_loss", "a prepared experiment"),
    ("-m optimizer.lr=0.001,0.01 seed=0,1,2", "a sweep: six runs"),
    ("optimizer=sgd --cfg job", "show the configuration, run nothing"),
    ("optimizer=sgd --help", "this page with all keys of sgd"),
)


def help_text(overrides: Sequence[str] = (), command: str = "python train.py") -> str:
    """What can be typed: the groups, the most used keys, examples and flags.

    Arguments:
        overrides: what was typed beside `--help`; keys of the options chosen there are listed in
            full.
        command: how the program is called.
    """
    picked = chosen(overrides)
    typed = [o.partition("=")[0] for o in overrides]
    lines = [
        "nnexp trains multilayer perceptrons on tables, one run or a sweep, and keeps every run in",
        "a folder of its own with its model, scores, log and TensorBoard events.",
        "",
        f"usage: {command} [group=option ...] [key=value ...] [flags]",
        "",
        "groups (group=option), with what is chosen in brackets:",
        *_group_lines(picked),
        "",
        "most used keys (key=value): default, what is allowed, help",
        *_key_lines([k for path in _MOST_USED for k in [key_of(path, picked)] if k]),
    ]
    for group in [g for g in typed if g in OPTIONS]:
        for option in [o for o in picked[group] if o in OPTIONS[group]]:
            lines += ["", f"all keys of {group}={option}:", *_key_lines(option_keys(group, option))]
    lines += ["", "examples:"]
    width = max(len(words) for words, _ in _EXAMPLES)
    lines += [f"  {command} {words:<{width}}  {why}".rstrip() for words, why in _EXAMPLES]
    lines += [
        "",
        "flags: -m, --multirun a sweep over the values with commas; --cfg job shows the",
        "configuration; hydra.run.dir=FOLDER sets the folder; --config-dir FOLDER has options of",
        "your own; --hydra-help, --info and --version are Hydra's. All keys: docs/configuration.md",
    ]
    return "\n".join(lines) + "\n"


def _group_lines(picked: dict[str, list[str]]) -> Iterator[str]:
    for group, options in groups().items():
        names = [f"[{o}]" if o in picked.get(group, []) else o for o in options]
        yield from textwrap.wrap(
            ", ".join(names),
            _WIDTH,
            initial_indent=f"  {group:<12} ",
            subsequent_indent=" " * 15,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _key_lines(keys: Sequence[Key]) -> Iterator[str]:
    names = [f"{key.path}={literal(key.default)}" for key in keys]
    width = max(len(name) for name in names)
    for key, name in zip(keys, names, strict=True):
        rule = key.range or key.kind
        owners = _owners(key.path)
        text = f"({rule}) {key.help}" + (f"; with {owners}" if owners else "")
        yield from textwrap.wrap(
            text,
            max(_WIDTH, width + 40),
            initial_indent=f"  {name:<{width}}  ",
            subsequent_indent=" " * (width + 4),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _owners(path: str) -> str:
    """The options that have a key, where not every option of its group has it."""
    owners = [k.owner for k in all_keys() if k.path == path and k.owner]
    if not owners or len(owners) == len(OPTIONS[owners[0][0]]):
        return ""
    return ", ".join("=".join(owner) for owner in owners)
