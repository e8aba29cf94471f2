"""Words that a coding supervisor can edit: messages, templates, vocabulary, intents."""
