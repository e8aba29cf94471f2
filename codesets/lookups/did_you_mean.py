"""Codes that are one slip away from one that does not exist."""

from __future__ import annotations

import string

CHARACTERS = string.digits + string.ascii_uppercase
