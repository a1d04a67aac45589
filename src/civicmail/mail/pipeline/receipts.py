"""The receipt that the pipeline returns for an archived message."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from civicmail.city.policy.dispositions import Disposition


@dataclass(frozen=True, slots=True)
class Receipt:
    """The message is archived under this id; dispositions: of each copy. reply: to the client if no recipient gets a copy, else
    empty; unavailable: checks that could not run."""

    id: bytes
    sha256: bytes
    dispositions: tuple[Disposition, ...]
    reply: str = ""
    unavailable: tuple[str, ...] = ()

    @property
    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.id))
