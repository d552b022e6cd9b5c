"""A run's table, read and prepared as the run did, with what a diagnosis measures on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nnexp.config.schema.config import Config
from nnexp.config.schema.sources import OpenMLConfig
from nnexp.data.dataset import Dataset, prepare_labelled
from nnexp.data.labelled import Labelled, read_labelled
from nnexp.data.sources import load_table
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, measure
from nnexp.diagnosis.audit.sheet import Sheet, make_sheet
from nnexp.errors import UserError


@dataclass(frozen=True)
class Material:
    """A run's table, read and prepared as the run did.

    Arguments:
        labelled, dataset: as `read_labelled` and `prepare_labelled` gave them.
        sheet: the audit's view of the table.
    """

    labelled: Labelled
    dataset: Dataset
    sheet: Sheet

    @cached_property
    def trees(self) -> Yardstick:
        """What the table allows, measured once."""
        return measure(self.sheet)


def read_material(config: Config) -> Material:
    """Read and prepare the table of a configuration.

    Raises:
        UserError: the table is not there, or has changed so that the choices do not fit.
    """
    labelled = read_labelled(load_table(config.data), config.data)
    return make_material(labelled, config)


def check_source(config: Config, trust: bool) -> None:
    """Refuse a table that would be downloaded, and kept where a stranger's run folder says.

    Arguments:
        config: as the folder has it.
        trust: whether its user trusts it.

    Raises:
        UserError: it is of openml.org, and the folder is not trusted.
    """
    if isinstance(config.data, OpenMLConfig) and not trust:
        raise UserError(
            "the table is of openml.org, and kept where the run folder says",
            "nnexp downloads what a run folder names where you trust the folder",
            "nnexp diagnose RUN --trust",
        )


def make_material(labelled: Labelled, config: Config, dataset: Dataset | None = None) -> Material:
    """The material of a table that is read already, and perhaps prepared."""
    seeds = config.seeds.of_split
    if dataset is None:
        dataset = prepare_labelled(labelled, config.data, *seeds)
    return Material(labelled, dataset, make_sheet(labelled, config.data, *seeds))
