"""report.html of a run: its diagnosis on one page that needs no server and no network."""

from __future__ import annotations

from pathlib import Path

from nnexp.diagnosis.report import Diagnosis
from nnexp.report.checked import checked_section
from nnexp.report.decomposition import decomposition
from nnexp.report.document import document
from nnexp.report.findings import findings_section
from nnexp.report.prior import prior_of
from nnexp.report.probes import probes_section
from nnexp.report.retyped import program_of
from nnexp.report.run_curves import run_curves
from nnexp.report.run_folder import RunFolder, read_run_folder
from nnexp.report.run_head import run_head, run_title
from nnexp.report.signals import layer_signals
from nnexp.track.folder import REPORT_FILE, write_text
from nnexp.track.manifest import renew_entry


def run_html(run: RunFolder, diagnosis: Diagnosis) -> str:
    """The page; an equal run and diagnosis give equal text.

    Every text is escaped, and the page allows itself no script but its own.

    Arguments:
        run: the run.
        diagnosis: of it.
    """
    prior = prior_of(run, diagnosis)
    checked = checked_section(diagnosis.checked, diagnosis.notes)
    healthy = not diagnosis.findings  # what was checked is then what there is to tell first
    return document(
        run_title(run),
        run_head(run, diagnosis, prior),
        checked
        if healthy
        else findings_section(diagnosis.findings, run.overrides, program_of(run.manifest)),
        probes_section(diagnosis.probes),
        decomposition(run, diagnosis, prior),
        run_curves(run, prior),
        layer_signals(run),
        None if healthy else checked,
        styles=("page.css", "run.css"),
        script="run.js",
    )


def write_run_file(folder: str | Path, diagnosis: Diagnosis) -> Path:
    """Write a run's report.html into its folder, whole or not at all, and list it in the manifest.

    Arguments:
        folder: the run folder.
        diagnosis: as for `run_html`.

    Returns:
        The file.

    Raises:
        UserError: the folder is none of a run.
        OSError: the folder cannot be written to.
    """
    folder = Path(folder)
    write_text(folder / REPORT_FILE, run_html(read_run_folder(folder), diagnosis))
    renew_entry(folder, REPORT_FILE)
    return folder / REPORT_FILE
