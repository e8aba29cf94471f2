"""What is measured while Slack is served, and the pages that tell it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from operations_support import Told, base_of, fetched, ready, samples
from paths import ROOT, TEST_DATA
from slack_support import ScriptedDesk, served, wait_until

from bot.operations.metrics import Metrics, last_checkpoint
from bot.operations.process import Process
from bot.querylog import QueryLog
from bot.querylog.checkpoints import make_keys
from bot.settings import Settings, SettingsError
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore


def test_a_serving_desk_is_measured(slack, log: QueryLog, tmp_path: Path) -> None:
    make_keys(tmp_path / "keys" / "checkpoint.key", tmp_path / "keys" / "checkpoint.pub")
    (tmp_path / "inbox" / "done").mkdir(parents=True)
    (tmp_path / "inbox" / "codes.zip").touch()
    store = CodeStore(tmp_path / "codes.db")
    import_files(store, [TEST_DATA / "imports" / "icd10cm_order_2027.txt"])
    store.close()
    desk, told = ScriptedDesk(), Told()
    with served(slack, tmp_path, desk, log, metrics_port=0) as running:
        base = base_of(running.lines)
        slack.fail_next("chat.postMessage", status=429, retry_after=1)
        slack.send_event(slack.app_mention("<@UBOT> knee oa of Jane"))
        slack.send_slash(text="hiccups")
        told.wait_for("question.delivered", 2)
        desk.fails = ValueError("Jane")
        slack.wait_connected()
        slack.send_slash(text="fails")
        told.wait_for("question.failed")
        # That it failed is posted, too.
        wait_until(
            lambda: _outbox(base) == {("waiting",): 0, ("to_log",): 0}, lambda: _outbox(base)
        )
        status, text = fetched(f"{base}/metrics")
        assert (status, ready(base), fetched(f"{base}/live")[0]) == (200, (200, []), 200)
        assert fetched(f"{base}/elsewhere")[0] == 404
        assert fetched(f"{base}/../log.db")[0] == 404
    assert "Jane" not in text
    found = samples(text)
    assert found["codedesk_questions_total"][("search", "mention")] == 1
    assert found["codedesk_questions_total"][("search", "slash")] == 2
    assert found["codedesk_answers_total"][("search", "answered", "mention")] == 1
    assert found["codedesk_answer_seconds_count"][("search",)] >= 2
    assert found["codedesk_deliveries_total"][("answer", "delivered")] >= 2
    assert found["codedesk_slack_rate_limited_total"][("chat.postMessage",)] == 1
    assert found["codedesk_log_records"][()] >= 7
    assert found["codedesk_ready"][()] == found["codedesk_database_up"][()] == 1
    assert found["codedesk_index_info"][("build-1",)] == 1
    assert found["codedesk_edition_info"][("FY2027", "icd10cm")] == 1
    assert found["codedesk_inbox_files"] == {(".",): 1, ("done",): 0}
    if Path("/proc/self/stat").exists():
        assert found["process_resident_memory_bytes"][()] > 1e6


def _outbox(base: str) -> dict[tuple[str, ...], float]:
    return samples(fetched(f"{base}/metrics")[1])["codedesk_outbox_rows"]


def test_without_a_port_nothing_listens(slack, log: QueryLog, tmp_path: Path) -> None:
    with served(slack, tmp_path, ScriptedDesk(), log) as running:
        assert not [line for line in running.lines if "/metrics" in line]


def test_a_port_that_is_taken_is_one_sentence(slack, log: QueryLog, tmp_path: Path) -> None:
    taken = int(slack.url.rpartition(":")[2])
    with (
        pytest.raises(SettingsError, match="CODEDESK_METRICS_PORT"),
        served(slack, tmp_path, ScriptedDesk(), log, metrics_port=taken),
    ):
        pass


def test_a_desk_without_anything_is_measured(log: QueryLog, tmp_path: Path) -> None:
    """No code sets, no checkpoints, a codes.db that is none: what cannot be read is left out."""
    (tmp_path / "codes.db").write_bytes(b"no database" * 100)
    metrics = Metrics(Process(Settings(home=tmp_path), ScriptedDesk(), log))
    found = samples(metrics.text().decode())
    metrics.close()
    assert found["codedesk_ready"][()] == 0
    assert "codedesk_edition_info" not in found
    assert "codedesk_checkpoint_age_seconds" not in found


@pytest.mark.parametrize("line", ["", "{}", "[]", "null", '{"at": 1}', '{"at": "x"}', "torn {"])
def test_a_file_of_checkpoints_that_is_none(tmp_path: Path, line: str) -> None:
    (tmp_path / "c.jsonl").write_text(line)
    assert last_checkpoint(tmp_path / "c.jsonl") is None


def test_every_metric_is_in_the_manual(slack, log: QueryLog, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "OPERATIONS.md").read_text("utf-8")
    told = set(re.findall(r"`(codedesk_[a-z_]+)`", page))
    service = Process(Settings(home=tmp_path), ScriptedDesk(), log)
    metrics = Metrics(service)
    kinds = {"counter": "_total", "info": "_info"}
    there = {
        family.name + kinds.get(family.type, "")
        for family in metrics.registry.collect()
        if family.name.startswith("codedesk_")
    }
    metrics.close()
    assert there <= told, there - told


def test_http_mode_tells_a_load_balancer(slack, log: QueryLog, tmp_path: Path) -> None:
    desk = ScriptedDesk()
    with served(slack, tmp_path, desk, log, slack_mode="http") as running:
        base = running.url.removesuffix("/slack/events")
        # It listens a moment before it is ready.
        wait_until(lambda: fetched(f"{base}/ready")[0] == 200)
        answers: dict[str, Any] = {p: fetched(base + p)[0] for p in ("/live", "/ready", "/health")}
        assert answers == {"/live": 200, "/ready": 200, "/health": 200}
        wait_until(lambda: fetched(f"{base}/ready")[0] == 200)
