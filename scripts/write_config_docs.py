"""Write docs/configuration.md from the schema: `python scripts/write_config_docs.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from nnexp.config.contradictions import RULES  # noqa: E402
from nnexp.config.groups import defaults, groups  # noqa: E402
from nnexp.config.keys import PACKAGES, Key, common_keys, literal, option_keys  # noqa: E402
from nnexp.config.schema.options import OPTIONS  # noqa: E402
from nnexp.config.store import conf_dir  # noqa: E402

PAGE = ROOT / "docs" / "configuration.md"

HEAD = """\
# Configuration

This page is written from `nnexp/config/schema/` and `conf/` by
`python scripts/write_config_docs.py`; change those, not this page.

Every choice is typed on the command line, `group=option` or `key=value`, in any order:

```bash
python train.py optimizer=sgd optimizer.momentum=0.5 reg.l2=0.01 trainer.epochs=20
```

- A **group** chooses one of its options: a file in `conf/<group>/`. The regularizers' values live
  under `reg`: `regularizer=dropout reg.dropout=0.5`.
- A **key** sets one value. Keys are typed and have ranges; a mistake is answered with what is
  allowed and what to type, and exit status 2.
- Lists are typed without blanks, `model.hidden=[256,128]`; `null` is no value. Texts with blanks or
  any of `=,:[]{}()` are quoted twice, once for the shell: `'data.path="a = b.csv"'`.
- `model.args.width=64` passes a keyword to a model of your own (`model=custom`), without a `+`.
- `-m` makes a sweep of values with commas: `python train.py -m reg.l2=0,0.01 seed=0,1,2`. A
  mistake in some of the jobs fails those alone; one in all of them is answered before anything is
  run. `sweep=lr` is a sweep kept as a file, and `sweep.*` says how to run it.
- Files of your own: `python train.py --config-dir my_conf data=mine`, with
  `my_conf/data/mine.yaml` beginning with `defaults: [schema_csv, _self_]`.
- What wins: a group's option is laid on the schema, `experiment=` on that, the command line on all.
- `python train.py ... --cfg job` shows the outcome. `hydra.run.dir=FOLDER` sets the run's folder,
  `hydra.sweep.dir=FOLDER` a sweep's.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *_groups(), *_keys(), *_contradictions()]).rstrip() + "\n"


def _groups() -> Iterator[str]:
    yield "## Groups\n"
    yield "| group | options, the default in bold |\n| --- | --- |"
    for group, options in groups().items():
        names = [f"**{o}**" if o == defaults().get(group) else o for o in options]
        yield f"| `{group}` | {', '.join(names)} |"
    for group in ("regularizer", "trainer", "sweep", "experiment"):
        yield f"\n### What `{group}=` sets\n"
        yield "| option | sets |\n| --- | --- |"
        for option in groups()[group]:
            yield f"| `{option}` | {_sets(group, option)} |"
    yield ""


def _sets(group: str, option: str) -> str:
    """The values an option's file states, as overrides."""
    from omegaconf import OmegaConf

    document = OmegaConf.to_container(OmegaConf.load(conf_dir() / group / f"{option}.yaml"))
    assert isinstance(document, dict)
    chosen = [
        f"{str(name).removeprefix('override /')}={value}"
        for entry in document.pop("defaults", [])
        if isinstance(entry, dict)
        for name, value in entry.items()
    ]
    params = document.pop("params", None) or {} if group == "sweep" else {}
    blocks = params if isinstance(params, list) else [params]
    crossed = [", ".join(f"`{key}={value}`" for key, value in block.items()) for block in blocks]
    prefix = "" if group == "experiment" else PACKAGES.get(group, group)
    words = [f"`{word}`" for word in [*chosen, *_flatten(document, prefix)]]
    return ", ".join(words + ["; then ".join(crossed)] * any(crossed)) or "nothing"


def _flatten(document: dict[Any, Any], prefix: str) -> Iterator[str]:
    for name, value in document.items():
        path = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict):
            yield from _flatten(value, path)
        else:
            yield f"{path}={literal(value)}"


def _keys() -> Iterator[str]:
    yield "## Keys\n"
    yield "Numbers are finite everywhere: NaN and infinity are refused.\n"
    yield "### Always there\n"
    yield from _table(common_keys())
    for group, options in OPTIONS.items():
        every = [option_keys(group, option) for option in options]
        shared = {k.path for k in every[0]}.intersection(*({k.path for k in e} for e in every))
        shared -= {k.path for k in every[0] if _differs(k, every)}
        shared -= {f"{group}.name"} if group not in ("loss", "sweep") else set()
        yield f"### {group}\n"
        if shared:
            yield f"Of every `{group}=`:\n"
            yield from _table([k for k in every[0] if k.path in shared])
        for option, keys in zip(options, every, strict=True):
            own = [k for k in keys if k.path not in shared and k.leaf != "name"]
            if group in ("loss", "sweep"):  # one schema for all
                continue
            title = next(k.help for k in keys if k.leaf == "name")
            yield f"`{group}={option}`: {title}.\n"
            if own:
                yield from _table(own)


def _differs(key: Key, every: Sequence[Sequence[Key]]) -> bool:
    same = [k for keys in every for k in keys if k.path == key.path]
    return any((k.default, k.help) != (key.default, key.help) for k in same)


def _table(keys: Sequence[Key]) -> Iterator[str]:
    yield "| key | default | allowed | meaning |\n| --- | --- | --- | --- |"
    for key in keys:
        allowed = key.allowed.removeprefix(f"{key.path} is ")
        cells = [f"`{key.path}`", f"`{literal(key.default)}`", allowed, key.help]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _contradictions() -> Iterator[str]:
    yield "## Settings that contradict each other\n"
    yield "These are refused before anything starts, naming the keys:\n"
    for rule in RULES:
        line = " ".join((rule.__doc__ or "").split("\n\n")[0].split())
        yield f"- {line}"
    yield (
        "\nPairings of `model.output` and `loss` that do not fit are legal: they run, with a line "
        "that says\nwhat they do. `experiment=negative_loss` is the classic one."
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
