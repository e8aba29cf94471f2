"""Paths for the tests."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST_DATA = ROOT / "tests" / "data"
#: Official files that are too large for the repository. Tests that read them are skipped without
#: them.
SHARED = Path(os.environ.get("CODEDESK_SHARED", ROOT.parent / "shared"))
