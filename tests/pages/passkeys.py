"""A virtual authenticator in Chromium (DevTools protocol, WebAuthn domain): what a phone or a key is to a person."""

from __future__ import annotations

from typing import Any


class Authenticator:
    """Plugged into one page's browser; asks its owner by itself, and says yes."""

    def __init__(self, page: Any) -> None:
        self._wire = page.context.new_cdp_session(page)
        self._wire.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def held(self) -> list[dict[str, Any]]:
        """The passkeys that it holds."""
        found: list[dict[str, Any]] = self._wire.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"]
        return found

    def knows_its_owner(self, yes: bool) -> None:
        """Whether the PIN, finger or face is the right one from now on."""
        self._wire.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": yes})
