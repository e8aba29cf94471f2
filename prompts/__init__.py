"""The words: templates, help, errors and the lexicon. No logic lives here."""
