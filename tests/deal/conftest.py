"""The twin, the random deals and the small deals stand one folder up, for the push suite and the soak alike."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
