"""Makes the databases of earlier versions that tests open, by the code of those versions.

    python tests/data/older/make.py [NAME …]

Each is made by the sources of a commit, out of the history of this repository, with the packages
that are installed (`log-2-first` and `log-2-checkpoints` also need `dacite`), and is kept as SQL
(`NAME.sql`). Questions and codes are invented. Run it again only to add a version: what is kept is
what users have.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

_LOG_1 = """
from bot.answer import Answer
from bot.querylog.log import Asked, QueryLog
log = QueryLog(path)
answer = Answer("htn, seen 2024-03-05", "2024-03-05", "abstained", notices=["for 2024-03-05"])
one = log.ask(Asked("htn, seen 2024-03-05", "mention", user="U1", team="T1", channel="C1",
    event_id="Ev1", message_key="T1/C1/1.2", options={"limit": 5}))
log.answered(one, answer, index_build="build-1", latency_ms=7.5)
log.delivered(one, "delivered", "1.3")
two = log.ask(Asked("dm", "cli", user="ann"))
log.answered(two, Answer("dm", "2026-05-01", "abstained"), index_build=None, latency_ms=3.5)
three = log.ask(Asked("copd", "dm", user="U2", event_id="Ev2"))
log.close()
"""
_LOG_2 = """
from bot.answer import Answer
from bot.querylog.log import QueryLog
try:
    from bot.querylog.records import Asked
except ImportError:
    from bot.querylog.log import Asked
log = QueryLog(path)
one = log.ask(Asked("htn", "mention", user="U1", team="T1", channel="C1", event_id="Ev1"))
log.answered(one, Answer("htn", "2026-05-01", "abstained"), index_build="build-1", latency_ms=7.5)
log.delivered(one, "delivered", "1.3")
log.feedback(one, "used", code="I10", note="ours", by="U1")
log.correction(one, "high pressure", "I10", "icd10cm", by="R. Auditor")
log.access("search", "R. Auditor", "htn")
two = log.ask(Asked("copd", "dm", user="U2", event_id="Ev2"))
log.close()
"""
_LOG_2_LATER = """
from bot.desk.answer import Answer
from bot.querylog import QueryLog, QuestionRecord
log = QueryLog(path)
one = log.ask(QuestionRecord("htn", "mention", user="U1", team="T1", channel="C1",
    event_id="Ev1"))
answer = Answer("htn", "2026-05-01", "abstained")
log.answered(one, answer, index_build="build-1", latency_ms=7.5)
log.delivered(one, "delivered", "1.3")
log.feedback(one, "used", code="I10", note="ours", by="U1")
log.correction(one, "high pressure", "I10", "icd10cm", by="R. Auditor")
log.access("search", "R. Auditor", "htn")
two = log.ask(QuestionRecord("copd", "dm", user="U2", event_id="Ev2"))
log.close()
"""
_POST = """
from bot.slack.views.block_kit import plain_message
from bot.slack.web_api import in_thread, web_client
from bot.slack.outbox_store import OutboxStore, Post
client = web_client("xoxb-1", "http://127.0.0.1:9/")
post = Post(in_thread(client, "C1", None), plain_message("The answer"), "q1", "answer")
"""
_PEOPLE = """
from bot.slack.people import Defaults, People
people = People(state)
"""
_SLACK_1 = (
    "from bot.slack.state import State\nstate = State(path)\n"
    + _POST
    + """
OutboxStore(state, client).add(post, 1000.0, 1600.0)
state.close()
"""
)
_CODES_1 = """
import datetime as dt
from codesets.model import Code, Edition, Release, SourceFile
from codesets.store import CodeStore
day = dt.date(2025, 10, 1)
release = Release("icd10cm", "FY2026", day, day.replace(year=2026), "imported order.txt",
    (SourceFile("order.txt", "0" * 64),))
code = Code("icd10cm", "FY2026", "I10", "Essential (primary) hypertension", True, None, None,
    "I10", 1)
store = CodeStore(path)
store.load(Edition(release, [code], [], [], []))
store.close()
"""
_CODES_2 = _CODES_1.replace("Edition(release, [code], [], [], [])", "edition").replace(
    "store = CodeStore(path)",
    "store = CodeStore(path)\nedition = Edition.flat(release, [('I10', code.title)])",
)

#: Name -> the commit whose code makes it, and what it runs. `path` is the file.
FILES = {
    "log-1": ("e8d9073", _LOG_1),
    "log-2-first": ("e847897", _LOG_2),
    "log-2-checkpoints": ("a80da6e", _LOG_2),
    "log-2-before-postgres": ("39c722f", _LOG_2_LATER),
    "slack-one-process": ("759b729", _SLACK_1),
    "slack-workspaces": ("39c722f", _SLACK_1),
    "slack-replicas": ("1be3fe1", _SLACK_1),
    "codes-1": ("b434e5a", _CODES_1),
    "codes-2-first": ("d310ceb", _CODES_2),
}
#: The same of PostgreSQL; `path` is the address.
POSTGRES = {"log-postgres-first": ("b44ae60", _LOG_2_LATER)}


def run(commit: str, code: str, where: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["git", "archive", commit], cwd=ROOT, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "x", "-C", folder], input=packed, check=True)
        path = f"{where!r}" if "://" in where else f"__import__('pathlib').Path({where!r})"
        subprocess.run(
            [sys.executable, "-c", f"path = {path}\n{code}"],
            cwd=folder,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]),
                "CODEDESK_HOME": folder,
            },
            check=True,
        )


def dumped(path: Path) -> str:
    db = sqlite3.connect(path)
    (version,) = db.execute("pragma user_version").fetchone()
    lines = "\n".join(db.iterdump())
    db.close()
    return f"{lines}\npragma user_version = {version};\n"


def main() -> None:
    names = sys.argv[1:] or [*FILES, *POSTGRES]
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            if name in FILES:
                path = Path(folder) / "made.db"
                run(*FILES[name], str(path))
                text = dumped(path)
            else:
                text = of_postgres(name)
        (HERE / f"{name}.sql").write_text(text, encoding="utf-8")
        print(f"{name}.sql: {len(text):,} characters")


def of_postgres(name: str) -> str:
    """As inserts, so that it can be restored without a program of PostgreSQL's."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
    import pgserver
    import postgres

    program = Path(pgserver.__file__).parent / "pginstall" / "bin" / "pg_dump"
    with postgres.server() as server, postgres.database(server) as url:
        run(*POSTGRES[name], url)
        command = [program, "--schema=codedesk", "--inserts", "--no-owner", url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
