"""Hydra's view of the launcher; what it does is in `nnexp.sweep.launch`.

Hydra executes the modules of plugins by itself, so that what they define may exist twice: there is
nothing here but the class.
"""

from __future__ import annotations

from collections.abc import Sequence

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn

TARGET = "hydra_plugins.nnexp_sweep.launcher.StackLauncher"


class StackLauncher(BasicLauncher):
    """Trains the jobs of `nnexp.main` as stacks; runs any other task one job after another."""

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run a batch of jobs."""
        from nnexp.sweep.launch import launch

        session = getattr(self.task_function, "nnexp_session", None)
        if session is None:
            return super().launch(job_overrides, initial_job_idx)
        assert self.hydra_context is not None
        assert self.config is not None
        return launch(self.hydra_context, self.config, session, job_overrides, initial_job_idx)


ConfigStore.instance().store(
    group="hydra/launcher", name="nnexp", node={"_target_": TARGET}, provider="nnexp"
)
