"""The desk: one door for every surface. A question comes in, an answer goes out."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from bot import scope
from bot.answer import Answer, Candidate, CodeTitle, ShownNote, Status, Verdict
from bot.question import (
    CodeMention,
    Question,
    is_foreign,
    is_wordless,
    may_be_hcpcs,
    named_code,
    read_question,
)
from bot.settings import Settings
from bot.words import say
from codesets import icd10cm
from codesets.model import SYSTEM_NAMES, Code, CodesetError, Release, ReleaseUnavailable
from codesets.store import CodeStore, Coverage
from index.complete import choices, complete
from index.confidence import confidence, fits
from index.encoder import Encoder
from index.rank import AXES
from index.search import Found, Hit, Query, Searcher
from index.words import read

#: A question longer than this is a chart, not a question.
MOST_CHARACTERS = 1000
#: Completions listed with a header; the count of all is in the verdict's words.
_MOST_COMPLETIONS = 100
#: Hits looked at beyond those shown, in place of those that are not in force on the date.
_SPARE = 30
#: Rules about codes together, and limits on units, that this edition does not check.
_NOT_CHECKED = ["excludes1", "code_first", "use_additional_code", "ncci_ptp", "mue"]

#: A question still to be searched: its place, its answer so far, and the releases to search.
_Search = tuple[int, Answer, Question, list[Coverage]]


class Desk:
    """Answers questions from codes.db and the index. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        """Raises CodesetError when no code set is loaded; the index is opened when first needed."""
        if not settings.codes_db.exists():
            raise CodesetError(say("desk.nothing_loaded"))
        self._settings = settings
        self._store = CodeStore(settings.codes_db)
        if not self._store.releases():
            raise CodesetError(say("desk.nothing_loaded"))
        self._searcher: Searcher | None = None
        self._opening = threading.Lock()

    def close(self) -> None:
        self._store.close()

    def ready(self) -> None:
        """Open the index and load the model, so that the first question does not wait for it."""
        self._search().encoder.encode(["ready"])

    @property
    def index_build(self) -> str | None:
        """The build of the index that answers come from, None until one was needed."""
        return self._searcher.manifest.build if self._searcher else None

    def _search(self) -> Searcher:
        with self._opening:
            if self._searcher is None:
                encoder = encoder_of(self._settings)
                self._searcher = Searcher(self._settings.index, self._store, encoder)
            return self._searcher

    # Asking

    def ask(
        self,
        question: str,
        *,
        day: dt.date | None = None,
        systems: Sequence[str] | None = None,
        limit: int = 10,
    ) -> Answer:
        """Answer one question for a date of service: the one given, else the one in the question,
        else today. `systems` limits the search to those systems."""
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
            started = time.perf_counter()
            coverages = group[0][3]
            releases = [coverage.release for coverage in coverages]
            searcher = self._search()
            texts = [question.text for _, _, question, _ in group]
            results = searcher.search_many(texts, releases, max(limit, 10) + _SPARE)
            for (number, answer, _, _), found in zip(group, results, strict=True):
                done = self._with_candidates(answer, found, releases, limit)
                done = self._dated(done, coverages)
                share = (time.perf_counter() - started) * 1000 / len(group)
                answers[number] = replace(done, elapsed_ms=round(answer.elapsed_ms + share, 2))
        return [answer for answer in answers if answer is not None]

    def check(self, codes: Sequence[str], *, day: dt.date | None = None) -> Answer:
        """A verdict on each code for a date of service (today unless given), in order."""
        started = time.perf_counter()
        as_of = day or dt.date.today()
        mentions = [named_code(code, self._lookup) for code in codes]
        answer = Answer(question=" ".join(codes), as_of=as_of.isoformat(), outcome="verdict")
        firsts = [found[0] for found in mentions]
        return _timed(self._with_verdicts(answer, firsts, as_of), started)

    def _without_search(
        self, asked: str, day: dt.date | None, systems: Sequence[str] | None
    ) -> tuple[Answer, Question, list[Coverage]]:
        """The answer as far as it goes without the index, and the releases still to be searched."""
        today = dt.date.today()
        abstained = Answer(question=asked, as_of=(day or today).isoformat(), outcome="abstained")
        nothing = Question(asked, asked)
        if is_wordless(asked):
            return _noticed(abstained, say("desk.empty")), nothing, []
        if len(asked) > MOST_CHARACTERS:
            notice = say("desk.too_long", length=len(asked), limit=MOST_CHARACTERS)
            return _noticed(abstained, notice), nothing, []
        question = read_question(asked, self._lookup)
        as_of = day or question.day or today
        answer = replace(abstained, as_of=as_of.isoformat())
        if question.not_a_date:
            answer = _noticed(
                answer, say("desk.bad_date", date=question.not_a_date, day=as_of.isoformat())
            )
        mentions = [m for m in question.codes if not systems or m.system in systems]
        if mentions:
            verdict = replace(answer, outcome="verdict")
            return self._with_verdicts(verdict, mentions, as_of), question, []
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
        releases = {c.release.key: c.release.label for c in coverages}
        return replace(
            answer, notices=notices + answer.notices, releases=answer.releases | releases
        )

    # Candidates

    def _with_candidates(
        self,
        answer: Answer,
        found: Found,
        releases: Sequence[Release],
        limit: int,
    ) -> Answer:
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
        if not fits(found):
            return _noticed(answer, say("desk.off_topic"))
        candidates = []
        for at, hit in enumerate(hits[:limit]):
            release, codes = by_system[hit.system], members[hit.system, hit.code]
            chosen = complete(query.reading, hit.title, codes)
            seventh = None if len(codes) == 1 or chosen.decided else _which(hit.title, codes)
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
                    ask_back=_ask_back(query, hits, at) or seventh,
                    completions=_titles(codes) if len(codes) > 1 else [],
                    notes=self._notes(release, chosen.code),
                )
            )
        return replace(answer, outcome="answered", candidates=candidates)

    def _members(self, release: Release, stem: str, day: dt.date) -> list[Code]:
        """The billable codes of a family on a date: itself, or its seventh-character expansions;
        [] when it has none in force."""
        code = self._store.get(release, stem)
        if code is not None and code.billable:
            codes = [code]
        else:
            codes = self._store.completions(release, stem)
        return [code for code in codes if code.in_force(day)]

    def _notes(self, release: Release, code: Code) -> list[ShownNote]:
        return [
            ShownNote(
                kind=note.kind,
                text=f"{note.mark}: {note.text}" if note.mark else note.text,
                inherited_from=note.owner,
                codes=[named.as_published for named in note.codes],
                release=note.release,
            )
            for note in self._store.notes(release, code)
        ]

    # Verdicts

    def _lookup(self, typed: str) -> list[tuple[str, str]]:
        """(system, published form) in each loaded system that has a code typed with or without
        its dot."""
        typed = typed.upper()
        found = []
        for system in self._store.systems:
            # No other system has dots: E08.40 is no traction frame, E0840 may be.
            form = icd10cm.dot(typed) if system == "icd10cm" else typed
            if self._store.editions_with(system, form):
                found.append((system, form))
        return found

    def _with_verdicts(
        self, answer: Answer, mentions: Sequence[CodeMention], day: dt.date
    ) -> Answer:
        loaded = self._store.systems
        systems = dict.fromkeys(m.system for m in mentions if m.system in loaded)
        coverages = {system: self._store.for_date(system, day) for system in systems}
        answer = self._dated(answer, list(coverages.values()))
        verdicts = []
        for mention in mentions:
            if may_be_hcpcs(mention) and "hcpcs" not in loaded:
                hcpcs = SYSTEM_NAMES["hcpcs"]
                notice = say("desk.maybe_other_system", code=mention.typed, system=hcpcs)
                answer = _noticed(answer, notice)
            if mention.system in coverages:
                verdicts.append(self._verdict(mention, coverages[mention.system].release, day))
            else:
                verdicts.append(_unloaded_verdict(mention))
        return replace(
            answer, verdicts=verdicts, not_checked=_NOT_CHECKED if len(verdicts) > 1 else []
        )

    def _verdict(self, mention: CodeMention, release: Release, day: dt.date) -> Verdict:
        code = self._store.get(release, mention.code)
        if code is None:
            return self._verdict_elsewhere(mention, release, day)
        if not code.in_force(day):
            return _out_of_its_dates(code, day)
        completions = self._store.completions(release, code.code)
        if code.billable:
            why = say("verdict.billable", code=code.code, label=release.label)
        else:
            seventh = all(c.stem == code.code for c in completions)
            why = say(
                "verdict.header_seventh" if seventh else "verdict.header",
                code=code.code,
                label=release.label,
                count=len(completions),
            )
            earlier = [
                edition.label
                for edition in self._store.editions_with(mention.system, code.code)
                if edition.effective_from < release.effective_from
                and (before := self._store.get(edition, code.code)) is not None
                and before.billable
            ]
            if earlier:
                why += " " + say("verdict.was_billable", label=earlier[-1])
        if code.effective_through:
            why += " " + say("verdict.last_day", date=code.effective_through)
        if code.title_from:
            why += " " + say("verdict.title_borrowed", label=code.title_from)
        return Verdict(
            code=code.code,
            system=mention.system,
            status="billable" if code.billable else "header",
            title=code.title,
            release=release.label,
            why=why,
            completions=_titles(completions[:_MOST_COMPLETIONS]),
            notes=self._notes(release, code),
        )

    def _verdict_elsewhere(self, mention: CodeMention, release: Release, day: dt.date) -> Verdict:
        """A verdict on a code that the release in force does not have."""
        editions = self._store.editions_with(mention.system, mention.code)
        later = [e for e in editions if e.effective_from > release.effective_from]
        title = ""
        status: Status = "unknown"
        if later:
            status = "not_yet_valid"
            why = say(
                "verdict.not_yet_valid",
                code=mention.code,
                label=release.label,
                first=later[0].label,
                date=later[0].first_served,
            )
        elif editions:
            status = "deleted"
            why = say(
                "verdict.deleted",
                code=mention.code,
                label=release.label,
                last=editions[-1].label,
                date=editions[-1].effective_through,
            )
        else:
            loaded = ", ".join(e.label for e in self._store.releases(mention.system))
            system = SYSTEM_NAMES[mention.system]
            why = say("verdict.unknown", code=mention.code, system=system, labels=loaded)
        if editions:
            known = self._store.get((later or editions[::-1])[0], mention.code)
            title = known.title if known else ""
        return Verdict(
            code=mention.code,
            system=mention.system,
            status=status,
            title=title,
            release=release.label,
            why=why,
            did_you_mean=[] if later else self._did_you_mean(release, mention.code, day),
        )

    def _did_you_mean(self, release: Release, code: str, day: dt.date) -> list[CodeTitle]:
        return _titles([c for c in self._store.did_you_mean(release, code) if c.in_force(day)])


