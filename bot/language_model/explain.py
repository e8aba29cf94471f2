"""Words why the lines of a report are reported in their order, out of what the answer says."""

from __future__ import annotations

from typing import Any

from bot.desk.answer import Answer
from bot.language_model.checks import Found, fault_of
from bot.language_model.client import NoReply
from bot.language_model.prompts import prompt

#: Lines that are explained: the first of a long report.
_MOST = 8


def asked_of(answer: Answer) -> dict[str, Any] | None:
    """What is sent: the lines of an answer as the log keeps them, so without the descriptors of
    CPT, whose licence is the desk's own; and the words of the scrubbed question that each reports.
    None where the answer has nothing to explain."""
    if answer.outcome != "answered" or answer.statements or not answer.report:
        return None
    return {
        "lines": [
            {
                "code": line["code"],
                "title": line["title"],
                "role": line["role"],
                "said": line["said"],
                "reasons": [
                    {"text": why["text"], "section": why["section"]} for why in line["because"]
                ],
            }
            for line in answer.as_logged()["report"][:_MOST]
        ]
    }


def read_reply(said: str, asked: dict[str, Any]) -> str:
    """The explanation of a reply. Raises NoReply unless all that it says is in what was sent."""
    lines = asked["lines"]
    reasons = [why for line in lines for why in line["reasons"]]
    found = Found(
        codes=frozenset(line["code"] for line in lines),
        titles=" ".join(line["title"] for line in lines),
        sections=frozenset(why["section"] for why in reasons if why["section"]),
        words=" ".join(
            [*(f"{line['said']} {line['role']}" for line in lines), *(w["text"] for w in reasons)]
        ),
    )
    words = prompt("explain").words
    if fault := fault_of(said, found, words["plain_words"], words["claims"]):
        raise NoReply(fault, said)
    return said
