"""Patients kept out: identifiers are taken out of a question before it is stored or sent anywhere.

`Scrubber.scrub` replaces each by a placeholder, [NAME]. `patterns` knows identifiers by their form
or by the word beside them, `places` addresses and towns, `names` people by the company they keep,
`entities` asks a named-entity model about what is left; `words` tells medicine from names.

No scrubber is perfect. What this one misses is measured (docs/PHI.md), so a log is still PHI, and
nothing here is a de-identification in the sense of 45 CFR 164.514.

`scrub_head` is for whatever people send: it looks at the head of a text alone, however long it is.
"""

from bot.phi.head import scrub_head
from bot.phi.scrubber import Scrubbed, Scrubber

__all__ = ["Scrubbed", "Scrubber", "scrub_head"]
