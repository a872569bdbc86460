"""``python -m rf_viz``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
