"""Hydra's view of the sweeper; what it does is in `nnexp.sweep.sweeper`."""

from __future__ import annotations

from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

TARGET = "hydra_plugins.nnexp_sweep.sweeper.StackSweeper"


class StackSweeper(BasicSweeper):
    """Makes the jobs of `nnexp.main` by `sweep=...`; sweeps any other task as Hydra does."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra gives."""
        super().setup(hydra_context=hydra_context, task_function=task_function, config=config)
        self.session = getattr(task_function, "nnexp_session", None)

    def sweep(self, arguments: list[str]) -> Any:
        """Make the jobs, have them run, and rank them."""
        from nnexp.sweep.sweeper import sweep

        if self.session is None:
            return super().sweep(arguments)
        assert self.hydra_context is not None
        assert self.config is not None
        assert self.launcher is not None
        words = [*self._parse_config(), *arguments]
        return sweep(self.hydra_context, self.config, self.launcher, self.session, words)


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="nnexp",
    node={"_target_": TARGET, "max_batch_size": None, "params": None},
    provider="nnexp",
)
