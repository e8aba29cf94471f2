"""What an answer says of how a code was read: nothing is corrected silently."""

from __future__ import annotations

from bot.desk.code_mentions import CodeMention
from bot.desk.icd9_mentions import may_be_icd9
from bot.desk.known_codes import Known
from bot.desk.ndc_mentions import NdcMention
from bot.desk.reasons import Reason, reason

_READ = {
    "slip": "desk.read_as",
    "first_letter": "desk.read_first_letter",
    "lost_zeros": "desk.read_lost_zeros",
    "may_have_lost_zeros": "desk.may_have_lost_zeros",
}


def reading_notices(mention: CodeMention, known: Known) -> list[Reason]:
    """How a code was read that was typed in another way, and what else it may be."""
    notices = []
    if mention.slip and not mention.also:
        kind = _READ[mention.reading]
        notices.append(reason(kind, typed=mention.slip, code=mention.code))
    if mention.reading == "first_letter" and known.icd9(mention.slip):
        notices.append(reason("desk.also_icd9", code=mention.slip))
    is_current = mention.loaded and mention.system == "icd10cm"
    if is_current and may_be_icd9(mention.code) and known.icd9(mention.code):
        notices.append(reason("desk.was_icd9", code=mention.code))
    if mention.system == "icd9cm" and (title := known.title(mention.code)):
        notices.append(reason("desk.also_icd10", code=mention.code, title=title))
    return notices


def ndc_notices(mention: NdcMention, *, known: bool) -> list[Reason]:
    """How an NDC was read, and that no crosswalk has it."""
    notices = []
    if mention.reading in ("regrouped", "ten_digits"):
        kind = f"desk.ndc_{mention.reading}"
        notices.append(reason(kind, typed=mention.typed, ndc=mention.ndc))
    if mention.reading in ("no_ndc", "no_package"):
        notices.append(reason(f"desk.{mention.reading}", typed=mention.typed, ndc=mention.ndc))
    elif not known:
        notices.append(reason("desk.unknown_ndc", ndc=mention.ndc))
    return notices
