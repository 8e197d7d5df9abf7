"""Run everything on this machine; the exit code says how it ended."""

import sys

from deploy.local.run import main

if __name__ == "__main__":
    sys.exit(main())