def encoder_of(settings: Settings) -> Encoder:
    """The model that the settings name, for building the index and for asking it."""
    return Encoder(settings.model, may_download=settings.model_download)


def _out_of_its_dates(code: Code, day: dt.date) -> Verdict:
    """A verdict on a code that its release has, and whose own dates do not allow it."""
    early = code.effective_from is not None and day < code.effective_from
    why = say(
        "verdict.not_yet_effective" if early else "verdict.discontinued",
        code=code.code,
        label=code.release,
        date=code.effective_from if early else code.effective_through,
    )
    status: Status = "not_yet_valid" if early else "deleted"
    return Verdict(code.code, code.system, status, code.title, code.release, why)


def _unloaded_verdict(mention: CodeMention) -> Verdict:
    if not mention.system:
        return Verdict(
            code=mention.code,
            system="",
            status="unknown",
            title="",
            release=None,
            why=say("verdict.not_a_code", code=mention.code),
        )
    why = say(
        "verdict.not_loaded",
        code=mention.code,
        system=SYSTEM_NAMES[mention.system],
        how=say(f"load.{mention.system}"),
    )
    return Verdict(mention.code, mention.system, "not_loaded", "", None, why)


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


def _titles(codes: Sequence[Code]) -> list[CodeTitle]:
    return [CodeTitle(code.code, code.title) for code in codes]


def _which(stem_title: str, codes: Sequence[Code]) -> str:
    """The question that decides a seventh character."""
    if {"A", "D", "S"} <= {code.code[-1] for code in codes}:
        return say("desk.ask_encounter")
    return say("desk.ask_seventh", choices=", ".join(choices(stem_title, codes)))


def _ask_back(query: Query, hits: Sequence[Hit], at: int) -> str | None:
    """The first axis on which close rivals of the same category differ and nothing was said."""
    hit = hits[at]
    if hit.system != "icd10cm":
        return None  # the axes are those of its titles: in PCS, open is an approach
    rivals = [h for h in hits if h.code[:3] == hit.code[:3] and abs(h.score - hit.score) < 0.5]
    for axis in AXES:
        if axis.said(query.reading):
            continue
        if len({axis.said(read(rival.title)) for rival in rivals}) > 1:
            return axis.ask_back
    return None


def _grouped(
    searches: Sequence[_Search],
) -> list[list[_Search]]:
    groups: dict[tuple[str, ...], list[_Search]] = {}
    for search in searches:
        groups.setdefault(tuple(c.release.key for c in search[3]), []).append(search)
    return list(groups.values())
