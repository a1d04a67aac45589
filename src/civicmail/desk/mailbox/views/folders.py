"""The folders beside the list: what a person has of each, and how much of it is unread or waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext

from civicmail.city.pages.listing import list_url
from civicmail.desk.mailbox import mail_list
from civicmail.desk.mailbox.mail_list import ListQuery, MailContext
from civicmail.desk.mailbox.models import Draft
from civicmail.desk.mailbox.scope import OwnMailbox
from civicmail.desk.mailbox.views.list_address import EVERYTHING, ListAddress

WAITING = ListQuery(direction="sent", stand="held")
"""One's own messages about which somebody has to decide."""


@dataclass(frozen=True, slots=True)
class Folder:
    """count: of what is unread or waits; unit: what is counted."""

    words: Any
    url: str
    icon: str
    current: bool = False
    count: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Folders:
    """own: kinds of mail; labels: of the person; boxes: shared mailboxes."""

    own: list[Folder]
    labels: list[Folder]
    boxes: list[Folder]

    def at(self, url: str) -> Folders:
        """The same, with the folder of this URL as the current one, and no other."""
        return Folders(*([replace(one, current=one.url == url) for one in part] for part in (self.own, self.labels, self.boxes)))

    @property
    def current(self) -> Folder | None:
        return next((one for one in (*self.own, *self.labels, *self.boxes) if one.current), None)


def folders_beside(desk: MailContext, address: ListAddress) -> Folders:
    """The folders beside an open message. address: of the list that it was opened from."""
    unopened = mail_list.unopened_by_box(desk, mail_list.delivered_since(desk))
    return folders(address, desk, unopened, desk.mine.boxes, desk.permit.person)


def folders(
    address: ListAddress,
    desk: MailContext | None,
    unopened: Mapping[int, frozenset[bytes]],
    boxes: tuple[OwnMailbox, ...],
    uid: str,
) -> Folders:
    """desk: of all mailboxes, None if nothing can be searched; unopened: ids by row of a function mailbox."""
    new = frozenset[bytes]().union(*unopened.values())
    unread = gettext("unread")
    under = Counter(mark.pk for marks in desk.kept.labels_on(new).values() for mark in marks) if desk and new else Counter[int]()
    waiting = mail_list.count_of(desk, WAITING) if desk else 0
    drafts = Draft.objects.filter(person__uid=uid).count()
    shown = {key: value for key, value in address.values.items() if key in ("direction", "state", "label", "box")}

    def folder(words: Any, icon: str, count: int = 0, unit: str = "", **values: str) -> Folder:
        here = (shown == values and (bool(values) or not address.is_narrowed)) or (not values and shown == {"direction": "inbox"})
        return Folder(words, list_url(address.path, {}, values), icon, here, count, unit)

    own = [
        folder(gettext("Inbox"), "mail", len(new), unread),
        folder(gettext("Sent"), "send", direction="sent"),
        folder(gettext("Waiting"), "schedule", waiting, gettext("waiting"), direction="sent", state="held"),
        Folder(gettext("Drafts"), reverse("mail-drafts"), "edit", False, drafts, ngettext("draft", "drafts", drafts)),
        folder(pgettext("folder of mail", "Archive"), "save_alt", state="hidden"),
        folder(gettext("All mail"), "folder", direction=EVERYTHING),
    ]
    marks = desk.kept.labels if desk else ()
    labels = [folder(mark.name, "label", under[mark.pk], unread, label=str(mark.pk)) for mark in marks]
    shared = [folder(box.title, "groups", len(unopened.get(box.row, ())), unread, box=box.id) for box in boxes if box.kind != "own"]
    return Folders(own, labels, shared)
