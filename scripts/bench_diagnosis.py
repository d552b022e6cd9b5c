"""How often the diagnosis finds what is wrong with a run, names it rightly, and leaves others be.

    python scripts/bench_diagnosis.py [--cases GLOB] [--seeds 5] [--no-prove] [--processes 2]
                                      [--data FOLDER] [--split-by-table] [--verbose] [--out FILE]
    python scripts/bench_diagnosis.py --train-only FOLDER   (one run of every case, no diagnosis)
    python scripts/bench_diagnosis.py --unseen   (tables and cases that no rule has seen)
    python scripts/bench_diagnosis.py --overhead  (what watching, telling and proving cost)
    python scripts/bench_diagnosis.py --audit  (whether the healthy runs are healthy)

The cases are those of diagnosis_cases.py, diagnosis_second.py, diagnosis_third.py and
diagnosis_fourth.py, with --unseen those of diagnosis_unseen.py: runs with one known mistake, runs
with two, and healthy ones, on sklearn's tables, on made ones and on the real ones of FOLDER; where
that is not there, their cases are left out.

1. **Harm.** A mistake counts where it hurts: each case and its twin without the mistake are trained
   with the same seeds, as a sweep each, every seed with other rows that test where these are drawn
   at random, and compared by their test rows with a one-sided paired t-test: p < 0.05 and 0.01 of
   the score lost at least. Where five seeds leave that open (p up to 0.3, or a 95 % interval of a
   loss that counts which reaches below 0.01), there are fifteen, and p is doubled. The score is
   accuracy, where classes are unequal balanced accuracy. Where a leak or a copy makes the score
   look better than it is, the harm is the validation score beyond that on honest rows. A mistake
   that does no harm joins the healthy runs.
2. **Diagnosis.** One run of each (seed 0) is diagnosed by nnexp, and by the published rules of
   other tools that diagnosis_baselines.py has rebuilt, from the same recorded run. An alarm is a
   finding that is suspected or confirmed; `harmless` is none. The other tools' rules are rebuilt
   for nnexp's own layers, and have no say on a run of somebody's own module.
3. **Fixes.** Each confirmed finding of a harmful mistake is put to the test: its overrides are
   added and trained with the same seeds. Wanted is half of the lost score.

Healthy are also the twins, each once.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import io
import json
import math
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is imported, here and in what is started

import diagnosis_report as report
from diagnosis_baselines import TOOLS
from diagnosis_case import Case, commands
from diagnosis_cases import CASES, CONTROLS, ELSEWHERE, available, twins
from diagnosis_fourth import FOURTH
from diagnosis_report import CONFIRMED, OWN, Judged, Said
from diagnosis_runs import MEASURE, MORE, Harm, Scores, harm, quiet, score, train
from diagnosis_second import SECOND
from diagnosis_third import THIRD
from diagnosis_unseen import UNSEEN

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
TIMED = ("H01.digits", "H01.people", "H01.letter", "H01.moons")  # of --overhead
TYPED = ("digits", "moons", "breast_cancer")  # so are `python train.py data=...`, with events
TIMED_PROOFS = ("F03.digits", "F24.digits.sgd", "F52.digits.0.3", "F60a.digits")


@dataclass(frozen=True)
class Place:
    """Where things are.

    Arguments:
        tables: the CSVs made for the cases.
        data: the folder of the real tables.
        runs: what is trained.
    """

    tables: Path
    data: Path
    runs: Path


# --------------------------------------------------------------------- in a worker's process
def train_only(case: Case, place: Place) -> tuple[str, str]:
    """Train a case into `runs/<id>`, with case.json in it; the id and what went wrong, or "".

    A case whose case.json is there is left as it is.
    """
    folder = place.runs / case.id
    if (folder / "case.json").exists():
        return case.id, ""
    shutil.rmtree(folder, ignore_errors=True)
    error = ""
    try:
        train(case, place.tables, place.data, place.runs / f".{case.id}").rename(folder)
    except Exception as problem:
        error = _reason(problem)
        folder.mkdir(parents=True, exist_ok=True)
    finally:
        shutil.rmtree(place.runs / f".{case.id}", ignore_errors=True)
    about = {
        "id": case.id,
        "fault": case.fault,
        "table": case.table,
        "causes": list(case.causes),
        "pair": [list(ids) for ids in case.pair],
        "is_control": case.control,
        "overrides": commands(case, place.tables, place.data),
        "clean_overrides": commands(case.twin(), place.tables, place.data),
        "transform": [str(change) for change in case.transform],
        "error": error,
    }
    (folder / "case.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return case.id, error


def scores_of(case: Case, place: Place, seeds: int, more: Sequence[str] = ()) -> Scores:
    """The scores of a case over seeds."""
    root = place.runs / f"sweep-{case.id}-{os.getpid()}"
    return score(case, place.tables, place.data, root, seeds, more)


def judge(task: tuple[Case, Harm | None], place: Place, prove: bool, seeds: int) -> Judged:
    """Train a run of a case, let every system say what is wrong with it, and try nnexp's fixes."""
    from diagnosis_recorded import read

    import nnexp

    case, cost = task
    own, root = Judged(case, harm=cost), place.runs / f"judged-{case.id}"
    try:
        folder = train(case, place.tables, place.data, root)
        if "model=custom" not in case.overrides:
            recorded = read(folder)
            for tool in TOOLS:
                symptoms = tool.symptoms(recorded)
                own.said[tool.name] = [Said(rule.name, rule.causes) for rule in symptoms]
        start = time.monotonic()
        if prove:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                nnexp.diagnose(folder, prove=True, seeds=seeds, trust=True)
        own.seconds = time.monotonic() - start
        told = json.loads((folder / "diagnosis.json").read_text(encoding="utf-8"))
        own.said[OWN] = [_said(finding) for finding in told["findings"]]
    except Exception as problem:
        own.error = _reason(problem)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if cost is not None and own.fault:
        for said in own.alarms(OWN):
            if said.verdict == CONFIRMED and said.fix:
                own.regained[said.name] = regain(case, cost, said.fix, place, seeds)
    return own


