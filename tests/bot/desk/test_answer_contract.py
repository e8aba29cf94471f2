"""docs/ANSWER.md is what `codedesk ask --json` and `codedesk check --json` print."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from click.testing import CliRunner
from paths import ROOT, SHARED

from bot.cli.main import main
from bot.desk import answer
from bot.desk.answer import HeadlineKind, Outcome, Status
from codesets.loading.importer import import_files
from codesets.lookups.edition_diff import ChangeKind
from codesets.model import Guideline, NamedSystem, NoteKind, System
from codesets.store.code_store import CodeStore

PAGE = (ROOT / "docs" / "ANSWER.md").read_text("utf-8")
#: Fields of the dataclasses that are not in the JSON.
NOT_IN_JSON = {("Answer", "releases")}
#: Strings whose values are listed in the code elsewhere than in their annotation.
VALUES: dict[tuple[str, str], Any] = {
    ("Candidate", "system"): System,
    ("ReportLine", "system"): System,
    ("Verdict", "system"): NamedSystem,
    ("Changes", "system"): System,
    ("Change", "kind"): ChangeKind,
    ("ShownNote", "kind"): NoteKind,
}
#: The same, where the code has no list of them.
LISTED_HERE_ONLY = {("Pair", "rule")}
SHAPES = {
    name: shape
    for name, shape in vars(answer).items()
    if dataclasses.is_dataclass(shape) and name != "Reason"
}

_SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
_EXAMPLES = re.findall(
    r"^### (.*?)\n(.*?)```console\n\$ codedesk (.*?)\n```\n\n```json\n(.*?)```", PAGE, re.M | re.S
)
_GUIDELINES = SHARED / "codesets" / "icd10cm" / "icd10cm_guidelines_fy2025_oct2024.pdf"
_HCPCS = SHARED / "codesets" / "hcpcs" / "HCPC2026_JAN_ANWEB_rebuilt.txt"
_PLACES = SHARED / "codesets" / "edits" / "pos_codes_2024.csv"


def fields_of(shape: str) -> dict[str, Any]:
    """Name of each field that is in the JSON -> its type."""
    return {
        name: hint
        for name, hint in get_type_hints(SHAPES[shape]).items()
        if name != "reasons" and (shape, name) not in NOT_IN_JSON
    }


def rows(shape: str) -> dict[str, str]:
    """Key -> its type as documented, without links."""
    found = re.findall(r"^\| `(\w+)` \| (.*?) \| .*? \| .*?\|$", _SECTIONS[shape], re.M)
    # The tables of outcomes and statuses have two columns.
    return {key: re.sub(r"\[(\w+)\]\(#\w+\)", r"\1", kind) for key, kind in found}


def in_words(shape: str, key: str, hint: Any) -> str:
    """A type as the page writes it."""
    hint = VALUES.get((shape, key), hint)
    if get_origin(hint) is Literal:
        return ", ".join(f"`{value}`" if value else '`""`' for value in get_args(hint))
    if get_origin(hint) is list:
        (item,) = get_args(hint)
        return f"array of {'strings' if item is str else item.__name__}"
    if get_origin(hint) is dict:
        return "object of integers"
    if get_origin(hint) is types.UnionType:
        kind, _ = get_args(hint)
        # Where there are no changes, the key is left out.
        if key == "changes":
            return kind.__name__
        return f"{kind.__name__ if dataclasses.is_dataclass(kind) else _NAMES[kind]} or null"
    return hint.__name__ if dataclasses.is_dataclass(hint) else _NAMES[hint]


_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean"}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_key_is_documented_and_no_other(shape: str) -> None:
    assert list(rows(shape)) == list(fields_of(shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_types_and_values_are_those_of_the_code(shape: str) -> None:
    documented = rows(shape)
    for key, hint in fields_of(shape).items():
        if (shape, key) not in LISTED_HERE_ONLY:
            assert documented[key] == in_words(shape, key, hint), key


@pytest.mark.parametrize(
    ("shape", "values"), [("Answer", Outcome), ("Verdict", Status), ("Headline", HeadlineKind)]
)
def test_each_outcome_status_and_kind_is_explained(shape: str, values: Any) -> None:
    explained = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", _SECTIONS[shape], re.M)
    assert explained == list(get_args(values))


@pytest.mark.parametrize("shape", [*SHAPES, "Reason"])
def test_docstrings_have_every_field_and_no_other(shape: str) -> None:
    described = re.findall(r"^\s+- `(\w+)`: ", getattr(answer, shape).__doc__, re.M)
    assert described == [field.name for field in dataclasses.fields(getattr(answer, shape))]


# Examples


def test_there_is_an_example_of_each_outcome() -> None:
    answers = [json.loads(shown) for *_, shown in _EXAMPLES]
    assert {one["outcome"] for one in answers} == set(get_args(Outcome))
    assert any(one["pairs"] for one in answers)
    verdicts = [verdict for one in answers for verdict in one["verdicts"]]
    assert {"billable", "not_covered", "not_loaded"} <= {v["status"] for v in verdicts}
    assert {v["kind"] for v in verdicts} == {"code", "modifier", "place_of_service"}


@pytest.mark.parametrize("shown", [e[3] for e in _EXAMPLES], ids=[e[0] for e in _EXAMPLES])
def test_an_example_has_the_keys_and_types_of_the_contract(shown: str) -> None:
    check(json.loads(shown), "Answer")


def check(shown: dict[str, Any], shape: str) -> None:
    """Fails unless an object has the documented keys, in order, with values of their types."""
    keys = list(rows(shape))
    if shape == "Answer" and shown["outcome"] != "changes":
        keys.remove("changes")
    assert list(shown) == keys
    for key, value in shown.items():
        check_value(value, rows(shape)[key], f"{shape}.{key}")


def check_value(value: Any, kind: str, where: str) -> None:
    of_kind = {"string": str, "strings": str, "integer": int, "boolean": bool}
    if kind.startswith("`"):
        assert (f"`{value}`" if value else '`""`') in kind.split(", "), where
    elif kind.startswith("array of "):
        for item in value:
            check_value(item, kind.removeprefix("array of "), where)
    elif kind == "object of integers":
        assert all(type(count) is int for count in value.values()), where
    elif kind.endswith(" or null"):
        if value is not None:
            check_value(value, kind.removesuffix(" or null"), where)
    elif kind == "number":
        assert type(value) in (int, float), where
    elif kind in of_kind:
        assert type(value) is of_kind[kind], where
    else:
        check(value, kind)


def cut(shown: Any, real: Any, key: str = "") -> Iterator[str]:
    """The keys of the lists that an example shows the beginning of; fails on any other difference
    from what the desk answers. Times and ids differ, and scores may when the index does."""
    if isinstance(real, dict):
        assert list(shown) == list(real)
        for name, value in real.items():
            yield from cut(shown[name], value, name)
    elif isinstance(real, list):
        assert bool(shown) == bool(real), key
        if len(shown) < len(real):
            yield key
        for one, other in zip(shown, real, strict=False):
            yield from cut(one, other, key)
    elif key not in ("elapsed_ms", "score", "id"):
        assert shown == real, key


@pytest.fixture
def imported(home: Path) -> Path:
    """The home with the files that the page says were imported for its example."""
    if not (_HCPCS.exists() and _PLACES.exists()):
        pytest.skip("needs official files")
    shared = CodeStore(home / "codes.db")
    own = CodeStore(home / "own.db")
    shared._db.conn.backup(own._db.conn)
    shared.close()
    import_files(own, [_HCPCS, _PLACES])
    own.close()
    (home / "codes.db").unlink()
    (home / "own.db").rename(home / "codes.db")
    return home


#: Examples that need an index of what was imported for them: test_doses.py asks the one with units.
_NEED_MORE = ("guideline", "answered, with units")


@pytest.mark.index
@pytest.mark.parametrize(
    ("name", "above", "command", "shown"),
    [pytest.param(*e, id=e[0]) for e in _EXAMPLES if e[0] not in _NEED_MORE],
)
def test_the_examples_are_real(
    request: pytest.FixtureRequest, name: str, above: str, command: str, shown: str
) -> None:
    request.getfixturevalue("imported" if "place of service" in name else "home")
    result = CliRunner().invoke(main, shlex.split(command))
    example = json.loads(shown)
    if command.startswith("check "):
        succeeded = all(verdict["status"] == "billable" for verdict in example["verdicts"])
    else:
        succeeded = example["outcome"] != "abstained"
    assert result.exit_code == (0 if succeeded else 1)
    was_cut = set(cut(example, json.loads(result.stdout)))
    assert set(re.findall(r"`(\w+)`", "".join(re.findall("^….*$", above, re.M)))) == was_cut


@pytest.mark.skipif(not _GUIDELINES.exists(), reason="needs an official file")
@pytest.mark.slow
def test_the_guidelines_of_the_example_are_real(tmp_path: Path) -> None:
    """Finding them takes an index of them, so they are only read here."""
    (example,) = [json.loads(shown) for name, *_, shown in _EXAMPLES if name == "guideline"]
    store = CodeStore(tmp_path / "codes.db")
    import_files(store, [_GUIDELINES])
    (reference,) = store.references.all("guidelines")
    sections = {row.section: row for row in store.references.rows(Guideline, reference)}
    store.close()
    of_candidates = [section for one in example["candidates"] for section in one["guidelines"]]
    assert example["guidelines"]
    for quoted in (*example["guidelines"], *of_candidates):
        published = dataclasses.asdict(sections[quoted["section"]])
        assert {k: v for k, v in quoted.items() if k != "score"}.items() <= {
            k: v for k, v in published.items() if k != "codes"
        }.items()
