"""The order of the diagnoses that a question names, and which of them may be first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.desk import together_rows as table
from bot.desk.note_checks import MANIFESTATION
from bot.desk.reasons import reason
from bot.desk.together_model import Ground
from codesets.model import Code, Note
from index.statement.books import Books
from index.statement.rules import sequencing
from index.statement.rules.sequencing import CONDITION
from index.text.tokens import fold, read

#: In an instruction that depends on the patient's record.
CONDITIONAL = re.compile(
    r"\bif (?:applicable|known|present|any)\b|, if\b|\bany\b|when applicable", re.I
)


class Order:
    """The order of some codes, by the words that are said with them."""

    def __init__(self, books: Books, codes: Sequence[Code], said: str) -> None:
        self._books = books
        self._said = fold(said)
        self._notes = {code.code: books.notes(code) for code in codes}

    def before(self, one: Code, other: Code) -> Ground | None:
        """The rule by which one code stands before another; None where none does."""
        if row := self._row(one, other):
            return self._guideline("before", row.section, one, other)
        if self._row(other, one):
            return None
        if "poisoning" not in (_poisoning(one), _poisoning(other)):
            for edge in sequencing.edges([one, other], self._notes_of(one, other)):
                if edge.first == 0:
                    note = edge.note
                    why = reason("pairs.order", first=one.code, second=other.code)
                    return Ground(note.kind, note.owner, why, note.text, note.release)
                return None
        if ground := self._unnamed(one, other):
            return ground
        ground = self._after_cause(other)
        if ground and not self._after_cause(one) and sequencing.place(one.code) <= CONDITION:
            return ground
        mine, theirs = _rank(one), _rank(other)
        if mine < theirs:
            rule = sequencing.rule_for(one.code) if mine < (False, CONDITION) else None
            rule = rule or sequencing.rule_for(other.code) or sequencing.rule_for(one.code)
            section = rule.section if rule else _never_first_section(other.code)
            return self._guideline("before", section, one, other)
        return None

    def _row(self, one: Code, other: Code) -> table.Row | None:
        """The row of the guidelines that puts one code before another. A row whose words are said
        outweighs one the other way that asks for no words."""
        rows = [row for row in table.rows("before") if self._said_of(row)]
        found = [row for row in rows if row.holds(one.code, other.code, ("first", "then"))]
        against = [row for row in rows if row.holds(other.code, one.code, ("first", "then"))]
        if not found or any(row.text("when") for row in against):
            return None
        return found[0] if not against or any(row.text("when") for row in found) else None

    def _said_of(self, row: table.Row) -> bool:
        words = row.text("when")
        return not words or table.when(words).search(self._said) is not None

    def _unnamed(self, one: Code, other: Code) -> Ground | None:
        """A note that asks for a code and names none: "use additional code to identify
        complication" puts other conditions after a code, "code first any associated cause" those of
        its chapter before it."""
        if sequencing.place(one.code) > CONDITION or sequencing.place(other.code) > CONDITION:
            return None
        why = reason("pairs.order", first=one.code, second=other.code)
        for code, kind in ((one, "use_additional_code"), (other, "code_first")):
            for note in self._open_notes(code, kind):
                if kind == "code_first" and one.code[0] != other.code[0]:
                    continue
                if kind == "use_additional_code" and one.code[:3] == other.code[:3]:
                    continue
                return Ground(note.kind, note.owner, why, note.text, note.release)
        return None

    def _open_notes(self, code: Code, kind: str) -> list[Note]:
        """The notes of a code of a kind in which no line names a code."""
        groups: dict[int, list[Note]] = {}
        for note in self._notes_of(code)[code.code]:
            if note.kind == kind and note.owner_kind == "code":
                groups.setdefault(note.group, []).append(note)
        return [notes[0] for notes in groups.values() if not any(n.codes for n in notes)]

    def _guideline(self, key: str, section: str, one: Code, other: Code) -> Ground:
        if key == "before":
            why = reason("pairs.order", first=one.code, second=other.code)
        else:
            why = reason(f"together.{key}", code=one.code, other=other.code)
        return Ground("guideline", section, why)

    def _notes_of(self, *codes: Code) -> dict[str, list[Note]]:
        return {code.code: self._notes.get(code.code) or self._books.notes(code) for code in codes}

    def ordered(self, codes: Sequence[Code]) -> list[Code]:
        """The codes in the order in which they are reported: of two that no rule orders, the one
        that was named first stands first."""
        left = list({code.code: code for code in codes}.values())
        order: list[Code] = []
        while left:
            free = [
                code
                for code in left
                if not any(self.before(other, code) for other in left if other is not code)
            ]
            order.append((free or left)[0])
            left.remove(order[-1])
        return order

    def never_first(self, code: Code) -> Ground | None:
        """The rule by which a code is never first; None where it may be."""
        why = reason("together.never_first", code=code.code)
        rule = sequencing.rule_for(code.code)
        for note in self._notes_of(code)[code.code]:
            if (
                note.kind == "note"
                and "additional code" in note.text
                and note.owner_kind != "chapter"
            ):
                return Ground("note", note.owner, why, note.text, note.release)
        if section := _never_first_section(code.code):
            return Ground("guideline", section, why)
        if rule is not None and rule.never_first:
            return Ground("guideline", rule.section, why)
        if code.code[0] in "ST" and len(code.code) == 8 and code.code.endswith("S"):
            return Ground("guideline", "I.B.10", why)
        return self._after_cause(code)

    def _after_cause(self, code: Code) -> Ground | None:
        """The title or the note that puts the cause of a condition before it, whatever the record
        says; None where none does."""
        why = reason("together.never_first", code=code.code)
        chain = [code, *self._books.store.ancestors(self._books.release, code)]
        for header in chain:
            if MANIFESTATION.search(header.title):
                found = reason("pairs.manifestation", one=code.code)
                return Ground("manifestation", header.code, found, header.title, header.release)
        lines: dict[int, list[Note]] = {}
        for note in self._notes_of(code)[code.code]:
            if note.kind == "code_first" and note.owner_kind == "code":
                lines.setdefault(note.group, []).append(note)
        own = read(code.title).affirmed
        for notes in lines.values():
            text = "; ".join(note.text for note in notes)
            # "Heart failure due to hypertension": some of these have such a cause, and not all.
            parts = [re.split(r" due to | following | complicating ", note.text) for note in notes]
            named = [read(part[0]).stems for part in parts if len(part) > 1]
            if not CONDITIONAL.search(text) and not any(len(own & stems) > 1 for stems in named):
                return Ground("code_first", notes[0].owner, why, text, notes[0].release)
        return None


def _rank(code: Code) -> tuple[bool, int]:
    rule = sequencing.rule_for(code.code)
    place = rule.place if rule else CONDITION
    if _poisoning(code) is not None:
        place = {"poisoning": 26, "adverse": 62, "underdosing": 63}[_poisoning(code) or "poisoning"]
    never = rule.never_first if rule else False
    if code.code[0] in "ST" and len(code.code) == 8 and code.code.endswith("S"):
        place = max(place, 58)
    return never or _never_first_section(code.code) != "", place


def _poisoning(code: Code) -> str | None:
    """What a code of T36 to T50 says: poisoning, adverse (effect) or underdosing."""
    if not "T36" <= code.code[:3] <= "T50":
        return None
    return {"5": "adverse", "6": "underdosing"}.get(code.stem[-1], "poisoning")


def _never_first_section(code: str) -> str:
    if is_first_only(code):
        return ""
    row = table.first("never_first", lambda row: row.codes("codes").has(code))
    return row.section if row else ""


def is_first_only(code: str) -> bool:
    """Whether a code may only be first (Guidelines I.C.21.c.15), without the exceptions."""
    rule = sequencing.rule_for(code)
    excepted = code.startswith(("Z00.6", "Z52.9"))
    return rule is not None and rule.name == "first_only" and not excepted
