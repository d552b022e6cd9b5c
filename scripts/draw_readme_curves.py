"""Draw docs/curves.png, the README's picture: learning curves of two runs of this repository.

python scripts/draw_readme_curves.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import nnexp

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "curves.png"
COMMANDS = (
    "python train.py experiment=unscaled",
    "python train.py experiment=unscaled data.scaling=standard",
)


def main() -> None:
    """Train both and draw their loss and accuracy, one run a row."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from nnexp.track.plot import plot_history

    figure = plt.figure(figsize=(9, 6), layout="constrained")
    rows: Any = figure.subfigures(len(COMMANDS), 1)
    for part, command in zip(rows, COMMANDS, strict=True):
        overrides = command.split()[2:]
        with tempfile.TemporaryDirectory() as folder:
            quiet = ["trainer.tensorboard=false", "trainer.progress=none", "threads=1"]
            result = nnexp.run([*overrides, *quiet], root=folder)
            part.suptitle(f"{command}\ntest accuracy {_score(result)}", fontsize=10)
            axes = part.subplots(1, 2)
            plot_history(result.history, axes=axes)
            axes[1].set_ylim(0, 1.03)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})
    print(f"wrote {PICTURE.relative_to(PICTURE.parent.parent)}")


def _score(result: nnexp.Run) -> str:
    test = result.metrics["test"]
    return f"{test['accuracy']:.3f} ± {test['accuracy_stderr']:.3f} on {test['n']} rows"


if __name__ == "__main__":
    main()
