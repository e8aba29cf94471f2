"""The titles of CPT codes, which the log does not keep, in an answer out of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.desk.answer import Answer, Candidate, ReportLine, Verdict
from codesets.store.code_store import CodeStore


def retitled(store: CodeStore, answer: Answer) -> Answer:
    """The answer with the titles that are loaded now; "" for those that are not."""

    def title(shown: Candidate | Verdict | ReportLine) -> str:
        if shown.system != "cpt":
            return shown.title
        releases = [r for r in store.releases("cpt") if r.label == shown.release]
        codes = [store.get(release, shown.code) for release in releases]
        return next((code.title for code in codes if code), "")

    def titled(lines: Sequence[ReportLine]) -> list[ReportLine]:
        return [replace(line, title=title(line)) for line in lines]

    return replace(
        answer,
        report=titled(answer.report),
        statements=[replace(one, report=titled(one.report)) for one in answer.statements],
        candidates=[replace(c, title=title(c)) for c in answer.candidates],
        verdicts=[replace(v, title=title(v)) for v in answer.verdicts],
    )
