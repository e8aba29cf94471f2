"""What the rules say of codes that are reported together, and of one that needs another.

The rules are read, never paraphrased: each is quoted from the edition it is printed in, with the
place it is inherited from, and followed by what it means for the codes at hand. None of it is an
absolute denial: Excludes1 has an exception, many instructions begin "if applicable", edits may be
bypassed with a modifier.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, takewhile

from bot.answer import Pair, ReportWith, Severity
from bot.notes import run_on
from bot.words import say
from codesets import edits, laterality
from codesets.code_format import undot
from codesets.model import (
    SETTING_NAMES,
    Book,
    Code,
    CodeRange,
    Note,
    PairEdit,
    Release,
    Setting,
    UnitsEdit,
)
from codesets.store import CodeStore
from index.words import read

#: Notes by which one code asks for another, and where the other stands.
_ORDER = {"code_first": "before", "use_additional_code": "after", "code_also": "any"}
#: An instruction that depends on what the record says.
_CONDITIONAL = re.compile(r"\bif (?:applicable|known|present|any)\b|, if\b|\bany\b", re.I)
#: "Dementia in other diseases classified elsewhere"; organisms are causes, and no manifestations.
_MANIFESTATION = re.compile(r"\bin\b.*\bclassified elsewhere\b", re.I)
#: CMS's tables of edits, by the name under which an answer says that they were not checked.
_EDITS = {"ncci_ptp": "ptp", "mue": "mue"}


@dataclass(frozen=True, slots=True)
class Reported:
    """A code as it is reported, in the release in force on the date of service."""

    release: Release
    code: Code


#: A diagnosis and the notes that govern it.
_Governed = tuple[Reported, list[Note]]


class PairRules:
    """Checks codes against the rules that are loaded, for one date of service."""

    def __init__(self, store: CodeStore, day: dt.date, setting: Setting | None = None) -> None:
        self._store = store
        self._day = day
        self._settings: list[Setting] = [setting] if setting else list(SETTING_NAMES)  # type: ignore[arg-type]

    def check(self, reported: Sequence[Reported]) -> list[Pair]:
        """What the rules say of these codes, in the order in which they are reported."""
        diagnoses = [r for r in reported if r.code.system == "icd10cm"]
        governed = [(r, self._store.notes(r.release, r.code)) for r in diagnoses]
        named = _Named([r.code.code for r in diagnoses])
        found = list(self._exclusions(governed, named))
        found += self._companions(governed, named)
        found += self._manifestation_first(diagnoses)
        found += self._sides(diagnoses)
        billed = list(
            dict.fromkeys(r.code.code for r in reported if r.code.system in ("hcpcs", "cpt"))
        )
        found += self._procedure_pairs(billed)
        found += self._units(billed)
        return list({(tuple(p.codes), p.rule, p.quote, p.says): p for p in found}.values())

    def not_checked(self, reported: Sequence[Reported]) -> list[str]:
        """The rules that apply to codes such as these and are not loaded."""
        billed = sum(r.code.system in ("hcpcs", "cpt") for r in reported)
        wanted = [rule for rule, at_least in (("ncci_ptp", 2), ("mue", 1)) if billed >= at_least]
        missing = [
            rule
            for rule in wanted
            if not any(self._store.books.all(_EDITS[rule], setting=s) for s in self._settings)
        ]
        diagnoses = [r for r in reported if r.code.system == "icd10cm"]
        if diagnoses and not any(r.has_notes for r in self._store.releases("icd10cm")):
            missing += ["excludes1", "excludes2", *_ORDER]
        return missing

    def not_covered(self, reported: Sequence[Reported]) -> list[Book]:
        """Books that apply to codes such as these and are not of an edition for the date."""
        billed = sum(r.code.system in ("hcpcs", "cpt") for r in reported)
        if not billed:
            return []
        kinds = ["ptp", "mue"] if billed > 1 else ["mue"]
        books = [
            self._store.books.for_date(kind, "hcpcs", self._day, setting)
            for kind in kinds
            for setting in self._settings
        ]
        return [book for book in books if book is not None and book.days_away(self._day)]

    # Diagnoses

    def _exclusions(self, governed: Sequence[_Governed], named: _Named) -> Iterator[Pair]:
        found: dict[tuple[int, int], list[Note]] = {}
        for at, (_, notes) in enumerate(governed):
            for note in notes:
                # What a whole chapter leaves to other chapters (Excludes2) forbids nothing.
                if note.kind != "excludes1" and (
                    note.kind != "excludes2" or note.owner_kind != "code"
                ):
                    continue
                places = named.by(note.codes)
                for n in places if at not in places else ():
                    found.setdefault((at, n), []).append(note)
        # By the pair of codes, in the order in which they are reported.
        for at, n in sorted(found, key=lambda pair: (min(pair), max(pair), pair)):
            one, other = governed[at][0].code.code, governed[n][0].code.code
            for note in found[at, n]:
                yield self._pair(
                    [one, other],
                    note,
                    "conflict" if note.kind == "excludes1" else "caution",
                    say(f"pairs.{note.kind}", one=one, other=other, owner=note.owner),
                )

    def _companions(self, governed: Sequence[_Governed], named: _Named) -> Iterator[Pair]:
        """Obligations to report another code that are not met, or met in the wrong order."""
        for at, (one, all_notes) in enumerate(governed):
            for notes in _instructions(all_notes):
                kind = notes[0].kind
                ranges = [range_ for note in notes for range_ in note.codes]
                places = sorted(named.by(ranges) - {at})
                quote = run_on([note.text for note in notes])
                if not places:
                    if ranges or kind == "code_first":
                        yield self._pair(
                            [one.code.code],
                            notes[0],
                            self._weight(one, kind, quote),
                            say(f"pairs.{kind}_missing", one=one.code.code),
                            quote,
                        )
                    continue
                wrong = [n for n in places if (n > at) == (kind == "code_first")]
                for n in wrong:
                    other = governed[n][0].code.code
                    first, second = (
                        (other, one.code.code) if kind == "code_first" else (one.code.code, other)
                    )
                    yield self._pair(
                        [one.code.code, other],
                        notes[0],
                        "obligation",
                        say("pairs.order", first=first, second=second),
                        quote,
                    )

    def _weight(self, reported: Reported, kind: str, quote: str) -> Severity:
        """How much an instruction asks: a manifestation cannot do without its cause, while other
        codes say what comes first in case it is there."""
        if kind == "code_first":
            return "obligation" if self._manifestation(reported) else "caution"
        return "caution" if _CONDITIONAL.search(quote) else "obligation"

    def _manifestation_first(self, diagnoses: Sequence[Reported]) -> Iterator[Pair]:
        if not diagnoses:
            return
        first = diagnoses[0]
        owner = self._manifestation(first)
        if owner is not None:
            yield Pair(
                codes=[first.code.code],
                rule="manifestation",
                quote=owner.title,
                inherited_from=owner.code,
                release=first.release.label,
                severity="conflict",
                says=say("pairs.manifestation", one=first.code.code),
            )

    def _manifestation(self, reported: Reported) -> Code | None:
        """The code or header whose title says that a code is a manifestation."""
        chain = [reported.code, *self._store.ancestors(reported.release, reported.code)]
        return next((code for code in chain if _MANIFESTATION.search(code.title)), None)

    def _sides(self, diagnoses: Sequence[Reported]) -> Iterator[Pair]:
        sided = [(r, side) for r in diagnoses if (side := _side_of(r.code))]
        for (a, one), (b, other) in combinations(sided, 2):
            if one[0] == other[0] or not _same(one[1], other[1]):
                continue
            both = next(
                (
                    code
                    for code in self._siblings(a)
                    if (side := _side_of(code)) and side[0] == "both" and _same(side[1], one[1])
                ),
                None,
            )
            sides = {one[0], other[0]}
            if "unspecified" in sides:
                says = say("pairs.side_unspecified", one=a.code.code, other=b.code.code)
            elif "both" in sides:
                says = say("pairs.side_both", one=a.code.code, other=b.code.code)
            elif both is not None:
                says = say("pairs.side_bilateral", both=both.code, title=both.title)
            else:
                continue  # left and right, each with its own code and none for both
            yield Pair(
                codes=[a.code.code, b.code.code],
                rule="laterality",
                quote=f"{a.code.title}; {b.code.title}",
                inherited_from="I.B.13",
                release=a.release.label,
                severity="conflict" if sides != {"left", "right"} else "caution",
                says=says,
            )

    def _siblings(self, reported: Reported) -> list[Code]:
        """Billable codes of the same category."""
        return self._store.completions(reported.release, reported.code.code[:3])

    # Procedures, supplies and drugs

    def _procedure_pairs(self, billed: list[str]) -> Iterator[Pair]:
        edits_of = {
            setting: (book, self._pair_edits(book, billed))
            for setting in self._settings
            if (book := self._store.books.for_date("ptp", "hcpcs", self._day, setting))
        }
        for one, other in combinations(billed, 2) if edits_of else ():
            for setting, (book, listed) in edits_of.items():
                found = [*listed.get((one, other), ()), *listed.get((other, one), ())]
                for edit in found:
                    active = edits.in_force(edit, self._day)
                    yield Pair(
                        codes=[edit.column1, edit.column2],
                        rule="ncci_ptp",
                        quote=edit.rationale,
                        inherited_from=book.title,
                        release=book.label,
                        severity="conflict" if active and edit.modifier == "0" else "caution",
                        says=self._told(edit, setting, active),
                    )

    def _pair_edits(self, book: Book, billed: list[str]) -> dict[tuple[str, str], list[PairEdit]]:
        """The edits of a book on any two of these codes, by column 1 and column 2."""
        found: dict[tuple[str, str], list[PairEdit]] = {}
        for part in self._store.books.parts(book):
            for edit in self._store.books.rows(PairEdit, part, column1=billed, column2=billed):
                found.setdefault((edit.column1, edit.column2), []).append(edit)
        return found

    def _told(self, edit: PairEdit, setting: Setting, active: bool) -> str:
        dates = "; ".join(
            [
                say("pairs.ptp_from", date=edit.effective_from)
                if edit.effective_from
                else say("pairs.ptp_from_unknown"),
                say("pairs.ptp_deleted", date=edit.deleted)
                if edit.deleted
                else say("pairs.ptp_active"),
            ]
        )
        return say(
            "pairs.ptp" if active else "pairs.ptp_not_in_force",
            setting=SETTING_NAMES[setting],
            one=edit.column1,
            other=edit.column2,
            day=self._day,
            dates=dates,
            modifier=f"{edit.modifier}: {edits.MODIFIER_INDICATORS[edit.modifier]}",
        )

    def _units(self, billed: list[str]) -> Iterator[Pair]:
        edits_of: dict[Setting, tuple[Book, dict[str, list[UnitsEdit]]]] = {}
        for setting in self._settings:
            book = self._store.books.for_date("mue", "hcpcs", self._day, setting)
            if book is None:
                continue
            listed: dict[str, list[UnitsEdit]] = {}
            for edit in self._store.books.rows(UnitsEdit, book, code=billed):
                listed.setdefault(edit.code, []).append(edit)
            edits_of[setting] = book, listed
        for code in billed:
            for setting, (book, listed) in edits_of.items():
                for edit in listed.get(code, ()):
                    yield Pair(
                        codes=[code],
                        rule="mue",
                        quote=edit.rationale,
                        inherited_from=book.title,
                        release=book.label,
                        severity="caution",
                        says=say(
                            "pairs.mue",
                            setting=SETTING_NAMES[setting],
                            code=code,
                            units=edit.units,
                            adjudication=f"{edit.adjudication}: "
                            f"{edits.ADJUDICATION[edit.adjudication]}",
                        ),
                    )

    def _pair(
        self, codes: list[str], note: Note, severity: Severity, says: str, quote: str | None = None
    ) -> Pair:
        return Pair(codes, note.kind, quote or note.text, note.owner, note.release, severity, says)


class _Named:
    """Which of the codes that are reported a note names, by their places. Sorted, the codes that a
    range names stand together, so that many codes are not each held to every note."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._sorted = sorted((undot(code), at) for at, code in enumerate(codes))

    def by(self, ranges: Iterable[CodeRange]) -> set[int]:
        places: set[int] = set()
        for named in ranges:
            first, last = undot(named.first), undot(named.last)
            start = bisect_left(self._sorted, (first,))
            # "~" comes after every letter and digit: each end stands for all under it.
            end = bisect_left(self._sorted, (last + "~",))
            places |= {at for _, at in self._sorted[start:end]}
        return places


