"""The outcome of each copy of a message, cached once it is final. Knows no Django.

The list needs it for messages that the person sent and that were withheld from them; both are few.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable

from civicmail.city.guard.permits import Permit
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.mailbox.pending_decisions import SentCopy
from civicmail.mail.archive.envelopes import MessageTrace, Passage, trace_of
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive
from civicmail.mail.pipeline.recipient_expansion import CHECK

log = get_logger()
MAX_CACHED = 20_000
_FINAL_STATES = frozenset({"delivered", "failed", "cancelled", "kept", "refused"})

CopyOutcomes = tuple[tuple[str, str, str], ...]
"""For each recipient: address, mailbox ("" where it is the address), state (mail/archive/envelopes.State)."""


class OutcomeCache:
    """Safe for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, CopyOutcomes] = OrderedDict()

    def get(self, archive: Archive, permit: Permit, id_: bytes) -> CopyOutcomes:
        """Empty if the capture cannot be read."""
        with self._lock:
            if id_ in self._known:
                self._known.move_to_end(id_)
                return self._known[id_]
        try:
            place = archive.place(id_)
            traced = trace_of(archive.capture(permit, place), archive.events(permit, id_)) if place else None
        except (DamagedFile, NotInArchive) as error:
            log.warning("fate.unreadable", capture=id_.hex(), error=type(error).__name__)
            return ()
        fate = copy_outcomes(traced.passages) if traced else ()
        if fate and all(state in _FINAL_STATES for _, _, state in fate):
            with self._lock:
                self._known[id_] = fate
                if len(self._known) > MAX_CACHED:
                    self._known.popitem(last=False)
        return fate


def copy_outcomes(passages: Iterable[Passage]) -> CopyOutcomes:
    return tuple((p.address.lower(), p.box.lower(), p.state) for p in passages)


def held_copies(archive: Archive, permit: Permit, id_: bytes) -> tuple[SentCopy, ...]:
    """The copies of a sent message that are held at this moment. Empty if the capture cannot be read."""
    try:
        place = archive.place(id_)
        traced = trace_of(archive.capture(permit, place), archive.events(permit, id_)) if place else None
    except (DamagedFile, NotInArchive):
        return ()
    return held_of(traced) if traced else ()


def held_of(traced: MessageTrace) -> tuple[SentCopy, ...]:
    return tuple(SentCopy(traced.uuid, p.index, p.rules) for p in traced.passages if p.state == "held")


def overall_outcome(fate: CopyOutcomes) -> str:
    """The outcome of a whole message for its sender, once all copies are final: a key of words.STATES, the same in the list and on
    the page. "not-delivered" if no recipient received it, "not-all" if some did."""
    states = {state for _, _, state in fate}
    if states & {"failed", "cancelled"}:
        return "not-all" if "delivered" in states else "not-delivered"
    if "delivered" in states:
        return "delivered"
    is_check_question = states == {"kept"} and any(address.partition("@")[0] == CHECK for address, _, _ in fate)
    return "asked" if is_check_question else "sent"


def own_states(fate: CopyOutcomes, boxes: Collection[str]) -> list[str]:
    """States of the copies for these addresses, without copies that were released to another person."""
    return [state for address, box, state in fate if (box or address) in boxes]
