"""Checks diagnosis codes that are reported together against their notes, titles and sides.

Each note is quoted from the edition it is printed in, with the place it is inherited from.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, takewhile

from bot.desk.answer import Pair, ReportWith, Severity
from bot.desk.reasons import Reason, reason
from codesets import laterality
from codesets.code_format import undot
from codesets.lookups.inherited_notes import notes_of
from codesets.model import Code, CodeRange, Note, Release
from codesets.store.code_store import CodeStore
from index.text.tokens import read

#: Notes that ask for another code -> where that code stands.
_ORDER = {"code_first": "before", "use_additional_code": "after", "code_also": "any"}
#: In an instruction that depends on the patient's record.
_CONDITIONAL = re.compile(r"\bif (?:applicable|known|present|any)\b|, if\b|\bany\b", re.I)
#: In the title of a manifestation: "Dementia in other diseases classified elsewhere". Titles of
#: organisms ("as the cause of diseases classified elsewhere") do not match: they are causes.
MANIFESTATION = re.compile(r"\bin\b.*\bclassified elsewhere\b", re.I)


@dataclass(frozen=True, slots=True)
class Reported:
    """A code as it is reported, in the release in force on the date of service."""

    release: Release
    code: Code


#: A diagnosis and the notes that govern it.
_Governed = tuple[Reported, list[Note]]


class NoteChecks:
    """Checks diagnoses against the notes of the loaded editions of ICD-10-CM."""

    def __init__(self, store: CodeStore) -> None:
        self._store = store

    def check(self, diagnoses: Sequence[Reported]) -> Iterator[Pair]:
        """What the notes say of these codes, in the order in which they are reported."""
        governed = [(r, notes_of(self._store, r.release, r.code)) for r in diagnoses]
        named = _Named([r.code.code for r in diagnoses])
        yield from _exclusions(governed, named)
        yield from self._companions(governed, named)
        yield from self._manifestation_first(diagnoses)
        yield from self._sides(diagnoses)

    def not_loaded(self, diagnoses: Sequence[Reported]) -> list[str]:
        """The rules that apply to these codes and are not loaded."""
        if not diagnoses or any(r.has_notes for r in self._store.releases("icd10cm")):
            return []
        return ["excludes1", "excludes2", *_ORDER]

    def _companions(self, governed: Sequence[_Governed], named: _Named) -> Iterator[Pair]:
        """Instructions to report another code that are not followed, or followed in the wrong
        order."""
        for at, (one, all_notes) in enumerate(governed):
            for notes in _instructions(all_notes):
                kind = notes[0].kind
                ranges = [range_ for note in notes for range_ in note.codes]
                places = sorted(named.by(ranges) - {at})
                quote = run_on([note.text for note in notes])
                if not places:
                    if ranges or kind == "code_first":
                        yield _pair(
                            [one.code.code],
                            notes[0],
                            self._weight(one, kind, quote),
                            reason(f"pairs.{kind}_missing", one=one.code.code),
                            quote,
                        )
                    continue
                wrong = [n for n in places if (n > at) == (kind == "code_first")]
                for n in wrong:
                    other = governed[n][0].code.code
                    first, second = (
                        (other, one.code.code) if kind == "code_first" else (one.code.code, other)
                    )
                    yield _pair(
                        [one.code.code, other],
                        notes[0],
                        "obligation",
                        reason("pairs.order", first=first, second=second),
                        quote,
                    )

    def _weight(self, reported: Reported, kind: str, quote: str) -> Severity:
        """How binding an instruction is. Of a manifestation, "code first" is an obligation; of
        other codes, it says what comes first if there is such a cause."""
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
                reasons=[reason("pairs.manifestation", one=first.code.code)],
            )

    def _manifestation(self, reported: Reported) -> Code | None:
        """The code or header whose title says that a code is a manifestation; None if it is not."""
        chain = [reported.code, *self._store.ancestors(reported.release, reported.code)]
        return next((code for code in chain if MANIFESTATION.search(code.title)), None)

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
                why = reason("pairs.side_unspecified", one=a.code.code, other=b.code.code)
            elif "both" in sides:
                why = reason("pairs.side_both", one=a.code.code, other=b.code.code)
            elif both is not None:
                why = reason("pairs.side_bilateral", both=both.code, title=both.title)
            else:
                continue  # Left and right each have a code, and no code is for both.
            yield Pair(
                codes=[a.code.code, b.code.code],
                rule="laterality",
                quote=f"{a.code.title}; {b.code.title}",
                inherited_from="I.B.13",
                release=a.release.label,
                severity="conflict" if sides != {"left", "right"} else "caution",
                reasons=[why],
            )

    def _siblings(self, reported: Reported) -> list[Code]:
        """Billable codes of the same category."""
        return self._store.completions(reported.release, reported.code.code[:3])


def _exclusions(governed: Sequence[_Governed], named: _Named) -> Iterator[Pair]:
    excluding: dict[tuple[int, int], list[Note]] = {}
    for at, (_, notes) in enumerate(governed):
        for note in notes:
            # An Excludes2 note of a whole chapter only refers to other chapters.
            if note.kind != "excludes1" and (note.kind != "excludes2" or note.owner_kind != "code"):
                continue
            places = named.by(note.codes)
            for n in places if at not in places else ():
                excluding.setdefault((at, n), []).append(note)
    # Sorted by pair of codes, in the order in which these are reported.
    for at, n in sorted(excluding, key=lambda pair: (min(pair), max(pair), pair)):
        one, other = governed[at][0].code.code, governed[n][0].code.code
        for note in excluding[at, n]:
            yield _pair(
                [one, other],
                note,
                "conflict" if note.kind == "excludes1" else "caution",
                reason(f"pairs.{note.kind}", one=one, other=other, owner=note.owner),
            )


def _pair(codes: list[str], note: Note, severity: Severity, why: Reason, quote: str = "") -> Pair:
    return Pair(
        codes=codes,
        rule=note.kind,
        quote=quote or note.text,
        inherited_from=note.owner,
        release=note.release,
        severity=severity,
        reasons=[why],
    )


class _Named:
    """Finds the places of the reported codes that a note names. The codes are sorted, so that those
    of a range stand together: with many codes, not each is compared with each note."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._sorted = sorted((undot(code), at) for at, code in enumerate(codes))

    def by(self, ranges: Iterable[CodeRange]) -> set[int]:
        places: set[int] = set()
        for named in ranges:
            first, last = undot(named.first), undot(named.last)
            start = bisect_left(self._sorted, (first,))
            # "~" sorts after every letter and digit, so the end includes all codes under it.
            end = bisect_left(self._sorted, (last + "~",))
            places |= {at for _, at in self._sorted[start:end]}
        return places


