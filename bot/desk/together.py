"""Answers what is asked of codes together, in one line: may they go together, which stands first,
is one enough, is one needed, how many units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from bot.desk import together_rows as table
from bot.desk.answer import Headline, Pair, reason
from bot.desk.guidelines import GuidelineLookup
from bot.desk.ncci_checks import NcciChecks
from bot.desk.note_checks import NoteChecks, Reported
from bot.desk.question import Question
from bot.desk.together_asked import Asked, read_asked
from bot.desk.together_conflicts import Conflict, Ground, conflict
from bot.desk.together_partners import Partner, Search, partners, wanted
from codesets.model import Code, CodeRange, Note
from codesets.store.code_store import CodeStore
from index.statement import sequencing
from index.statement.books import Books
from index.text.tokens import fold, read

#: In an instruction that depends on the patient's record.
_CONDITIONAL = re.compile(
    r"\bif (?:applicable|known|present|any)\b|, if\b|\bany\b|when applicable", re.I
)
_MANIFESTATION = re.compile(r"\bin\b.*\bclassified elsewhere\b", re.I)
_MOST_QUOTED = 300


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer in one line, and the rules that it rests on, quoted."""

    headline: Headline
    pairs: tuple[Pair, ...] = ()


class Together:
    """Decides for one date of service."""

    def __init__(
        self,
        store: CodeStore,
        guidelines: GuidelineLookup,
        books: Books | None,
        search: Search | None = None,
    ) -> None:
        """`books`: those of ICD-10-CM; None where it is not loaded. `search`: finds codes for the
        words of a case; None where there is no index."""
        self._store = store
        self._guidelines = guidelines
        self._books = books
        self._search = search

    def decide(self, question: Question) -> Decided | None:
        """What the question asks of its codes, decided; None where it asks only for verdicts."""
        mentions = [
            mention for mention in question.mentions if mention.kind == "code" and not mention.also
        ]
        asked = read_asked(question.text, [m.slip or m.typed for m in mentions])
        if asked.ask == "verdict" or not mentions:
            return None
        billed = [m.code for m in mentions if m.system in ("hcpcs", "cpt")]
        if asked.ask == "units":
            return self._units(question, asked, billed)
        if len(billed) > 1 or (billed and len(billed) == len(mentions)):
            return self._billed(question, asked, billed)
        books = self._books
        if books is None or any(mention.system != "icd10cm" for mention in mentions):
            return None
        codes = [self._store.get(books.release, mention.code) for mention in mentions]
        diagnoses = [Reported(books.release, code) for code in codes if code is not None]
        if len(diagnoses) < len(codes):
            return None
        return _Diagnoses(self, books, diagnoses, asked, question.day).decide()

    # Procedures, supplies and drugs

    def _units(self, question: Question, asked: Asked, billed: Sequence[str]) -> Decided | None:
        """Whether NCCI lets so many units of one code."""
        pairs = [
            pair
            for pair in NcciChecks(self._store, question.day, question.setting).check(billed)
            if pair.rule == "mue"
        ]
        if not pairs or asked.units is None:
            return None
        # Where no setting is said, the one that lets most: equipment has no units of practitioners.
        usual = max(pairs, key=lambda pair: int(pair.reasons[0].params["units"]))
        most = int(usual.reasons[0].params["units"])
        key = "units_ok" if asked.units <= most else "units_too_many"
        why = reason(f"together.{key}", code=usual.codes[0], units=asked.units, most=most)
        kind = "yes" if asked.units <= most else "no"
        return Decided(Headline(kind, list(usual.codes), reasons=[why]), (usual,))

    def _billed(self, question: Question, asked: Asked, billed: Sequence[str]) -> Decided | None:
        """Whether NCCI pays the codes on one day."""
        if len(billed) < 2 or asked.ask == "order":
            return None
        checks = NcciChecks(self._store, question.day, question.setting)
        if asked.ask == "none":
            return None
        pairs = [pair for pair in checks.check(billed) if pair.rule == "ncci_ptp"]
        active = [pair for pair in pairs if pair.reasons[0].key == "pairs.ptp"]
        if active:
            one, other = active[0].codes
            never = any(pair.severity == "conflict" for pair in active)
            key = "ptp_never" if never else "ptp_modifier"
            why = reason(f"together.{key}", one=one, other=other)
            return Decided(Headline("no", [one], reasons=[why]), tuple(active))
        why = reason("together.ptp_none", codes=_listed(billed))
        return Decided(Headline("yes", list(billed), reasons=[why]), tuple(pairs))

    def pair(self, codes: Sequence[str], ground: Ground, severity: str, day: object) -> Pair:
        """A ground as a pair, with the section of the guidelines quoted."""
        quote, release, place = ground.quote, ground.release, ground.place
        if ground.rule == "guideline" and self._books is not None:
            section = self._guidelines.section(place, "icd10cm", self._books.day)
            if section is None and "." in place:
                section = self._guidelines.section(
                    place.rsplit(".", 1)[0], "icd10cm", self._books.day
                )
            if section is not None:
                quote = _telling_sentence(section.text, codes, self._books) or section.title
                release, place = section.release, section.section
        return Pair(
            codes=list(codes),
            rule=ground.rule,
            quote=quote,
            inherited_from=place,
            release=release,
            severity=severity,  # type: ignore[arg-type]
            reasons=[ground.why],
        )


