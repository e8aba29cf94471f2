"""What an import costs the index, as a share of building it from nothing in the same run.

Measures what is loaded in CODEDESK_HOME, in a temporary copy: a build from nothing, then one after
a number of names of ICD-10-CM codes were added (made of two titles each), one after other files of
the same texts were loaded, and one after nothing was; then `codedesk index build` with nothing new,
in a process of its own. Prints one JSON object, with seconds and with shares.

    PYTHONPATH=. python bench/additions.py 200
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bot.settings import Settings
from codesets.model import Reference, ReferenceData, SourceFile, Term
from codesets.store.code_store import CodeStore
from index import build
from index.embedding.models import Shipped


def measured(codes: Path, home: Path, names: int) -> dict[str, Any]:
    """The seconds of each build, and its share of those of the first one."""
    shutil.copy(codes, home / "codes.db")
    store = CodeStore(home / "codes.db")
    seconds: dict[str, float] = {}

    def timed(what: str, outcome: str) -> build.Built:
        started = time.perf_counter()
        built = build.build(store, home / "index", Shipped(), progress=False)
        seconds[what] = time.perf_counter() - started
        assert built.outcome == outcome, built.outcome
        return built

    nothing = timed("from_nothing", "built")
    release = store.releases("icd10cm")[-1]
    titles = list(store.titles(release).items())
    step = len(titles) // names
    added = tuple(
        Term(code, f"{title} {titles[n * step + 1][1].split()[0]} {n}", "correction", "bench")
        for n, (code, title) in enumerate(titles[: names * step : step])
    )
    for file in ("1", "2"):
        reference = Reference(
            "corrections",
            "icd10cm",
            "bench",
            dt.date(2000, 1, 1),
            dt.date(2099, 12, 31),
            "bench",
            (SourceFile("bench", file * 64),),
        )
        store.references.load(ReferenceData(reference, added))
        few = timed(
            "few" if file == "1" else "same_texts", "built" if file == "1" else "same_texts"
        )
    timed("nothing_new", "as_it_was")
    store.close()
    # As a person runs it: with the start of Python, too.
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bot", "index", "build"],
        env={**os.environ, "CODEDESK_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    seconds["nothing_new_in_a_process"] = time.perf_counter() - started
    return {
        "texts": nothing.manifest.texts,
        "added": few.manifest.texts - nothing.manifest.texts,
        "seconds": {what: round(value, 2) for what, value in seconds.items()},
        "shares": {
            what: round(value / seconds["from_nothing"], 4) for what, value in seconds.items()
        },
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="codedesk-bench-") as folder:
        codes_db = Settings.load().codes_db
        print(json.dumps(measured(codes_db, Path(folder), int(sys.argv[1])), indent=1))
