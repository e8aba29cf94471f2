"""The address of a PostgreSQL database as people may see it."""

from __future__ import annotations

import re


def without_password(url: str) -> str:
    """The address without what may be secret in it: the password, also as a parameter."""
    without = re.sub(r"(://[^:/@?]*):[^/?]*@", r"\1@", url)
    return re.sub(r"([?&](?:password|sslpassword)=)[^&]*", r"\1…", without)
