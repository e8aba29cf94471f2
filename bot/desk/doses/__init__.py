"""How many units of a drug's code a dose is, what is discarded, and with which modifiers.

`words` reads prompts/intents/doses.toml. `names` finds the drugs that a text names, `choosing` the
code of a drug, `deciding` the amounts, units and modifiers, `lines` makes the lines of a report of
them, and `answers` puts them into an answer.
"""
