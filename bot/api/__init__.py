"""Answers programs: over HTTP in plain JSON and as a FHIR terminology server, and as tools for
assistants (MCP). Every call is on record as a question of the client that made it."""
