"""Train a model, or with -m several: `python train.py optimizer=adam reg.l2=0.01`."""

import sys

from nnexp.cli import train

if __name__ == "__main__":
    sys.exit(train())
