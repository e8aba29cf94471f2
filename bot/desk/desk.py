"""The desk: every surface asks its questions here, and gets answers."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.desk import edition_changes, provenance, statement_answers
from bot.desk.answer import Answer, Changes, QuotedGuideline, Verdict
from bot.desk.answered_back import with_option
from bot.desk.ask_options import with_options
from bot.desk.asker_defaults import with_defaults
from bot.desk.beside import Beside, sources_of
from bot.desk.candidates import LOOKED_AT, Candidates, read_cut_words
from bot.desk.claims.claim_answers import ClaimAnswers
from bot.desk.code_answers import CodeAnswers
from bot.desk.completing import Step, step
from bot.desk.denial_answers import DenialAnswers
from bot.desk.doses.answers import answered, beside
from bot.desk.doses.counted import counted
from bot.desk.doses.reading import DoseQuestion, Doses
from bot.desk.edition_dates import day_for, edition_labels
from bot.desk.every_part import EveryPart
from bot.desk.flags import Flags
from bot.desk.follow_ups import Terms, Turn, date_of, read_after
from bot.desk.governing import Governing, codes_to_look_up
from bot.desk.guidelines import GUIDED, GuidelineLookup, RuleQuestion, in_full
from bot.desk.headlines import headlined
from bot.desk.inpatient_questions import answered as answered_of_lists
from bot.desk.intent import Intent, is_about_a_rule, says_of_codes
from bot.desk.modifier_titles import ModifierTitles
from bot.desk.notices import dated, needs, not_loaded, noticed
from bot.desk.question import Question, read_codes, read_question
from bot.desk.reasons import reason
from bot.desk.report import Reports
from bot.desk.retitling import retitled
from bot.desk.statements import most_characters
from bot.desk.system_choice import is_settled
from bot.desk.systems import likeliest, missing, to_search
from bot.desk.terminology import Terminology
from bot.desk.together import Together
from bot.messages import message
from bot.phi import Scrubbed, Scrubber, scrub_head
from bot.phi.long_texts import MOST_CHARACTERS, length_of
from bot.settings import Settings
from bot.views.wording import undated, worded
from bot.x12.plain import unread, without_x12
from codesets.lookups.inpatient_lists import InpatientLists
from codesets.model import (
    Code,
    CodeKind,
    CodesetError,
    Release,
    ReleaseUnavailable,
    Setting,
    System,
)
from codesets.store.code_store import CodeStore, ReleaseMatch
from index.embedding.models import name_of
from index.errors import SearchError
from index.runtime import THREADS
from index.search.searcher import Found, Searcher
from index.statement.books import Books
from index.text.sides import by_side

#: Extra hits that are searched for, to replace those that are not in force on the date.
_SPARE = 30
#: The hits among which a code that is missing beside another is looked for.
_PARTNERS = 40
#: Rules by which a pair is of one code, as no code that it asks for is given.
_ASKED_OF_ONE = frozenset({"code_first", "use_additional_code"})
#: What is billed beside a code.
_BESIDE = ("modifier", "place_of_service")
#: Below this value of Found.ours a question for which no code fits is small talk, and no rule is
#: looked for; below 0, where it is as near as this cosine to an off-topic example, too. The lowest
#: of 289 questions about rules has -3.6 ("what is a sequela, is there a time limit").
_SMALL_TALK, _SAID_IN_SMALL_TALK = -4.0, 0.6


#: Asked at the start, so that the tables of words and the names of drugs are read: a dose, and a
#: statement of many kinds of words.
_WARMING_DOSE = "kenalog 40 mg, how many units"
_WARMING = "dm2 with ckd 3b, on insulin, fell off ladder, left wrist fx, pregnant 20 wk, hx of mi"


@dataclass(frozen=True, slots=True)
class _Search:
    """A question to search for: its place among those asked together, its answer so far, and the
    releases to search."""

    place: int
    question: Question
    answer: Answer
    coverages: list[ReleaseMatch]


class Desk:
    """Answers questions from codes.db and the index. Safe to use from many threads."""

    def __init__(
        self, settings: Settings, *, build: str | None = None, threads: int = THREADS
    ) -> None:
        """`build` names an index bundle that is not the one in use, to see what it answers.
        `threads`: how many threads search at once; with one, none is started. The index is opened
        when it is first needed. Raises CodesetError when no code set is loaded."""
        if not settings.codes_db.exists():
            raise CodesetError(message("desk.nothing_loaded"))
        self._settings = settings
        self._build = build
        self._threads = threads
        self._store = CodeStore(settings.codes_db)
        if not self._store.releases():
            raise CodesetError(message("desk.nothing_loaded"))
        #: What is loaded, as this desk answers from it: editions that are loaded later are none of
        #: its own (`CodeStore.state`).
        self.loaded = self._store.state()
        self._guideline_lookup = GuidelineLookup(self._store)
        self._codes = CodeAnswers(self._store, self._guideline_lookup)
        self._claims = ClaimAnswers(self._store, self._codes, self._guideline_lookup)
        self._reports = Reports(self._store, self._guideline_lookup)
        self._flags = Flags(InpatientLists(self._store.references))
        known = self._codes.known
        titles = ModifierTitles(known.modifiers, lambda: self._search().encoder)
        self._codes.known = replace(known, near=titles.near)
        self._every_part = EveryPart(self._store, known.modifiers())
        self._doses = Doses(self._store)
        self._searcher: Searcher | None = None
        self.scrubber = Scrubber(settings.index)
        self._beside_them = Beside(self._store, self.scrubber)
        #: What programs ask of single codes, mappings and lists.
        self.terminology = Terminology(self._store, worded)
        self._opening = threading.Lock()
        # More searches at once than cores would slow each other down.
        self._searching = threading.Semaphore(threads)
        self._handlers: Mapping[Intent, Callable[[Question, Answer], Answer]] = {
            "too_long": self._too_long,
            "empty": self._empty,
            "foreign": self._foreign,
            "greeting": self._courtesy,
            "thanks": self._courtesy,
            "help": self._courtesy,
            "changes": self._changes,
            "x12": self._x12,
            "claim": self._claims.on_claim,
            "denial": DenialAnswers(self._store, self._codes.on_codes).on_denials,
            "drug_products": self._codes.on_products,
            "codes": self._on_codes,
        }

    def close(self) -> None:
        self._store.close()

    def ready(self) -> None:
        """Open the index and load the models, so that the first question does not wait for them."""
        self.scrubber.ready()
        self.ready_to_search()

    def ready_to_search(self) -> None:
        """The same for a desk that answers what another one has read: without the entity model of
        the scrubber."""
        searcher = self._search()
        searcher.encoder.encode(["ready"])
        for release in self._store.releases("icd10pcs")[-1:]:
            searcher.procedures(release)
        if "icd10cm" in self._store.systems:
            self.ask(_WARMING)
        if "hcpcs" in self._store.systems:
            self.ask(_WARMING_DOSE)

    @property
    def searches_at_once(self) -> int:
        """How many questions that take a search are best worked on at once. Several take longer in
        all, as they share the lock of Python, and each already uses several threads."""
        return 1

    @property
    def index_build(self) -> str | None:
        """The build of the index that answers come from; None until the index was needed."""
        return self._searcher.manifest.build if self._searcher else None

    def made_with(self, *answers: Answer) -> dict[str, Any]:
        """What these answers were made with, as the log keeps it."""
        manifest = self._searcher.manifest if self._searcher else None
        editions = {key for answer in answers for key in answer.releases} | sources_of(answers)
        return provenance.made_with(self._store, self._settings, manifest, editions)

    def _search(self) -> Searcher:
        with self._opening:
            if self._searcher is None:
                model = name_of(self._settings.model) if self._build is None else None
                self._searcher = Searcher(
                    self._settings.index, self._store, model, self._build, self._threads
                )
            return self._searcher

    # Reading

    def take(
        self,
        asked: str,
        *,
        day: dt.date | None = None,
        fixed: bool = False,
        systems: Sequence[System] | None = None,
        usual: Sequence[System] = (),
        setting: Setting | None = None,
        editions: Mapping[str, str] | None = None,
        after: Turn | None = None,
    ) -> Question:
        """Read a question, in milliseconds once `ready`, so that it can be stored before it is
        answered. X12 (a claim, a remittance) is replaced by plain text before anything else sees
        it. The date of service is the one in the question, else `day`, else today; `day`
        comes first if it is `fixed`. `systems` limits the search. `usual` systems and `setting`
        count where the question does not say. `editions` (key of a release -> label) replace a date
        that the log does not keep; the answer then has no date either. Raises ReleaseUnavailable
        when no date leads to these editions.

        `after`: the question that it follows, and may refine. A refinement has the date of that
        question, if one was said there and none is said now."""
        started = time.perf_counter()
        asked = without_x12(asked)
        wrong = unread(asked)
        scrubbed = scrub_head(self.scrubber, asked, most_characters(asked))
        read = partial(
            read_question,
            lookup=self._codes.lookup,
            systems=systems or (),
            beside=self._beside(),
            known=self._codes.known,
        )
        if editions is not None:
            day, fixed = day_for(self._store, editions), True
        question = read(asked, scrubbed, day=day, fixed=fixed)
        if wrong is not None:
            question = replace(question, intent="x12", mentions=())
        elif after is not None and question.intent != "claim":
            has_date = fixed or question.date_said
            again = partial(read, day=day, fixed=True)
            question = read_after(after, question, scrubbed, again, self._terms())
            if question.refines and not has_date:
                day, editions = date_of(after, day, self._store)
                question = replace(question, service_date=day, day=day or dt.date.today())
        return self._read(with_defaults(question, usual, setting), editions, started)

    def take_codes(
        self,
        codes: Sequence[str],
        *,
        day: dt.date | None = None,
        systems: Sequence[System] | None = None,
        setting: Setting | None = None,
        editions: Mapping[str, str] | None = None,
    ) -> Question:
        """Read codes to check for the date of service `day`, by default today. A code that several
        systems have gets a verdict in each, the form as typed first; `systems` limits these.
        `setting` chooses among NCCI's edits; None: all of them. `editions` are as in `take`."""
        started = time.perf_counter()
        question = read_codes(
            codes,
            [self._scrubbed(code) for code in codes],
            self._codes.lookup,
            day=day if editions is None else day_for(self._store, editions),
            systems=systems or (),
            setting=setting,
            known=self._codes.known,
        )
        return self._read(question, editions, started)

    def _terms(self) -> Terms:
        """What the index says of words; nothing where there is none."""
        try:
            searcher = self._search()
            release = self._store.for_date("icd10cm", dt.date.today()).release
        except (SearchError, ReleaseUnavailable):
            return Terms(lambda _: False, lambda _: True)
        return Terms(
            lambda words: searcher.is_name(words, release),
            lambda texts: searcher.says_together(texts, release),
        )

    def _beside(self) -> list[CodeKind]:
        """Modifiers and places of service, as far as a list of them is loaded."""
        kinds: list[CodeKind] = []
        if "hcpcs" in self._store.systems:
            kinds.append("modifier")
        if self._store.references.all("places"):
            kinds.append("place_of_service")
        return kinds

    def _read(
        self, question: Question, editions: Mapping[str, str] | None, started: float
    ) -> Question:
        """The question with its editions and the time that reading took."""
        releases, day = question.releases, question.service_date
        if editions is not None:
            releases = dict(editions)
        elif day is not None:
            coverages = [self._store.for_date(system, day) for system in self._store.systems]
            releases = edition_labels(coverages, day)
        elapsed_ms = (time.perf_counter() - started) * 1000
        return replace(question, releases=releases, dated=editions is None, read_ms=elapsed_ms)

    def scrub(self, text: str) -> str:
        """A text that people type besides a question (a note, the words of a correction), without
        identifiers of patients, so that it may be stored."""
        return self._scrubbed(without_x12(text)).text

    def _scrubbed(self, text: str) -> Scrubbed:
        return scrub_head(self.scrubber, text)

    # Answering

    def ask(self, question: Question | str, *, limit: int = 10, **reading: Any) -> Answer:
        """Answer one question, with at most `limit` candidates. A text is first read by `take` with
        `reading`."""
        return self.ask_many([question], limit=limit, **reading)[0]

    def ask_many(
        self, questions: Sequence[Question | str], *, limit: int = 10, **reading: Any
    ) -> list[Answer]:
        """Answer several questions, in order; those in plain words are embedded together. Each of
        several statements in a question is answered by itself, too."""
        read = [
            self.take(question, **reading) if isinstance(question, str) else question
            for question in questions
        ]
        each = [statement_answers.parts_of(question, self._take_part) for question in read]
        answered = iter(self._answered([part for parts in each for part in parts], limit))
        answers = []
        for question, parts in zip(read, each, strict=True):
            of_parts = [next(answered) for _ in parts]
            one = of_parts[0]
            if len(of_parts) > 1:
                one = statement_answers.together(question, _begun(question), of_parts)
            else:
                one = self._every_part.completed(question, one)
            if len(of_parts) == 1 and question.taken:
                one = with_option(one, question.taken, self._store, question.day)
            one = self._beside_them.added(question, one)
            if question.refines or question.read_as:
                one = replace(one, refines=question.refines, read_as=question.read_as)
            one = self._flags.on(question, one)
            answers.append((worded if question.dated else undated)(headlined(one)))
        return answers

    def _take_part(self, text: str) -> Question:
        """One of several statements of a question, which is scrubbed already."""
        return read_question(
            text,
            Scrubbed(text, searched=text),
            self._codes.lookup,
            fixed=True,
            beside=self._beside(),
            known=self._codes.known,
        )

    def _answered(self, read: Sequence[Question], limit: int) -> list[Answer]:
        """The answers to questions of one statement each, not yet in words."""
        answers: list[Answer] = []
        searches: list[_Search] = []
        doses = [self._doses.read(question) for question in read]
        for place, question in enumerate(read):
            started = time.perf_counter() - question.read_ms / 1000
            answer = _begun(question)
            if question.intent == "search":
                if dosed := doses[place]:
                    if dosed.alone is not None:
                        answers.append(_timed(answer, started))
                        continue
                    question = dosed.searched(question)
                answer, coverages = self._releases_for(question, answer)
                if coverages:
                    searches.append(_Search(place, question, answer, coverages))
            else:
                answer = self._handlers[question.intent](question, answer)
            answers.append(_timed(answer, started))
        # Questions for different dates are answered from different releases.
        for group in _grouped(searches):
            with self._searching:
                for place, answer in self._searched(group, limit):
                    answers[place] = answer
        for place, dosed in enumerate(doses):
            if dosed is not None:
                answers[place] = self._with_doses(read[place], dosed, answers[place])
            elif read[place].intent == "search":
                answers[place] = counted(read[place].text, answers[place])
        return answers

    def _with_doses(self, question: Question, dosed: DoseQuestion, answer: Answer) -> Answer:
        """The answer with the units of each drug, before what else the question states."""
        case = dosed.rest if question.intent == "search" else ""
        answer = answered(dosed, answer)
        if not case or "icd10cm" not in self._store.systems:
            return answer
        release = self._store.for_date("icd10cm", question.day).release
        with self._searching:
            return beside(
                answer,
                partial(
                    self._reports.beside_verdicts,
                    question,
                    searcher=self._search(),
                    release=release,
                    case=case,
                ),
            )

    def check(self, codes: Sequence[str], **reading: Any) -> Answer:
        """Verdicts on each code, in order, and what the rules say of them together. `reading`: the
        options of `take_codes`."""
        return self.ask(self.take_codes(codes, **reading))

    def verdicts_on(self, typed: str) -> list[Verdict]:
        """Today's verdicts on a code, one in each loaded system that has it, the form as typed
        first: E0840 is also E08.40."""
        return self.check([typed]).verdicts

    def governing(self, answer: Answer) -> Governing:
        """What governs the codes of an answer, which may be out of the log: on its date of service,
        or today where the log does not keep that."""
        asked = self.take_codes(
            codes_to_look_up(answer),
            day=dt.date.fromisoformat(answer.as_of) if answer.as_of else None,
        )
        day = asked.day
        verdicts = {v.code: v for v in self.ask(asked).verdicts} if asked.mentions else {}
        sections: dict[str, QuotedGuideline] = {}
        for one in (*verdicts.values(), *answer.verdicts):
            for named in one.guidelines:
                found = self._guideline_lookup.section(named.section, one.system, day)
                if found and found.release == named.release:
                    sections[found.section] = QuotedGuideline(
                        found.section, found.title, found.text, found.page, 0.0, found.release
                    )
        return Governing(verdicts, sections)

    def completing(
        self,
        system: str,
        code: str,
        *,
        day: dt.date | None = None,
        editions: Mapping[str, str] | None = None,
    ) -> Step:
        """Where a code stands that is being completed, and how it goes on. `day`, `editions`: as in
        `take`. Raises ReleaseUnavailable."""
        when = (day or dt.date.today()) if editions is None else day_for(self._store, editions)
        return step(self._store, when, system, code)

    def retitled(self, answer: Answer) -> Answer:
        """An answer out of the log, with the titles of CPT codes, which the log does not keep."""

        return retitled(self._store, answer)

    # What needs no search

    def _too_long(self, question: Question, answer: Answer) -> Answer:
        length = length_of(question.asked)
        return noticed(answer, reason("desk.too_long", length=length, limit=MOST_CHARACTERS))

    def _empty(self, question: Question, answer: Answer) -> Answer:
        number = question.removed and re.search(r"\d{9}|\d+-\d+-\d", question.asked)
        return noticed(answer, reason("desk.number_removed" if number else "desk.empty"))

    def _x12(self, question: Question, answer: Answer) -> Answer:
        wrong = unread(question.scrubbed)
        assert wrong is not None
        return noticed(answer, reason(f"x12.{wrong.key}", kind=wrong.kind))

    def _foreign(self, question: Question, answer: Answer) -> Answer:
        return noticed(answer, reason("desk.foreign"))

    def _courtesy(self, question: Question, answer: Answer) -> Answer:
        return noticed(answer, reason(f"desk.{question.intent}"))

    def _changes(self, question: Question, answer: Answer) -> Answer:
        assert question.inquiry is not None
        changes = edition_changes.answer(self._store, question.inquiry, question.day)
        if isinstance(changes, Changes):
            return replace(answer, outcome="changes", changes=changes)
        return noticed(answer, changes)

    # Searching

    def _releases_for(
        self, question: Question, answer: Answer
    ) -> tuple[Answer, list[ReleaseMatch]]:
        """The releases to search for a question. For a system that is not loaded, the answer gets a
        notice."""
        systems: Sequence[System] = question.limited_to
        if not systems:
            systems = self._store.systems
            if question.said is not None and "icd11" in question.said.named:
                systems = self._store.all_systems
            if question.said is not None:
                if lacking := missing(likeliest(question.said), systems):
                    answer = noticed(answer, *map(needs, lacking))
                if missing(question.systems, systems):
                    return answer, []
                systems = to_search(question.said, systems)
        coverages = []
        for system in systems:
            try:
                coverages.append(self._store.for_date(system, question.day))
            except ReleaseUnavailable:
                answer = noticed(answer, not_loaded(system))
        return answer, coverages

    def _searched(self, group: Sequence[_Search], limit: int) -> Iterator[tuple[int, Answer]]:
        """The place and the answer of each of these questions, which search the same releases."""
        started = time.perf_counter()
        coverages = group[0].coverages
        releases = [coverage.release for coverage in coverages]
        texts = [search.question.subject for search in group]
        # A question that tells two sides apart is searched once more for each of them.
        sides = [by_side(text) for text in texts]
        words = {search.question.subject: search.question.said for search in group}
        words |= {
            side_text: search.question.said
            for search, side_texts in zip(group, sides, strict=True)
            for side_text in side_texts
        }
        results = self._search().search_many(
            texts + [text for side_texts in sides for text in side_texts],
            releases,
            max(limit, LOOKED_AT) + _SPARE,
            lambda text, best: is_settled(words[text], best),
        )
        others = iter(results[len(texts) :])
        for search, found, side_texts in zip(group, results[: len(texts)], sides, strict=True):
            question, answer = search.question, search.answer
            said = question.said
            maker = Candidates(self._store, self._guideline_lookup, releases, question.day)
            candidates = maker.of_sides(
                [next(others) for _ in side_texts] or [found],
                limit,
                said.points if said else {},
                of_a_system=bool(question.systems) or (said is not None and said.speaks),
            )
            if candidates:
                answer = replace(answer, outcome="answered", candidates=candidates)
                answer = noticed(answer, *read_cut_words(found, question.statement))
            answer = self._with_guidelines(question, answer, found, releases)
            answer = self._reports.reported(question, answer, self._search(), found, releases)
            answer = self._codes.icd11.noted(answer, releases)
            answer = with_options(answer, self._store, question.day)
            answer = self._named_second(question, answer)
            if answer.outcome == "abstained":
                # Its date does not matter.
                told = [why for why in answer.reasons if not why.key.startswith("desk.date_")]
                answer = noticed(replace(answer, reasons=told), reason("desk.off_topic"))
            answer = dated(answer, search.coverages, question.day)
            share = (time.perf_counter() - started) * 1000 / len(group)
            yield search.place, replace(answer, elapsed_ms=round(answer.elapsed_ms + share, 2))

    def _named_second(self, question: Question, answer: Answer) -> Answer:
        """The answer with a notice where a procedure is answered from ICD-10-PCS alone, and may be
        none of an inpatient."""
        words = question.said
        systems = [line.system for line in answer.report] or [c.system for c in answer.candidates]
        if (
            systems[:1] == ["icd10pcs"]
            and words is not None
            and not words.named
            and not words.is_inpatient
            and "cpt" not in self._store.systems
        ):
            return noticed(answer, reason("desk.inpatient_only"))
        return answer

    def _with_guidelines(
        self,
        question: Question,
        answer: Answer,
        found: Found,
        releases: Sequence[Release],
    ) -> Answer:
        """The answer with the sections of the guidelines that are nearest to the question. They are
        the outcome if it asks about a rule; codes that fit stay beside them."""
        rule = is_about_a_rule(question.text)
        searched = {release.system for release in releases}
        if not (rule or searched.intersection(GUIDED)):
            return answer
        asked = RuleQuestion(question.text, in_full(question.text), found.vector)
        systems = question.limited_to or GUIDED
        answering = self._guideline_lookup.answering(self._search(), asked, systems, question.day)
        if answer.outcome == "abstained":
            near_small_talk = found.off_topic >= _SAID_IN_SMALL_TALK and found.ours < 0
            small_talk = found.ours < _SMALL_TALK or near_small_talk
            if small_talk or not answering.alone(rule):
                return answer
            return replace(answer, guidelines=answering.sections, outcome="guideline")
        code = max((hit.similarity for hit in found.hits), default=0.0)
        if searched.isdisjoint(GUIDED):  # a supply has no guidelines
            asks = answering.alone(rule)
        else:
            asks = answering.beside(rule, question.text, code)
            answer = replace(answer, guidelines=answering.sections)
        if asks:
            return replace(answer, guidelines=answering.sections, outcome="guideline")
        return answer

    def _on_codes(self, question: Question, answer: Answer) -> Answer:
        """Verdicts on the codes that a question names and, if it asks about a rule, the sections of
        the guidelines that answer it, beside them."""
        answer = self._codes.on_codes(question, answer)
        if told := answered_of_lists(question, answer, self._flags):
            return told
        if answer.headline.reasons:  # of ICD-11
            return answer
        answer = self._with_headline(question, answer)
        codes = [mention.typed for mention in question.mentions]
        rule = is_about_a_rule(question.text)
        if all(mention.kind in _BESIDE for mention in question.mentions):
            return answer  # the Official Guidelines have no rules of modifiers and places
        if not says_of_codes(question.text, codes, rule):
            return answer
        try:
            searcher = self._search()
        except SearchError:  # codes are looked up without an index; rules are not
            return answer
        if not answer.headline.reasons and "icd10cm" in self._store.systems:
            release = self._store.for_date("icd10cm", question.day).release
            with self._searching:
                answer = self._reports.beside_verdicts(question, answer, searcher, release)
        # What a code is called says what the question is about.
        titles = [verdict.title.lower() for verdict in answer.verdicts]
        spelled_out = " ".join([in_full(question.text), *titles])
        vectors = searcher.encoder.encode([question.text.lower(), spelled_out])
        answering = self._guideline_lookup.answering(
            searcher,
            RuleQuestion(question.text, spelled_out, vectors.mean(axis=0)),
            question.limited_to or GUIDED,
            question.day,
        )
        if not answering.beside_verdicts(rule):
            return answer
        return replace(answer, guidelines=answering.sections)

    def _with_headline(self, question: Question, answer: Answer) -> Answer:
        """The answer with what is asked of its codes together, in one line, and the rules that the
        line rests on before the others."""
        books = None
        if "icd10cm" in self._store.systems:
            coverage = self._store.for_date("icd10cm", question.day)
            books = Books(self._store, coverage.release, question.day)
        search = partial(self._codes_for, books) if books else None
        decided = Together(self._store, self._guideline_lookup, books, search).decide(question)
        if decided is None:
            return answer
        shown = {(tuple(pair.codes), pair.rule, pair.quote) for pair in decided.pairs}
        # What one code asks for besides is told where that is what was asked.
        alone = decided.headline.kind == "yes" and len(decided.headline.codes) == 1
        rest = [
            pair
            for pair in answer.pairs
            if (tuple(pair.codes), pair.rule, pair.quote) not in shown
            and (alone or len(pair.codes) > 1 or pair.rule not in _ASKED_OF_ONE)
        ]
        return replace(answer, headline=decided.headline, pairs=[*decided.pairs, *rest])

    def _codes_for(self, books: Books, words: str) -> list[Code]:
        """The diagnoses that fit words best; [] where there is no index."""
        try:
            searcher = self._search()
        except SearchError:
            return []
        with self._searching:
            hits = searcher.search(words, [books.release], _PARTNERS).hits
        codes = (books.complete(hit.code, words) for hit in hits)
        return [code for code in codes if code is not None]


def _begun(question: Question) -> Answer:
    """An answer without results yet."""
    begun = Answer(question.scrubbed, question.day.isoformat(), "abstained")
    if question.picked_by:
        begun = noticed(begun, reason("language_model.read", model=question.picked_by))
    if question.no_such_day:
        return noticed(begun, reason("desk.bad_date"))
    return (
        noticed(begun, reason(f"desk.date_{question.date_read}")) if question.date_read else begun
    )


def _grouped(searches: Sequence[_Search]) -> list[list[_Search]]:
    groups: dict[tuple[str, ...], list[_Search]] = {}
    for search in searches:
        groups.setdefault(tuple(c.release.key for c in search.coverages), []).append(search)
    return list(groups.values())


def _timed(answer: Answer, started: float) -> Answer:
    return replace(answer, elapsed_ms=round((time.perf_counter() - started) * 1000, 2))
