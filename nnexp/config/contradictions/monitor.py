"""Contradictions about what `trainer.monitor` needs, and what goes by it."""

from __future__ import annotations

from nnexp.config.schema.config import Config
from nnexp.config.schema.scheduler import PlateauSchedulerConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.errors import UserError


def monitor_has_rows(config: Config) -> UserError | None:
    """Without validation rows `trainer.monitor` is a train score wherever it is used."""
    by = monitor_user(config)
    return None if by is None else monitor_lacks_rows(config, by)


def monitor_lacks_rows(config: Config, by: str) -> UserError | None:
    """What is wrong where something goes `by` a score of validation rows that there are none of."""
    trainer = config.trainer
    if may_validate(config.data.split) or not trainer.monitor.startswith("val_"):
        return None
    return UserError(
        f"{by} goes by trainer.monitor={trainer.monitor}, but data.split.valid=0 leaves "
        "no validation rows",
        "data.split.valid > 0, or trainer.monitor is train_loss or train_accuracy",
        f"trainer.monitor={trainer.monitor.replace('val_', 'train_')}",
    )


def may_validate(split: SplitConfig) -> bool:
    """Whether a split leaves validation rows; where a column names them, the table tells."""
    return split.method == "column" or split.valid > 0 or split.folds is not None


def monitor_user(config: Config) -> str | None:
    """What goes by `trainer.monitor`, as it is typed; None where nothing does."""
    users = [
        (config.reg.patience is not None, f"reg.patience={config.reg.patience}"),
        (isinstance(config.scheduler, PlateauSchedulerConfig), "scheduler=plateau"),
        (config.trainer.checkpoint == "best", "trainer.checkpoint=best"),
    ]
    return next((by for used, by in users if used), None)
