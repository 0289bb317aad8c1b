"""``python -m absengine``: the same as the ``absengine`` command."""

import sys

from absengine.cli import main

sys.exit(main())
