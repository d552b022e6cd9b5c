"""Settings that contradict each other, one rule each; the first line of a rule documents it."""

from __future__ import annotations

from collections.abc import Callable

from nnexp.config.contradictions.data import (
    columns_have_one_part,
    fold_is_given,
    made_table_is_possible,
    sentinels_are_numbers,
    shares_leave_train_rows,
    source_is_given,
    split_column_is_given,
)
from nnexp.config.contradictions.monitor import monitor_has_rows
from nnexp.config.contradictions.network import (
    batch_norm_has_rows,
    dropout_fits_the_layers,
    model_is_given,
    skip_has_a_place,
)
from nnexp.config.contradictions.options import names_match
from nnexp.config.contradictions.training import (
    betas_are_two,
    class_weights_fit,
    nesterov_has_momentum,
    targets_are_classes,
)
from nnexp.config.schema.config import Config
from nnexp.errors import UserError

Contradiction = Callable[[Config], UserError | None]

RULES: tuple[Contradiction, ...] = (
    names_match,
    source_is_given,
    shares_leave_train_rows,
    fold_is_given,
    split_column_is_given,
    columns_have_one_part,
    sentinels_are_numbers,
    made_table_is_possible,
    monitor_has_rows,
    model_is_given,
    skip_has_a_place,
    batch_norm_has_rows,
    dropout_fits_the_layers,
    nesterov_has_momentum,
    betas_are_two,
    targets_are_classes,
    class_weights_fit,
)
