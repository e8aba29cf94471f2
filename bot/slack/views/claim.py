"""A claim that was checked, as it is read on a phone: what is to be mended, what is to be looked
at, what was not checked. The lines of the claim are under the button Rules."""

from __future__ import annotations

from bot.desk.answer import Answer
from bot.desk.claims.claim_answers import is_to_mend
from bot.messages import message
from bot.slack.views.block_kit import escape
from bot.slack.views.phone_lines import CONTEXT_LINE, SECTION_LINE, cut_to_lines
from bot.views.claim_words import not_checked, shown_pairs, shown_verdicts

#: Findings that are shown, and what else is folded away.
_MOST = {2: 3, 1: 2}
_MOST_HEADLINE = {2: 3, 1: 2}


def claim_findings(answer: Answer, most: int) -> list[str]:
    """The headline, and the first findings, those to be mended before the others."""
    told = escape(cut_to_lines(answer.headline.text, _MOST_HEADLINE[most], SECTION_LINE * 0.96))
    lines = [message("slack_answer.headline", headline=told)]
    texts = [verdict.why for verdict in shown_verdicts(answer)]
    texts += [pair.says for pair in shown_pairs(answer) if is_to_mend(pair)]
    signs = ["slack_answer.risk"] * len(texts)
    looks = [pair for pair in shown_pairs(answer) if not is_to_mend(pair)]
    if not texts:
        texts, signs = [pair.says for pair in looks], ["slack_answer.headline_plain"] * len(looks)
    for sign, text in zip(signs[: _MOST[most]], texts, strict=False):
        cut = escape(cut_to_lines(text, 2, SECTION_LINE * 0.93))
        lines.append(message("slack_answer.risk", risk=cut) if sign.endswith("risk") else cut)
    return lines


def claim_small(answer: Answer, most: int) -> list[str]:
    """What was not checked."""
    text = not_checked(answer)
    return [escape(cut_to_lines(text, most, CONTEXT_LINE))] if text else []
