"""The head of a run's page: what was run, how it ended, and what the diagnosis comes to."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping

from nnexp.diagnosis.finding import CONFIRMED, HARMLESS, SUSPECTED
from nnexp.diagnosis.report import Diagnosis, cure, is_behind
from nnexp.leaderboard.words import number, plural
from nnexp.lines import one_line, shorten
from nnexp.report.findings import command
from nnexp.report.labels import sentence
from nnexp.report.markup import Markup, element, scroll
from nnexp.report.observations import number_of
from nnexp.report.prior import Prior
from nnexp.report.retyped import program_of, retyped
from nnexp.report.run_folder import RunFolder
from nnexp.report.summary import data_line, source_of

LETTERS = 60  # of the data's name in a title
LONGEST = 600  # characters of a reason
SCORES = ("accuracy", "loss", "balanced_accuracy", "auc")
TITLES = ("accuracy", "loss", "balanced accuracy", "AUC")


def run_title(run: RunFolder) -> str:
    """What the page is about; it names no folder, whose name may be a time."""
    source = source_of(run.record.config)
    return f"A run on {shorten(one_line(source), LETTERS)}" if source else "A run"


def run_head(run: RunFolder, diagnosis: Diagnosis, prior: Prior | None) -> Markup:
    """The head.

    Arguments:
        run: the run.
        diagnosis: of it.
        prior: of its table; None where unknown.
    """
    facts = _facts(run)
    return element(
        "header",
        element("h1", run_title(run)),
        element("p", *_verdict(diagnosis), class_="verdict"),
        *_restored(run, diagnosis),
        _tiles(run, diagnosis),
        element("dl", *facts) if facts else None,
        _scores(run, diagnosis, prior),
    )


def _verdict(diagnosis: Diagnosis) -> list[str]:
    words: list[str] = []
    if diagnosis.findings:
        first, *rest = diagnosis.findings
        counts = Counter(own.verdict for own in rest)
        told = [f"{counts[v]} {v}" for v in (CONFIRMED, SUSPECTED, HARMLESS) if counts[v]]
        words += [
            f"{first.verdict[:1].upper()}{first.verdict[1:]}: ",
            element("strong", one_line(first.title)),
            ". ",
            f"Further findings: {', '.join(told)}. " if told else "",
        ]
    else:
        found = "No cause found for what is missing" if is_behind(diagnosis) else "Nothing found"
        words += [element("strong", found), ". "]
    for part, name in (("valid", "validation"), ("train", "train")):
        judged = diagnosis.scores.get(part)
        if isinstance(judged, Mapping) and number_of(judged.get("accuracy")) is not None:
            rows = number_of(judged.get("rows")) or 0
            return [
                *words,
                "The kept weights classify ",
                element("strong", _percent(judged.get("accuracy"))),
                f" of {rows:.0f} {name} rows right, other learners ",
                element("strong", _percent(judged.get("possible"))),
                " of the same.",
            ]
    return words


def _percent(value: object) -> str:
    known = number_of(value)
    return "-" if known is None else f"{100 * known:.1f} %"


def _restored(run: RunFolder, diagnosis: Diagnosis) -> list[Markup]:
    if not diagnosis.restores:
        return []
    told = element("p", element("strong", f"{cure(diagnosis).capitalize()}. "))
    return [
        told,
        command(retyped(run.overrides or (), diagnosis.restores, program_of(run.manifest))),
    ]


def _tiles(run: RunFolder, diagnosis: Diagnosis) -> Markup:
    tiles = [("status", run.record.status, run.record.status)]
    if run.kept is not None:
        of = f"epoch kept, of {run.epochs}" if run.kept else "kept: as before training"
        tiles.append((of, str(run.kept), ""))
    for part, name in (("val", "validation"), ("test", "test")):
        found = run.score(part, "accuracy")
        if found is not None:
            error = run.score(part, "accuracy_stderr")
            tiles.append((f"{name} accuracy{_error(error)}", f"{found:.3f}", ""))
    valid = diagnosis.scores.get("valid")
    possible = number_of(valid.get("possible")) if isinstance(valid, Mapping) else None
    if possible is not None:
        tiles.append(("other learners, validation rows", f"{possible:.3f}", ""))
    return element(
        "ul",
        *(
            element("li", element("b", told), element("span", name), class_=kind or None)
            for name, told, kind in tiles
        ),
        class_="tiles",
    )


def _error(error: float | None) -> str:
    return "" if error is None else f" ± {error:.3f}"


def _facts(run: RunFolder) -> list[Markup]:
    facts: list[tuple[str, str]] = []
    if run.overrides is not None:
        line = shlex.join([*program_of(run.manifest), *run.overrides])
        facts.append(("command", element("code", line)))
    data = data_line(run.manifest)
    if data is not None:
        facts.append(("data", data))
    if run.record.reason:
        facts.append((run.record.status, sentence(shorten(one_line(run.record.reason), LONGEST))))
    return [element("div", element("dt", name), element("dd", told)) for name, told in facts]


def _scores(run: RunFolder, diagnosis: Diagnosis, prior: Prior | None) -> Markup | None:
    """The scores of the kept weights with standard errors, beside others' and the prior's."""
    rows: list[tuple[str, list[tuple[float | None, float | None]], float | None]] = []
    for part, told, own in (("val", "validation", "valid"), ("", "train", "train"),
                            ("test", "test", "")):  # fmt: skip
        scores = [(run.score(part, name), run.score(part, f"{name}_stderr")) for name in SCORES]
        judged = diagnosis.scores.get(own)
        judged = judged if isinstance(judged, Mapping) else {}
        if scores[0][0] is None:
            scores[0] = (number_of(judged.get("accuracy")), None)
        if all(score is None for score, _ in scores):
            continue
        count = run.score(part, "n") or number_of(judged.get("rows"))
        name = told if count is None else f"{told}, {plural(round(count), 'row')}"
        rows.append((name, scores, number_of(judged.get("possible"))))
    if not rows:
        return None
    if prior is not None:
        empty: tuple[None, None] = (None, None)
        rows.append(
            ("naming the class shares of train rows",
             [(prior.accuracy, None), (prior.loss, None), empty, empty], None)
        )  # fmt: skip
    known = [[scores[i][0] is not None for _, scores, _ in rows] for i in range(len(SCORES))]
    shown = [i for i, column in enumerate(known) if any(column)]
    others = any(possible is not None for *_, possible in rows)
    head = ["", *(TITLES[i] for i in shown), *(["accuracy of other learners"] if others else [])]
    body = [
        element(
            "tr",
            element("td", name),
            *(_cell(*scores[i]) for i in shown),
            _cell(possible, None) if others else None,
        )
        for name, scores, possible in rows
    ]
    table = element(
        "table",
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *body),
        class_="board scores",
    )
    note = "± one standard error over rows."
    if others:
        note += (
            " Other learners: extremely randomised trees, or a linear discriminant analysis where "
            "that is better; asked only of rows that they did not learn from."
        )
    return element("div", scroll(table, "scores"), element("p", note, class_="lead"))


def _cell(score: float | None, error: float | None) -> Markup:
    if score is None:
        return element("td", "")
    below = None if error is None else element("small", f"± {number(error)}")
    return element("td", number(score), below)