def _said(finding: dict[str, Any]) -> Said:
    cause = finding["cause"]
    return Said(cause, (cause,), finding["verdict"], tuple(finding["fix"]), finding["proof"])


def regain(case: Case, cost: Harm, fix: Sequence[str], place: Place, seeds: int) -> float | None:
    """The share of the lost score that some overrides win back; None where they do not run."""
    found = scores_of(case, place, seeds, fix)
    if found.error:
        return None
    return (statistics.mean(found.values) - cost.after) / cost.effect


def improvements(case: Case, place: Place, seeds: int) -> dict[str, Harm]:
    """What plain changes make of a healthy run; `before` is with the change."""
    from nnexp.config.compose import compose

    config = compose(commands(case, place.tables, place.data))
    rate, epochs = config.optimizer.lr, config.trainer.epochs
    changes = [
        f"optimizer.lr={rate * 3:g}",
        f"optimizer.lr={rate / 3:g}",
        f"trainer.epochs={3 * epochs}",
        "reg.l2=0.003",
        "reg.dropout=0.3" if getattr(config.model, "hidden", []) else "reg.input_dropout=0.1",
    ]
    if config.optimizer.name == "sgd":
        changes.append("optimizer=adam")
    plain = scores_of(case, place, seeds)
    return {word: harm(scores_of(case, place, seeds, [word]), plain) for word in changes}


def _reason(problem: Exception) -> str:
    return str(getattr(problem, "wrong", f"{type(problem).__name__}: {problem}"))


# -------------------------------------------------------------------------------- in this one
def each(
    function: Callable[..., Any],
    tasks: Sequence[Any],
    processes: int,
    *rest: Any,
    keep: Callable[[Sequence[Any]], None] = lambda results: None,
) -> Any:
    """The results of a function for each task, in order; says how far it is, and keeps that."""
    results: list[Any] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures = [pool.submit(function, task, *rest) for task in tasks]
        for count, future in enumerate(futures, 1):
            results.append(future.result())
            if count % 20 == 0 or count == len(tasks):
                note(f"{function.__name__}: {count} of {len(tasks)}")
                keep(results)
    return results


