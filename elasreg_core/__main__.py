"""`python -m elasreg_core` is the `elasreg` command."""

import sys

from elasreg_core.cli import main

sys.exit(main())
