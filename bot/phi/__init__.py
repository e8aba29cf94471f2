"""The scrubber: removes identifiers of patients from a text before it is stored or sent anywhere.

`Scrubber.scrub` replaces each identifier by a placeholder such as [NAME]. It uses, in this order:

- `links`, `patterns`: identifiers with a known form, or with a telling word beside them
- `locations`: addresses, towns, counties, ZIP codes
- `name_rules`, `informal_names`: names, found by the words around them (`name_context`)
- `ner`: a named-entity model, for the words that are left

`tokens` splits a text into words; `word_lists` tells words of medicine from names.

No scrubber is perfect. What this one misses is measured (docs/PHI.md), so a log is still PHI, and
nothing here is a de-identification in the sense of 45 CFR 164.514.

`scrub_head` takes a text of any length and keeps only its head.
"""

from bot.phi.long_texts import scrub_head
from bot.phi.scrubber import Scrubbed, Scrubber

__all__ = ["Scrubbed", "Scrubber", "scrub_head"]
