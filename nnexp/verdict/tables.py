"""The tables of finished runs and their audits, read once for all runs that share them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from nnexp.config.saved import config_text
from nnexp.config.schema.config import Config
from nnexp.data.cache import Tables, source_key
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.finding import Audit
from nnexp.errors import UserError
from nnexp.runs.material import Material, check_source, make_material

CELLS = 20_000_000  # of audited tables that are held, a table for each split: 160 MB of numbers

_Audited = tuple[Material | None, Audit | None, str]


class AuditedTables:
    """Tables and their audits by configuration, so that the runs of a sweep share them.

    Arguments:
        trust: whether the run folders may say what is downloaded, and where to.

    Attributes:
        read: the source that was asked for last, for those who train on it again.
    """

    def __init__(self, trust: bool) -> None:
        self.trust = trust
        self.read = Tables()
        self._source: Hashable = None
        self._known: dict[Hashable, _Audited] = {}

    def of(self, config: Config) -> _Audited:
        """A configuration's table and audit; None and why where it cannot be read."""
        source, split = source_key(config.data), config.seeds.of_split
        if source != self._source:
            self.read, self._source = Tables(), source
        key = config_text(replace(Config(), data=config.data)), split
        if key not in self._known:
            self._known[key] = self._audited(config)
            while len(self._known) > 1 and sum(map(_cells, self._known.values())) > CELLS:
                del self._known[next(iter(self._known))]
        return self._known[key]

    def _audited(self, config: Config) -> _Audited:
        try:
            check_source(config, self.trust)
            labelled = self.read.labelled(config.data)
            material = make_material(labelled, config)
            return material, audit_sheet(material.sheet, material.trees), ""
        except (UserError, OSError) as error:
            return None, None, error.wrong if isinstance(error, UserError) else str(error)


def _cells(audited: _Audited) -> int:
    material, _, _ = audited
    return 0 if material is None else len(material.sheet.y) * len(material.sheet.columns)