def harms(cases: Sequence[Case], place: Place, seeds: int, processes: int) -> dict[str, Harm]:
    """What each mistake costs, by the id of the case; what is open is asked of more seeds."""
    found = _compared(cases, place, seeds, processes)
    again = [case for case in cases if found[case.id].is_open]
    return found | _compared(again, place, MORE * seeds, processes, looks=2)


def _compared(
    cases: Sequence[Case], place: Place, seeds: int, processes: int, looks: int = 1
) -> dict[str, Harm]:
    """Each case beside its twin; each piece of work is trained once."""
    tasks: dict[tuple[object, ...], Case] = {}
    for case in cases:
        for own in (case, case.twin()):
            tasks.setdefault(_key(own), own)
    values = each(scores_of, list(tasks.values()), processes, place, seeds)
    found: dict[tuple[object, ...], Scores] = dict(zip(tasks, values, strict=True))
    return {case.id: harm(found[_key(case.twin())], found[_key(case)], looks) for case in cases}


def kept_harms(cases: Sequence[Case], place: Place, options: argparse.Namespace) -> dict[str, Harm]:
    """As `harms`, but what the file of --harms holds is not measured again."""
    path, kept = options.harms, {}
    if path and path.exists():
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["seeds"] == options.seeds and content.get("measure") == MEASURE:
            kept = {name: Harm(**own) for name, own in content["harms"].items()}
    missing = [case for case in cases if case.id not in kept]
    kept |= harms(missing, place, options.seeds, options.processes)
    if path and missing:
        content = {
            "measure": MEASURE,
            "seeds": options.seeds,
            "harms": {n: asdict(own) for n, own in kept.items()},
        }
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return kept


def _key(case: Case) -> tuple[object, ...]:
    return (*case.work, case.kind, case.score)


def show_harms(cases: Sequence[Case], found: dict[str, Harm], verbose: bool) -> None:
    """Print which mistakes do harm and which do not."""
    hurts = [case for case in cases if found[case.id].hurts]
    print(f"{len(hurts)} of {len(cases)} mistakes do harm; without harm, and so among the healthy:")
    for case in cases:
        own = found[case.id]
        if verbose or not own.hurts:
            told = own.error or f"{own.before:.3f} -> {own.after:.3f}, p {own.p:.3f}"
            print(f"  {case.id:38}{'hurts' if own.hurts else '':8}{told}")


def audit(cases: Sequence[Case], place: Place, seeds: int, processes: int) -> None:
    """Print the healthy runs that a plain change improves by 0.02 and more: they may be none."""
    healthy = [case for case in cases if case.control]
    for case, found in zip(
        healthy, each(improvements, healthy, processes, place, seeds), strict=True
    ):
        for word, own in found.items():
            if own.hurts and own.effect >= 0.02:
                told = f"{own.after:.3f} -> {own.before:.3f}, p {own.p:.3f}"
                print(f"  {case.id:38}{word:24}{told}", flush=True)


class Clock:
    """The seconds spent in functions that are watched one inside the other, or not."""

    def __init__(self) -> None:
        self.seconds, self._inside = 0.0, False

    def of(self, owner: Any, name: str) -> contextlib.AbstractContextManager[Any]:
        """Time the calls of a function for the block, but for those inside another one's."""
        function = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            if self._inside:
                return function(*arguments, **named)
            self._inside, start = True, time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - start
                self._inside = False

        return mock.patch.object(owner, name, timed)


def run_typed(place: Place, table: str, more: list[str]) -> None:
    """A run as someone types it, on one thread."""
    import nnexp

    with quiet():
        nnexp.run(
            [f"data={table}", "trainer.progress=none", "threads=1", *more],
            root=place.runs / "timed",
        )