class _Diagnoses:
    """Decides what is asked of diagnoses."""

    def __init__(
        self,
        together: Together,
        books: Books,
        reported: Sequence[Reported],
        asked: Asked,
        day: object,
    ) -> None:
        self._together = together
        self._books = books
        self._reported = list(reported)
        self._codes = [r.code for r in reported]
        self._asked = asked
        self._day = day
        self._notes = {code.code: books.notes(code) for code in self._codes}

    def decide(self) -> Decided | None:
        asked = self._asked.ask
        several = len({code.code for code in self._codes}) > 1
        if not several:
            if asked == "place":
                return self._place()
            if asked == "enough":
                return self._enough()
            return self._needed() if asked == "needed" else None
        if asked == "order":
            return self._order()
        if asked == "place":
            return self._place()
        if asked == "needed":
            return self._needed()
        if asked == "enough":
            return self._enough()
        if asked == "choice":
            return self._choice()
        found = self._conflict()
        if found is not None:
            return self._no(found)
        return self._yes("together") if asked == "together" else None

    # Together

    def _conflict(self) -> Conflict | None:
        for one, other in combinations(self._codes, 2):
            if one.code != other.code and (found := conflict(self._books, one, other)):
                return found
        for pair in NoteChecks(self._books.store).check(self._reported):
            if pair.rule == "laterality":
                return self._of_sides(pair)
        return None

    def _of_sides(self, pair: Pair) -> Conflict:
        why = pair.reasons[0]
        one, other = (code for name in pair.codes for code in self._codes if code.code == name)
        if both := why.params.get("both"):
            instead: tuple[str, ...] = (str(both),)
        else:
            instead = (self._sided(one, other),)
        ground = Ground("guideline", "I.B.13", why)
        return Conflict(one, other, instead, ground)

    def _sided(self, one: Code, other: Code) -> str:
        """Of two codes of which one says both sides, or leaves the side open, the other or the
        first."""
        if "unspecified" in one.title.lower():
            return other.code
        if "unspecified" in other.title.lower() or "bilateral" in one.title.lower():
            return one.code
        return other.code

    def _no(self, found: Conflict) -> Decided:
        pair = (found.one.code, found.other.code)
        # Codes that are given beside them stay.
        instead = list(found.instead)
        if instead:
            key = "no_instead" if set(instead) - set(pair) else "no_alone"
            why = reason(f"together.{key}", one=pair[0], other=pair[1], codes=_listed(instead))
        else:
            key = "no_excludes1" if found.ground.rule == "excludes1" else "no"
            why = reason(f"together.{key}", one=pair[0], other=pair[1])
        headline = Headline("no", instead or list(pair), reasons=[why])
        return Decided(headline, (self._pair(pair, found.ground, "conflict"),))

    def _yes(self, key: str, *grounds: Ground) -> Decided:
        names = [code.code for code in self._ordered()]
        why = reason(f"together.yes_{key}", codes=_listed(names))
        pairs = [self._pair(names, ground, "obligation") for ground in grounds]
        if not pairs:
            pairs = [
                replace(pair, reasons=list(pair.reasons))
                for pair in NoteChecks(self._books.store).check(self._reported)
                if pair.rule == "excludes2" and len(pair.codes) > 1
            ]
        return Decided(Headline("yes", names, reasons=[why]), tuple(pairs))

    def _pair(self, codes: Sequence[str], ground: Ground, severity: str) -> Pair:
        return self._together.pair(codes, ground, severity, self._day)

    # Order

    def _before(self, one: Code, other: Code) -> Ground | None:
        """The rule by which one code stands before another; None where none does."""
        said = fold(self._asked.rest)
        for row in table.rows("before"):
            if not row.holds(one.code, other.code, ("first", "then")):
                continue
            if row.text("when") and not table.when(row.text("when")).search(said):
                continue
            if any(
                back.holds(other.code, one.code, ("first", "then"))
                and back.text("when")
                and table.when(back.text("when")).search(said)
                for back in table.rows("before")
            ):
                continue
            return self._guideline("before", row.section, one, other)
        if "poisoning" not in (_poisoning(one), _poisoning(other)):
            for edge in sequencing.edges([one, other], self._notes_of(one, other)):
                if edge.first == 0:
                    note = edge.note
                    why = reason("pairs.order", first=one.code, second=other.code)
                    return Ground(note.kind, note.owner, why, note.text, note.release)
                return None
        if (ground := self._after_cause(other)) and not self._after_cause(one):
            if sequencing.place(one.code) <= 50:
                return ground
        mine, theirs = _rank(one), _rank(other)
        if mine < theirs:
            rule = sequencing.rule_for(one.code) if mine < (False, 50) else None
            rule = rule or sequencing.rule_for(other.code) or sequencing.rule_for(one.code)
            section = rule.section if rule else _never_first_section(other.code)
            return self._guideline("before", section, one, other)
        return None

    def _guideline(self, key: str, section: str, one: Code, other: Code) -> Ground:
        if key == "before":
            why = reason("pairs.order", first=one.code, second=other.code)
        else:
            why = reason(f"together.{key}", code=one.code, other=other.code)
        return Ground("guideline", section, why)

    def _notes_of(self, *codes: Code) -> dict[str, list[Note]]:
        return {code.code: self._notes.get(code.code) or self._books.notes(code) for code in codes}

    def _ordered(self) -> list[Code]:
        """The codes in the order in which they are reported: of two that no rule orders, the one
        that was named first stands first."""
        left = list({code.code: code for code in self._codes}.values())
        order: list[Code] = []
        while left:
            free = [
                code
                for code in left
                if not any(self._before(other, code) for other in left if other is not code)
            ]
            order.append((free or left)[0])
            left.remove(order[-1])
        return order

    def _order(self) -> Decided:
        found = self._presumed()
        if found is not None:
            return self._no(found)
        order = self._ordered()
        names = [code.code for code in order]
        grounds = [
            (one, other, ground)
            for one, other in combinations(order, 2)
            if (ground := self._before(one, other))
        ]
        pairs = tuple(
            self._pair((one.code, other.code), ground, "obligation")
            for one, other, ground in grounds[:3]
        )
        decided = any(one is order[0] for one, _, _ in grounds)
        key = "order" if decided or not order else "order_either"
        why = reason(f"together.{key}", first=names[0], codes=", ".join(names))
        return Decided(Headline("order", names, reasons=[why]), pairs)

    def _presumed(self) -> Conflict | None:
        """A conflict that leaves no order to ask for: another code says both."""
        found = self._conflict()
        if found is None or found.ground.rule not in ("excludes1", "guideline"):
            return None
        return found if set(found.instead) - {found.one.code, found.other.code} else None

    def _place(self) -> Decided:
        """Whether a code may stand where it is put."""
        at = self._asked.about[0] if self._asked.about else 0
        code = self._codes[min(at, len(self._codes) - 1)]
        others = [other for other in self._codes if other.code != code.code]
        only = sequencing.rule_for(code.code)
        first_only = only is not None and only.name == "first_only" and _is_first_only(code.code)
        if self._asked.later:
            return self._place_later(code, others, first_only=first_only)
        ground = None if others and first_only else self._never_first(code)
        if ground is not None:
            order = [other.code for other in self._ordered() if other.code != code.code]
            why = reason("together.not_first", code=code.code)
            codes = [*order, code.code] if order else [code.code]
            pairs = (self._pair([code.code], ground, "conflict"),)
            return Decided(Headline("no", codes, reasons=[why]), pairs)
        if others and (found := self._presumed()):
            return self._no(found)
        order = self._ordered()
        if others and order[0].code != code.code:
            ground = self._before(order[0], code)
            names = [one.code for one in order]
            why = reason("together.other_first", code=code.code, codes=", ".join(names))
            pairs = (self._pair((names[0], code.code), ground, "conflict"),) if ground else ()
            return Decided(Headline("no", names, reasons=[why]), pairs)
        names = [one.code for one in order]
        why = reason("together.may_be_first", code=code.code)
        pairs = tuple(
            self._pair((code.code, other.code), found, "obligation")
            for other in others
            if (found := self._before(code, other))
        )
        if first_only and only is not None and not pairs:
            ground = Ground(
                "guideline", "I.C.21.c.15", reason("together.first_only", code=code.code)
            )
            pairs = (self._pair([code.code], ground, "obligation"),)
        return Decided(Headline("yes", names, reasons=[why]), pairs)

    def _place_later(self, code: Code, others: Sequence[Code], *, first_only: bool) -> Decided:
        if first_only:
            ground = Ground(
                "guideline", "I.C.21.c.15", reason("together.first_only", code=code.code)
            )
            why = reason("together.only_first", code=code.code)
            pairs = (self._pair([code.code], ground, "conflict"),)
            codes = [code.code, *(other.code for other in others)]
            return Decided(Headline("no", codes, reasons=[why]), pairs)
        if others and (found := self._presumed()):
            return self._no(found)
        order = self._ordered()
        names = [one.code for one in order]
        if others and order[0].code == code.code and self._before(code, others[0]):
            why = reason("together.other_first", code=others[0].code, codes=", ".join(names))
            ground = self._before(code, others[0])
            pairs = (self._pair(names[:2], ground, "conflict"),) if ground else ()
            return Decided(Headline("no", names, reasons=[why]), pairs)
        why = reason("together.may_be_later", code=code.code)
        return Decided(Headline("yes", names, reasons=[why]))

    def _never_first(self, code: Code) -> Ground | None:
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
            if _MANIFESTATION.search(header.title):
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
            if not _CONDITIONAL.search(text) and not any(len(own & stems) > 1 for stems in named):
                return Ground("code_first", notes[0].owner, why, text, notes[0].release)
        return None

    # Enough and needed

    def _enough(self) -> Decided | None:
        missing = partners(self._books, self._codes, self._asked.rest, self._search_for())
        for found in missing:
            if better := self._combined(found.code):
                return self._no(better)
        if missing:
            return self._needs_more(missing)
        if len(self._codes) > 1 and (clash := self._conflict()):
            return self._no(clash)
        for code in self._codes:
            if len(self._codes) == 1 and (ground := self._never_first(code)):
                why = reason("together.not_alone", code=code.code)
                pairs = (self._pair([code.code], ground, "conflict"),)
                return Decided(Headline("no", [code.code], reasons=[why]), pairs)
        if sure := self._always_missing():
            return sure
        names = [code.code for code in self._ordered()]
        why = reason("together.enough", codes=_listed(names))
        return Decided(Headline("yes", names, reasons=[why]))

    def _needs_more(self, missing: Sequence[Partner]) -> Decided:
        names = [code.code for code in self._codes]
        before = [one.code.code for one in missing if one.before]
        after = [one.code.code for one in missing if not one.before]
        told = "; ".join(f"{one.code.code} ({one.code.title})" for one in missing)
        key = "needs_before" if before and not after else "needs"
        why = reason(f"together.{key}", codes=told, of=missing[0].of.code)
        pairs = tuple(
            self._pair((one.of.code, one.code.code), one.ground, "obligation") for one in missing
        )
        return Decided(Headline("needs_more", [*before, *names, *after], reasons=[why]), pairs)

    def _always_missing(self) -> Decided | None:
        """A partner that a code always has: an outcome of delivery."""
        names = {code.code for code in self._codes}
        for code in self._codes:
            for want in wanted(self._books, code):
                if want.note is None or want.note.owner != code.code or len(want.ranges) != 1:
                    continue
                below = self._books.below(want.ranges[0].first)
                if len(below) != 1 or below[0].code in names or _CONDITIONAL.search(want.note.text):
                    continue
                if want.note.kind != "use_additional_code" or code.code[0] != "O":
                    continue
                found = below[0]
                told = f"{found.code} ({found.title})"
                why = reason("together.needs", codes=told, of=code.code)
                ground = Ground(want.note.kind, code.code, why, want.note.text, want.note.release)
                codes = [code.code, found.code]
                pairs = (self._pair(codes, ground, "obligation"),)
                return Decided(Headline("needs_more", codes, reasons=[why]), pairs)
        return None

    def _combined(self, missing: Code) -> Conflict | None:
        """A code that says a given one and the missing one, as the guidelines presume it."""
        for code in self._codes:
            found = conflict(self._books, code, missing)
            if found and found.ground.rule != "excludes1" and set(found.instead) - {missing.code}:
                if found.instead[0] not in {one.code for one in self._codes}:
                    return found
        return None

    def _needed(self) -> Decided | None:
        names = list(dict.fromkeys(code.code for code in self._codes))
        places = self._asked.about or tuple(range(len(self._codes)))
        about = {self._codes[at].code: self._codes[at] for at in places if at < len(self._codes)}
        others = [code for code in self._codes if code.code not in about]
        if not others and len(about) == 1:
            search = self._search_for()
            others = list(search(self._asked.rest))[:1] if search and self._asked.rest else []
            if not others:
                return None
        pool = others or list(about.values())
        for code in about.values():
            for other in pool:
                if code.code == other.code:
                    continue
                row = table.first(
                    "not_needed",
                    lambda row, a=code, b=other: row.holds(a.code, b.code, ("codes", "beside")),
                )
                if row is not None:
                    ground = Ground(
                        "guideline",
                        row.section,
                        reason("together.says_it", code=other.code, other=code.code),
                    )
                    why = reason("together.not_needed", code=code.code, other=other.code)
                    pairs = (self._pair((other.code, code.code), ground, "conflict"),)
                    return Decided(Headline("no", [other.code], reasons=[why]), pairs)
                if found := conflict(self._books, code, other):
                    return self._no(found)
        if len(names) > 1 and (clash := self._conflict()):
            return self._no(clash)
        grounds = []
        for code in about.values():
            for other in pool:
                for want in wanted(self._books, other):
                    if any(named.contains(code.code) for named in want.ranges) and want.note:
                        why = reason("together.asks_for", code=code.code, of=other.code)
                        note = want.note
                        grounds.append(Ground(note.kind, note.owner, why, note.text, note.release))
        every = {code.code: code for code in [*self._codes, *others]}
        self._codes = list(every.values())
        return self._yes("needed", *grounds[:1])

    def _choice(self) -> Decided | None:
        """Which of two codes is reported, where a rule says so."""
        found = self._conflict()
        if found is None:
            return None
        if not found.instead:
            pair = (found.one.code, found.other.code)
            for code in self._codes:
                asked = [
                    name
                    for name in pair
                    for want in wanted(self._books, code)
                    if want.note and any(named.contains(name) for named in want.ranges)
                ]
                if code.code not in pair and asked:
                    found = replace(found, instead=(asked[0],))
                    break
        return self._no(found)

    def _search_for(self) -> Search | None:
        return self._together._search


