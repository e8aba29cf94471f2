"""The short run of the fuzzing: some cases for each target, the same each time. `make fuzz` goes on
for as long as one wants, with other cases.

What was found, and mended, is below, case by case.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from random import Random

import fuzz_slack
import fuzz_targets
import payment_files
import pytest
import x12_texts
from fuzz_mutation import changed, mutated
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.querylog import QueryLog, search
from bot.slack.payload_shape import is_well_formed
from bot.x12.plain import without_x12
from codesets.formats.fee_schedule import read_fee_schedule
from codesets.formats.mce import read_json
from codesets.model import CodesetError

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]

#: Of each target; of a reader of files, of which there are many; of an import, which takes long.
_CASES, _OF_READERS, _OF_IMPORTS = 25, 5, 3
_READERS = dict(fuzz_targets.reading())
#: Imports take longest, so some layouts stand for all: lines, a table, XML, JSON, a zip.
_IMPORTS = (
    "import icd10cm_order_2027.txt",
    "import CARC 2026.csv",
    "import icd10cm_index_2027.xml",
    "import mce_edits_v43_2026-07.json",
)
_TARGETS = {
    **fuzz_targets.TEXTS,
    **fuzz_slack.TARGETS,
    **_READERS,
    **{name: dict(fuzz_targets.importing())[name] for name in _IMPORTS},
}


def _cases(name: str) -> int:
    if name in _READERS:
        return _OF_READERS
    return _OF_IMPORTS if name in _IMPORTS else _CASES


@pytest.mark.parametrize("name", _TARGETS)
def test_a_changed_input_is_read_or_refused_in_a_sentence(name: str) -> None:
    target = _TARGETS[name]()

    @settings(
        max_examples=_cases(name),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(target.samples), st.integers(0, 2**32))
    def run(sample: bytes, seed: int) -> None:
        started = time.monotonic()
        target(mutated(sample, Random(seed)))
        # Far more than a case takes, on any machine: it is about patterns that never end.
        assert time.monotonic() - started < 60

    with target.held:
        run()


def test_changes_are_the_same_for_a_seed() -> None:
    sample = json.dumps({"a": [1, {"b": "c"}]}).encode()
    assert mutated(sample, Random(3)) == mutated(sample, Random(3))
    assert {mutated(sample, Random(seed)) for seed in range(50)} != {sample}
    assert changed({"a": 1}, Random(1)) is not None


# What was found


def test_many_small_transactions_are_read_as_fast_as_one() -> None:
    """Each took half a second and more: 900 characters kept a desk busy for a minute."""
    text = x12_texts.PROFESSIONAL
    small = "ST*837*0001*005010X222A1~SE*1*0001~"
    many = text[: text.index("ST*")] + small * 400 + text[text.index("GE*") :]
    assert without_x12(many) == "[X12 not read: no_claim]"
    from pyx12 import map_if

    from bot.x12.reading import _library

    assert _library()
    assert map_if.load_map_file.cache_info().hits > 0


@pytest.mark.parametrize("content", [{"age_categories": True}, {"age_categories": {}, "codes": []}])
def test_json_of_another_form_is_said(tmp_path: Path, content: dict[str, object]) -> None:
    path = tmp_path / "mce_edits_v43_2026-07.json"
    path.write_text(json.dumps(content))
    with pytest.raises(CodesetError, match="is not readable as lists of the Medicare Code Editor"):
        list(read_json(path))


def test_a_row_that_is_cut_short_has_no_indicators(tmp_path: Path) -> None:
    path = tmp_path / "PPRRVU2026_Jul_nonQPP.csv"
    heading = payment_files.FEES.partition("A0001")[0]
    path.write_text(heading + "A0001,,x,A,1,10,0,0,0,2,1\n")
    (row,) = read_fee_schedule(path)
    assert (row.bilateral, row.assistant, row.co_surgeons, row.team) == ("1", "", "", "")


def test_half_a_character_is_found_nowhere(tmp_path: Path) -> None:
    """A terminal gives what is no UTF-8 as halves of pairs, which no database takes."""
    log = QueryLog(tmp_path / "log.db")
    filters = search.Filters(text="knee \udcff", person="\ud800", channel="\ud800", code="\ud800")
    assert search.search(log, filters) == []
    log.close()


EVENT = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "message", "text": "gout"}}
MESSAGE = EVENT["event"]
assert isinstance(MESSAGE, dict)


@pytest.mark.parametrize(
    ("payload", "well"),
    [
        (EVENT, True),
        (EVENT | {"event": MESSAGE | {"edited": None, "new": 5, "files": [{"id": "F1"}]}}, True),
        (EVENT | {"event": {"type": "user_change", "user": {"id": "U1"}}}, True),
        (EVENT | {"event": MESSAGE | {"previous_message": "gout"}}, False),
        (EVENT | {"event": MESSAGE | {"message": {"edited": {"ts": 5}}}}, False),
        (EVENT | {"event": MESSAGE | {"user": "\ud800"}}, False),
        (EVENT | {"event": MESSAGE | {"team": 10**30}}, False),
        (EVENT | {"team_id": ["T1"]}, False),
        (EVENT | {"authorizations": [5]}, False),
        ({"command": "/code", "text": "gout", "is_enterprise_install": "false"}, True),
        ({"command": "/code", "user_id": ["U1"]}, False),
        ({"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "a"}]}, True),
        ({"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": 5}]}, False),
        ({"type": "view_submission", "view": {"state": {"values": {"a": "b"}}}}, False),
    ],
)
def test_what_listeners_rely_on_has_its_type(payload: dict[str, object], well: bool) -> None:
    assert is_well_formed(payload) is well
