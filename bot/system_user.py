"""Who uses this machine: the name that the environment says, and the user that the system knows.

Anybody may set LOGNAME or USER, so a name alone proves nothing. The log has both.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any


def name_said() -> str:
    """The name of the user, as LOGNAME, USER or the system says."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "-"


def system_user() -> dict[str, Any] | None:
    """The real user id of this process: `uid`, its login `name` where it has one, and `sudo_user`,
    who became this user by sudo, as the environment says. None where the system has no user ids
    (Windows)."""
    try:
        import pwd
    except ImportError:
        return None
    uid = os.getuid()
    found: dict[str, Any] = {"uid": uid}
    with suppress(KeyError):  # a container may run as an id without a name
        found["name"] = pwd.getpwuid(uid).pw_name
    if sudo_user := os.environ.get("SUDO_USER"):
        found["sudo_user"] = sudo_user
    return found


def named(said: str | None, user: Mapping[str, Any] | None) -> str:
    """A person of the log as people read it: the name that was said and, where it differs, who the
    system says it was."""
    shown = said or "-"
    if not user:
        return shown
    uid, name, sudo_user = user.get("uid"), user.get("name"), user.get("sudo_user")
    told = []
    if name != said:
        told.append(f"system user {name}, uid {uid}" if name else f"uid {uid}")
    if sudo_user and sudo_user != said:
        told.append(f"sudo by {sudo_user}")
    return f"{shown} ({'; '.join(told)})" if told else shown
