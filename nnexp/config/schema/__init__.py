"""Every key a configuration can hold: its type, range, default and one line of help.

The dataclasses are the single source: Hydra types overrides by them, `check_settings` reads ranges
and choices from the fields' metadata, and `--help` and docs/configuration.md are written from them.
Options of one group that take different keys (optimizers, data sources) have a class each.
"""
