"""What is searched of a question: its subject, without what is said around it."""

from __future__ import annotations

import pytest

from bot.desk.chatter import subject


@pytest.mark.parametrize(
    ("question", "searched"),
    [
        ("not sure which code for asthma", "asthma"),
        ("what do we bill for a raised toilet seat?", "raised toilet seat"),
        ("what would you use for night terrors", "night terrors"),
        ("hi team, quick question - is there a code for hives??", "hives"),
        ("anyone know the icd 10 for a torn meniscus, right knee?", "torn meniscus, right knee"),
        ("what is the right code for left knee pain", "left knee pain"),
        ("need dx code for gout, thanks!", "gout"),
        ("gout, which code?", "gout"),
        ("nebulizer itself", "nebulizer"),
        ("intubated at bedside, asthma", "intubated, asthma"),
        ("hives, not sure, cause unknown", "hives, cause unknown"),
        ("leg amputation - hospital side", "leg amputation"),
        ("can't find a code for cradle cap", "cradle cap"),
        ("having trouble finding the code for wrist drop", "wrist drop"),
        # Words that only look like chatter.
        ("tobacco use", "tobacco use"),
        ("need help with bathing", "need help with bathing"),
        ("right knee pain", "right knee pain"),
        ("cant find her keys, confused", "cant find her keys, confused"),
        ("struggling with alcohol", "struggling with alcohol"),
        ("code blue on the ward", "code blue on the ward"),
        # The words of a rule stay.
        ("which code goes first", "which code goes first"),
        ("dm with ckd, which code is first", "dm with ckd, which code is first"),
        ("can i bill asthma and copd together", "can i bill asthma and copd together"),
        # Nothing else is there.
        ("not sure", "not sure"),
    ],
)
def test_chatter_is_not_searched(question: str, searched: str) -> None:
    assert subject(question) == searched
