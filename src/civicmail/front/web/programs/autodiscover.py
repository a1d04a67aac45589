"""Microsoft Autodiscover: XML (MS-OXDSCLI, "POX") and the JSON that leads to it. Pure.

It gives the same answer for every address of the city, except that the address is the user name, which Outlook would otherwise
shorten to the local part. A password in the request is never read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from civicmail.core.config.services import Service, Services
from civicmail.front.web.programs import autoconfig

LARGEST = 16_384
"""Bytes of a request: one is 500."""
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_ADDRESS = re.compile(r"[^\s@<>\"&']{1,64}@[^\s@<>\"&']{1,255}")
_FIELDS = {"EMailAddress": "address", "AcceptableResponseSchema": "schema"}
_MOST = 512
"""Characters of a value that is read."""

NOT_UNDERSTOOD = 600, "Invalid Request"
NOT_THIS_SCHEMA = 601, "No provider is available for the requested schema: mail is read here by IMAP and sent by SMTP."
NOT_OURS = 500, "The email address is not of a domain that this server answers for."
NOT_OFFERED = 601, "This server has not been told where mail programs read and send."


@dataclass(frozen=True, slots=True)
class Request:
    """The address and the requested response schema."""

    address: str
    schema: str


class _NoRequest(Exception):
    pass


def read(body: bytes) -> Request | None:
    """Parse a posted request, or None. Entities need a document type, which is refused."""
    fields: dict[str, str] = {}
    inside = ""

    def start(name: str, _attributes: object) -> None:
        nonlocal inside
        inside = _FIELDS.get(name.rpartition(" ")[2], "")

    def end(_name: str) -> None:
        nonlocal inside
        inside = ""

    def text(piece: str) -> None:
        if inside:
            fields[inside] = (fields.get(inside, "") + piece)[:_MOST]

    def refuse(*_args: object) -> None:
        raise _NoRequest

    parser = expat.ParserCreate("utf-8", " ")  # whatever it says that it is in: codecs are not looked up by a name that came
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, _NoRequest, ValueError):
        return None
    address = fields.get("address", "").strip()
    return Request(address, fields.get("schema", "").strip()) if is_address(address) else None


def is_address(text: str) -> bool:
    """Whether it has the form of one: nothing else is ever repeated."""
    return _ADDRESS.fullmatch(text) is not None


def settings(services: Services, address: str, city: str) -> str:
    """The answer of MS-OXDSCLI 2.2.4 for an address of ours."""
    protocols = [_protocol(service, address) for service in services]
    account = f"<AccountType>email</AccountType><Action>settings</Action>{''.join(protocols)}"
    user = f"<User><DisplayName>{escape(city)}</DisplayName></User>"
    return _document(f'<Response xmlns="{OUTLOOK}">{user}<Account>{account}</Account></Response>')


def refusal(why: tuple[int, str], time: str) -> str:
    """The error response of MS-OXDSCLI 2.2.4.1.1.1. why: one of the codes above; time: like 14:03:09.120."""
    code, message = why
    inner = f"<ErrorCode>{code}</ErrorCode><Message>{escape(message)}</Message><DebugData/>"
    return _document(f'<Response><Error Time="{time}" Id="0">{inner}</Error></Response>')


def _document(inner: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="{_RESPONSE}">{inner}</Autodiscover>\n'


def _protocol(service: Service, address: str) -> str:
    sends = service.kind == "submission"
    values = {
        "Type": "SMTP" if sends else "IMAP",
        "Server": service.host,
        "Port": service.port,
        "DomainRequired": "off",
        "LoginName": address,
        "SPA": "off",
        "SSL": "on",
        "Encryption": "SSL" if service.implicit else "TLS",
        "AuthRequired": "on",
    }
    values |= {"UsePOPAuth": "on", "SMTPLast": "off"} if sends else {}
    return f"<Protocol>{''.join(f'<{tag}>{escape(str(value))}</{tag}>' for tag, value in values.items())}</Protocol>"


def pointed(address: str, protocol: str, domains: Sequence[str], url: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of Autodiscover V2, which only says where a protocol is answered. url: of the XML; empty: nowhere."""
    if not is_address(address):
        return 400, _problem("MandatoryParameterMissing", "A valid smtp address must be provided")
    if not url or not autoconfig.wanted(address, domains):
        return 404, _problem("UserNotFound", NOT_OURS[1] if url else NOT_OFFERED[1])
    if protocol.lower() != "autodiscoverv1":
        text = "The given protocol is not supported. Supported values are 'AutodiscoverV1'"
        return 400, _problem("InvalidProtocol" if protocol else "MandatoryParameterMissing", text)
    return 200, {"Protocol": "AutodiscoverV1", "Url": url}


def _problem(code: str, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}
