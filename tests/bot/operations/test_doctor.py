"""`codedesk doctor`: what it finds, on homes that are well and that are broken in each way."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sqlite3
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from paths import ROOT, TEST_DATA
from slack_support import abstained, slack_server

from bot.cli.main import main
from bot.operations import doctor
from bot.operations.findings import Asked, look
from bot.operations.together import faults
from bot.querylog import QueryLog, QuestionRecord, sampling, sign_offs
from bot.settings import Settings
from bot.views.examination import as_dict, as_text
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

SECRET = "hush-hush-4711"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one code set and a log with one question."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    store = CodeStore(home / "codes.db")
    import_files(store, [TEST_DATA / "imports" / "icd10cm_order_2027.txt"])
    store.close()
    log = QueryLog(home / "log.db")
    log.ask(QuestionRecord("xylocarpal pain", "cli"))
    log.close()
    return home


def found(home: Path, *, offline: bool = True, **settings: object) -> dict[str, str]:
    """Key -> state, of what the doctor finds."""
    asked = Asked(Settings(home=home, **settings), online=not offline)  # type: ignore[arg-type]
    examination = doctor.examine(asked)
    text = as_text(examination)
    assert "xylocarpal" not in text
    assert SECRET not in text + json.dumps(as_dict(examination))
    assert "check_failed" not in {one["key"] for one in as_dict(examination)["findings"]}
    return {one["key"]: one["state"] for one in as_dict(examination)["findings"]}


def run(home: Path, *words: str, **environment: str) -> Result:
    given = {"CODEDESK_HOME": str(home), "CODEDESK_FETCH": "no"} | environment
    return CliRunner(env=given).invoke(main, ["doctor", *words])


# What it prints


def test_a_home_that_works(home: Path) -> None:
    states = found(home)
    assert {"settings", "home", "disk", "file", "log", "versions", "no_torch"} <= states.keys()
    # Neither an index nor a key yet.
    assert states["index_unusable"] == "broken"
    assert states["no_checkpoint_key"] == "look"


@pytest.mark.index
def test_with_an_index(built: Path) -> None:
    assert found(built)["index"] == "ok"


def test_exit_codes_and_json(home: Path) -> None:
    result = run(home, "--offline", "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["result"]) == (2, "broken")
    for one in told["findings"]:
        assert list(one) == ["group", "state", "key", "text", "todo"]
        assert one["text"]
    assert [one for one in told["findings"] if one["key"] == "index_unusable"]


def test_what_is_broken_comes_first_with_its_remedy(home: Path) -> None:
    lines = run(home, "--offline").stdout.splitlines()
    states = [line.split()[0] for line in lines if re.match(r"  (BROKEN|LOOK|ok) ", line)]
    assert states[0] == "BROKEN"
    place = next(n for n, line in enumerate(lines) if "not sealed" in line)
    assert lines[place + 1].strip().startswith("→ Run `codedesk log keys`")
    assert max(map(len, lines)) <= 100
    brief = run(home, "--offline", "--brief").stdout
    assert "BROKEN" in brief
    assert "  ok " not in brief


def test_what_several_have_in_common_to_do_stands_once() -> None:
    ended = [
        look("edition_ended", name=name, label="2026", through="2026-09-30") for name in ("A", "B")
    ]
    text = as_text(doctor.Examination({"answers": ended}))
    assert text.count("→") == 1
    assert text.index("B: the newest") < text.index("→")


def test_all_wrong_settings_are_told_beside_all_else(home: Path) -> None:
    result = run(
        home,
        "--offline",
        CODEDESK_HTTP_PORT="many",
        CODEDESK_AUDIT_PORT="99999",
        CODEDESK_DATABASE_URL=f"mysql://x:{SECRET}@h/d",
        CODEDESK_LLM_URL="http://llm.example.org/v1",
        CODEDESK_WORKRES="3",
    )
    assert result.exit_code == 2
    told = " ".join(result.stdout.split())
    for words in (
        'CODEDESK_HTTP_PORT is "many"',
        "CODEDESK_AUDIT_PORT",
        "CODEDESK_DATABASE_URL must be",
        "no use without CODEDESK_LLM_MODEL",
        "Did you mean CODEDESK_WORKERS?",
        "codes.db is whole",
    ):
        assert words in told, words
    assert SECRET not in told


def test_every_message_is_used_and_says_what_to_do() -> None:
    messages = tomllib.loads((ROOT / "prompts/messages/doctor.toml").read_text("utf-8"))["doctor"]
    code = "".join(path.read_text("utf-8") for path in (ROOT / "bot/operations").rglob("*.py"))
    named = {key: kind for kind, key in re.findall(r'\b(ok|look|broken)\(\s*"([a-z_]+)"', code)}
    for what in ("codes", "log", "state"):
        named |= {f"{what}_unreadable": "broken", f"{what}_damaged": "broken"}
    for key, kind in named.items():
        assert key in messages, key
        assert (f"{key}_do" in messages) == (kind != "ok"), key
    rest = messages.keys() - named.keys() - {f"{key}_do" for key in named}
    assert all(key.startswith(("group_", "result_")) for key in rest), rest


# Homes that are broken


def test_no_home_at_all(tmp_path: Path) -> None:
    states = found(tmp_path / "none")
    assert states["no_home"] == states["no_codes"] == "broken"


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    assert found(tmp_path / "home")["home_is_a_file"] == "broken"


def test_a_home_that_others_may_read(home: Path) -> None:
    home.chmod(0o755)
    (home / "log.db").chmod(0o644)
    assert (found(home)["home_open"], found(home)["file_open"]) == ("look", "look")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written(home: Path) -> None:
    home.chmod(0o500)
    assert found(home)["home_not_writable"] == "broken"
    home.chmod(0o700)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("codes.db", "codes_unreadable"),
        ("log.db", "log_unreadable"),
        ("slack.db", "state_unreadable"),
    ],
)
def test_a_file_that_is_no_database(home: Path, name: str, key: str) -> None:
    (home / name).write_bytes(b"This is no database. " * 500)
    assert found(home)[key] == "broken"


@pytest.mark.parametrize(("name", "key"), [("codes.db", "codes"), ("log.db", "log")])
def test_a_file_that_is_damaged_within(home: Path, name: str, key: str) -> None:
    path = home / name
    with sqlite3.connect(path) as db:
        db.execute("pragma wal_checkpoint(truncate)")
        db.execute("pragma journal_mode = delete")
        (size,) = db.execute("pragma page_size").fetchone()
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // size, 3):
        data[page * size : page * size + 200] = b"\xff" * 200
    path.write_bytes(data)
    states = found(home)
    assert "broken" in (states.get(f"{key}_damaged"), states.get(f"{key}_unreadable"))


def test_a_log_of_a_newer_version(home: Path) -> None:
    with sqlite3.connect(home / "log.db") as db:
        db.execute("pragma user_version = 99")
    assert found(home)["file_newer"] == "broken"


def test_codes_of_another_version(home: Path) -> None:
    with sqlite3.connect(home / "codes.db") as db:
        db.execute("pragma user_version = 1")
    assert found(home)["codes_older"] == "broken"


def test_a_log_with_a_trigger_of_someone(home: Path) -> None:
    with sqlite3.connect(home / "log.db") as db:
        db.execute("create trigger theirs after insert on texts begin select 1; end")
    assert found(home)["log_foreign"] == "broken"


def test_a_record_of_the_future(home: Path) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    log = QueryLog(home / "log.db", clock=lambda: later)
    log.ask(QuestionRecord("htn", "cli"))
    log.close()
    assert found(home)["future"] == "broken"


def test_a_disk_that_is_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, key, state in ((1 << 20, "disk_full", "broken"), (1 << 30, "disk_low", "look")):
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr("shutil.disk_usage", lambda _, usage=usage: usage)
        assert found(home)[key] == state


def test_what_an_interrupted_build_left(home: Path) -> None:
    (home / "index" / "20260101T000000Z-abcdef").mkdir(parents=True)
    (home / "index" / "20260101T000000Z-abcdef" / "words.json").write_text("{}")
    assert found(home)["left_over"] == "look"


# Keys and checkpoints


@pytest.fixture
def kept(home: Path) -> Path:
    """The same home with keys and a checkpoint."""
    runner = CliRunner(env={"CODEDESK_HOME": str(home)})
    for words in (["log", "keys"], ["log", "checkpoint"]):
        result = runner.invoke(main, words)
        assert result.exit_code == 0, result.output
    return home


def test_keys_and_checkpoints_that_fit(kept: Path) -> None:
    states = found(kept)
    assert states["log_key"] == states["checkpoint_key"] == states["checkpoint"] == "ok"
    assert states["checkpoints_beside_log"] == states["key_beside_log"] == "look"


def test_keys_that_others_may_read(kept: Path) -> None:
    (kept / "keys" / "checkpoint.key").chmod(0o644)
    assert found(kept)["key_open"] == "look"


def test_a_pair_that_is_none(kept: Path, keys: tuple[Path, Path]) -> None:
    (kept / "keys" / "checkpoint.pub").write_bytes(keys[1].read_bytes())
    states = found(kept)
    assert states["keys_differ"] == states["checkpoints_forged"] == "broken"


@pytest.mark.parametrize("name", ["log.key", "checkpoint.key", "checkpoint.pub"])
def test_a_key_that_is_none(kept: Path, name: str) -> None:
    (kept / "keys" / name).write_text(SECRET)
    assert "broken" in found(kept).values()


def test_a_log_that_was_cut_off_after_its_checkpoint(kept: Path) -> None:
    for path in kept.glob("log.db*"):
        path.unlink()
    log = QueryLog(kept / "log.db")
    log.ask(QuestionRecord("htn", "cli"))
    log.close()
    states = found(kept)
    assert states["checkpoint_false"] == states["key_of_another"] == "broken"


def test_a_checkpoint_that_is_old(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operations.checks.record._OLD", dt.timedelta(seconds=-1))
    assert found(kept)["checkpoint"] == "ok"  # nothing is newer
    runner = CliRunner(env={"CODEDESK_HOME": str(kept)})
    assert runner.invoke(main, ["log", "list"]).exit_code == 0
    assert found(kept)["checkpoint_old"] == "look"


def test_reviews_are_due_by_the_setting(home: Path) -> None:
    assert not {"review", "first_review"} & found(home).keys()
    assert found(home, review_every_days=30)["first_review"] == "ok"
    log = QueryLog(home / "log.db", clock=lambda: dt.datetime.now(dt.UTC) - dt.timedelta(43))
    (pending,) = log.unanswered(["cli"])
    log.answered(pending.id, abstained(), index_build=None, latency_ms=1.0)
    sign_offs.sign_off(log, sampling.sample(log, sampling.Draw(1), "ann"), "ann", incomplete="away")
    log.close()
    assert found(home, review_every_days=43)["review"] == "ok"
    assert found(home, review_every_days=30)["review_overdue"] == "look"
    told = run(home, "--offline", CODEDESK_REVIEW_EVERY_DAYS="30").stdout
    assert "signed off 43 days ago, and one is due every 30" in " ".join(told.split())


# Others


@pytest.mark.slow
def test_slack_with_all_that_is_needed(slack, home: Path) -> None:
    given = _of(slack)
    states = found(home, offline=False, **given)
    assert states["slack"] == states["slack_app"] == "ok"
    assert not states.keys() & {"scopes_missing", "scopes_more", "slack_clock", "slack_refused"}
    assert not slack.messages()
    assert "slack" not in found(home, offline=True, **given)


@pytest.mark.slow
def test_scopes_that_are_missing_or_too_many(home: Path) -> None:
    with slack_server("channels:history") as slack:
        slack._scopes.discard("im:history")
        states = found(home, offline=False, **_of(slack))
    assert (states["scopes_missing"], states["scopes_more"]) == ("broken", "look")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["slack_bot_token", "slack_app_token"])
def test_a_token_that_slack_refuses(slack, home: Path, name: str) -> None:
    prefix = "xoxb-" if "bot" in name else "xapp-"
    given = _of(slack) | {name: prefix + SECRET}
    assert found(home, offline=False, **given)["slack_refused"] == "broken"


def test_nobody_there(home: Path, tmp_path: Path) -> None:
    away = "http://127.0.0.1:9/"
    (tmp_path / "witness.pub").touch()
    states = found(
        home,
        offline=False,
        slack_bot_token=f"xoxb-{SECRET}",
        slack_app_token=f"xapp-{SECRET}",
        slack_api_url=away,
        witness_url=away,
        witness_key_file=str(tmp_path / "witness.pub"),
        llm_url=away,
        llm_model="m",
        llm_key=SECRET,
        database_url=f"postgresql://desk:{SECRET}@127.0.0.1:9/desk?connect_timeout=2",
    )
    assert states["slack_away"] == states["no_server"] == "broken"
    assert states["not_reached"] == "look"


@pytest.mark.slow
def test_a_log_in_postgresql(home: Path, postgres_url: str) -> None:
    assert found(home, database_url=postgres_url)["server_empty"] == "look"
    log = QueryLog(postgres_url)
    log.ask(QuestionRecord("htn", "cli"))
    log.close()
    states = found(home, database_url=postgres_url)
    assert states["server"] == states["clock"] == states["log"] == "ok"


def test_a_clock_that_differs_from_slacks(slack, home: Path, monkeypatch) -> None:
    for limit, state in (("_DIFFERENCE", "look"), ("_MUCH", "broken")):
        monkeypatch.setattr(f"bot.operations.checks.others.{limit}", -1.0)
        assert found(home, offline=False, **_of(slack))["slack_clock"] == state


def _of(slack) -> dict[str, str]:
    names = ("bot_token", "app_token", "api_url")
    return {f"slack_{name}": getattr(slack, name) for name in names}


# Settings that do not fit together


BOT, APP = {"slack_bot_token": "xoxb-1"}, {"slack_app_token": "xapp-1"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, []),
        (BOT | APP, []),
        (BOT, ["SLACK_APP_TOKEN is not set"]),
        (APP, ["SLACK_BOT_TOKEN is not set"]),
        (BOT | APP | {"slack_mode": "http"}, ["SLACK_SIGNING_SECRET is not set"]),
        ({"slack_bot_token": SECRET} | APP, ["SLACK_BOT_TOKEN"]),
        (BOT | APP | {"slack_client_id": "1.2"}, ["SLACK_CLIENT_ID"]),
        (APP | {"slack_client_id": "1.2"}, ["SLACK_CLIENT_SECRET"]),
        (APP | {"slack_client_id": "1.2", "slack_client_secret": SECRET}, []),
        ({"witness_url": "https://w.example.org"}, ["CODEDESK_WITNESS_KEY_FILE"]),
        ({"llm_model": "m"}, ["CODEDESK_LLM_URL"]),
        ({"llm_url": "https://l.example.org", "llm_model": "m"}, []),
        ({"llm_key": SECRET}, ["CODEDESK_LLM_URL"]),
        ({"checkpoint_key_file": "/nowhere/c.key"}, ["CODEDESK_CHECKPOINT_KEY_FILE"]),
        (
            BOT | {"slack_mode": "http", "http_port": 3000, "metrics_port": 3000},
            ["SLACK_SIGNING_SECRET", "port 3000"],
        ),
    ],
)
def test_each_contradiction_is_one_sentence(
    tmp_path: Path, given: dict[str, object], words: list[str]
) -> None:
    said = list(faults(Settings(home=tmp_path, **given)))  # type: ignore[arg-type]
    assert len(said) == len(words), said
    for sentence, word in zip(said, words, strict=True):
        assert word in sentence
        assert SECRET not in sentence


@pytest.mark.parametrize(
    ("given", "extra"),
    [
        ({"database_url": "postgresql://h/d"}, "postgres"),
        ({"timestamp_url": "https://t.example.org"}, "timestamps"),
    ],
)
def test_a_setting_whose_package_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], extra: str
) -> None:
    monkeypatch.setattr("bot.operations.together.find_spec", lambda _: None)
    (sentence,) = faults(Settings(home=tmp_path, **given))  # type: ignore[arg-type]
    assert f"pip install 'codedesk[{extra}]'" in sentence


def test_run_tells_all_at_once_before_it_loads_anything(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {
        "CODEDESK_HOME": str(tmp_path / "home"),
        "CODEDESK_HTTP_PORT": "many",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_MODE": "http",
        "CODEDESK_LLM_MODEL": "m",
    }
    result = CliRunner(env=environment).invoke(main, ["run"])
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    for line, word in zip(lines, ("HTTP_PORT", "SIGNING_SECRET", "LLM_URL"), strict=True):
        assert word in line
    assert not (tmp_path / "home").exists()
