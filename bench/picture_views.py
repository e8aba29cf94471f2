"""The commands whose output is drawn, by what a person wants to know. A new command needs a view
here, or a place in NOT_DRAWN; the tests ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from picture_terminal import View

#: Lines of claims and of denials, made up, without identifiers.
_CLAIMS = (
    "99213-25, J3301 x4, dx M17.11 E11.9, dos 3/3/26, POS 11",
    "G0438, G0439, dx Z00.00, dos 3/3/26",
)
_DENIALS = ("CO-97 on G0439 with G0438", "CO-16, N290")
_STATEMENTS = "1. copd exacerbation 2. plantar fasciitis right foot 3. afib"


def _asked(name: str, *words: str) -> View:
    return View(name, ("ask", *words))


def _of_log(name: str, *words: str, typed: tuple[str, ...] = ()) -> View:
    return View(name, ("log", *words), typed, keys=bool(typed), over_log=True)


#: Headings, and the views below each. `{…}` stands for what `picture_log.fill` names so.
VIEWS: Mapping[str, Sequence[View]] = {
    "Answers": (
        _asked("ask-one-line", "left ankle sprain, first visit"),
        _asked("ask-several-lines", "t2dm with ckd 3b, on insulin"),
        _asked("ask-statements", _STATEMENTS),
        _asked("ask-asks-back", "chronic serous otitis media"),
        _asked("ask-notes", "copd w/ acute bronchitis", "--notes"),
        _asked("ask-rules", "t2dm with ckd 3b, on insulin", "--rules"),
        _asked("ask-all", "htn with ckd 3b", "--all"),
        _asked("ask-guideline", "HIV positive, no symptoms: how to code?"),
        _asked("ask-units", "remicade 400mg 4 vials no waste", "--date", "3/5/2026"),
        _asked("ask-changes", "what changed in multiple sclerosis in october 2025?"),
        _asked("ask-denial", "CO-97 on G0439 with G0438"),
        _asked("ask-inpatient", "is N17.9 a CC or MCC?"),
        _asked("ask-icd-9", "what is 250.00 in icd-10"),
        _asked("ask-greeting", "hello"),
        _asked("ask-nothing-found", "qwertz asdfg"),
        _asked("ask-identifiers", "pt John Smith, mass L breast"),
        _asked("ask-bad-date", "gout", "--date", "2/30/2026"),
    ),
    "Verdicts": (
        View("check", ("check", "E11.A,", "E11,", "S13.4A,", "I10")),
        View("check-pair", ("check", "E11.9,", "E10.9")),
        View("check-all", ("check", "E11.9", "--all")),
        View("drg", ("drg", "I50.23", "N17.9", "--sex", "M")),
        View("claim", ("claim", "-"), _CLAIMS),
        View("denial", ("denial", "-"), _DENIALS),
    ),
    "The desk in this terminal": (
        View("desk", ("run",), ("b/l knee OA", "left", "is that billable in 2025?"), keys=True),
        View("desk-help", ("run",), ("help",), keys=True),
    ),
    "Looking after it": (
        View("setup", ("setup", "--check")),
        View("doctor", ("doctor",), over_log=True),
        View("version", ("version",)),
        View("help", ("help",)),
        View("help-ask", ("help", "ask")),
        View("help-log", ("help", "log")),
        View("unknown-command", ("chek", "E11.9")),
        View("codesets-list", ("codesets", "list")),
        View("codesets-diff", ("codesets", "diff", "FY2024", "FY2026-April", "--about", "sepsis")),
        View("inbox", ("inbox",)),
        View("scrub", ("scrub", "pt John Smith dob 1/2/60, E11.9?")),
        View("backup-check", ("backup", "check", "nowhere")),
    ),
    "The log": (
        _of_log("log-list", "list", "-n", "10"),
        _of_log("log-search", "search", "knee", "--from", "4/1/2026"),
        _of_log("log-search-nothing", "search", "zebra"),
        _of_log("log-show", "show", "{answered}"),
        _of_log("log-show-statements", "show", "{statements}"),
        _of_log("log-show-destroyed", "show", "{destroyed}"),
        _of_log("log-report", "report"),
        _of_log("log-verify", "verify"),
        _of_log("log-replay", "replay", "{answered}"),
        _of_log("log-feedback", "feedback", "{declined}", "wrong", "--note", "it is a product"),
        _of_log("log-corrections", "corrections"),
        _of_log("log-holds", "holds"),
    ),
    "Reviews": (
        _of_log("log-sample", "sample", "-n", "5", "--seed", "picture"),
        _of_log("log-review", "review", "{answered}", "agree", "--line", "1"),
        _of_log("log-review-sample", "review", "--sample", "{sample}", typed=("a", "q")),
        _of_log("log-sign-off-too-soon", "sign-off", "{sample}"),
        _of_log("log-reviews", "reviews"),
        _of_log("log-reviews-sample", "reviews", "--sample", "{done}"),
    ),
}

#: Commands that print a sentence or JSON alone, that serve, or that need more than a desk.
NOT_DRAWN = frozenset(
    {
        "backup create", "backup restore", "clients add", "clients list", "clients remove",
        "clients rotate", "code", "codesets import", "codesets inbox", "codesets sync", "eval",
        "health", "index build", "index train", "log approve", "log audit", "log audit-password",
        "log check-receipt", "log checkpoint", "log clean", "log consistency", "log cosigned",
        "log export", "log hold", "log keys", "log move", "log receipt", "log redact",
        "log release", "log retain", "log withdraw", "log witness", "log witness-keys", "mcp",
        "serve", "slack allow", "slack keys", "slack people", "slack workspaces",
    }
)  # fmt: skip


def views() -> list[View]:
    return [view for some in VIEWS.values() for view in some]