def _rank(code: Code) -> tuple[bool, int]:
    rule = sequencing.rule_for(code.code)
    place = rule.place if rule else 50
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
    if _is_first_only(code):
        return ""
    row = table.first("never_first", lambda row: row.codes("codes").has(code))
    return row.section if row else ""


def _is_first_only(code: str) -> bool:
    """Whether a code may only be first (Guidelines I.C.21.c.15), without the exceptions."""
    rule = sequencing.rule_for(code)
    excepted = code.startswith(("Z00.6", "Z52.9"))
    return rule is not None and rule.name == "first_only" and not excepted


def _listed(codes: Sequence[str]) -> str:
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} + {codes[-1]}"


_A_CODE = re.compile(r"\b[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?(?:-[A-Z]\d[0-9A-Z](?:\.\d+)?)?")


def _telling_sentence(text: str, codes: Sequence[str], books: Books) -> str:
    """The sentence of a section that names these codes, or that has most words of their titles."""
    titles = [code.title for name in codes if (code := books.store.get(books.release, name))]
    stems = read(" ".join(titles)).stems

    def told(sentence: str) -> int:
        named = 0
        for found in _A_CODE.findall(sentence):
            first, _, last = found.partition("-")
            range_ = CodeRange(first, last or first, found)
            named += any(range_.contains(code) for code in codes)
        return 10 * min(named, 2) + len(read(sentence).stems & stems)

    sentences = re.split(r"(?<=[.:])\s+(?=[A-Z])|\n+", text)
    best = max(sentences, key=told, default="").strip()
    return best if len(best) <= _MOST_QUOTED else best[: _MOST_QUOTED - 1] + "…"
