"""Measures the memory of the desk with each code system loaded alone, and with all:

    python bench/load/memory.py [--json FILE] [--write docs/CAPACITY.md]

The code sets are those of CODEDESK_HOME, less the editions of the other systems; the index of each
home is built from that of CODEDESK_HOME, so nothing is encoded anew. Each is opened in a process of
its own, which answers some questions first. What is in RSS and not in USS is shared with other
processes of the desk: files that are mapped and libraries.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bench.load.figures import table  # noqa: E402
from bench.load.processes import memory  # noqa: E402
from bench.load.questions import Mix, Texts  # noqa: E402
from bench.load.report import circumstances  # noqa: E402
from bot.settings import Settings  # noqa: E402
from codesets.model import SYSTEM_NAMES  # noqa: E402
from codesets.store.code_store import CodeStore  # noqa: E402

BEGIN, END = "<!-- memory: begin -->", "<!-- memory: end -->"
#: Questions that each desk answers before it is looked at.
ASKED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--write", type=Path, metavar="PAGE")
    parser.add_argument("--only", nargs="+", metavar="SYSTEM", help="these, and not all together")
    parser.add_argument("--look", type=int, metavar="N", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.look is not None:
        print(json.dumps(look(given.look)))
        return
    settings = Settings.load()
    if not settings.codes_db.exists():
        sys.exit(f"memory: There are no code sets at {settings.home}: set CODEDESK_HOME.")
    store = CodeStore(settings.codes_db)
    systems = [system for system in store.systems if system in (given.only or store.systems)]
    store.close()
    rows = [of_one(settings, [system]) for system in systems]
    if not given.only:
        rows.append(of_one(settings, systems))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    text = markdown(rows)
    if given.write:
        before, rest = given.write.read_text(encoding="utf-8").split(BEGIN)
        page = f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}"
        given.write.write_text(page, encoding="utf-8")
    print(text)


def of_one(settings: Settings, systems: Sequence[str]) -> dict[str, Any]:
    """The memory of a desk with these systems, in megabytes, and its files on disk."""
    print(f"… {', '.join(systems)}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="codedesk-memory-") as folder:
        home = Path(folder)
        shutil.copy(settings.codes_db, home / "codes.db")
        shutil.copytree(settings.index, home / "index")
        codes = keep(home / "codes.db", systems)
        env = os.environ | {"CODEDESK_HOME": str(home), "PYTHONPATH": str(ROOT)}
        built = subprocess.run(
            [sys.executable, "-m", "bot", "index", "build"], env=env, capture_output=True, text=True
        )
        if built.returncode:
            sys.exit(f"memory: the index was not built: {built.stderr.strip()[-500:]}")
        found = [looked(env, count) for count in (0, ASKED)]
        index = Settings(home=home).index
        newest = (index / "current").read_text(encoding="utf-8").strip()
        files = [path for path in (index / newest).rglob("*") if path.is_file()]
        return {
            "systems": list(systems),
            "codes": codes,
            "codes_db_mb": (home / "codes.db").stat().st_size / 1e6,
            "index_mb": sum(path.stat().st_size for path in files) / 1e6,
            "opened": found[0],
            "answered": found[1],
        }


def keep(path: Path, systems: Sequence[str]) -> int:
    """Remove the editions of other systems from a codes.db; how many codes are left."""
    store = CodeStore(path)
    for release in store.releases():
        if release.system not in systems:
            with store._db.conn:
                store._forget(release.key)
    (count,) = store._db.execute("select count(*) from codes").fetchone()
    store._db.vacuum()
    store.close()
    return int(count)


def looked(env: Mapping[str, str], count: int) -> dict[str, float]:
    command = [sys.executable, str(Path(__file__)), "--look", str(count)]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"memory: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def look(count: int) -> dict[str, float]:
    """The memory of this process once it has a desk that answered `count` questions."""
    from bot.desk.desk import Desk

    desk = Desk(Settings.load())
    desk.ready()
    mix = Mix(Texts())
    for _ in range(count):
        desk.ask(desk.take(mix.next().text))
    found = memory(os.getpid())
    return {"rss": found.rss, "pss": found.pss, "uss": found.uss}


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [
        [
            " + ".join(SYSTEM_NAMES[system] for system in row["systems"]),
            row["codes"],
            row["codes_db_mb"],
            row["index_mb"],
            row["opened"]["rss"],
            row["answered"]["rss"],
            row["answered"]["uss"],
        ]
        for row in rows
    ]
    of = circumstances()
    head = (
        f"Measured at commit {of['commit']} on {of['day']}. Megabytes; *codes* of all loaded "
        f"editions. A process of its own, without Slack and the log; after {ASKED} questions.\n\n"
    )
    header = ["systems", "codes", "codes.db", "index", "RSS when open", "RSS after", "USS after"]
    return head + table(header, cells)


if __name__ == "__main__":
    main()
