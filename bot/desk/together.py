"""Answers what is asked of codes together, in one line: may they go together, which stands first,
is one enough, is one needed, how many units."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.desk.answer import Headline, Pair, Severity
from bot.desk.edits_said import pair_headline, units_headline
from bot.desk.guidelines import GuidelineLookup
from bot.desk.many_codes import MANY
from bot.desk.ncci_checks import NcciChecks
from bot.desk.question import Question
from bot.desk.reasons import Reason, reason
from bot.desk.together_asked import Asked, read_asked
from bot.desk.together_case import Case, Decided, listed
from bot.desk.together_model import Ground
from bot.desk.together_needs import choice, enough, needed
from bot.desk.together_partners import Search
from bot.desk.together_places import order, place
from bot.desk.units_said import units_said
from codesets.model import CodeRange, Guideline
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.text.tokens import read

_MOST_QUOTED = 300
#: The most codes of which each is compared with each.
_MOST_CODES = 12
#: The section "Z Codes That May Only be Principal/First-Listed Diagnosis", by edition.
_FIRST_ONLY = ("I.C.21.c.16", "I.C.21.c.15")


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
        if len(mentions) >= MANY and asked.ask in ("units", "none"):
            return None  # a list, which is summed up
        billed = [m.code for m in mentions if m.system in ("hcpcs", "cpt")]
        if asked.ask == "units":
            return self._units(question, asked, billed)
        if len(billed) > 1 or (billed and len(billed) == len(mentions)):
            return self._billed(question, asked, billed)
        books = self._books
        if books is None or any(mention.system != "icd10cm" for mention in mentions):
            return None
        codes = [self._store.get(books.release, mention.code) for mention in mentions]
        if None in codes or len(codes) > _MOST_CODES:
            return None
        known = tuple(dict.fromkeys(code for code in codes if code is not None))
        if any(
            not one.billable and other.code.startswith(one.code) and one != other
            for one in known
            for other in known
        ):
            return None  # a header and a code that completes it: the verdicts say which is billed
        return self._of_diagnoses(Case(books, known, asked, self.quoted, self._search))

    def _of_diagnoses(self, case: Case) -> Decided | None:
        asked = case.asked.ask
        if asked == "place":
            return place(case)
        if asked == "enough":
            return enough(case)
        if asked == "needed":
            return needed(case)
        if len(case.codes) < 2:
            return None
        if asked == "order":
            return order(case)
        if asked == "choice":
            return choice(case)
        if found := case.conflict():
            return case.no(found)
        return case.yes("yes_together") if asked == "together" else None

    # Procedures, supplies and drugs

    def _units(self, question: Question, asked: Asked, billed: Sequence[str]) -> Decided | None:
        """Whether NCCI lets so many units of each code, those that are over first; of several with
        units, also whether it pays them on one day."""
        typed = [mention.typed for mention in question.mentions]
        said = units_said(question.text, typed)
        units = {m.code: said[m.typed] for m in question.mentions if m.typed in said}
        if not units and asked.units is not None:
            units = {code: asked.units for code in billed[:1]}
        checks = NcciChecks(self._store, question.day, question.setting)
        pairs = [pair for pair in checks.check(billed, units) if pair.rule == "mue"]
        decided = [
            found
            for code, number in units.items()
            if (found := units_headline([p for p in pairs if p.codes == [code]], number))
        ]
        decided.sort(key=lambda one: one[0].kind != "no")
        if len(units) < 2:
            return Decided(decided[0][0], tuple(decided[0][1])) if decided else None
        return self._units_of_several(question, asked, billed, units, decided)

    def _units_of_several(
        self,
        question: Question,
        asked: Asked,
        billed: Sequence[str],
        units: Mapping[str, int],
        decided: Sequence[tuple[Headline, list[Pair]]],
    ) -> Decided | None:
        """Each code with its units, then whether the codes are paid on one day."""
        ended = list(self._ended(units, question.day))
        gone = {why.params["code"] for why in ended}
        told = [*ended, *(why for headline, _ in decided for why in headline.reasons)]
        answered = {code for headline, _ in decided for code in headline.codes}
        if without := [code for code in units if code not in answered | gone]:
            told.append(reason("together.no_limit", codes=listed(without)))
        beside = self._billed(question, replace(asked, ask="together"), billed)
        told += beside.headline.reasons if beside else []
        if not told:
            return None
        headlines = [*(one[0] for one in decided), *([beside.headline] if beside else [])]
        no = bool(ended) or any(headline.kind == "no" for headline in headlines)
        pairs = [pair for _, each in decided for pair in each]
        pairs += beside.pairs if beside else ()
        return Decided(Headline("no" if no else "yes", list(units), reasons=told), tuple(pairs))

    def _ended(self, codes: Iterable[str], day: dt.date) -> Iterator[Reason]:
        """That a code of HCPCS Level II ended before the day."""
        if "hcpcs" not in self._store.systems:
            return
        release = self._store.for_date("hcpcs", day).release
        for name in codes:
            code = self._store.get(release, name)
            last = code.effective_through if code else None
            if last is not None and last < day:
                yield reason("together.ended", code=name, date=last)

    def _billed(self, question: Question, asked: Asked, billed: Sequence[str]) -> Decided | None:
        """Whether NCCI pays the codes on one day."""
        if len(billed) < 2 or asked.ask == "order":
            return None
        checks = NcciChecks(self._store, question.day, question.setting)
        if asked.ask == "none":
            return None
        if not all(map(checks.knows, billed)):
            return None
        pairs = [pair for pair in checks.check(billed) if pair.rule == "ncci_ptp"]
        active = [pair for pair in pairs if pair.reasons[0].key == "pairs.ptp"]
        if active:
            return Decided(pair_headline(active), tuple(active))
        why = reason("together.ptp_none", codes=listed(billed))
        return Decided(Headline("yes", list(billed), reasons=[why]), tuple(pairs))

    def _section(self, name: str, day: dt.date) -> Guideline | None:
        """The section with a number, or the one above it. Editions number the list of Z codes that
        are first-listed differently, so it is known by its title."""
        names = [name, name.rsplit(".", 1)[0]]
        if name in _FIRST_ONLY:
            names = [*_FIRST_ONLY, name]
        sections = [self._guidelines.section(each, "icd10cm", day) for each in names]
        found = [section for section in sections if section is not None]
        listed_first = (s for s in found if "Only be Principal" in s.title)
        return next(listed_first, None) or next(iter(found), None)

    def quoted(self, codes: Sequence[str], ground: Ground, severity: Severity) -> Pair:
        """A ground as a pair, with the section of the guidelines quoted."""
        quote, release, place = ground.quote, ground.release, ground.place
        if ground.rule == "guideline" and self._books is not None:
            section = self._section(place, self._books.day)
            if section is not None:
                quote = _telling_sentence(section.text, codes, self._books) or section.title
                release, place = section.release, section.section
        return Pair(
            codes=list(codes),
            rule=ground.rule,
            quote=quote,
            inherited_from=place,
            release=release,
            severity=severity,
            reasons=[ground.why],
        )


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
