"""The Alphabetic Index under "Pregnancy, complicated by", "Delivery, complicated by", "Delivery,
cesarean" and "Puerperal": what a fact of a statement is called there (Guidelines I.B.1).

The Index is read once for each edition. Without a loaded Index nothing is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from codesets.model import Reference, Term
from codesets.store.code_store import CodeStore
from index.statement.books import Books
from index.statement.model import Fact, Ground, Proposal, Span, Statement
from index.statement.obstetrics.obstetric_codes import complete, reports_condition_too
from index.statement.obstetrics.phrases import table
from index.statement.obstetrics.pregnancy import Period, Pregnancy
from index.text.lexicon import Lexicon
from index.text.tokens import STOPWORDS, essential, plain_words, read, stem

#: What ended, and the entries for the complications of its kind; the last is any other.
_ABORTIONS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"\b(?:ectopic|tubal)\b"), ("Pregnancy, ectopic, complicated, ",)),
    (re.compile(r"\bmol(?:e|ar)\b"), ("Pregnancy, molar NEC, complicated, ",)),
    (re.compile(r"\b(?:failed|attempted)\b"), ("Abortion, attempted, complicated by, ",)),
    (
        re.compile(r"\b(?:induced|elective|terminat\w*|therapeutic|tab|eab|top)\b"),
        ("Abortion, induced, complicated by, ",),
    ),
    (
        re.compile(r"\b(?:incomplete|inevitable|retained|rpoc)\b"),
        ("Abortion, incomplete, complicated, ",),
    ),
    (re.compile(r""), ("Abortion, complicated, ",)),
)
_LEADS: dict[Period, tuple[str, ...]] = {
    "pregnancy": ("Pregnancy, complicated by, ",),
    "delivery": (
        "Delivery, complicated, by, ",
        "Delivery, cesarean, ",
        "Pregnancy, complicated by, ",
    ),
    "postpartum": ("Puerperal, ",),
    "abortive": tuple(lead for _, leads in _ABORTIONS for lead in leads),
}
#: Entries under other main terms: "Fibroid, in pregnancy or childbirth".
_IN_PREGNANCY = re.compile(
    r"(?P<words>[^()]+?),? (?:complicating,? |in )pregnancy(?:,? (?:or )?(?:childbirth|delivery))?"
)
#: Words of an entry that say nothing by themselves.
_HOLLOW = frozenset(
    map(
        stem,
        """nec nos specified type with without by other complicating maternal state""".split(),
    )
)
#: Entries of one such word are too wide to be meant: "infection", "abnormal", "injury".
_WIDE = frozenset(
    map(
        stem,
        """infection abnormal injury trauma hemorrhage fetal complications malposition
        abscess cesarean previous previa disruption failure pain obstruction placenta cord
        uterus cervix vagina laceration rupture retention neoplasm tumor deformity prolapse
        delayed normal scar surgery contraction findings hematoma disorder disorders disease
        diseases condition conditions labor high low position presentation""".split(),
    )
)


@dataclass(frozen=True, slots=True)
class _Entry:
    stems: frozenset[str]
    code: str
    text: str
    lead: str


@lru_cache(maxsize=4)
def _entries(store: CodeStore, reference: Reference) -> dict[Period, tuple[_Entry, ...]]:
    found: dict[Period, list[_Entry]] = {period: [] for period in _LEADS}
    leads = tuple({lead for each in _LEADS.values() for lead in each})
    misprints = set(table("obstetrics")["index"]["misprints"].splitlines())
    for term in store.references.rows(Term, reference):
        if term.text in misprints or not _is_whole(term):
            continue
        if (match := _IN_PREGNANCY.fullmatch(term.text)) and (stems := _stems(match["words"])):
            entry = _Entry(stems, term.code, term.text, "")
            found["pregnancy"].append(entry)
            found["delivery"].append(entry)
        if not term.text.startswith(leads):
            continue
        for period, each in _LEADS.items():
            for lead in each:
                if term.text.startswith(lead):
                    text = essential(term.text[len(lead) :])
                    for words in _choices(text) if period == "abortive" else (text,):
                        stems = _stems(words) - _HOLLOW
                        wide = len(stems) == 1 and stems & _WIDE and period != "abortive"
                        if stems and not wide:
                            found[period].append(_Entry(stems, term.code, term.text, lead))
    return {period: tuple(entries) for period, entries in found.items()}


def _choices(words: str) -> tuple[str, ...]:
    """The words of an entry: "renal failure or shutdown" is renal failure, and renal shutdown."""
    first, _, second = words.partition(" or ")
    if not second:
        return (words,)
    *shared, _ = first.split() or [""]
    return first, " ".join([*shared, second])


def _is_whole(term: Term) -> bool:
    """Whether the words of an entry are all that it takes. What is without something is left out,
    and so are membranes: those that rupture in labor at term are no condition."""
    return ", without " not in term.text and not term.code.startswith("O42")


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in plain_words(text) if word not in STOPWORDS)


@lru_cache(maxsize=512)
def _said(text: str) -> frozenset[str]:
    """The stems of a text, and those of its shorthand spelled out."""
    lexicon = Lexicon.shipped()
    typed = read(text)
    spelled = read(" ".join(lexicon.spell_out(lexicon.typed(text))))
    return (typed.affirmed | spelled.affirmed) - typed.denied


@dataclass(frozen=True, slots=True)
class Found:
    """What the Index has for the facts that are joined in a statement: its code, the words that
    agree, and where they stand."""

    proposal: Proposal
    stems: frozenset[str]
    span: Span


def look_up(statement: Statement, pregnancy: Pregnancy, books: Books) -> Iterator[Found]:
    """The entries of the Index that have the most words of the facts of a statement."""
    reference = books.store.references.for_date("index", "icd10cm", books.day)
    if reference is None:
        return
    entries = _entries(books.store, reference)[pregnancy.period]
    if pregnancy.period == "abortive":
        leads = next(leads for words, leads in _ABORTIONS if words.search(statement.folded))
        entries = tuple(entry for entry in entries if entry.lead in leads)
    for facts in _joined(statement):
        text = " ".join(fact.text for fact in facts)
        said = _said(text)
        fitting = [entry for entry in entries if entry.stems <= said]
        if not fitting:
            continue
        best = max(fitting, key=lambda entry: len(entry.stems))
        code = complete(books, best.code, pregnancy, text)
        if code is None or code.code[0] != "O":
            continue
        ground = Ground(
            "index", "report.index_of_pregnancy", quote=best.text, release=reference.label
        )
        span = Span(facts[0].span.start, facts[-1].span.end)
        proposal = Proposal(
            code.code,
            (span,),
            "first-listed",
            "condition",
            (ground,),
            settles=not reports_condition_too(books, code.code),
            sure=0.75 if len(best.stems) > 1 else 0.7,
        )
        yield Found(proposal, best.stems, span)


def _joined(statement: Statement) -> Iterator[list[Fact]]:
    """The affirmed facts, those that "with" and "due to" join together."""
    group: list[Fact] = []
    for fact in statement.facts:
        if fact.status != "affirmed":
            continue
        if group and fact.join in ("with", "due to"):
            group.append(fact)
            continue
        if group:
            yield group
        group = [fact]
    if group:
        yield group


def stems_of(text: str) -> frozenset[str]:
    """The stems of a text, with its shorthand spelled out."""
    return _said(text)
