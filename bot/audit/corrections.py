"""The rules on feedback and corrections, which Slack and the terminal share, and the step that puts
approved corrections into codes.db, from which the index is built."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import Any, Protocol

from bot.desk.answer import Verdict
from bot.messages import message
from bot.querylog import QueryLog, Record
from bot.querylog.feedback import Correction, in_force
from codesets.errors import CodeDeskError
from codesets.model import SYSTEM_NAMES, Reference, ReferenceData, SourceFile, System, Term
from codesets.store.code_store import CodeStore

#: Longer words are a question, not a name of something.
MOST_CHARACTERS = 120
#: Verdicts on a code that no loaded edition has.
_UNKNOWN = ("unknown", "not_loaded")
#: A placeholder of the scrubber.
_PLACEHOLDER = re.compile(r"\[[A-Z ]+\]")


class Refused(CodeDeskError):
    """Feedback or a correction that cannot be taken; the message says why, in a sentence."""


class OtherSystem(CodeDeskError):
    """A correction whose code is of another system than the codes of the answer, before the auditor
    has confirmed that; the message says so. `verdict` is the verdict on the code."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        super().__init__(message)
        self.verdict = verdict


class Checks(Protocol):
    """The methods of the desk that are used here."""

    def verdicts_on(self, typed: str) -> list[Verdict]:
        """The verdicts on a code, one for each loaded system that has it; on a text that is no
        code, a verdict which says so."""

    def scrub(self, text: str) -> str:
        """A text as it may be stored; unchanged when it has no identifiers."""


def code_in(desk: Checks, typed: str, record: Record, system: str | None = None) -> Verdict:
    """The verdict on the code that a person typed as the one used: the first of `named_by`."""
    return named_by(desk, typed, record, system)[0]


def named_by(desk: Checks, typed: str, record: Record, system: str | None = None) -> list[Verdict]:
    """The verdicts on each code that a typed text may mean, in its published form: one for each
    system that has it, or only for `system`; the form as typed comes first. E0840 may be a traction
    frame, or E08.40 without its dot. Raises Refused when the text is no code, or several."""
    if not typed.strip():
        raise Refused(message("feedback.no_code"))
    if len(re.split(r"[\s,;+]+", typed.strip())) > 1:
        raise Refused(message("feedback.one_code"))
    verdicts = desk.verdicts_on(typed)
    known = [v for v in verdicts if v.system in SYSTEM_NAMES and v.status not in _UNKNOWN]
    if not known:
        raise Refused(verdicts[0].why)
    of_system = [v for v in known if system in (None, v.system)]
    shown = typed.strip().upper()
    if not of_system:
        name = SYSTEM_NAMES[str(system)]
        raise Refused(message("feedback.not_in_system", code=shown, system=name))
    answered = systems_of(record)
    return sorted(of_system, key=lambda v: (v.code != shown, v.system not in answered))


def systems_of(record: Record) -> list[str]:
    """The systems of the codes in the answer to a question; [] without codes."""
    systems = (code["system"] for code in record.codes)
    return list(dict.fromkeys(system for system in systems if system in SYSTEM_NAMES))


def approve(
    desk: Checks,
    log: QueryLog,
    record: Record,
    words: str,
    typed: str,
    by: str,
    *,
    system: str | None = None,
    sure: bool = False,
    **more: Any,
) -> tuple[Verdict, int | None]:
    """Put on record that `by` approved words for a code, from the next index build on. Returns the
    verdict on the code and the number of the record; None when the same is in force already.
    Raises Refused, and OtherSystem when the codes of the answer are of other systems, unless
    `system` is given or `sure` is true."""
    verdict = code_in(desk, typed, record, system)
    phrase = fit_words(desk, words)
    answered = systems_of(record)
    if answered and verdict.system not in answered and not (system or sure):
        why = message(
            "feedback.other_system",
            code=verdict.code,
            title=verdict.title,
            system=SYSTEM_NAMES[verdict.system],
            others=", ".join(SYSTEM_NAMES[one] for one in answered),
        )
        raise OtherSystem(why, verdict)
    return verdict, log.correction(record.id, phrase, verdict.code, verdict.system, by, **more)


def fit_words(desk: Checks, words: str) -> str:
    """The words as they will be shown to everybody who asks. Raises Refused when they may not be
    shown, for instance because they could identify a patient."""
    phrase = " ".join(words.split())
    if not re.search(r"[^\W\d_]", phrase):
        raise Refused(message("feedback.no_words"))
    if len(phrase) > MOST_CHARACTERS:
        raise Refused(message("feedback.too_long", length=len(phrase), most=MOST_CHARACTERS))
    if _PLACEHOLDER.search(phrase) or desk.scrub(phrase) != phrase:
        raise Refused(message("feedback.identifies"))
    return phrase


# Into codes.db


def shelve(log: QueryLog, store: CodeStore) -> int:
    """Write the corrections in force into codes.db as references, one for each system, and return
    how many corrections there are. Nothing is written when codes.db has the same already."""
    contents = _contents(in_force(log))
    loaded = {reference.key: reference.files for reference in store.references.all("corrections")}
    if loaded != {content.reference.key: content.reference.files for content in contents}:
        store.references.replace("corrections", contents)
    return sum(len(content.rows) for content in contents)


def _contents(corrections: list[Correction]) -> list[ReferenceData]:
    of_system: dict[System, list[Correction]] = {}
    for correction in corrections:
        of_system.setdefault(correction.system, []).append(correction)  # type: ignore[arg-type]
    return [_volume(system, found) for system, found in of_system.items()]


def _volume(system: System, corrections: list[Correction]) -> ReferenceData:
    days = [dt.date.fromisoformat(correction.at[:10]) for correction in corrections]
    label = max(days).isoformat()
    # The hashes of the records stand for a file: other corrections make another index.
    digest = hashlib.sha256("\n".join(c.hash for c in corrections).encode()).hexdigest()
    reference = Reference(
        kind="corrections",
        system=system,
        label=label,
        effective_from=min(days),
        effective_through=max(days),
        source=message("feedback.book_source"),
        files=(SourceFile("log.db", digest),),
    )
    terms = tuple(
        Term(
            code=correction.code,
            text=correction.phrase,
            kind="correction",
            release=label,
            via=message(
                "feedback.approved_by",
                by=correction.by,
                day=correction.at[:10],
                number=correction.number,
            ),
        )
        for correction in corrections
    )
    return ReferenceData(reference, terms)
