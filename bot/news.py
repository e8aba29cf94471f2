"""What changed between editions: reading the question, and shaping the answer."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.answer import Change, Changes, CodeTitle
from bot.notes import some_of_each
from bot.words import say
from codesets import changes, months
from codesets.changes import Changed
from codesets.model import SYSTEM_NAMES, Code, CodesetError, Release
from codesets.store import CodeStore
from index.words import Lexicon, read

#: Changes listed in an answer; all are counted.
_MOST = 200

_CHANGED = r"(?:added|deleted|revised|changed|new|retired|discontinued)"
#: How a question asks for changes outright: "what changed in …", "what's new in …", "any new
#: obesity codes", "which codes were deleted". New onset and skin changes are diagnoses.
_ASKS = re.compile(
    r"\bwhat(?:'s|\s+is|\s+has|\s+have)?(?:\s+been)?\s+"
    r"(?:changed|new(?=\s+(?:in|for|this|since)\b|\W*$))"
    rf"|\b{_CHANGED}\s+(?!patients?\b|onset\b)(?:(?!of\b|for\b|in\b)[\w-]+\s+){{0,3}}?codes\b"
    rf"|\bcodes\s+(?:(?:have|has|been|were|was|are|got)\s+)*{_CHANGED}\b"
    r"|\bcodes?(?:\s+set)?\s+changes\b|\bchanges\s+to\s+(?:[\w-]+\s+){1,3}codes\b",
    re.I,
)
#: Words that ask for changes where an edition is named with them.
_ASKS_OF_AN_EDITION = re.compile(rf"\b(?:{_CHANGED}|changes|different|differences?)\b", re.I)
_QUARTERS = "|".join(months.NAMES[first - 1] for first in months.QUARTER_STARTS)
_EDITION = rf"FY\s?(?:20)?\d\d(?:-April)?|20\d\d-(?:{_QUARTERS})"
_MONTH = months.written(*months.QUARTER_STARTS)
_WHEN = re.compile(
    rf"\b(?:(?:this|last|in|since|on|of|from|for|the)\s+)*(?:(?P<month>{_MONTH})\b\.?\s*"
    r"(?:1(?:st)?,?\s*)?)?(?P<year>20\d\d)?(?:\s+(?:update|edition|release))?",
    re.I,
)
_SYSTEMS = {
    "icd10pcs": r"\b(?:icd-?10-?)?pcs\b",
    "hcpcs": r"\bhcpcs\b",
    "icd10cm": r"\bicd-?10(?:-?cm)?\b|\bdiagnos[ie]s\b",
}
_HOLLOW = frozenset(
    """a about added all and any are as been between by change changed changes code codes compared
    deleted did difference differences different discontinued do edition editions effective
    for from got has have in is it last latest list me new of on or quarter release retired
    revised show since tell than that the there this title titles to update updates version
    was we were what what's whats which with year""".split()
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question about what changed: in which system, between which editions, about what."""

    system: str
    editions: tuple[str, ...]
    month: int | None
    year: int | None
    about: str


def inquiry(question: str) -> Inquiry | None:
    """The question, if it asks what changed between editions; else None."""
    named = re.search(_EDITION, question, re.I)
    if not _ASKS.search(question) and not (named and _ASKS_OF_AN_EDITION.search(question)):
        return None
    rest = question
    system = next((s for s, name in _SYSTEMS.items() if re.search(name, rest, re.I)), "icd10cm")
    for name in _SYSTEMS.values():
        rest = re.sub(name, " ", rest, flags=re.I)
    labels = tuple(_label(text) for text in re.findall(_EDITION, rest, re.I))
    rest = re.sub(_EDITION, " ", rest, flags=re.I)
    month = year = None
    for match in _WHEN.finditer(rest):
        if match["month"] or match["year"]:
            month = month or (months.number(match["month"]) if match["month"] else None)
            year = year or (int(match["year"]) if match["year"] else None)
            rest = rest.replace(match[0], " ", 1)
    words = [w for w in re.findall(r"[\w'/-]+", rest) if w.lower() not in _HOLLOW]
    return Inquiry(system, labels, month, year, " ".join(words))


def _label(text: str) -> str:
    """An edition's label as a person types it, as it is stored: "fy27" is FY2027."""
    text = re.sub(r"\s+", "", text)
    if not text.upper().startswith("FY"):
        return text.title()
    year, _, month = text[2:].partition("-")
    return f"FY20{year[-2:]}" + (f"-{month.title()}" if month else "")


