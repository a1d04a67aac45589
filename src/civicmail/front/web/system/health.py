"""The page Health: check results with advice, and charts of mail ("/system/health/")."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from civicmail.city.guard.actions.entries import MAX_LAG_MS, lag_ms
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import progress
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.progress import Progress
from civicmail.city.pages.states import label, labels
from civicmail.front.checkup.findings import Finding
from civicmail.front.web.firststeps import page as firststeps
from civicmail.front.web.formatting import clock
from civicmail.front.web.system import health_charts, installation
from civicmail.front.web.system.check_runner import CheckResults

STALE = 5 * 60_000
"""ms after which a visit starts new checks."""
SIGNS = labels("problem", "warning", "not-set-up", ok="good")


@acting("health.see")
def health(request: CityRequest) -> HttpResponse:
    """GET shows the last results and starts new checks if they are old; POST starts new checks."""
    require(request, "health.see")
    now = epoch_ms(request.now)
    of = installation.checks()
    known = of.last()
    if request.method == "POST" or (not known.since and now - known.at > STALE):
        of.start()
        if request.method == "POST":
            return redirect("health")
        known = of.last()
    findings = [*known.findings, _entries(now)] if known.at else []
    bad = [f for level in ("problem", "warning") for f in findings if f.level == level]
    shown = {
        "known": known,
        "bad": [(f, *SIGNS[f.level]) for f in bad],
        "off": [(f, *SIGNS[f.level]) for f in findings if f.level == "not-set-up"],
        "good": [f for f in findings if f.level == "ok"],
        "count": len(findings),
        "checked": clock(from_ms(known.at)) if known.at else "",
        "charts": health_charts.of_mail(known),
    }
    page = Page("Health", "System", state=_state(known, bad), actions=_first_steps(request))
    far = Progress(reverse("health"), known.done, len(of.checks), bool(known.since))
    return progress.response(request, "system/checks.html", page, far, shown, whole="system/health.html")


def _entries(now: int) -> Finding:
    """Asked of the database, and quickly: the checks know none."""
    lag = lag_ms(now)
    text = f"The oldest entry of somebody's act has waited {lag / 1000:.0f} seconds for the ledger."
    if lag > MAX_LAG_MS:
        text = f"{text} No content is shown until it has it."
        return Finding("entries", "problem", text, "Is `civicmail run` working? See its log.")
    return Finding("entries", "ok", text if lag else "Every entry of somebody's act is in the ledger's journal.")


def _first_steps(request: CityRequest) -> list[Action]:
    """The link to the first steps, until all are done."""
    return [Action(task.label, task.url) for task in firststeps.task(request)]


def _state(known: CheckResults, bad: list[Finding]) -> tuple[str, str]:
    if not known.at:
        return label("running")
    if not bad:
        return label("good")
    problems = sum(f.level == "problem" for f in bad)
    if problems:
        return "stop", f"{problems} problem{'' if problems == 1 else 's'}"
    return "warn", f"{len(bad)} warning{'' if len(bad) == 1 else 's'}"
