"""What programs ask of a code system: one code, two codes, a mapping, a list. Each is an `Answer`,
so that the log has it and a replay can make it again; `bot/fhir` draws it as FHIR.

Nothing here searches, so it takes a millisecond, and no index is needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from bot.desk.answer import Answer, Verdict
from bot.desk.code_mentions import CodeMention
from bot.desk.edition_asked import EditionAsked, of_today, on_day
from bot.desk.edition_dates import edition_labels
from bot.desk.headlines import headlined
from bot.desk.icd11 import Icd11
from bot.desk.mapped import MapKind, Mapped, Mappings
from bot.desk.notices import dated
from bot.desk.reasons import Reason, reason
from bot.desk.verdicts import Verdicts, unloaded
from codesets.code_format import dot
from codesets.model import SYSTEM_NAMES, Code, Release, System
from codesets.store.code_store import CodeStore

#: The statuses of a code that its edition has and that may be used on the date.
VALID = frozenset({"billable", "header", "not_billed"})
Subsumption = Literal["equivalent", "subsumes", "subsumed-by", "not-subsumed"]


class Terminology:
    """Reads codes.db. Safe to use from many threads."""

    def __init__(self, store: CodeStore, worded: Callable[[Answer], Answer]) -> None:
        """`worded` puts an answer into words."""
        self.store = store
        self._worded = worded
        self.mappings = Mappings(store)
        self._icd11 = Icd11(store)

    # One code

    def verdict(
        self,
        system: System,
        code: str,
        asked: EditionAsked,
        *,
        display: str = "",
        notes: bool = False,
    ) -> Answer:
        """The verdict on a code, as it is written, in one edition. `display`: the title that the
        program has for it; a notice says when it differs. `notes`: with those that govern it."""
        verdict = self._on(system, code, asked, notes)
        said = list(asked.reasons)
        if verdict.status == "unknown" and (written := self.as_published(system, code, asked)):
            said.append(reason("fhir.written_otherwise", code=code, published=written))
        if display and verdict.title and not self.is_named(verdict, display, asked):
            # Neither title is repeated: the log keeps no descriptors of CPT.
            said.append(reason("fhir.display_differs", code=code))
        return self._answer(f"{code} {display}".strip(), [verdict], asked, said)

    def _on(self, system: System, code: str, asked: EditionAsked, notes: bool = False) -> Verdict:
        mention = CodeMention(code, code, system, True)
        if system == "icd11":
            verdict = self._icd11.verdict(mention, asked.day) or unloaded(mention)
        else:
            judge = Verdicts(self.store, asked.day, notes=notes)
            verdict = judge.on(mention, asked.coverage)
        # What FHIR has other operations for.
        return replace(
            verdict, typed=code, equivalents=[], who_equivalents=[], axes=[], completions=[]
        )

    def _answer(
        self,
        text: str,
        verdicts: Sequence[Verdict],
        asked: EditionAsked,
        said: Sequence[Reason],
    ) -> Answer:
        answer = Answer(
            text,
            asked.day.isoformat(),
            "verdict",
            verdicts=list(verdicts),
            reasons=list(said),
        )
        if asked.reasons:
            labels = edition_labels([asked.coverage], asked.day)
            return self._worded(headlined(replace(answer, releases=labels)))
        return self._worded(headlined(dated(answer, [asked.coverage], asked.day)))

    def as_published(self, system: str, code: str, asked: EditionAsked) -> str:
        """How an edition writes a code that is given in other case, or without its dot; "" where it
        has no such code."""
        plain = "".join(code.upper().split())
        for form in (plain, dot(plain.replace(".", ""))) if system == "icd10cm" else (plain,):
            if form != code and self.store.get(asked.release, form) is not None:
                return form
        return ""

    def is_named(self, verdict: Verdict, display: str, asked: EditionAsked) -> bool:
        """Whether a text is the title of a code, whatever its case and blanks."""
        return _plain(display) == _plain(verdict.title)

    def code(self, system: str, code: str, asked: EditionAsked) -> Code | None:
        """A code as its edition has it; else as the newest earlier one has it, else the first later
        one; None when no loaded edition has it."""
        if found := self.store.get(asked.release, code):
            return found
        having = self.store.releases_with(system, code)
        before = [r for r in having if r.effective_from < asked.release.effective_from]
        nearest = before[-1:] or having[:1]
        return self.store.get(nearest[0], code) if nearest else None

    # Two codes

    def subsumption(
        self, system: System, first: str, second: str, asked: EditionAsked
    ) -> tuple[Answer, Subsumption | None]:
        """Whether a code stands above another; None when the edition lacks one of them."""
        verdicts = [self._on(system, code, asked) for code in dict.fromkeys((first, second))]
        found = self._subsumption(asked.release, first, second)
        said = [*asked.reasons]
        if found is not None:
            said.append(reason(f"fhir.{found.replace('-', '_')}", first=first, second=second))
        return self._answer(f"{first} {second}", verdicts, asked, said), found

    def _subsumption(self, release: Release, first: str, second: str) -> Subsumption | None:
        one, other = self.store.get(release, first), self.store.get(release, second)
        if one is None or other is None:
            return None
        if one.code == other.code:
            return "equivalent"
        if one.code in (above.code for above in self.store.ancestors(release, other)):
            return "subsumes"
        if other.code in (above.code for above in self.store.ancestors(release, one)):
            return "subsumed-by"
        return "not-subsumed"

    # Mappings

    def translated(self, kind: MapKind, code: str, day: dt.date) -> tuple[Answer, list[Mapped]]:
        """What a map has for a code; no mapping where the loaded map does not have it."""
        found = self.mappings.of(kind, code, day)
        answer = Answer(code, day.isoformat(), "verdict", verdicts=[self.mappings.verdict(found)])
        if not found.rows:
            answer = replace(answer, verdicts=[], outcome="abstained")
            answer = replace(answer, reasons=[reason("fhir.not_mapped", code=code, map=found.name)])
        elif found.is_of_who:
            told = [reason("icd11.attribution", label=found.label)]
            answer = replace(answer, reasons=told)
        answer = replace(answer, releases=dict(found.releases))
        return self._worded(headlined(answer)), found.rows

    # Lists

    def listed(
        self, system: System, asked: EditionAsked, count: int, offset: int, under: str = ""
    ) -> tuple[Answer, int, list[Code]]:
        """Codes of an edition in published order, and how many there are in all; `under`: a code
        and what stands under it."""
        total, codes = self.store.page(asked.release, offset, count, under)
        label, name = asked.release.label, SYSTEM_NAMES[system]
        said = reason(
            "fhir.listed", count=len(codes), offset=offset, total=total, system=name, label=label
        )
        answer = Answer(
            f"{under or name} {offset} {count}",
            asked.day.isoformat(),
            "abstained",
            reasons=[*asked.reasons, said],
            releases=edition_labels([asked.coverage], asked.day),
        )
        return self._worded(headlined(answer)), total, codes

    # Replay

    def again(self, text: str, options: Mapping[str, Any], day: dt.date | None) -> Answer:
        """The answer to a question of a program as the log has it: its text and options."""
        operation = options["operation"]
        system: System = (options.get("systems") or ["icd10cm"])[0]
        if operation == "translate":
            return self.translated(options["map"], text, day or dt.date.today())[0]
        asked = (
            on_day(self.store, system, day)
            if day
            else of_today(self.store, system, dt.date.today())
        )
        first, _, rest = text.partition(" ")
        if operation == "subsumes":
            return self.subsumption(system, first, rest, asked)[0]
        if operation == "list":
            *under, offset, count = text.split()
            header = options.get("under") and " ".join(under)
            return self.listed(system, asked, int(count), int(offset), header or "")[0]
        code, display = (first, rest) if options.get("display") else (text, "")
        return self.verdict(system, code, asked, display=display, notes=bool(options.get("notes")))


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
