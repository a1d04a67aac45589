"""One setting: its default, and the sentence that explains it in the file that `init` writes."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def setting(default: Any, help_: str) -> Any:
    if isinstance(default, (list, dict)):
        return field(default_factory=default.copy, metadata={"help": help_})
    return field(default=default, metadata={"help": help_})
