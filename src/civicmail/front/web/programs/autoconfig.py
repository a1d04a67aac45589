"""Mozilla autoconfig (config-v1.1.xml), for Thunderbird and others.

It gives the same answer for every address of the city, so it reveals nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from civicmail.core.config.services import Service, Services


def wanted(address: str, domains: Sequence[str]) -> bool:
    """Whether the address is in the city's domains; no address means all."""
    return not address or address.rpartition("@")[2].lower() in domains


def config(services: Services, domains: Sequence[str], city: str, help_page: str) -> str:
    """The document. help_page: where people read how; empty: nowhere."""
    parts = [f"<domain>{escape(domain)}</domain>" for domain in domains]
    name = escape(city)
    parts += [f"<displayName>{name}</displayName>", f"<displayShortName>{name}</displayShortName>"]
    if services.imap is not None:
        parts.append(_server("incomingServer", "imap", services.imap))
    if services.submission is not None:
        parts.append(_server("outgoingServer", "smtp", services.submission))
    if help_page:
        descriptions = (("en", "How to set up a mail program"), ("es", "Cómo configurar un programa de correo"))
        texts = "".join(f'<descr lang="{lang}">{words}</descr>' for lang, words in descriptions)
        parts.append(f"<documentation url={quoteattr(help_page)}>{texts}</documentation>")
    inner = "".join(f"    {part}\n" for part in parts)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1">\n'
    return f"{head}  <emailProvider id={quoteattr(domains[0])}>\n{inner}  </emailProvider>\n</clientConfig>\n"


def _server(tag: str, type_: str, service: Service) -> str:
    socket = "SSL" if service.implicit else "STARTTLS"
    return (
        f'<{tag} type="{type_}"><hostname>{escape(service.host)}</hostname><port>{service.port}</port>'
        f"<socketType>{socket}</socketType><authentication>password-cleartext</authentication>"
        f"<username>%EMAILADDRESS%</username></{tag}>"
    )
