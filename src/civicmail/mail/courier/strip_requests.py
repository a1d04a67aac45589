"""The requests about files of copies that sandboxed processes answer (strip_reader.py)."""

from __future__ import annotations

from civicmail.city.policy.approvals import PartialApproval
from civicmail.core.sandbox.service import Count, Request, Service
from civicmail.mail.courier import strip_attachments

Edits = list[tuple[Count, Count, str]]
"""Where in the message, how many bytes, and what replaces them."""


class FindRemovable(Request[list[str]], frozen=True):
    """The paths of the files that can be stripped from a copy."""

    handler = "civicmail.mail.courier.strip_reader:find_removable"


class StripFiles(Request[Edits | str], frozen=True):
    """What replaces the files that do not leave, or a sentence that says why nothing can."""

    handler = "civicmail.mail.courier.strip_reader:strip_files"

    apart: PartialApproval

    def check(self, reply: Edits | str, size: int) -> None:
        if isinstance(reply, str):
            return
        if len(reply) != len(self.apart.stripped) or not all(text.startswith(strip_attachments.HEAD) for _, _, text in reply):
            raise ValueError("not the files that were named")


SERVICE = Service(__name__, (FindRemovable, StripFiles), fork_each=True, warm=(FindRemovable(),))