def overhead(cases: Sequence[Case], place: Place, rounds: int) -> None:
    """Print what a run takes without watching, with it, and with the diagnosis at its end.

    The difference of two runs is as large as the noise of either; the time spent in the watch is
    measured within one.
    """
    import nnexp.runs.runner as runner
    import nnexp.train.training as training
    from nnexp.train.watch import Watch

    diagnose = runner.diagnose
    ways = {"plain": ["trainer.watch=false"], "watched": [], "diagnosed": []}
    watching = [
        # of a training the first validation is the watch's, the others take place in any case
        (training, "validate"),
        (training.Training, "tell_signals"),
        *((Watch, name) for name in ("begin", "beside", "glance_beside", "validation", "epoch")),
    ]
    runs: dict[str, Callable[[list[str]], object]] = {
        f"data={table}": partial(run_typed, place, table) for table in TYPED
    }
    for case in (own for own in cases if own.id in TIMED):
        runs[case.id] = partial(train, case, place.tables, place.data, place.runs / "timed")
    print(f"\nseconds of nnexp.run in {rounds} turns: plain, watched, and with its diagnosis")
    for named, run in runs.items():
        times: dict[str, list[float]] = {name: [] for name in ways}
        shares: list[float] = []
        for turn in range(rounds + 1):
            for name in list(ways) if turn % 2 else list(ways)[::-1]:
                runner.diagnose = diagnose if name == "diagnosed" else lambda *arguments: None
                clock = Clock()
                with contextlib.ExitStack() as context:
                    for owner, function in watching if name == "watched" else ():
                        context.enter_context(clock.of(owner, function))
                    start = time.perf_counter()
                    run(ways[name])
                    took = time.perf_counter() - start
                if turn:  # the first is a warm-up
                    times[name].append(took)
                    if name == "watched":
                        shares.append(clock.seconds / (took - clock.seconds))
                shutil.rmtree(place.runs / "timed", ignore_errors=True)
        runner.diagnose = diagnose
        ratio = statistics.median(
            a / b for a, b in zip(times["watched"], times["plain"], strict=True)
        )
        medians = [statistics.median(own) for own in times.values()]
        print(
            f"  {named:19}" + "".join(f"{value:8.3f}" for value in medians) + " s; "
            f"watching {100 * (ratio - 1):+.1f} %, {100 * statistics.median(shares):.1f} % in the "
            f"watch itself; the diagnosis {medians[2] - medians[1]:.2f} s",
            flush=True,
        )


def proofs(cases: Sequence[Case], place: Place, rounds: int) -> None:
    """Print what the proof of one cause takes, five pairs of runs, beside the run itself."""
    import nnexp.runs.runner as runner
    from nnexp.proof.proving import prove
    from nnexp.runs.diagnosing import read_diagnosis

    diagnose = runner.diagnose
    print(
        f"\nseconds of a run without its diagnosis, and of the proof of one cause, {rounds} turns"
    )
    for case in (own for own in cases if own.id in TIMED_PROOFS):
        alone: list[float] = []
        proof: list[float] = []
        for turn in range(rounds + 1):
            runner.diagnose = lambda *arguments: None
            start = time.perf_counter()
            train(case, place.tables, place.data, place.runs / "timed")
            between = time.perf_counter()
            shutil.rmtree(place.runs / "timed")
            runner.diagnose = diagnose
            folder = train(case, place.tables, place.data, place.runs / "timed")
            found = read_diagnosis(folder)
            first = [own for own in found.findings if own.fix][:1]
            begin = time.perf_counter()
            proven = prove(folder, replace(found, findings=first), seeds=5)
            if turn:  # the first is a warm-up
                alone.append(between - start)
                proof.append(time.perf_counter() - begin)
            shutil.rmtree(place.runs / "timed")
        ratio = statistics.median(b / a for a, b in zip(alone, proof, strict=True))
        cause = first[0].cause if first else "nothing"
        print(
            f"  {case.id:16}{statistics.median(alone):8.3f}{statistics.median(proof):8.3f} s; "
            f"{ratio:.2f} times, {proven.runs} runs, {cause}",
            flush=True,
        )


def plain(judged: Sequence[Judged], systems: Sequence[str]) -> dict[str, Any]:
    """All results, fit for JSON."""
    cases = []
    for own in judged:
        case = own.case
        cases.append(
            {
                "id": case.id,
                "table": case.table,
                "causes": list(case.causes),
                "pair": [list(ids) for ids in case.pair],
                "is_control": case.control,
                "harm": None if own.harm is None else {**asdict(own.harm), "hurts": own.fault},
                "said": {name: [asdict(one) for one in said] for name, said in own.said.items()},
                "regained": own.regained,
                "seconds": own.seconds,
                "error": own.error,
            }
        )
    return {"figures": report.figures(judged, systems), "cases": cases}


