"""One mail a day to each manager with all pending tasks, on working days only, and none when nothing is pending (P-05, P-28).

It states tasks and counts, never names: the pages show those.
Managers who are away get none; their deputies do.
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from civicmail.city.conduct.models import DailyMail, ReviewStep
from civicmail.city.conduct.queries import deciders
from civicmail.city.conduct.queries import tasks as conduct
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard import working_days
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries import home_tasks as office
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.home_tasks import Task, Tasks, merge_groups
from civicmail.city.notices.actions import notify
from civicmail.city.notices.models import Notice

FROM = time(7, 0)
UNTIL = time(18, 0)
"""City time: a mail about the morning is of no use at night."""
BATCH_SIZE = 40
WAITING_ROLES = frozenset({"wait", "warn", "stop"})
"""Task states that somebody waits for; tasks without urgency are only on the Home page."""


def write(now: int) -> int:
    """Write the mails of this day that are not written yet, for at most AT_ONCE people in a round; return the number of people
    considered."""
    at = timezone.localtime(from_ms(now))
    if not FROM <= at.time() < UNTIL or not _is_working_day(at.date()):
        return 0
    had = set(DailyMail.objects.filter(day=at.date()).values_list("person", flat=True))
    people = [p for p in managers(now) if p.pk not in had][:BATCH_SIZE]
    for person in people:
        _write(person, at, now)
    return len(people)


def managers(now: int) -> list[Person]:
    """People who decide for at least one department now, in order of their rows."""
    everywhere = list(Department.objects.filter(closed__isnull=True))
    by_pk = {person.pk: person for people in deciders.of_departments(everywhere, now).values() for person in people}
    return [by_pk[pk] for pk in sorted(by_pk)]


def _is_working_day(day: date) -> bool:
    return day.weekday() < working_days.SATURDAY and day.isoformat() not in settings.CITY.oversight.holidays


def _write(person: Person, at: datetime, now: int) -> None:
    with translation.override(person.language):  # before the transaction, so that no other writer waits
        waiting = waiting_tasks(person, now)
        count = sum(len(group.tasks) for group in waiting)
        subject, text = build_mail(waiting, count)
    boxes = Mailbox.objects.filter(holder=person, kind="personal", closed__isnull=True).order_by("-made")
    to = boxes.values_list("address", flat=True).first()
    with transaction.atomic():
        _, made = DailyMail.objects.get_or_create(person=person, day=at.date(), defaults={"tasks": count})
        if made and count and to:
            notify(f"daily:{at.date()}:{person.pk}", to, subject, text, now=from_ms(now))


def waiting_tasks(person: Person, now: int) -> list[Tasks]:
    """The pending tasks of Home, by department."""
    account = getattr(person, "account", None)
    if account is None:
        return []
    actor = actor_of(account, "", now)
    if not actor.admitted:
        return []
    groups = [*office.tasks_of(person, actor, access_status.status_of(person.pk, now), now), *conduct.of(actor, now)]
    had = _reminded(person, now)
    waiting = [
        Tasks(group.name, [t for t in group.tasks if t.state[0] in WAITING_ROLES and (t.route, *t.args[1:]) not in had])
        for group in groups
    ]
    return merge_groups([group for group in waiting if group.tasks])


def _reminded(person: Person, now: int) -> set[tuple[object, ...]]:
    """Review pages of which this person had a reminder today, so that none is repeated."""
    day = str(timezone.localdate(from_ms(now)))
    if not Notice.objects.filter(key=f"review-reminder:{person.pk}:{day}").exists():
        return set()
    steps = ReviewStep.objects.filter(step="reminded", words=day, to=person.display)
    return {("access-review", pk) for pk in steps.values_list("review", flat=True)}


def build_mail(waiting: list[Tasks], count: int) -> tuple[str, str]:
    """Subject and text, in the language that is on."""
    subject = gettext("{count} tasks wait for you").format(count=count) if count > 1 else gettext("1 task waits for you")
    parts = ["\n".join([str(group.name), *(_line(task) for task in group.tasks)]) for group in waiting]
    home = f"{settings.CITY.web.url}{reverse('home')}"
    parts.append(gettext("All of it, with links: {page}").format(page=home))
    parts.append(gettext("While an automatic reply says that you are away, your deputies get this mail instead of you."))
    return subject, "\n\n".join(parts)


def _line(task: Task) -> str:
    page = f"{settings.CITY.web.url}{task.url}"
    return f"- {task.label}: {task.state[1]}\n  {page}"