def report_with(store: CodeStore, release: Release, notes: Sequence[Note]) -> list[ReportWith]:
    """The codes that the notes of a candidate ask for beside it, nearest note first. What a whole
    chapter or section says of all its codes is left to the notes."""
    found: dict[str, ReportWith] = {}
    for note in notes:
        if note.kind not in _ORDER or note.owner_kind != "code":
            continue
        for named in note.codes:
            if named.as_published in found or store.get(release, named.first) is None:
                continue
            found[named.as_published] = ReportWith(
                code=named.as_published,
                title=_title(store, release, named),
                order=_ORDER[note.kind],  # type: ignore[arg-type]
                because=say(f"pairs.because_{note.kind}", owner=note.owner),
            )
    return list(found.values())


def _title(store: CodeStore, release: Release, named: CodeRange) -> str:
    """What a note names, in words: the title of a code, of what a range has in common (N18 for
    N18.1-N18.6), or of both its ends."""
    pairs = zip(named.first, named.last, strict=False)
    shared = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    whole = store.get(release, shared.rstrip("."))
    if whole is not None:
        return whole.title
    ends = [store.get(release, end) for end in (named.first, named.last)]
    return " … ".join(code.title for code in ends if code is not None)


def _instructions(notes: Sequence[Note]) -> list[list[Note]]:
    """The lines of each instruction to report another code before or beside one, those of one
    element together. What a whole chapter or section says of all its codes is left to the notes.
    """
    groups: dict[int, list[Note]] = {}
    for note in notes:
        if note.kind in ("code_first", "use_additional_code") and note.owner_kind == "code":
            groups.setdefault(note.group, []).append(note)
    return list(groups.values())


def _side_of(code: Code) -> tuple[str, frozenset[str]] | None:
    """The side that a title says, and the rest of its words; None for one that says no side."""
    words = read(code.title).stems
    sided = {side for word, side in laterality.WORDS.items() if read(word).stems & words}
    unspecified = read("unspecified").stems
    rest = words - read(" ".join(laterality.WORDS)).stems - read("unilateral").stems - unspecified
    if len(sided) == 1:
        return sided.pop(), rest
    return ("unspecified", rest) if not sided and unspecified & words else None


def _same(rest: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two titles say the same apart from the side. One of them may name the organ that
    the other leaves to its header: "right eye" and "bilateral"."""
    return len(rest ^ other) <= 1
