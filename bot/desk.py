"""The desk: one door for every surface. A question comes in, an answer goes out."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot import news, provenance, scope
from bot.answer import Answer, Candidate, Verdict
from bot.editions import day_for, editions_told
from bot.pairs import PairRules, Reported, report_with
from bot.phi import Scrubbed, Scrubber, scrub_head
from bot.phi.head import MOST_CHARACTERS, length_of
from bot.question import (
    CodeMention,
    Question,
    day_in,
    icd9_codes,
    is_foreign,
    is_wordless,
    limited,
    may_be_hcpcs,
    modifiers,
    named_code,
    ndcs,
    places,
    read_question,
    setting_said,
)
from bot.rulebook import Rulebook
from bot.settings import Settings
from bot.verdicts import Verdicts, shown_notes, titles, unloaded
from bot.words import in_other_words, say
from codesets import pcs_explain
from codesets.asp import units_arithmetic
from codesets.code_format import dot
from codesets.model import (
    BOOK_NAMES,
    SYSTEM_NAMES,
    Code,
    CodesetError,
    Product,
    Release,
    ReleaseUnavailable,
    Setting,
)
from codesets.store import CodeStore, Coverage
from index.axes import AXES
from index.complete import choices, complete
from index.confidence import confidence, fits
from index.guidance import is_about_a_rule
from index.model import name_of
from index.runtime import THREADS
from index.search import Found, Hit, Query, Searcher
from index.words import Lexicon, read

#: Hits looked at beyond those shown, in place of those that are not in force on the date.
_SPARE = 30
#: How sure it must be that a question asks about a rule for the guidelines to answer it.
_ASKS_A_RULE = 0.5
#: How much more a question is like small talk than like ours (Found.ours) for a rule not to be
#: looked for: of 94 questions about rules the least has -6.2 ("how long is the postpartum period").
_SMALL_TALK = -7.0
#: How near their scores are when a question leaves it open between two ICD-10-PCS codes.
_AS_GOOD = 0.3
#: The systems of the codes that drugs are billed by.
_BILLED = ("hcpcs", "cpt")
#: Completions listed with a candidate.
_MOST_COMPLETIONS = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """A question as it may be stored: scrubbed, what was removed, and the editions (release key ->
    label) that its date of service leads to, None when it has none."""

    text: str
    removed: tuple[str, ...] = ()
    releases: dict[str, str] | None = None


#: A question still to be searched: its place, its answer so far, and the releases to search.
_Search = tuple[int, Answer, Question, list[Coverage]]


class Desk:
    """Answers questions from codes.db and the index. Safe to use from many threads."""

    def __init__(self, settings: Settings, *, build: str | None = None) -> None:
        """Raises CodesetError when no code set is loaded; the index is opened when first needed.
        `build` names an earlier bundle than the one in use, to see what it answered."""
        if not settings.codes_db.exists():
            raise CodesetError(say("desk.nothing_loaded"))
        self._settings = settings
        self._build = build
        self._store = CodeStore(settings.codes_db)
        if not self._store.releases():
            raise CodesetError(say("desk.nothing_loaded"))
        self._rulebook = Rulebook(self._store)
        self._searcher: Searcher | None = None
        self.scrubber = Scrubber(settings.index)
        self._opening = threading.Lock()
        # More at once than there are cores would each wait for the others, and all be late.
        self._searching = threading.Semaphore(THREADS)

    def close(self) -> None:
        self._store.close()

    def ready(self) -> None:
        """Open the index and load the models, so that the first question does not wait for it."""
        self.scrubber.ready()
        searcher = self._search()
        searcher.encoder.encode(["ready"])
        for release in self._store.releases("icd10pcs")[-1:]:
            searcher.procedures(release)

    @property
    def index_build(self) -> str | None:
        """The build of the index that answers come from, None until one was needed."""
        return self._searcher.manifest.build if self._searcher else None

    def made_with(self, *answers: Answer) -> dict[str, Any]:
        """What these answers were made with, as the log keeps it."""
        manifest = self._searcher.manifest if self._searcher else None
        editions = {key for answer in answers for key in answer.releases}
        return provenance.made_with(self._store, self._settings, manifest, editions)

    def _search(self) -> Searcher:
        with self._opening:
            if self._searcher is None:
                model = name_of(self._settings.model) if self._build is None else None
                self._searcher = Searcher(self._settings.index, self._store, model, self._build)
            return self._searcher

    # Asking

    def take(self, asked: str, *, day: dt.date | None = None) -> Taken:
        """A question as it may be stored, before it is answered; milliseconds once `ready`. `day`
        is the date of service when it is not in the question."""
        scrubbed = self._scrubbed(asked)
        if day is None and length_of(asked) <= MOST_CHARACTERS:
            day = day_in(asked)
        return Taken(scrubbed.text, scrubbed.removed, self._editions(day) if day else None)

    def _editions(self, day: dt.date) -> dict[str, str]:
        return editions_told(
            [self._store.for_date(system, day) for system in self._store.systems], day
        )

    def ask(
        self,
        question: str,
        *,
        day: dt.date | None = None,
        systems: Sequence[str] | None = None,
        limit: int = 10,
        editions: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer one question for a date of service: the one given, else the one in the question,
        else today. `systems` limits the search to those systems. `editions` (key of a release ->
        label) are in place of a date that the log does not keep, and the answer tells none either;
        raises ReleaseUnavailable when no date leads to them."""
        if editions is not None:
            day = day_for(self._store, editions)
            (answer,) = self.ask_many([question], day=day, systems=systems, limit=limit)
            return answer.undated()
        return self.ask_many([question], day=day, systems=systems, limit=limit)[0]

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        day: dt.date | None = None,
        systems: Sequence[str] | None = None,
        limit: int = 10,
    ) -> list[Answer]:
        """Answer several questions; those in plain words are embedded together."""
        answers: list[Answer | None] = []
        searches: list[_Search] = []
        for number, asked in enumerate(questions):
            started = time.perf_counter()
            answer, question, coverages = self._without_search(asked, day, systems)
            if coverages:
                searches.append((number, answer, question, coverages))
            answers.append(_timed(answer, started))
        # Questions for different dates are answered from different releases.
        for group in _grouped(searches):
            with self._searching:
                for number, answer in self._searched(group, systems, limit):
                    answers[number] = answer
        return [answer for answer in answers if answer is not None]

    def _searched(
        self, group: Sequence[_Search], systems: Sequence[str] | None, limit: int
    ) -> Iterator[tuple[int, Answer]]:
        """The answers to questions that are searched for in the same releases, by their places."""
        started = time.perf_counter()
        coverages = group[0][3]
        releases = [coverage.release for coverage in coverages]
        searcher = self._search()
        texts = [question.text for _, _, question, _ in group]
        results = searcher.search_many(texts, releases, max(limit, 10) + _SPARE)
        for (number, answer, _, _), found in zip(group, results, strict=True):
            named = bool(systems or scope.systems_asked_for(found.query.asked))
            done = self._with_candidates(answer, found, releases, limit, named=named)
            done = self._with_rules(done, found, releases)
            if done.outcome == "abstained":
                done = _noticed(done, say("desk.off_topic"))
            done = self._dated(done, coverages)
            share = (time.perf_counter() - started) * 1000 / len(group)
            yield number, replace(done, elapsed_ms=round(answer.elapsed_ms + share, 2))

    def check(
        self,
        codes: Sequence[str],
        *,
        day: dt.date | None = None,
        systems: Sequence[str] | None = None,
        setting: Setting | None = None,
        editions: Mapping[str, str] | None = None,
    ) -> Answer:
        """Verdicts on each code for a date of service (today unless given), in order, and what the
        rules say of them together. A code that several systems have gets one for each, the form as
        typed first; `systems` limits them to those. `setting` chooses among NCCI's edits; None
        shows all. `editions` are as in `ask`."""
        started = time.perf_counter()
        if editions is not None:
            day = day_for(self._store, editions)
        as_of = day or dt.date.today()
        codes = [self.scrub(code) for code in codes]
        mentions = [one for code in codes for one in named_code(code, self._lookup, systems)]
        answer = Answer(question=" ".join(codes), as_of=as_of.isoformat(), outcome="verdict")
        answer = _timed(self._with_verdicts(answer, mentions, as_of, setting), started)
        return answer if editions is None else answer.undated()

    def verdicts_on(self, typed: str) -> list[Verdict]:
        """Today's verdict on a code in each loaded system that has it, the form as typed first:
        E0840 is E08.40, too."""
        return self.check([typed]).verdicts

    def scrub(self, text: str) -> str:
        """A text that people type beside a question (a note, the words of a correction), as it may
        be stored; itself, when there is nothing to take out of it."""
        return self._scrubbed(text).text

    def _scrubbed(self, text: str) -> Scrubbed:
        return scrub_head(self.scrubber, text)

    def _without_search(
        self, asked: str, day: dt.date | None, systems: Sequence[str] | None
    ) -> tuple[Answer, Question, list[Coverage]]:
        """The answer as far as it goes without the index, and the releases still to be searched."""
        today = dt.date.today()
        # What an answer may repeat is read from the scrubbed text.
        taken = self._scrubbed(asked)
        scrubbed = taken.text
        abstained = Answer(question=scrubbed, as_of=(day or today).isoformat(), outcome="abstained")
        nothing = Question(asked, asked)
        if (length := length_of(asked)) > MOST_CHARACTERS:
            notice = say("desk.too_long", length=length, limit=MOST_CHARACTERS)
            return _noticed(abstained, notice), nothing, []
        if is_wordless(asked):
            return _noticed(abstained, say("desk.empty")), nothing, []
        if changes := news.inquiry(scrubbed):
            return self._with_changes(abstained, changes), nothing, []
        question = read_question(asked, taken.searched, limited(self._lookup, systems))
        as_of = day or question.day or today
        answer = replace(abstained, as_of=as_of.isoformat())
        if question.not_a_date:
            answer = _noticed(answer, say("desk.bad_date", day=as_of.isoformat()))
        if wanted := ndcs(scrubbed):
            return self._with_products(answer, wanted, as_of), question, []
        beside = self._beside_codes(scrubbed, as_of)
        retired = icd9_codes(question.text)
        typed = {mention.typed for mention in retired}
        mentions = [
            mention
            for mention in question.codes
            if mention.typed not in typed and (not systems or mention.system in systems)
        ]
        mentions += retired
        if mentions or beside:
            answer = replace(answer, outcome="verdict")
            setting = setting_said(question.text)
            answer = self._with_verdicts(answer, mentions, as_of, setting, question.text)
            return replace(answer, verdicts=[*answer.verdicts, *beside]), question, []
        if is_wordless(question.text):
            return _noticed(answer, say("desk.empty")), question, []
        if is_foreign(question.text):
            return _noticed(answer, say("desk.foreign")), question, []
        wanted = list(systems or self._store.systems)
        if not systems:
            needed = scope.systems_asked_for(question.text)
            missing = scope.missing(needed, wanted)
            if missing:
                return _noticed(answer, *map(_needs, missing)), question, []
            wanted = scope.to_search(question.text, wanted)
        coverages = []
        for system in wanted:
            try:
                coverages.append(self._store.for_date(system, as_of))
            except ReleaseUnavailable:
                answer = _noticed(answer, _not_loaded(system))
        return answer, question, coverages

    def _dated(self, answer: Answer, coverages: Sequence[Coverage]) -> Answer:
        """The answer with its releases, and what must be said first of those it shows."""
        notices = []
        day = dt.date.fromisoformat(answer.as_of)
        shown = {candidate.system for candidate in answer.candidates}
        for coverage in coverages:
            release, system = coverage.release, SYSTEM_NAMES[coverage.release.system]
            if shown and release.system not in shown:
                continue
            if coverage.fit == "nearest":
                later = day > release.effective_through
                notices.append(
                    say(
                        "desk.not_covered",
                        system=system,
                        day=day,
                        label=release.label,
                        edge="through" if later else "from",
                        date=release.effective_through if later else release.first_served,
                    )
                )
            elif coverage.fit == "served":
                notices.append(say("desk.served", system=system, day=day, label=release.label))
        releases = answer.releases | editions_told(coverages, day)
        return replace(answer, notices=notices + answer.notices, releases=releases)

    def retitled(self, answer: Answer) -> Answer:
        """An answer out of the log, with the descriptors of CPT, which the log does not keep."""

        def title(shown: Candidate | Verdict) -> str:
            if shown.system != "cpt":
                return shown.title
            releases = [r for r in self._store.releases("cpt") if r.label == shown.release]
            codes = [self._store.get(release, shown.code) for release in releases]
            return next((code.title for code in codes if code), "")

        return replace(
            answer,
            candidates=[replace(c, title=title(c)) for c in answer.candidates],
            verdicts=[replace(v, title=title(v)) for v in answer.verdicts],
        )

    # Candidates

    def _with_candidates(
        self,
        answer: Answer,
        found: Found,
        releases: Sequence[Release],
        limit: int,
        *,
        named: bool,
    ) -> Answer:
        """`named`: whether whoever asked named the code systems, or words of theirs."""
        by_system: dict[str, Release] = {release.system: release for release in releases}
        day = dt.date.fromisoformat(answer.as_of)
        members: dict[tuple[str, str], list[Code]] = {}
        hits: list[Hit] = []
        for hit in found.hits:
            if len(hits) == max(limit, 10):
                break
            codes = self._members(by_system[hit.system], hit.code, day)
            if codes:
                hits.append(hit)
                members[hit.system, hit.code] = codes
        query, found = found.query, replace(found, hits=hits)
        if not fits(found, of_a_system=named):
            return answer
        candidates = []
        for at, hit in enumerate(hits[:limit]):
            release, codes = by_system[hit.system], members[hit.system, hit.code]
            chosen = complete(query.reading, hit.title, codes, hit.member)
            seventh = None
            if hit.member:
                seventh = self._open_axis(hit, hits, day)
            elif len(codes) > 1 and not chosen.decided:
                seventh = _which(hit, codes)
            alternatives = [
                complete(query.reading, sibling[0].title, sibling).code
                for code in hit.siblings
                if (sibling := self._members(release, code, day))
            ]
            notes = self._store.notes(release, chosen.code)
            candidates.append(
                Candidate(
                    rank=at + 1,
                    system=hit.system,
                    code=chosen.code.code,
                    title=chosen.code.title,
                    billable=chosen.code.billable,
                    release=release.label,
                    score=round(hit.score, 4),
                    confidence=confidence(hits, at),
                    matched=list(hit.matched),
                    ask_back=_ask_back(query, hits, at, alternatives) or seventh,
                    alternatives=titles(alternatives),
                    completions=titles(codes[:_MOST_COMPLETIONS]) if len(codes) > 1 else [],
                    report_with=report_with(self._store, release, notes),
                    notes=shown_notes(notes),
                    guidelines=self._rulebook.governing(chosen.code.code, release, day),
                )
            )
        return replace(answer, outcome="answered", candidates=candidates)

    def _open_axis(self, hit: Hit, hits: Sequence[Hit], day: dt.date) -> str | None:
        """The question that decides between an ICD-10-PCS code and those of its table that fit as
        well; None when there are none, or no table is loaded."""
        rivals = [
            rival.member
            for rival in hits
            if rival.member and rival.code[:3] == hit.code[:3]
            if abs(rival.score - hit.score) < _AS_GOOD
        ]
        rows = Verdicts(self._store, day).table(hit.code)
        explained = filter(None, (pcs_explain.explain(rows, code) for code in rivals))
        for same in zip(*explained, strict=True):
            meanings = list(dict.fromkeys(axis.meaning for axis in same))
            if len(meanings) > 1:
                return say("desk.ask_axis", axis=same[0].name, choices=" or ".join(meanings))
        return None

    def _with_rules(self, answer: Answer, result: Found, releases: Sequence[Release]) -> Answer:
        """The sections of the guidelines that are nearest to the question; they are the answer
        where it asks about a rule."""
        systems = [release.system for release in releases]
        system = next((s for s in ("icd10cm", "icd10pcs") if s in systems), None)
        if system is None:
            return answer
        day = dt.date.fromisoformat(answer.as_of)
        asks = is_about_a_rule(result.query.asked) >= _ASKS_A_RULE
        if answer.outcome == "abstained" and (not asks or result.ours < _SMALL_TALK):
            return answer
        found = self._rulebook.answering(self._search(), result, system, day)
        if not found:
            return answer
        return replace(answer, guidelines=found, outcome="guideline" if asks else answer.outcome)

    def _members(self, release: Release, stem: str, day: dt.date) -> list[Code]:
        """The billable codes of a family on a date: itself, or its seventh-character expansions;
        [] when it has none in force."""
        code = self._store.get(release, stem)
        if code is not None and code.billable:
            codes = [code]
        else:
            codes = self._store.completions(release, stem)
        return [code for code in codes if code.in_force(day)]

    # Verdicts

    def _lookup(self, typed: str) -> list[tuple[str, str]]:
        """(system, published form) in each loaded system that has a code typed with or without
        its dot; what is typed as it is published comes first."""
        typed = typed.upper()
        found = []
        for system in self._store.systems:
            # No other system has dots: E08.40 is no traction frame, E0840 may be.
            form = dot(typed) if system == "icd10cm" else typed
            if self._store.editions_with(system, form):
                found.append((system, form))
        return sorted(found, key=lambda one: one[1] != typed)

    def _with_verdicts(
        self,
        answer: Answer,
        mentions: Sequence[CodeMention],
        day: dt.date,
        setting: Setting | None = None,
        words: str = "",
    ) -> Answer:
        """Verdicts on codes, in order, and what the rules say of them together. `words` are those
        of a question beside its codes."""
        loaded = self._store.systems
        systems = dict.fromkeys(m.system for m in mentions if m.system in loaded)
        coverages = {system: self._store.for_date(system, day) for system in systems}
        answer = self._dated(answer, list(coverages.values()))
        given = Verdicts(self._store, day)
        verdicts: list[Verdict] = []
        reported = []
        for mention in mentions:
            if may_be_hcpcs(mention) and "hcpcs" not in loaded:
                hcpcs = SYSTEM_NAMES["hcpcs"]
                notice = say("desk.maybe_other_system", code=mention.typed, system=hcpcs)
                answer = _noticed(answer, notice)
            coverage = coverages.get(mention.system)
            if coverage is None:
                retired = None if mention.system else given.on_icd9(mention.code)
                verdict = retired or unloaded(mention)
                verdicts.append(replace(verdict, typed=mention.typed))
                continue
            release = coverage.release
            found = [given.on(mention, coverage)]
            if mention.system == "icd10pcs" and words:
                beside = re.sub(re.escape(mention.typed), " ", words, flags=re.I)
                other = given.changed(mention, coverage, self._spelled_out(beside))
                found += [other] if other and other.code != mention.code else []
            found[0] = self._cited(found[0], release, day)
            verdicts += [replace(verdict, typed=mention.typed) for verdict in found]
            code = self._store.get(release, mention.code)
            # Of a code that several systems have, the form as typed is the one that is reported.
            if code is not None and not mention.also:
                reported.append(Reported(release, code))
        if any(verdict.status == "not_covered" for verdict in verdicts):
            answer = _noticed(answer, say("desk.load_the_edition"))
        rules = PairRules(self._store, day, setting)
        old = {
            say("desk.edits_not_covered", edits=BOOK_NAMES[book.kind], label=book.label, day=day)
            for book in rules.not_covered(reported)
        }
        answer = _noticed(answer, *sorted(old))
        return replace(
            answer,
            verdicts=verdicts,
            pairs=rules.check(reported),
            not_checked=rules.not_checked(reported),
        )

    def _with_products(self, answer: Answer, wanted: Sequence[str], day: dt.date) -> Answer:
        """Verdicts on the codes that bill the drugs of these NDCs, with the units that a package
        makes."""
        products = [product for ndc in wanted for product in self._products(ndc)]
        if not products:
            return _noticed(answer, say("desk.unknown_ndc", ndc=", ".join(wanted)))
        codes = list(dict.fromkeys(product.code for product in products))
        # The crosswalk has no diagnoses.
        billed = [one for code in codes for one in named_code(code, self._lookup, _BILLED)]
        answer = self._with_verdicts(replace(answer, outcome="verdict"), billed, day)
        return _noticed(answer, *dict.fromkeys(map(units_arithmetic, products)))

    def _beside_codes(self, text: str, day: dt.date) -> list[Verdict]:
        """Verdicts on the modifiers and places of service that a question names."""
        given = Verdicts(self._store, day)
        found = [given.on_modifier(code) for code in modifiers(text)]
        found += [given.on_place(code) for code in places(text)]
        return [verdict for verdict in found if verdict is not None]

    def _products(self, ndc: str) -> list[Product]:
        """The drug products of an NDC, out of the newest crosswalk that has it."""
        for book in reversed(self._store.books.all("asp")):
            if found := list(self._store.books.rows(Product, book, ndc=ndc)):
                return found
        return []

    def _cited(self, verdict: Verdict, release: Release, day: dt.date) -> Verdict:
        return replace(verdict, guidelines=self._rulebook.governing(verdict.code, release, day))

    def _spelled_out(self, words: str) -> str:
        """Shorthand spelled out, and approaches in the words of ICD-10-PCS, whose "percutaneous
        endoscopic" is no endoscopy through an opening."""
        if "percutaneous endoscopic" in words.lower():
            return words
        lexicon = Lexicon.shipped()
        return in_other_words("approaches", " ".join(lexicon.spell_out(lexicon.typed(words))))

    def _with_changes(self, answer: Answer, asked: news.Inquiry) -> Answer:
        try:
            changes = news.answer(self._store, asked, dt.date.fromisoformat(answer.as_of))
        except CodesetError as error:
            return _noticed(answer, str(error))
        return replace(answer, outcome="changes", changes=changes)


