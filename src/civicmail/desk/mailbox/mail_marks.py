"""The marks that a person has put on their mail, as mail_list reads them; models/shelves.py implements it. Knows no Django."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LabelMark:
    """A label as pages show it. key: the name as it is compared."""

    pk: int
    name: str
    key: str


class MailMarks(Protocol):
    """Ids of captures, 16 bytes each."""

    @property
    def since(self) -> int:
        """ms; what was received before counts as read."""
        ...

    @property
    def read(self) -> Collection[bytes]:
        """By the person, in all mailboxes but those of functions."""
        ...

    def opened(self, mailbox: int) -> Collection[bytes]:
        """In a function mailbox, by any of its users."""
        ...

    @property
    def starred(self) -> frozenset[bytes]: ...

    @property
    def hidden(self) -> frozenset[bytes]: ...

    @property
    def labels(self) -> Collection[LabelMark]:
        """All labels of the person, by name."""
        ...

    def labeled(self, labels: Collection[int]) -> frozenset[bytes]:
        """Under one of these labels."""
        ...

    def labels_on(self, ids: Iterable[bytes]) -> Mapping[bytes, list[LabelMark]]:
        """The labels of each of these messages; without messages that have none."""
        ...
