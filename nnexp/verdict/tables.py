"""The tables of finished runs and their audits, read once for all runs that share them."""

from __future__ import annotations

from dataclasses import replace

from nnexp.config.saved import config_text
from nnexp.config.schema.config import Config
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.finding import Audit
from nnexp.errors import UserError
from nnexp.runs.material import Material, check_source, read_material


class AuditedTables:
    """Tables and their audits by configuration, so that the runs of a sweep share them.

    Arguments:
        trust: whether the run folders may say what is downloaded, and where to.
    """

    def __init__(self, trust: bool) -> None:
        self.trust = trust
        self._known: dict[str, tuple[Material | None, Audit | None, str]] = {}

    def of(self, config: Config) -> tuple[Material | None, Audit | None, str]:
        """A configuration's table and audit; None and why where it cannot be read."""
        key = config_text(replace(Config(), data=config.data, seeds=config.seeds))
        if key not in self._known:
            try:
                check_source(config, self.trust)
                material = read_material(config)
                self._known[key] = material, audit_sheet(material.sheet, material.trees), ""
            except (UserError, OSError) as error:
                why = error.wrong if isinstance(error, UserError) else str(error)
                self._known[key] = None, None, why
        return self._known[key]
