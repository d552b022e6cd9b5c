"""`python -m nnexp` is the command `nnexp`."""

import sys

from nnexp.cli import main

if __name__ == "__main__":
    sys.exit(main())
