"""Writes the examples of docs/ANSWER.md anew: `python tests/support/answer_examples.py`.

Each command line of the page is run with the code sets and the index of the tests' home
(`.cache/tests`, made by the first run of the tests). What an example needs besides is imported into
a copy of that home, `.cache/examples`: the index takes over what it has. Without the official files
these examples stay as they are.

Lists of `CUT` are cut after their first entry, and the line with "…" names those that were cut.
Ids and times are those of the page, so that only what is answered differently changes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from paths import ROOT, SHARED

PAGE = ROOT / "docs" / "ANSWER.md"
#: An example: its name, the text above its command line, the arguments of `codedesk`, its JSON.
EXAMPLE = re.compile(
    r"^### (.*?)\n(.*?)```console\n\$ codedesk (.*?)\n```\n\n```json\n(.*?)```", re.M | re.S
)
#: Lists that are cut after their first entry.
CUT = frozenset(
    "alternatives because candidates completions did_you_mean equivalents flags guidelines listed "
    "next_steps notes report_with".split()
)
_WIDTH = 100
_SETS = SHARED / "codesets"
_HCPCS = _SETS / "hcpcs" / "HCPC2026_JAN_ANWEB_rebuilt.txt"
#: Examples that need more than the installation brings: (in their name, files, is it searched).
NEEDS: tuple[tuple[str, tuple[Path, ...], bool], ...] = (
    ("place of service", (_HCPCS, _SETS / "edits" / "pos_codes_2024.csv"), False),
    ("guideline", (_SETS / "icd10cm" / "icd10cm_guidelines_fy2025_oct2024.pdf",), True),
    ("with units", (_HCPCS, *sorted((_SETS / "hcpcs").glob("asp_*.csv"))), True),
)


def rewritten(page: str) -> str:
    """The page with its examples answered anew."""
    return EXAMPLE.sub(lambda found: _example(*found.groups()), page)


def _example(name: str, above: str, command: str, shown: str) -> str:
    answered = _answered(name, command)
    if answered is None:
        print(f"{name}: the official files are not here, so it stays as it is", file=sys.stderr)
    else:
        before = json.loads(shown) if shown.strip() else {}
        answered |= {key: before[key] for key in ("id", "elapsed_ms") if key in before}
        cut = set()
        shown = compact(shortened(answered, cut)) + "\n"
        above = re.sub(r"^….*\n+", "", above, flags=re.M)
        above += f"… cut: {', '.join(f'`{key}`' for key in sorted(cut))}.\n\n" if cut else ""
    return f"### {name}\n{above}```console\n$ codedesk {command}\n```\n\n```json\n{shown}```"


def _answered(name: str, command: str) -> dict[str, Any] | None:
    """What the command prints; None where an official file is missing."""
    files, searched = next(
        ((files, searched) for part, files, searched in NEEDS if part in name), ((), False)
    )
    if not all(file.exists() for file in files):
        return None
    os.environ["CODEDESK_HOME"] = str(_home(name, files, searched))
    os.environ["CODEDESK_FETCH"] = "no"
    from bot.cli.main import main

    printed = CliRunner().invoke(main, shlex.split(command)).stdout
    answered: dict[str, Any] = json.loads(printed)
    return answered


def _home(name: str, files: Sequence[Path], searched: bool) -> Path:
    """A home with the tests' code sets, and these files; with an index of them if `searched`."""
    from codesets.loading.importer import import_files
    from codesets.store.code_store import CodeStore
    from index import build
    from index.embedding.models import Shipped

    tests = Path(os.environ.get("CODEDESK_TEST_HOME") or ROOT / ".cache" / "tests")
    home = ROOT / ".cache" / "examples" / re.sub(r"\W+", "-", name)
    home.mkdir(parents=True, exist_ok=True)
    for part in ("codes.db", "index"):
        if not (home / part).exists() and (not files or (part == "index" and not searched)):
            (home / part).symlink_to(tests / part)
    if files:
        (home / "codes.db").unlink(missing_ok=True)
        shutil.copy(tests / "codes.db", home / "codes.db")
        store = CodeStore(home / "codes.db")
        import_files(store, list(files))
        if searched:
            if not (home / "index").exists():
                shutil.copytree(tests / "index", home / "index")
            build.build(store, home / "index", Shipped())
        store.close()
    return home


def shortened(value: Any, cut: set[str], key: str = "") -> Any:
    """A value with the lists of `CUT` cut after their first entry; their keys are added to
    `cut`."""
    if isinstance(value, dict):
        return {name: shortened(one, cut, name) for name, one in value.items()}
    if isinstance(value, list):
        if key in CUT and len(value) > 1:
            cut.add(key)
            value = value[:1]
        return [shortened(one, cut) for one in value]
    return value


def compact(value: Any, indent: int = 0) -> str:
    """JSON with as much on a line as fits into 100 columns; a longer text has a line of its
    own."""
    if not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    lines = list(_lines(value, indent + 2))
    return "\n".join([opened, *lines, " " * indent + closed])


def _lines(value: dict[str, Any] | list[Any], indent: int) -> Iterator[str]:
    """The lines between the brackets of an object or an array."""
    named = isinstance(value, dict)
    items = list(value.items()) if isinstance(value, dict) else [("", one) for one in value]
    margin = " " * indent
    line = ""
    for at, (key, one) in enumerate(items):
        start = f'"{key}": ' if named else ""
        comma = "," if at < len(items) - 1 else ""
        flat = start + json.dumps(one, ensure_ascii=False) + comma
        if line and len(margin + line) + 1 + len(flat) <= _WIDTH:
            line += f" {flat}"
            continue
        if line:
            yield margin + line
            line = ""
        if len(margin + flat) <= _WIDTH or not isinstance(one, (dict, list)):
            line = flat
        else:
            yield margin + start + compact(one, indent) + comma
    if line:
        yield margin + line


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