def _needs(system: str) -> str:
    return say(
        "desk.needs_system",
        what=scope.what(system),
        system=SYSTEM_NAMES[system],
        how=say(f"load.{system}"),
    )


def _not_loaded(system: str) -> str:
    return say("desk.not_loaded", system=SYSTEM_NAMES[system], how=say(f"load.{system}"))


def _noticed(answer: Answer, *notices: str) -> Answer:
    return replace(answer, notices=[*answer.notices, *notices])


def _timed(answer: Answer, started: float) -> Answer:
    return replace(answer, elapsed_ms=round((time.perf_counter() - started) * 1000, 2))


def _which(hit: Hit, codes: Sequence[Code]) -> str:
    """The question that decides which member of a family it is."""
    if hit.system == "icd10pcs":
        return say("desk.ask_pcs")
    if {"A", "D", "S"} <= {code.code[-1] for code in codes}:
        return say("desk.ask_encounter")
    return say("desk.ask_seventh", choices=", ".join(choices(hit.title, codes)))


def _ask_back(
    query: Query, hits: Sequence[Hit], at: int, alternatives: Sequence[Code]
) -> str | None:
    """The first axis on which the alternatives or close rivals of the same category differ and
    nothing was said."""
    hit = hits[at]
    if hit.system != "icd10cm":
        return None  # the axes are those of its titles: in PCS, open is an approach
    rivals = [h for h in hits if h.code[:3] == hit.code[:3] and abs(h.score - hit.score) < 0.5]
    rival_titles = [r.title for r in rivals] + [code.title for code in alternatives]
    for axis in AXES:
        if axis.said(query.reading):
            continue
        if len({axis.said(read(title)) for title in rival_titles}) > 1:
            return axis.ask_back
    return None


def _grouped(
    searches: Sequence[_Search],
) -> list[list[_Search]]:
    groups: dict[tuple[str, ...], list[_Search]] = {}
    for search in searches:
        groups.setdefault(tuple(c.release.key for c in search[3]), []).append(search)
    return list(groups.values())
