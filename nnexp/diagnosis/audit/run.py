"""The audit of a table and its split: every check, and what they saw put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from nnexp.diagnosis.audit.labels import (
    balance,
    conflicts,
    mapping,
    noise,
    plainer,
    signal,
    spellings,
    stretches,
)
from nnexp.diagnosis.audit.leaks import (
    carrier,
    chosen,
    disguise,
    encodings,
    flags,
    one_class,
    pairs,
    sums,
)
from nnexp.diagnosis.audit.learners.threads import one_thread
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, measure
from nnexp.diagnosis.audit.rows import find_rows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split import (
    clumps,
    duplicates,
    file_groups,
    groups,
    interpolated,
    near_copies,
    neighbours,
    order,
    series,
    shift,
    size,
)
from nnexp.diagnosis.audit.table import (
    codes,
    deletion,
    dressed,
    filled_in,
    finite,
    identifiers,
    left_out,
    missingness,
    outliers,
    scales,
    sentinels,
    tokens,
    zeros,
)
from nnexp.diagnosis.disproved import standing
from nnexp.diagnosis.finding import Audit, Nomination

# a cause in a key's place accounts for what the causes beside it see: they are not told as well
_EXPLAINS = {
    "label_mapping_mismatch": {"unseen_class", "distribution_shift", "label_noise"},
    "ordered_split": {
        "unseen_class",
        "label_mapping_mismatch",
        "label_permuted",
        "label_noise",
        "distribution_shift",
        "missingness_shift",
        "preprocessing_mismatch",
    },
    "unseen_class": {"distribution_shift"},
    "conflicting_labels": {"label_noise", "label_permuted", "uninformative_inputs"},
    "preprocessing_mismatch": {"distribution_shift", "label_mapping_mismatch"},
    "label_permuted": {"label_noise"},
    "uninformative_inputs": {"label_noise"},
    "nonfinite_inputs": {"informative_missingness"},
    "deletion_bias": {"informative_missingness"},
    "target_leak": {"categorical_as_number"},
    "duplicate_leak": {"label_noise", "group_leak"},
    "group_leak": {"label_noise"},
    "missingness_shift": {"label_noise"},
    "sentinel_values": {"outlier_crushed_feature"},
}


# and so does one that is about the same columns
_EXPLAINS_OF_A_COLUMN = {
    "group_leak": {"target_leak", "categorical_as_number"},
    "selection_leak": {"sentinel_values"},
}


@one_thread()
def audit_sheet(sheet: Sheet, trees: Yardstick | None = None) -> Audit:
    """Look for everything that a table and its split can have wrong before any training.

    Arguments:
        sheet: the table, its columns and its parts; at least one train row of two classes.
        trees: its yardstick, where it was measured before.

    Returns:
        Nominations, the strongest first, notes, and what was found in order.
    """
    start = time.perf_counter()
    trees = measure(sheet) if trees is None else trees
    rows = find_rows(sheet)
    copies, marked = duplicates.check(sheet, rows), one_class.check(sheet)
    of_groups = _until_told((groups.check, file_groups.check, series.check, clumps.check), sheet)
    grouped = any(own.cause == "group_leak" and own.fix for a in of_groups for own in a.nominations)
    marks, noisy = sentinels.check(sheet), noise.check(sheet, trees, rows)
    if marks.nominations and noisy.nominations:  # a plane through such cells is sure of the wrong
        noisy = noise.check(sentinels.without_marks(sheet), trees, rows)
    of_signal = signal.check(sheet, trees)
    nothing = any(own.cause == "uninformative_inputs" for own in of_signal.nominations)
    left = dressed.check(sheet, nothing), left_out.check(sheet, nothing)
    joined = join_audits(
        (
            finite.check(sheet),
            mapping.check(sheet, trees),
            order.check(mapping.with_train_spellings(sheet)),
            size.check(sheet),
            balance.check(sheet),
            of_signal,
            stretches.check(sheet, trees),
            noisy,
            plainer.check(sheet, trees),
            disguise.check(sheet),
            marked,
            Audit() if marked.nominations else flags.check(sheet, trees),
            carrier.check(sheet),
            *_until_told((sums.check, pairs.check), sheet),
            encodings.check(sheet),
            chosen.check(sheet),
            copies,
            Audit() if copies.nominations else near_copies.check(sheet, rows),
            neighbours.check(sheet, rows, grouped=grouped),
            interpolated.check(sheet),
            conflicts.check(sheet, rows),
            spellings.check(sheet, trees),
            *of_groups,
            shift.check(sheet),
            missingness.check(sheet),
            filled_in.check(sheet),
            deletion.check(sheet),
            tokens.check(sheet),
            *left,
            marks,
            zeros.check(sheet),
            scales.check(sheet),
            outliers.check(sheet),
            codes.check(sheet),
            identifiers.check(sheet),
        )
    )
    told = standing(joined.nominations, tells=False)
    return Audit(told, joined.notes, joined.checked, time.perf_counter() - start)


def _until_told(checks: Sequence[Callable[[Sheet], Audit]], sheet: Sheet) -> list[Audit]:
    """Checks for one thing, the plainest first: those after one that tells it are not asked."""
    found: list[Audit] = []
    for check in checks:
        if not any(own.nominations for own in found):
            found.append(check(sheet))
    return found


def join_audits(audits: Iterable[Audit]) -> Audit:
    """One audit of several: nominations by strength, without those that another accounts for."""
    audits = list(audits)
    found = [nomination for audit in audits for nomination in audit.nominations]
    kept = [item for item in found if not any(_accounts(other, item) for other in found)]
    kept.sort(key=lambda nomination: -nomination.strength)
    notes = dict.fromkeys(note for audit in audits for note in audit.notes)
    checked = dict.fromkeys(line for audit in audits for line in audit.checked)
    return Audit(kept, list(notes), list(checked))


def _accounts(one: Nomination, other: Nomination) -> bool:
    """Whether a nomination is the reason for what another saw."""
    if other.cause in _EXPLAINS.get(one.cause, set()):
        return True
    same = one.subject == other.subject
    return same and other.cause in _EXPLAINS_OF_A_COLUMN.get(one.cause, set())
