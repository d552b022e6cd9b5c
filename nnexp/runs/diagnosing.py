"""A run's diagnosis: from its folder and its table to diagnosis.json."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nnexp.config.changes import fits
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.conclude import conclude, considered
from nnexp.diagnosis.explain import explain
from nnexp.diagnosis.finding import (
    CONFIRMED,
    HARMLESS,
    SUSPECTED,
    Audit,
    Evidence,
    Finding,
    Nomination,
)
from nnexp.diagnosis.overrides import is_within
from nnexp.diagnosis.probe import Probe
from nnexp.diagnosis.proven import LEAST_GAIN
from nnexp.diagnosis.report import Diagnosis, unmended
from nnexp.diagnosis.rules import nominate
from nnexp.diagnosis.seen import Seen
from nnexp.files import read_regular
from nnexp.near import near
from nnexp.runs.examine import examine
from nnexp.runs.material import Material
from nnexp.statistics import LEVEL
from nnexp.track.folder import DIAGNOSIS_FILE, write_json
from nnexp.track.manifest import renew_entry

LARGEST = 1 << 22  # bytes
BY_CURVES = "it was judged by its curves and its table"


def diagnose_run(
    folder: str | Path,
    material: Material | None,
    audit: Audit | None = None,
    trust: bool = False,
    nominations: Sequence[Nomination] = (),
    probes: Sequence[Probe] = (),
    anew: bool = False,
) -> Diagnosis:
    """Diagnose a run and write diagnosis.json, which keeps the proofs of an earlier diagnosis.

    Arguments:
        folder: the run folder.
        material: its table; None where it is not at hand.
        audit: of the table, where it was made before; None to make it.
        trust: see `nnexp.load`.
        nominations: causes that probes point to.
        probes: what they showed.
        anew: give the diagnosis as it is without earlier proofs, for new ones.

    Raises:
        UserError: the folder holds no run that has trained for an epoch.
    """
    seen = examine(folder, material, trust)
    if audit is None:
        audit = Audit() if material is None else audit_sheet(material.sheet, material.trees)
    found = replace(diagnose_seen(seen, audit, nominations), probes=tuple(probes))
    if material is not None and seen.unread:
        found = replace(found, notes=[*found.notes, f"{seen.unread}: {BY_CURVES}"])
    kept = with_earlier_proofs(found, Path(folder))
    write_diagnosis(Path(folder), kept)
    return found if anew else kept


def with_earlier_proofs(found: Diagnosis, folder: Path) -> Diagnosis:
    """A diagnosis with the proofs that an earlier one of the run has of the same findings.

    Of the earlier one, which may be a stranger's, numbers are taken over that agree with each other
    and with its verdict, as the rest of its folder's numbers are, and no text.
    """
    try:
        earlier = read_diagnosis(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return found
    proven = {
        (own.cause, own.fix): (proof, own.verdict)
        for own in earlier.findings
        if (proof := own.proof) is not None
    }

    def with_its(own: Finding) -> Finding:
        if (own.cause, own.fix) not in proven:
            return own
        proof, verdict = proven[own.cause, own.fix]
        convicts = own.provable and proof.gain >= LEAST_GAIN and proof.p < LEVEL
        return own.with_proof(proof, verdict if convicts or verdict != CONFIRMED else own.verdict)

    told = [with_its(own) for own in found.findings]
    # what nothing but a proof had told
    known = {own.cause for own in told}
    signs = [with_its(sign.finding) for sign in found.considered]
    told += [own for own in signs if own.proof is not None and own.cause not in known]
    words = [word for own in told if own.proof is not None for word in own.fix]
    if not words:
        return found
    mended = all(is_within(own, words) for own in earlier.restores)
    proved = replace(
        found,
        findings=told,
        restores=earlier.restores if mended else (),
        restored=earlier.restored if mended else (),
    )
    rank = {CONFIRMED: 0, SUSPECTED: 1, HARMLESS: 2}
    standing = unmended(proved)
    rest = sorted(told[standing:], key=lambda own: rank.get(own.verdict, 1))
    return replace(proved, findings=[*told[:standing], *rest])


def diagnose_seen(seen: Seen, audit: Audit, nominations: Sequence[Nomination] = ()) -> Diagnosis:
    """The diagnosis of what is known of a run, and of what probes have nominated."""
    explained = explain(seen)
    scores: dict[str, Any] = {
        name: part.plain(seen.is_part_behind(part), seen.raises_rare)
        for name, part in (("valid", seen.valid), ("train", seen.train))
        if part is not None
    }
    if len(seen.counts):
        scores["prior"] = {"loss": seen.prior_loss, "accuracy": seen.prior_accuracy}
    named = all_named(seen, audit, nominations)
    told = conclude(seen, named)
    return Diagnosis(
        told,
        considered=considered(seen, named, told),
        checked=audit.checked,
        notes=audit.notes,
        explained="" if explained is None else explained.text(),
        scores=scores,
    )


def all_named(seen: Seen, audit: Audit, nominations: Sequence[Nomination] = ()) -> list[Nomination]:
    """The causes that a run, its table and probes point to, before any is judged."""
    named = [*nominate(seen), *audit.nominations, *by_order(seen, audit), *nominations]
    return [_typeable(seen, own) for own in named]


def _typeable(seen: Seen, own: Nomination) -> Nomination:
    """A nomination without its fix where the run's configuration does not take it."""
    keys = [word.partition("=")[0] for word in own.fix]
    if not own.fix or any("." not in key for key in keys) or fits(seen.config, own.fix):
        return own  # what chooses another option is made for the run it is told of
    return replace(own, fix=())


def by_order(seen: Seen, audit: Audit) -> list[Nomination]:
    """A split in the order of the file, where the parts turned out to be of other kinds."""
    split = seen.config.data.split
    signs = [
        own
        for own in audit.nominations
        if own.cause in ("unseen_class", "distribution_shift", "preprocessing_mismatch")
    ]
    if split.method != "random" or split.shuffle or not signs:
        return []
    return [
        Nomination(
            "ordered_split",
            (Evidence("data.split.shuffle", False, "true"), *signs[0].evidence[:2]),
            "the parts are cut out of the file in its order, and its rows change along the file",
            ("data.split.shuffle=true",),
            0.96,
        )
    ]


def write_diagnosis(folder: Path, found: Diagnosis) -> None:
    """Write diagnosis.json, and list it in the manifest."""
    write_json(folder / DIAGNOSIS_FILE, found.plain())
    renew_entry(folder, DIAGNOSIS_FILE)


def read_diagnosis(folder: str | Path) -> Diagnosis:
    """Read a run's diagnosis.json.

    Raises:
        OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError: there is none, or
            it has another form.
    """
    content: Any = json.loads(read_regular(Path(folder) / DIAGNOSIS_FILE, LARGEST))
    return Diagnosis.from_plain(content)


def prove_command(folder: str | Path, trust: bool = False) -> str:
    """The command that proves a run's findings; `trust` where it asks for that."""
    more = ["--trust"] if trust else []
    return shlex.join(["nnexp", "diagnose", str(near(Path(folder).absolute())), "--prove", *more])
