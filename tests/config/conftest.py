"""A short cut for tests of values: what Hydra composes, without Hydra."""

import pytest
from omegaconf import OmegaConf

from nnexp.config.check import check_settings
from nnexp.config.schema.config import Config
from nnexp.config.schema.options import OPTIONS
from nnexp.config.store import conf_dir


def _quick(typed):
    """The checked configuration of `group=option` and `key=value` words."""
    config, values = Config(), []
    for word in typed.split():
        name, _, value = word.partition("=")
        if name in OPTIONS:
            schema = OPTIONS[name][value]
            if type(getattr(config, name)) is not schema or name == "loss":
                setattr(config, name, schema(name=value))
        elif name in ("regularizer", "trainer"):
            package = {"regularizer": "reg"}.get(name, name)
            section = OmegaConf.load(conf_dir() / name / f"{value}.yaml")
            merged = OmegaConf.merge(OmegaConf.structured(getattr(config, package)), section)
            setattr(config, package, OmegaConf.to_object(merged))
        else:
            values.append(word)
    if isinstance(getattr(config.model, "args", None), dict):
        values = [v for v in values if not v.startswith("model.args.")]
    tree = OmegaConf.structured(config)
    for word in values:
        name, _, value = word.partition("=")
        OmegaConf.update(tree, name, OmegaConf.create(f"v: {value}").v, merge=True)
    config = OmegaConf.to_object(tree)
    check_settings(config)
    return config


@pytest.fixture
def quick():
    return _quick
