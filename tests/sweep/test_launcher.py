"""Hydra's own suites for launchers, on nnexp's launcher and with nnexp's sweeper.

They are handed tasks that know nothing of nnexp. All of their tests apply, and none is left out; of
whole commands `make test` runs a sample of each.
"""

import pytest
from hydra.core.singleton import Singleton
from hydra.test_utils.launcher_common_tests import (
    BatchedSweeperTestSuite,
    IntegrationTestSuite,
    LauncherTestSuite,
)
from hydra.version import VersionBase

# the suites leave version_base open, and Hydra has something to say on that
pytestmark = pytest.mark.filterwarnings("ignore:Future Hydra versions:UserWarning")


@pytest.fixture(autouse=True)
def _open_version_base(hydra_restore_singletons):
    Singleton._instances.pop(VersionBase, None)  # set by whatever ran before


SWEEPERS = [[], ["hydra/sweeper=nnexp"]]


@pytest.mark.parametrize(("launcher_name", "overrides"), [("nnexp", own) for own in SWEEPERS])
class TestLauncher(LauncherTestSuite):
    """Jobs, strictness, groups, resolvers."""


@pytest.mark.parametrize(
    ("launcher_name", "overrides"),
    [("nnexp", [*own, "hydra.sweeper.max_batch_size=2"]) for own in SWEEPERS],
)
class TestBatches(BatchedSweeperTestSuite):
    """Batches of jobs."""


@pytest.mark.matrix(3)
@pytest.mark.parametrize(
    ("task_launcher_cfg", "extra_flags"),
    [({}, ["-m", "hydra/launcher=nnexp"]), ({}, ["-m", "hydra/launcher=nnexp", *SWEEPERS[1]])],
)
class TestIntegration(IntegrationTestSuite):
    """Whole commands: task names, folders, the working directory."""
