"""Find people by name, number or address, for forms that ask for a person (P-04, P-16).

A number or a whole address finds everyone, because who types it knows the person. A name finds only people whom the reader may see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext

from civicmail.city.directory.models import Episode, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import OfPerson

MAX_OFFERED = 12
MAX_WORDS = 6
_LINE = re.compile(r".*<([^<>]+)>\s*")


def find(words: str, actor: Actor, *, now: int) -> tuple[Person | None, list[Person]]:
    """The person whom the words name, else None and the people among whom the actor chooses: those with this name, or whose names
    have each of the words. now: ms."""
    if person := find_exact(words):
        return person, []
    named = list(_sorted(visible_people(actor, now=now).filter(display__iexact=words.strip()))[: MAX_OFFERED + 1])
    return (named[0], []) if len(named) == 1 else (None, named or search(words, actor, now=now))


def find_exact(words: str) -> Person | None:
    """The person with this personnel number or address, also in a line as `lines` writes it."""
    match = _LINE.fullmatch(words)
    key = (match[1] if match else words).strip()
    return Person.objects.filter(Q(uid=key) | Q(mailboxes__address=key.lower())).distinct().first()


def search(words: str, actor: Actor, *, now: int) -> list[Person]:
    """People whom the actor may see and whose name, or the beginning of whose address, has each of the words: first those who work
    here now. One more than MAX_OFFERED if there are more. now: ms."""
    people = visible_people(actor, now=now)
    for word in words.split()[:MAX_WORDS]:
        boxes = _mailboxes().filter(holder=OuterRef("pk"), address__startswith=word.lower())
        people = people.filter(Q(display__icontains=word) | Exists(boxes))
    return list(_sorted(people)[: MAX_OFFERED + 1])


def visible_people(actor: Actor, *, now: int) -> QuerySet[Person]:
    """People whom the actor may find by name: with `people.find` everyone; else the address book, the people of the actor's
    departments, also former ones, and those whom the actor supervises. now: ms."""
    if guard.may(actor, "people.find", now=now):
        return Person.objects.all()
    departments = {*actor.departments, *(held.department for held in actor.held if held.role == "authoriser")}
    employed = Episode.objects.filter(person=OuterRef("pk"), department__code__in=departments)
    seen = Q(uid__in=actor.supervises) | Q(Exists(employed))
    if guard.may(actor, "my.write", OfPerson(actor.uid), now=now):
        seen |= Q(Exists(_mailboxes().filter(holder=OuterRef("pk"))))
    return Person.objects.filter(seen)


def lines(uids: Iterable[str]) -> list[str]:
    """People as a form has them, in this order: "Lena Vogt <lena.vogt@city.example>"; unknown ones as they are."""
    wanted = list(uids)
    people = {person.uid: person for person in _with_work(Person.objects.filter(uid__in=wanted))}
    return [line(people[uid]) if uid in people else uid for uid in wanted]


def line(person: Person) -> str:
    """One of `lines`, with the number where there is no mailbox. person: of this module's searches."""
    box = next((box.address for box in person.mailboxes.all()), person.uid)
    return f"{person.display} <{box}>"


def place(person: Person) -> str:
    """Position and department. person: of this module's searches."""
    work = next(iter(person.episodes.all()), None)
    return ", ".join(filter(None, (work.position, str(work.department)))) if work else gettext("no longer employed")


def _mailboxes() -> QuerySet[Mailbox]:
    return Mailbox.objects.filter(kind="personal", closed__isnull=True).order_by("address")


def _work() -> QuerySet[Episode]:
    return Episode.objects.filter(ended__isnull=True).select_related("department")


def _with_work(people: QuerySet[Person]) -> QuerySet[Person]:
    return people.prefetch_related(Prefetch("episodes", _work()), Prefetch("mailboxes", _mailboxes()))


def _sorted(people: QuerySet[Person]) -> QuerySet[Person]:
    return _with_work(people).order_by(Exists(_work().filter(person=OuterRef("pk"))).desc(), "family", "given", "uid")
