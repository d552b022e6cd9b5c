"""How the bars of the diagnosis were chosen: each table is judged by what the others chose.

    python scripts/bench_diagnosis.py --train-only FOLDER
    python scripts/bench_diagnosis.py --harm-only --harms FOLDER/harms.json
    python scripts/choose_thresholds.py FOLDER [--harms FILE] [--out FILE]

The bars are those of nnexp/diagnosis/conclude.py and seen.py: how far a run has to be behind its
table, and how strong a sign has to be, before a cause is told. For every table the setting of GRID
is taken that is best on all other tables, and judged on this one; the figures are of these
judgements together, without proofs. Best is the share of harmful mistakes named first, less
WEIGHT times the share of other runs with an alarm, healthy ones and mistakes without harm; of equal
settings, the one in use or else the first.

The numbers inside the rules (a rate of so many times the usual one, a share of dead units) are not
chosen here: docs/thresholds.md says where each is from.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import statistics
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

from nnexp.diagnosis import conclude, seen
from nnexp.diagnosis.finding import HARMLESS, Audit
from nnexp.diagnosis.seen import Seen

Bars = dict[str, tuple[Any, tuple[float, ...]]]
# bars that the rules ask for, and bars that only what they name is judged by
ASKED: Bars = {
    "BEHIND_Z": (seen, (2.33, 1.64, 3.09)),
    "BEHIND_GAP": (seen, (0.02, 0.01, 0.03)),
}
JUDGED: Bars = {
    "SIGN": (conclude, (0.45, 0.35, 0.55, 0.65)),
    "ODD": (conclude, (0.8, 0.7, 0.9)),
}
GRID = {**ASKED, **JUDGED}
WEIGHT = 3.0
Setting = tuple[float, ...]


@dataclass(frozen=True)
class Judged:
    """A recorded run, and what each setting makes of it.

    Arguments:
        table: that it was made on.
        fault: whether a mistake in it does harm.
        first: by setting, whether a true cause is told first.
        alarm: by setting, whether there is any.
    """

    table: str
    fault: bool
    first: dict[Setting, bool]
    alarm: dict[Setting, bool]


def settings(bars: Bars = GRID) -> list[Setting]:
    """All combinations, the one in use first."""
    return list(itertools.product(*(values for _, values in bars.values())))


@contextmanager
def as_set(bars: Bars, setting: Setting) -> Iterator[None]:
    """Bars as they are in a setting."""
    before = [getattr(module, name) for name, (module, _) in bars.items()]
    for (name, (module, _)), value in zip(bars.items(), setting, strict=True):
        setattr(module, name, value)
    yield
    for (name, (module, _)), value in zip(bars.items(), before, strict=True):
        setattr(module, name, value)


def judge(folder: str, harmful: bool) -> Judged | None:
    """What each setting says of a recorded run; None for a pair, and where nothing was trained."""
    from nnexp.config.saved import read_config
    from nnexp.diagnosis.audit.run import audit_sheet
    from nnexp.errors import UserError
    from nnexp.runs.diagnosing import all_named
    from nnexp.runs.examine import examine
    from nnexp.runs.material import read_material

    warnings.simplefilter("ignore")
    about = json.loads(Path(folder, "case.json").read_text(encoding="utf-8"))
    if about["pair"]:
        return None
    try:
        material = read_material(read_config(folder))
        known: Seen = examine(folder, material)
        audit: Audit = audit_sheet(material.sheet, material.trees)
    except UserError:
        return None
    first, alarm = {}, {}
    for asked in settings(ASKED):
        with as_set(ASKED, asked):
            own = replace(known)  # a copy: what was asked of it before was by other bars
            named = all_named(own, audit)
            for judged in settings(JUDGED):
                with as_set(JUDGED, judged):
                    told = conclude.conclude(own, named)
                alarms = [finding for finding in told if finding.verdict != HARMLESS]
                first[asked + judged] = bool(alarms) and alarms[0].cause in about["causes"]
                alarm[asked + judged] = bool(alarms)
    return Judged(about["table"], harmful, first, alarm)


def worth(runs: Sequence[Judged], setting: Setting) -> float:
    """How good a setting is on some runs."""
    right, alarms = figures(runs, [setting] * len(runs))
    return right - WEIGHT * alarms


def figures(runs: Sequence[Judged], chosen: Sequence[Setting]) -> tuple[float, float]:
    """Cause first on harmful mistakes, alarms on the others; each run by its own setting."""
    pairs = list(zip(runs, chosen, strict=True))
    right = [run.first[own] for run, own in pairs if run.fault]
    alarms = [run.alarm[own] for run, own in pairs if not run.fault]
    return (
        statistics.mean(right) if right else 0.0,
        statistics.mean(alarms) if alarms else 0.0,
    )


def best(runs: Sequence[Judged]) -> Setting:
    """The best setting on some runs."""
    return max(settings(), key=lambda own: worth(runs, own))


def main() -> None:
    """Choose and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--harms", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, help="the figures as JSON")
    options = parser.parse_args()
    content = (options.harms or options.folder / "harms.json").read_text(encoding="utf-8")
    harms = json.loads(content)["harms"]
    names = sorted(path.parent for path in options.folder.glob("*/case.json"))
    names = [name for name in names if (name / "history.csv").exists()]
    harmful = [name.name in harms and hurts(harms[name.name]) for name in names]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        found = list(pool.map(judge, map(str, names), harmful, chunksize=4))
    runs = [own for own in found if own is not None]
    tables = sorted({own.table for own in runs})
    chosen = {table: best([own for own in runs if own.table != table]) for table in tables}
    held_out = figures(runs, [chosen[own.table] for own in runs])
    used = settings()[0]
    rows = {
        "by the other tables' choice": held_out,
        "as set": figures(runs, [used] * len(runs)),
        "chosen on all tables": figures(runs, [best(runs)] * len(runs)),
    }
    print(f"{len(runs)} runs of {len(tables)} tables")
    for name, (right, alarms) in rows.items():
        print(f"  {name:30}cause first {100 * right:.1f} %, alarms {100 * alarms:.1f} %")
    print(f"  {'':16}" + "".join(f"{name:>12}" for name in GRID))
    for table, setting in {"as set": used, **chosen}.items():
        print(f"  {table:16}" + "".join(f"{value:>12g}" for value in setting))
    if options.out:
        figures_of = {name: list(values) for name, values in rows.items()}
        told = {"runs": len(runs), "figures": figures_of, "names": list(GRID), "chosen": chosen}
        options.out.write_text(json.dumps(told, indent=1), encoding="utf-8")


def hurts(own: dict[str, Any]) -> bool:
    """As `diagnosis_runs.Harm.hurts`."""
    from diagnosis_runs import Harm

    return Harm(**own).hurts


if __name__ == "__main__":
    main()
