"""The page Spam filter: figures of the published model ("/system/spam/"; P-02, P-17)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import label
from civicmail.core.config.errors import LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.front.web.system import installation
from civicmail.mail.screening import model
from civicmail.mail.screening.learner import MIN_HAM, MIN_SPAM
from civicmail.mail.screening.model import Model, score_of

HOW = {
    "operator": "By role: operators, and security officers who released it",
    "report": "Readers, on the page of a message",
    "release": "Readers, who let mail of theirs out of quarantine",
    "answered": "It was answered",
    "sent": "It was sent by somebody of ours",
}
"""Source of a verdict -> text."""


@acting("system.see")
def spam(request: CityRequest) -> HttpResponse:
    """The model that gateways use now."""
    require(request, "system.see")
    try:
        trained = model.read(installation.data())
    except DamagedFile as error:
        raise LaterError(str(error)) from error
    page = Page("Spam filter", "System", state=_state(trained), facts=[*_facts(trained)])
    taught = trained.taught
    shown = {
        "page": page,
        "ready": trained.edges is not None,
        "bands": [("Good mail", 1, ""), *_bands(trained)] if trained.edges else [],
        "ham_least": MIN_HAM,
        "spam_least": MIN_SPAM,
        "how": [(HOW.get(how, how), *counts) for how, counts in sorted(taught.how.items(), key=lambda item: -sum(item[1]))],
        "stack": [name for name in trained.stack.names if name != "own"] if trained.stack else [],
        "taught": taught,
        "back": from_ms(taught.back) if taught.back else None,
    }
    return render(request, "system/spam.html", shown)


def _state(trained: Model) -> tuple[str, str]:
    return label("active" if trained.edges else "learning")


def _facts(trained: Model) -> list[tuple[str, object]]:
    counts: list[tuple[str, object]] = [("Good messages", f"{trained.ham:,}"), ("Spam", f"{trained.spam:,}")]
    return [*counts, ("Published", from_ms(trained.made))] if trained.made else counts


def _bands(trained: Model) -> list[tuple[str, int, str]]:
    """(band, lowest score, share of the city's good mail above it)."""
    edges = trained.stacked if trained.stack and trained.stacked else trained.edges
    assert edges is not None
    return [
        ("In doubt", score_of(edges.unsure), "one message in a hundred at most"),
        ("Spam", score_of(edges.spam), "one message in a thousand at most"),
    ]
