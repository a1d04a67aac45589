"""Check that warning banners and rewritten links can be added to mail from outside (P-31)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from civicmail.city.notices import signed_links
from civicmail.core.config.errors import ConfigError
from civicmail.front.checkup.findings import Finding, Installation

CHECK = "marks"


def warning_banners(p: Installation) -> Iterator[Finding]:
    """The address of our pages, and the key that signs links."""
    rules, web = p.settings.marks, p.settings.web
    if not (rules.links or rules.doubt):
        return
    if not (rules.url or web.url):
        if rules.links:
            yield Finding(CHECK, "problem", "Links are to lead by our page, and it has no address.", "Set web.url or marks.url.")
        return
    host = urlsplit(rules.url).hostname or ""
    if host and host not in web.hosts and host != (urlsplit(web.url).hostname or ""):
        yield Finding(
            CHECK, "problem", f"The pages do not answer for {host}.", "Put it into web.hosts; links lead to an error until then."
        )
        return
    try:
        if signed_links.key_path(p.data).exists():
            signed_links.ring(p.data)
    except (ConfigError, OSError) as error:
        yield Finding(
            CHECK, "problem", str(error), "Until then copies are delivered without marks, and links in mailboxes lead nowhere."
        )
        return
    yield Finding(CHECK, "ok", "Readers are told of mail from outside.")
