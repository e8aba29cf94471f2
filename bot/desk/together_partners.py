"""What is missing beside a code: the partner that its notes or the guidelines ask for, where the
words of the question say which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.desk import together_rows as table
from bot.desk.answer import reason
from bot.desk.together_model import Ground
from bot.desk.together_titles import conditions_in
from bot.desk.together_words import (
    affirmed,
    drug_of,
    matching,
    named_partners,
    spelled_out,
    telling,
)
from codesets.lookups.inherited_notes import notes_of
from codesets.model import Code, CodeRange, Note
from index.statement.books import Books
from index.text.tokens import read

#: Finds billable codes for words, best first.
Search = Callable[[str], Sequence[Code]]


#: Notes that ask for another code -> whether it comes before.
_ASKING = {"code_first": True, "use_additional_code": False, "code_also": False}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule asks for beside a code.

    - `ranges`: the codes that it names; () where it names none, and any code may be meant.
    - `before`: whether these come first.
    - `note`, `section`: the note, or the section of the guidelines, that asks for it.
    - `adverse`: whether it asks for the adverse effect of a drug.
    - `conditional`: whether it says "if known".
    - `said_only`: whether only words of clinics tell which code is meant.
    """

    ranges: tuple[CodeRange, ...]
    before: bool
    note: Note | None
    section: str = ""
    adverse: bool = False
    conditional: bool = False
    said_only: bool = False


@dataclass(frozen=True, slots=True)
class Partner:
    """A code that is missing beside another, and the rule that asks for it."""

    code: Code
    of: Code
    before: bool
    ground: Ground


def wanted(books: Books, code: Code) -> list[Wanted]:
    """What the notes that govern a code ask for, nearest first, and then the guidelines."""
    groups: dict[tuple[str, str, int], list[Note]] = {}
    for note in notes_of(books.store, books.release, code):
        if note.kind in _ASKING:
            groups.setdefault((note.kind, note.owner, note.group), []).append(note)
    found: list[Wanted] = []
    for (kind, _, _), notes in groups.items():
        named = [(note, range_) for note in notes for range_ in note.codes]
        for note, range_ in named:
            adverse = "character 5" in note.text or "adverse effect" in note.text
            found.append(Wanted((range_,), _ASKING[kind], note, adverse=adverse))
        if not named or any("such as" in note.text for note in notes):
            conditional = bool(re.search(r"\bif (?:known|applicable)\b", notes[0].text))
            ranges = _included(books, code)
            found.append(Wanted(ranges, _ASKING[kind], notes[0], conditional=conditional))
    for row in table.rows("partner"):
        if row.codes("of").has(code.code):
            found += [
                Wanted(
                    (range_,),
                    bool(row.fields.get("before")),
                    None,
                    row.section,
                    said_only=bool(row.fields.get("said_only")),
                )
                for range_ in row.codes("codes").ranges
            ]
    return found


def _included(books: Books, code: Code) -> tuple[CodeRange, ...]:
    """The conditions that a code of pregnancy says it includes: those are meant by "the specific
    condition"."""
    return conditions_in(books, code) if code.code[0] == "O" else ()


def partners(
    books: Books, given: Sequence[Code], words: str, search: Search | None
) -> list[Partner]:
    """The codes that are missing beside the given ones, by the words that are said; at most
    three."""
    said = affirmed(words)
    if not said.strip():
        return []
    wants = [(code, want) for code in given for want in wanted(books, code)]
    open_ = [(code, want) for code, want in wants if not met(want, given)]
    found: dict[str, Partner] = {}
    spans: list[str] = []
    for words_said, code in named_partners(books, said, given):
        for of, want in open_:
            if asks_for(want, code) and code.code not in {one.code for one in given}:
                if not any(words_said in span for span in spans):
                    found.setdefault(code.code, _partner(code, of, want))
                    spans.append(words_said)
                break
    if found:
        return _apart(found.values())
    facts = [fact for fact in said.split(", ") if fact]
    for fact in dict.fromkeys([said] if len(facts) < 2 else [*facts, said]):
        if fact == said and found:
            break
        one = _matched(books, given, fact, open_)
        if one is not None:
            found.setdefault(one.code.code, one)
    general = any(not want.ranges and not want.conditional for _, want in open_)
    if not found or general:
        searched = _searched(books, given, said, open_, search)
        if searched and _fits_better(searched, found.values(), said, given):
            found = {searched.code.code: searched}
    return _apart(found.values())


def _apart(found: Iterable[Partner]) -> list[Partner]:
    """One partner of each category, the first that was found; of drugs and signs, each."""
    by_category: dict[str, Partner] = {}
    for one in found:
        code = one.code.code
        by_category.setdefault(code if code.startswith(("R", "Z79")) else code[:3], one)
    return list(by_category.values())[:3]


def _fits_better(
    searched: Partner, found: Iterable[Partner], said: str, given: Sequence[Code]
) -> bool:
    """Whether the title of a code that was searched says more than those that were found."""
    stems = telling(spelled_out(said), given)
    own = len(read(searched.code.title).affirmed & stems)
    return own > 0 and own > max(
        (len(read(o.code.title).affirmed & stems) for o in found), default=0
    )


def _matched(
    books: Books, given: Sequence[Code], fact: str, open_: Sequence[tuple[Code, Wanted]]
) -> Partner | None:
    """The code of the ranges that are asked for that fits a fact best; None where none does."""
    spelled = spelled_out(fact)
    stems = telling(spelled, given)
    names = {code.code for code in given}
    best: tuple[float, Code, Code, Wanted] | None = None
    for of, want in open_ if stems else ():
        if want.adverse and (drug := drug_of(books, fact)):
            return _partner(drug, of, want)
        if want.said_only:
            continue
        for code, points in matching(books, want.ranges, spelled, stems):
            if code.code in names or not asks_for(want, code):
                continue
            if best is None or points > best[0]:
                best = points, code, of, want
    return _partner(best[1], best[2], best[3]) if best else None


def asks_for(want: Wanted, code: Code) -> bool:
    """Whether a code is asked for. A note that asks for an adverse effect asks for no poisoning."""
    if want.adverse and "T36" <= code.code[:3] <= "T50" and code.stem[-1] != "5":
        return False
    return any(named.contains(code.code) for named in want.ranges)


def met(want: Wanted, given: Sequence[Code]) -> bool:
    return any(named.contains(code.code) for named in want.ranges for code in given)


def _partner(code: Code, of: Code, want: Wanted) -> Partner:
    key = "missing_before" if want.before else "missing"
    why = reason(f"together.{key}", code=code.code, title=code.title, of=of.code)
    if want.note is None:
        return Partner(code, of, want.before, Ground("guideline", want.section, why))
    note = want.note
    ground = Ground(note.kind, note.owner, why, note.text, note.release)
    return Partner(code, of, want.before, ground)


def _searched(
    books: Books,
    given: Sequence[Code],
    said: str,
    open_: Sequence[tuple[Code, Wanted]],
    search: Search | None,
) -> Partner | None:
    """The best code for the words, where a note asks for a code and names none, or names so many
    that only a search finds it."""
    if search is None:
        return None
    anything = [(of, want) for of, want in open_ if not want.ranges]
    for code in search(said):
        if any(code.code == one.code for one in given):
            continue
        for of, want in open_:
            if want.ranges and not want.said_only and asks_for(want, code):
                return _partner(code, of, want)
        for of, want in anything:
            if code.code[:3] != of.code[:3] and code.code[0] not in "VWXY":
                return _partner(code, of, want)
    return None
