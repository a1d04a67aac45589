"""SCIM users with their present data, and names in this city."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from civicmail.city.directory.models import Contract, Department, Episode, Mailbox, MailGroup, Person, ScimUser
from civicmail.city.directory.scim_row import Names
from civicmail.city.guard.epoch import from_ms
from civicmail.core.config.pairs import parse

_WORKS = RawSQL(  # made once: to build it of models takes as long as all the rest of a look
    "EXISTS (SELECT 1 FROM directory_episode e JOIN directory_person p ON p.id = e.person_id"
    " WHERE p.uid = directory_scimuser.uid AND e.ended IS NULL)",
    (),
    output_field=BooleanField(),
)


def users() -> QuerySet[ScimUser]:
    """All users that are not removed, each with `works`: whether the person works for the city at this moment."""
    return ScimUser.objects.filter(gone__isnull=True).annotate(works=_WORKS)


def works(uid: str) -> bool:
    """Whether one person works for the city at this moment."""
    return Episode.objects.filter(person__uid=uid, ended__isnull=True).exists()


def provider_names(now: int) -> Names:
    """Names that a provider may use today. One query, and one more if there is a contract. now: ms."""
    feeds = settings.CITY.feeds
    rows = list(Department.objects.filter(closed__isnull=True).order_by("code").values_list("code", "name"))
    departments = {name.lower(): code for code, name in rows} | {code.lower(): code for code, _ in rows}
    departments |= {theirs.lower(): ours for theirs, ours in parse(feeds.departments).items()}
    return Names(
        frozenset(code for code, _ in rows),
        departments,
        _Running(now),
        feeds.number,
        feeds.kind,
        parse(feeds.kinds),
        feeds.department,
        frozenset(domain.lower() for domain in settings.CITY.city.domains),
    )


class _Running(Mapping[str, str]):
    """Names of contracts, loaded when a person has one."""

    def __init__(self, now: int) -> None:
        self._now = now

    @cached_property
    def _by_word(self) -> dict[str, str]:
        return _contracts(self._now)

    def __getitem__(self, word: str) -> str:
        return self._by_word[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_word)

    def __len__(self) -> int:
        return len(self._by_word)


def _contracts(now: int) -> dict[str, str]:
    """Names of contracts: an agency's code or name stands for its contract if exactly one is in force."""
    today = timezone.localdate(from_ms(now))
    running = Contract.objects.filter(ends__gte=today).order_by("id").values_list("agency__code", "agency__name", "number")
    own_keys, by_agency = {}, defaultdict(list)
    for code, name, number in running:
        key = f"{code}/{number}"
        own_keys[key.lower()] = key
        by_agency[code.lower()].append(key)
        by_agency[name.lower()].append(key)
    return {word: keys[0] for word, keys in by_agency.items() if len(set(keys)) == 1} | own_keys


def uid_of_user(id_: str) -> str:
    """The uid of the person with this SCIM id; the value itself if it is a uid or unknown."""
    if not id_:
        return ""
    try:
        uuid = UUID(id_)
    except ValueError:
        return id_
    return ScimUser.objects.filter(uuid=uuid).order_by("id").values_list("uid", flat=True).first() or id_


def lists(addresses: Sequence[str]) -> QuerySet[MailGroup]:
    """Open lists of these addresses, in their order of age."""
    return MailGroup.objects.filter(address__in=addresses, closed__isnull=True).order_by("id")


def provided_boxes() -> QuerySet[Mailbox]:
    """The personal mailboxes of users that are not removed."""
    uids = ScimUser.objects.filter(gone__isnull=True).values("uid")
    boxes = Mailbox.objects.filter(kind="personal", closed__isnull=True, holder__uid__in=uids)
    return boxes.select_related("holder").order_by("id")


def members(group: MailGroup) -> list[tuple[UUID, str]]:
    """Users who are on a list: id and name."""
    on = group.members.filter(closed__isnull=True, kind="personal").values("holder__uid")
    rows = ScimUser.objects.filter(gone__isnull=True, uid__in=on).order_by("id").values_list("uuid", "uid")
    names = dict(Person.objects.filter(uid__in=[uid for _, uid in rows]).values_list("uid", "display"))
    return [(id_, names.get(uid, uid)) for id_, uid in rows]


def people_now() -> int:
    """The number of people who work for the city; a person has one open employment at most."""
    return Episode.objects.filter(ended__isnull=True).count()
