"""The request that the gateway sends with each message to the sandboxed reader: a few plain values."""

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
"""checks: names from settings.screening.checks that are on; domains: the city's; protected: names that others may not imitate;
source: kind of listener; inbound: from outside, without sign-in; sender, recipients: of the envelope, lower case, at most
MAX_RECIPIENTS; size: bytes of the whole message (ContentCase.raw may be only its beginning); public: numbers that are nobody's
secret; web_services, companies: what the city adds to our lists."""

MAX_RECIPIENTS = 100


def request_of(settings: Settings, envelope: Envelope, source: str, *, inbound: bool, size: int) -> dict[str, Any]:
    """The values of REQUEST_KEYS for one message."""
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
