"""Where things are, seen from the tests."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST_DATA = ROOT / "tests" / "data"
#: Official files that are too large to be kept here; tests that read them are skipped without.
SHARED = Path(os.environ.get("CODEDESK_SHARED", ROOT.parent / "shared"))
