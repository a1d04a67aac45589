"""The peer of a connection, by its own claims and those of a trusted proxy."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from civicmail.core.wire.errors import CommandError


@dataclass(slots=True)
class Peer:
    """client: IP address. name: host name from a trusted peer. login: the person who signed in there. helo: as given. extended: the
    peer sent EHLO or LHLO, so it supports extensions."""

    client: str = ""
    name: str = ""
    helo: str = ""
    login: str = ""
    extended: bool = False

    def introduced(self, attributes: dict[str, str]) -> Peer:
        """The client that XCLIENT attributes describe; CommandError when ADDR is no address."""
        client = self.client
        if "ADDR" in attributes:
            client = _address(attributes["ADDR"])
        return Peer(
            client=client,
            name=attributes.get("NAME", self.name),
            login=attributes.get("LOGIN", self.login),
            helo=attributes.get("HELO", ""),
        )


def _address(text: str) -> str:
    bare = text[5:] if text[:5].upper() == "IPV6:" else text
    try:
        return str(ipaddress.ip_address(bare)) if bare else ""
    except ValueError:
        raise CommandError("ADDR is not an address.") from None