def report_with(store: CodeStore, release: Release, notes: Sequence[Note]) -> list[ReportWith]:
    """The codes that the notes of a candidate ask for beside it, nearest note first. Notes of a
    whole chapter or section are left out: they are about all its codes."""
    asking = [note for note in notes if note.kind in _ORDER and note.owner_kind == "code"]
    store.prepare(
        release, [name for note in asking for named in note.codes for name in _ends(named)]
    )
    companions: dict[str, ReportWith] = {}
    for note in asking:
        for named in note.codes:
            if named.as_published in companions or store.get(release, named.first) is None:
                continue
            companions[named.as_published] = ReportWith(
                code=named.as_published,
                title=_title(store, release, named),
                order=_ORDER[note.kind],  # type: ignore[arg-type]
                reasons=[reason(f"pairs.because_{note.kind}", owner=note.owner)],
            )
    return list(companions.values())


def _ends(named: CodeRange) -> tuple[str, str, str]:
    """What the ends of a range have in common, and both ends."""
    pairs = zip(named.first, named.last, strict=False)
    shared = "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared.rstrip("."), named.first, named.last


def _title(store: CodeStore, release: Release, named: CodeRange) -> str:
    """The title of what a note names: of a code, of the header that a range shares (N18 for
    N18.1-N18.6), or of both ends of a range."""
    shared, *ends = _ends(named)
    if whole := store.get(release, shared):
        return whole.title
    codes = [store.get(release, end) for end in ends]
    return " … ".join(code.title for code in codes if code is not None)


def _instructions(notes: Sequence[Note]) -> list[list[Note]]:
    """The instructions to report another code first or in addition, each with its lines. Those of a
    whole chapter or section are left out: they are about all its codes."""
    groups: dict[int, list[Note]] = {}
    for note in notes:
        if note.kind in ("code_first", "use_additional_code") and note.owner_kind == "code":
            groups.setdefault(note.group, []).append(note)
    return list(groups.values())


def _side_of(code: Code) -> tuple[str, frozenset[str]] | None:
    """The side in a title, and the stems of its other words; None for a title without a side."""
    words = read(code.title).stems
    sided = {side for word, side in laterality.WORDS.items() if read(word).stems & words}
    unspecified = read("unspecified").stems
    rest = words - read(" ".join(laterality.WORDS)).stems - read("unilateral").stems - unspecified
    if len(sided) == 1:
        return sided.pop(), rest
    return ("unspecified", rest) if not sided and unspecified & words else None


def _same(rest: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two titles are the same but for the side. They may differ in one word, as one may
    name the organ and the other leave it to its header: "right eye" and "bilateral"."""
    return len(rest ^ other) <= 1


def run_on(lines: Sequence[str]) -> str:
    """The lines of a note in one line. No semicolon follows a colon, which introduces what comes
    next."""
    return "; ".join(lines).replace(":; ", ": ")
