"""Check that web.url is set, because notices and the pick-up portal link to it (P-05, P-19)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.core.config.settings import Settings
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.courier.secure_routes import why_no_portal

CHECK = "address of the pages"


def page_address(p: Installation) -> Iterator[Finding]:
    if p.settings.web.url:
        yield Finding(CHECK, "ok", f"Letters lead people to {p.settings.web.url}.")
        return
    text = "The pages have no address, so links in digests, reminders, questions to senders and other letters lead nowhere."
    yield Finding(CHECK, "not-set-up", text, "Set web.url to where people reach the pages.")


def limitations(settings: Settings) -> list[str]:
    """What does not work with these valid settings, one sentence each."""
    problems = [] if settings.web.url else ["web.url is empty: links in letters lead nowhere."]
    if why := why_no_portal(settings):
        problems.append(f"Confidential mail waits where nothing but the portal leads to its reader: {why}.")
    return problems