def answer(store: CodeStore, asked: Inquiry, today: dt.date) -> Changes:
    """Raises CodesetError, saying what is loaded, when the editions asked for are not."""
    before, after = _editions(store, asked, today)
    return told(store, before, after, asked.about)


def _editions(store: CodeStore, asked: Inquiry, today: dt.date) -> tuple[Release, Release]:
    loaded = store.releases(asked.system)
    name = SYSTEM_NAMES[asked.system]
    if len(loaded) < 2:
        raise CodesetError(
            say("news.one_edition", system=name, loaded=", ".join(r.label for r in loaded) or "-")
        )
    if len(asked.editions) > 1:
        one, other = asked.editions[:2]
        ((before, after),) = changes.editions(store, one, other, asked.system)
        return before, after
    after = _later(loaded, asked, today)
    earlier = [r for r in loaded if r.effective_from < after.effective_from]
    if not earlier:
        raise CodesetError(say("news.nothing_earlier", system=name, label=after.label))
    return earlier[-1], after


def _later(loaded: Sequence[Release], asked: Inquiry, today: dt.date) -> Release:
    """The edition whose changes are asked for: the one named, the one of that month, else the
    newest that is in force."""
    name = SYSTEM_NAMES[asked.system]
    labels = ", ".join(r.label for r in loaded)
    if asked.editions:
        wanted = asked.editions[0].lower()
        found = [r for r in loaded if r.label.lower() == wanted]
        missing = asked.editions[0]
    elif asked.month or asked.year:
        year = asked.year or today.year
        first_months = [asked.month] if asked.month else [10, 4, 7, 1]
        found = [
            r
            for month in first_months
            for r in loaded
            if (r.effective_from.month, r.effective_from.year) == (month, year)
        ]
        missing = f"{months.NAMES[first_months[0] - 1]} {year}"
    else:
        return next((r for r in reversed(loaded) if r.effective_from <= today), loaded[-1])
    if not found:
        raise CodesetError(say("news.not_loaded", system=name, edition=missing, loaded=labels))
    return found[0]


def told(
    store: CodeStore, before: Release, after: Release, about: str = "", most: int | None = _MOST
) -> Changes:
    """The changes between two editions in what `about` names, all of them when it is empty;
    `most` are listed, some of each kind, all when it is None."""
    found = changes.changes(store, before, after)
    if about:
        found = [change for change in found if _is_about(store, before, after, change, about)]
    counts = Counter(change.kind for change in found)
    listed = some_of_each(found, most)
    titles = store.titles(after) if any(c.kind == "deleted" for c in listed) else {}
    return Changes(
        system=after.system,
        before=before.label,
        after=after.label,
        about=about,
        counts={kind: counts[kind] for kind in changes.KINDS},
        listed=[_shown(store, change, after, titles) for change in listed],
    )


def _is_about(
    store: CodeStore, before: Release, after: Release, change: Changed, about: str
) -> bool:
    lexicon = Lexicon.shipped()
    wanted = read(" ".join(lexicon.spell_out(lexicon.typed(about)))).stems
    release = before if change.kind == "deleted" else after
    chain = [change.code, *store.ancestors(release, change.code)]
    titles = " ".join(
        [*(code.title for code in chain), change.before.title if change.before else ""]
    )
    return wanted <= read(titles).stems


def _shown(store: CodeStore, change: Changed, after: Release, titles: Mapping[str, str]) -> Change:
    replaced: list[Code] = []
    similar: list[Code] = []
    if change.kind == "deleted":
        replaced = changes.replacements(store, change.code, after)
        if not replaced and change.code.billable:
            similar = changes.similar(store, change.code, after, titles)
    return Change(
        kind=change.kind,
        code=change.code.code,
        title=change.code.title,
        before=change.before.title if change.kind == "retitled" and change.before else "",
        replaced_by=[CodeTitle(c.code, c.title) for c in replaced],
        similar=[CodeTitle(c.code, c.title) for c in similar],
    )
