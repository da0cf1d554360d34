"""``python -m simulators.tms``."""

import sys

from simulators.tms.serve import main

if __name__ == "__main__":
    sys.exit(main())
