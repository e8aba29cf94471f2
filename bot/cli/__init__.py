"""The command line: one module for the commands of one subject, `main` puts them together."""
