"""Apple configuration profile for mail (com.apple.mail.managed).

The profile is unsigned, so the device shows "Not Verified"; the page explains this. It contains no password: the device asks
for it.
"""

from __future__ import annotations

import plistlib
import uuid
from dataclasses import dataclass
from typing import Any

from civicmail.core.config.services import Services

CONTENT_TYPE = "application/x-apple-aspen-config"
_SPACE = uuid.UUID("8f0c8a9e-53a5-4d36-9b1b-0d6f3f0a4b11")
"""Under which profiles have their ids: the same person's next one replaces the last."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The mailbox owner. login: user name for the device."""

    name: str
    address: str
    login: str


def profile(services: Services, owner: Owner, city: str, domain: str) -> bytes:
    """The file for one person. domain: the city's first, turned round in identifiers. Needs both services."""
    assert services.imap is not None and services.submission is not None
    identifier = f"{'.'.join(reversed(domain.split('.')))}.civicmail.{uuid.uuid5(_SPACE, owner.address).hex[:12]}"
    account: dict[str, Any] = {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.mail",
        "PayloadUUID": _id(owner.address, "mail"),
        "PayloadDisplayName": city,
        "EmailAccountType": "EmailTypeIMAP",
        "EmailAccountDescription": city,
        "EmailAccountName": owner.name,
        "EmailAddress": owner.address,
        "IncomingMailServerHostName": services.imap.host,
        "IncomingMailServerPortNumber": services.imap.port,
        "IncomingMailServerUseSSL": True,
        "IncomingMailServerAuthentication": "EmailAuthPassword",
        "IncomingMailServerUsername": owner.login,
        "OutgoingMailServerHostName": services.submission.host,
        "OutgoingMailServerPortNumber": services.submission.port,
        "OutgoingMailServerUseSSL": True,
        "OutgoingMailServerAuthentication": "EmailAuthPassword",
        "OutgoingMailServerUsername": owner.login,
        "OutgoingPasswordSameAsIncomingPassword": True,
        "PreventMove": True,
        "SMIMEEnabled": False,
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": _id(owner.address, "whole"),
        "PayloadDisplayName": f"{city}: {owner.address}",
        "PayloadDescription": "Sets up the city's mail on this device. It asks for a device password.",
        "PayloadOrganization": city,
        "PayloadRemovalDisallowed": False,
        "PayloadContent": [account],
    }
    return plistlib.dumps(whole)


def _id(address: str, what: str) -> str:
    return str(uuid.uuid5(_SPACE, f"{address}/{what}")).upper()
