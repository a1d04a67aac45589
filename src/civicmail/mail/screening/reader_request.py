"""What the gateway sends along with a message to the limited process: few plain values, because they are sent with each message."""

from __future__ import annotations

from typing import Any

from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope

REQUEST_KEYS = (
    "checks",
    "domains",
    "protected",
    "source",
    "inbound",
    "sender",
    "recipients",
    "size",
    "public",
    "web_services",
    "companies",
)
"""checks: those that are on, by their name in settings.screening.checks; domains: the city's; protected: names that others may not
pretend to be; source: kind of door; inbound: from outside, nobody signed in; sender, recipients: of the envelope, lower case, of
recipients at most RECIPIENTS; size: bytes of the whole message, of which Inner.raw may be the beginning; public: numbers
that are nobody's secret; web_services, companies: what the city adds to our lists of them."""

MAX_RECIPIENTS = 100


def request_of(settings: Settings, envelope: Envelope, source: str, *, inbound: bool, size: int) -> dict[str, Any]:
    """The values of ASK."""
    screening = settings.screening
    return {
        "checks": screening.checks,
        "domains": [domain.lower() for domain in settings.city.domains],
        "protected": [name.lower() for name in screening.protected],
        "source": source,
        "inbound": inbound,
        "sender": envelope.sender.lower(),
        "recipients": [recipient.address.lower() for recipient in envelope.recipients[:MAX_RECIPIENTS]],
        "size": size,
        "public": screening.public,
        "web_services": screening.web_services,
        "companies": screening.companies,
    }
