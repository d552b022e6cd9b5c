"""Rules for curves alone: from losses and accuracies by epoch to the causes that they point to."""

from __future__ import annotations

from collections.abc import Callable

from nnexp.diagnosis.curve_rules import course, loss
from nnexp.diagnosis.curve_rules.curve import Curves, CurveSign

RULES: tuple[Callable[[Curves], list[CurveSign]], ...] = (*loss.RULES, *course.RULES)