def chosen(cases: Iterable[Case], patterns: Sequence[str]) -> list[Case]:
    """Those whose id one of the patterns matches."""
    return [case for case in cases if any(fnmatch.fnmatch(case.id, one) for one in patterns)]


def note(line: str) -> None:
    """Say on the terminal's other stream how far it is."""
    print(line, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", nargs="+", default=["*"], metavar="GLOB", help="ids to take")
    parser.add_argument("--unseen", action="store_true", help="the cases that no rule has seen")
    parser.add_argument("--seeds", type=int, default=5, help="of the harm and of the proofs")
    parser.add_argument("--no-prove", action="store_true", help="diagnose without re-runs")
    parser.add_argument("--harm-only", action="store_true", help="train, and diagnose nothing")
    parser.add_argument(
        "--harms", type=Path, metavar="FILE", help="where the harm is kept, for runs after"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real tables")
    parser.add_argument("--split-by-table", action="store_true", help="figures of each table")
    parser.add_argument("--verbose", action="store_true", help="every case")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="all results as JSON, as they come"
    )
    parser.add_argument("--train-only", type=Path, metavar="FOLDER", help="a run of every case")
    parser.add_argument("--overhead", action="store_true", help="what looking costs")
    parser.add_argument("--audit", action="store_true", help="whether healthy runs are healthy")
    parser.add_argument("--rounds", type=int, default=5, help="of --overhead")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = arguments()
    data = options.data.resolve()
    own = UNSEEN if options.unseen else [*CASES, *CONTROLS, *SECOND, *THIRD, *FOURTH]
    everything = available([*own, *twins(own, [case for case in own if case.control])], data)
    cases = chosen(everything, options.cases)
    lacking = len(set(own)) - sum(not case.id.startswith("T") for case in everything)
    if lacking:
        print(f"{lacking} cases are left out: their tables are not in {options.data}")
    if options.train_only:
        root = options.train_only.resolve()
        root.mkdir(parents=True, exist_ok=True)
        for name, error in each(
            train_only, cases, options.processes, Place(root / "tables", data, root)
        ):
            if error:
                print(f"{name}: {error}")
        print(f"{len(cases)} runs in {root}")
        return
    with tempfile.TemporaryDirectory(prefix="bench-diagnosis-") as folder:
        place = Place(Path(folder) / "tables", data, Path(folder) / "runs")
        if options.overhead:
            overhead(cases, place, options.rounds)
            proofs(cases, place, options.rounds)
        elif options.audit:
            audit(cases, place, options.seeds, options.processes)
        else:
            measure(cases, place, options)


def measure(cases: Sequence[Case], place: Place, options: argparse.Namespace) -> None:
    """Harm, diagnosis, fixes, and the figures."""
    faults = [case for case in cases if not case.control]
    found = kept_harms(faults, place, options)
    show_harms(faults, found, options.verbose)
    if options.harm_only:
        return
    prove = not options.no_prove
    systems = [OWN, *(tool.name for tool in TOOLS)]

    def keep(judged: Sequence[Judged]) -> None:
        if options.out:
            text = json.dumps(_finite(plain(judged, systems)), indent=1)
            options.out.write_text(text, encoding="utf-8")

    tasks = [(case, found.get(case.id)) for case in cases]
    judged: list[Judged] = each(
        judge, tasks, options.processes, place, prove, options.seeds, keep=keep
    )
    for own in judged:
        if own.error:
            print(f"  {own.case.id}: not judged, {own.error}")
    report.show(judged, systems)
    report.show_controls(judged, systems)
    report.show_own(judged, prove)
    if options.verbose:
        report.show_causes(judged, OWN)
        report.show_cases(judged, systems)
    if options.split_by_table:
        report.show_tables(judged, OWN)
    print("\nnot to be had from a command line and a table:")
    for number, why in ELSEWHERE.items():
        print(f"  {number}  {why}")


def _finite(value: Any) -> Any:
    """NaN and infinity as null, which JSON has."""
    if isinstance(value, dict):
        return {name: _finite(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(own) for own in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main()
