"""What screening finds and what policy decides, as plain values.

Both are written into the head of a receipt, so they are made of text and whole numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Do = Literal["deliver", "mark", "hold", "quarantine", "encrypt", "redirect", "refuse", "pending", "kept"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw, with evidence: part path, offset and length in it, and a mask; never a confidential value."""

    check: str
    code: str
    part: str = ""
    offset: int = 0
    length: int = 0
    mask: str = ""

    def plain(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "code": self.code,
            "part": self.part,
            "offset": self.offset,
            "length": self.length,
            "mask": self.mask,
        }


@dataclass(frozen=True, slots=True)
class Disposition:
    """What happens to the copy of one recipient (index in the envelope) and the rules that led to it."""

    to: int
    do: Do
    rules: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {"to": self.to, "do": self.do, "rules": list(self.rules)}
