"""The bot that most repositories build, to be measured beside the desk: a Bolt app whose listener
embeds the question with all-MiniLM-L6-v2, searches a flat FAISS index of titles, inserts a row into
SQLite and says the ten nearest. No queue, no outbox, no memory of what it has answered.

    python bench/load/naive_bot.py --make FOLDER    # embed the titles once: ten minutes and more
    python bench/load/naive_bot.py PORT             # serve, with the vectors of BENCH_NAIVE

It uses Bolt's own server, as Bolt's examples do.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from slack_bolt import App  # noqa: E402
from slack_sdk import WebClient  # noqa: E402


def serve(port: int) -> None:
    from naive import Naive

    pipeline = Naive()
    pipeline.search("ready")
    titles = {code: title for _, code, title in pipeline._titles}
    path = Path(os.environ["CODEDESK_HOME"]) / "naive.db"
    log = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    log.execute("create table queries (at text default current_timestamp, user text, text text)")
    writing = threading.Lock()

    client = WebClient(os.environ["SLACK_BOT_TOKEN"], os.environ["CODEDESK_SLACK_API_URL"])
    app = App(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    def answer(text: str, user: str) -> str:
        with writing:
            log.execute("insert into queries (user, text) values (?, ?)", [user, text])
        codes = pipeline.search(text)
        return "\n".join(f"{code} {titles[code]}" for code in codes)

    @app.event("app_mention")
    def mentioned(event, say):
        text = event["text"].partition("> ")[2] or event["text"]
        say(text=answer(text, event["user"]), thread_ts=event.get("thread_ts") or event["ts"])

    @app.event("message")
    def said(event, say):
        thread = event.get("thread_ts") or event["ts"]
        say(text=answer(event["text"], event["user"]), thread_ts=thread)

    @app.command("/code")
    def commanded(ack, command, respond):
        ack()
        respond(answer(command["text"], command["user_id"]))

    app.start(port, path="/slack/events", http_server_logger_enabled=False)


def make(folder: Path, every: int) -> None:
    """Embed every n-th billable title of one day, unless the folder has them. The day is that of
    `make bench`, so that the two share the vectors."""
    import datetime as dt

    import naive
    from worker import titles

    from bot.settings import Settings
    from codesets.store.code_store import CodeStore

    day = dt.date(2026, 5, 1)
    settings = Settings.load()
    store = CodeStore(settings.codes_db)
    releases = {system: store.for_date(system, day).release.key for system in store.systems}
    store.close()
    of = {"releases": releases, "every": every}
    if not naive.is_made(folder, of):
        naive.make(folder, titles(settings, day, every), of)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"] and len(sys.argv) >= 3:
        make(Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    elif len(sys.argv) == 2 and sys.argv[1].isdigit():
        serve(int(sys.argv[1]))
    else:
        sys.exit("Give a port, or --make FOLDER [EVERY].")
