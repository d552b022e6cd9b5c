"""What a module holds without knowing it: layers in a plain list, which no optimizer gets."""

from __future__ import annotations

from torch import nn


def unregistered(model: nn.Module) -> list[str]:
    """Lists and dicts of a module whose layers or parameters it does not know, by name."""
    known = {id(one) for one in model.modules()} | {id(p) for p in model.parameters()}
    found = []
    for place, module in model.named_modules():
        for name, held in vars(module).items():
            if name.startswith("_"):
                continue
            items = held.values() if isinstance(held, dict) else held
            if not isinstance(held, (list, tuple, dict)):
                continue
            for item in items:
                learns = isinstance(item, nn.Parameter) or (
                    isinstance(item, nn.Module) and any(True for _ in item.parameters())
                )
                if learns and id(item) not in known:
                    found.append(f"{place}.{name}" if place else name)
                    break
    return found
