"""`codedesk health`: asks a serving process of this machine how it is, for containers."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Literal

import click

from bot.cli.shared import JSON, Sentence, echo_json
from bot.messages import message
from bot.settings import Settings

Part = Literal["desk", "audit", "api"]

#: Seconds that an answer may take.
_PATIENCE = 5.0
#: What a process may say of itself is short.
_MOST = 2000


@click.command()
@click.argument("part", type=click.Choice(["desk", "audit", "api"]), default="desk")
@JSON
@click.pass_obj
def health(settings: Settings, part: Part, as_json: bool) -> None:
    """Ask what serves on this machine whether it is ready.

    PART is desk (`codedesk run`), audit, or api (`codedesk serve`).

    Exit code 0: ready; 1: not ready, or not there; 2: the settings give no port to ask.
    """
    url = _address(settings, part)
    if url is None:
        raise Sentence(message("health.no_port"))
    ready, said = _asked(url)
    key = "health.ready" if ready else "health.not_ready"
    if as_json:
        echo_json({"part": part, "url": url, "ready": ready, "said": said})
    else:
        click.echo(message(key, part=part, url=url, said=said))
    if not ready:
        raise SystemExit(1)


def _address(settings: Settings, part: Part) -> str | None:
    """Where that part says whether it is ready; None where it has no port."""
    match part:
        case "audit":
            # Its pages need a sign-in, but for this one.
            return _url(settings.audit_host, settings.audit_port, "/-/login")
        case "api":
            return _url(settings.api_host, settings.api_port, "/ready")
    if settings.metrics_port is not None:
        return _url(settings.metrics_host, settings.metrics_port, "/ready")
    if settings.slack_mode == "http":
        return _url(settings.http_host, settings.http_port, "/health")
    return None


def _url(host: str, port: int, path: str) -> str:
    # What listens on all addresses is asked on the nearest.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"


def _asked(url: str) -> tuple[bool, str]:
    """Whether it is ready, and what it said."""
    # Not by a proxy, whatever the environment says: it is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_PATIENCE) as response:
            return True, f"{response.status} {response.reason}"
    except urllib.error.HTTPError as error:
        said = error.read(_MOST).decode(errors="replace").strip()
        return False, said or f"{error.code} {error.reason}"
    except OSError as error:
        return False, str(getattr(error, "reason", error))
    except http.client.HTTPException as error:
        return False, type(error).__name__
