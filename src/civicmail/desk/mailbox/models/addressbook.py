"""The address book: people with a mailbox, shared mailboxes and lists, as the directory has them (P-06, P-14).

Everyone who may write sees all entries that accept mail. Names, positions and departments of a city's staff are public, and a
person who cannot find the right address uses a wrong one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from civicmail.city.directory.models import Episode, Mailbox, MailGroup, Person
from civicmail.desk.mailbox import recipients
from civicmail.desk.mailbox.compose import NamedAddress

MAX_ENTRIES = 50
"""Entries of one answer."""

CONTRACT_KINDS = {"contractor": _("contractor"), "vendor": _("vendor"), "agent": _("agent")}
"""Kinds of contract staff, shown after a name."""

Kind = Literal["person", "office", "list"]


@dataclass(frozen=True, slots=True)
class Entry:
    """more: position of a person, and for an agency's staff the kind and the agency (C5). family, given: of a person. key:
    stable while the mailbox or list exists, whatever its name."""

    address: str
    name: str
    kind: Kind
    department: str
    more: str = ""
    family: str = ""
    given: str = ""
    key: str = ""

    @property
    def named(self) -> NamedAddress:
        return NamedAddress(self.address, self.name)

    @property
    def line(self) -> str:
        """The entry as it is written in an address field."""
        return recipients.line([self.named])


def search(words: str, *, kind: str = "", limit: int = MAX_ENTRIES) -> list[Entry]:
    """Entries that contain each of the words, one more than `most` if there are more: people by name, then offices, then lists.
    kind: of one kind."""
    terms = words.split()[:8]
    entries: list[Entry] = []
    if kind in ("", "person", "office"):
        types = {"person": ["personal"], "office": ["function"]}.get(kind, ["personal", "function"])
        rows = Mailbox.objects.filter(closed__isnull=True, kind__in=types).select_related("holder", "department")
        for word in terms:
            rows = rows.filter(_boxes(word))
        rows = rows.order_by("-kind", Lower("holder__family"), Lower("holder__given"), "address")
        entries += _entries(rows[: limit + 1])
    if kind in ("", "list"):
        groups = MailGroup.objects.filter(closed__isnull=True).select_related("department")
        for word in terms:
            groups = groups.filter(Q(name__icontains=word) | Q(address__icontains=word) | Q(department__name__icontains=word))
        entries += _lists(groups.order_by("address")[: limit + 1])
    return entries[: limit + 1]


def all_entries() -> list[Entry]:
    """Every entry that search() can find."""
    boxes = Mailbox.objects.filter(closed__isnull=True, kind__in=["personal", "function"]).select_related("holder", "department")
    groups = MailGroup.objects.filter(closed__isnull=True).select_related("department")
    return _entries(boxes.order_by("address")) + _lists(groups.order_by("address"))


def entries_of(addresses: Collection[str]) -> list[Entry]:
    """The entries with these addresses."""
    plain = [a.lower() for a in addresses]
    boxes = Mailbox.objects.filter(closed__isnull=True, kind__in=["personal", "function"], address__in=plain)
    groups = MailGroup.objects.filter(closed__isnull=True, address__in=plain).select_related("department")
    return _entries(boxes.select_related("holder", "department")) + _lists(groups)


def exact_matches(name: str) -> list[Entry]:
    """Entries with exactly this name."""
    boxes = Mailbox.objects.filter(closed__isnull=True).exclude(kind="service").select_related("holder", "department")
    rows = boxes.filter(Q(holder__display__iexact=name) | Q(holder__isnull=True, name__iexact=name)).order_by("address")
    groups = MailGroup.objects.filter(closed__isnull=True, name__iexact=name).select_related("department").order_by("address")
    return _entries(rows[:MAX_ENTRIES]) + _lists(groups[:MAX_ENTRIES])


def with_names(named: Iterable[NamedAddress]) -> list[NamedAddress]:
    """Recipients in the city with the directory's names; a name that the sender typed before an address is ignored (P-14)."""
    recipient_list = list(named)
    names = names_of([n.address for n in recipient_list])
    return [NamedAddress(n.address, names.get(n.address.lower(), n.name)) for n in recipient_list]


def names_of(addresses: Collection[str]) -> dict[str, str]:
    """Names by address, lower case, of mailboxes and lists of the city."""
    plain = [a.lower() for a in addresses]
    boxes = Mailbox.objects.filter(address__in=plain).select_related("holder")
    box_names = {b.address: b.holder.display if b.holder else b.name for b in boxes}
    return {**dict(MailGroup.objects.filter(address__in=plain).values_list("address", "name")), **box_names}


def _boxes(word: str) -> Q:
    person = Q(holder__display__icontains=word) | Q(
        holder__episodes__position__icontains=word, holder__episodes__ended__isnull=True
    )
    return person | Q(name__icontains=word) | Q(address__icontains=word) | Q(department__name__icontains=word)


def _entries(rows: Iterable[Mailbox]) -> list[Entry]:
    boxes = list({box.pk: box for box in rows}.values())
    holders = [box.holder_id for box in boxes if box.holder_id is not None]
    work = Episode.objects.filter(person__in=holders, ended__isnull=True).select_related("contract__agency")
    positions = {e.person_id: _position_text(e) for e in work}
    return [
        _person(box, box.holder, positions.get(box.holder.pk, ""))
        if box.holder
        else Entry(box.address, box.name, "office", box.department.name, key=f"mailbox:{box.pk}")
        for box in boxes
    ]


def _person(box: Mailbox, who: Person, more: str) -> Entry:
    key = f"mailbox:{box.pk}"
    return Entry(box.address, who.display, "person", box.department.name, more, who.family, who.given, key)


def _lists(groups: Iterable[MailGroup]) -> list[Entry]:
    return [Entry(g.address, g.name, "list", g.department.name, key=f"list:{g.pk}") for g in groups]


def _position_text(work: Episode) -> str:
    """Position, and the agency of contract staff (C5)."""
    if work.contract is None:
        return work.position
    return f"{work.position} ({CONTRACT_KINDS.get(work.kind, work.kind)} – {work.contract.agency})".strip()
