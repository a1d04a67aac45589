"""What the pipeline answers: the receipt of a message that is kept."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from civicmail.city.policy.dispositions import Disposition


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message is archived under this capture id, and this is what will happen to each recipient's copy. reply: where nobody gets
    one, what the client hears of it, else empty; unavailable: names of the checks that could not be made."""

    id: bytes
    sha256: bytes
    dispositions: tuple[Disposition, ...]
    reply: str = ""
    unavailable: tuple[str, ...] = ()

    @property
    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.id))
