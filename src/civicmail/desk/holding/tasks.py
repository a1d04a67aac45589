"""What pages and the daily mail ask about files that wait for a manager."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext, ngettext

from civicmail.city.access.actors import Actor
from civicmail.city.access.queries.tasks import Task, Tasks
from civicmail.desk.holding.models import Approval


def waiting(actor: Actor) -> QuerySet[Approval]:
    """Messages about which this person may say something now: of others in their departments, and their own where they decide."""
    theirs = Q(department__code__in=actor.departments) & ~Q(person__uid=actor.uid)
    own = Q(own=True, person__uid=actor.uid)
    return Approval.objects.filter(theirs | own, copies__state="waits").distinct()


def waiting_for(actor: Actor) -> int:
    return waiting(actor).count()


def samples_for(actor: Actor) -> QuerySet[Approval]:
    """What others decided about files of their own, and a next head looks at: of departments above, never one's own."""
    rows = Approval.objects.filter(sampled=True, seen__isnull=True, department__code__in=actor.departments)
    return rows.exclude(person__uid=actor.uid).exclude(copies__state="waits").order_by("pk")


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """For the page Home and the daily mail; nothing where nothing waits. now: ms."""
    found = []
    rows = waiting(actor).order_by("made")
    if count := rows.count():
        words = ngettext("{count} message", "{count} messages", count).format(count=count)
        first = rows.first()
        since = first.made if first is not None else None
        found.append(Task(gettext("Say whether files may leave"), "approvals", (), "", ("wait", words), since))
    for row in samples_for(actor)[:5]:
        label = gettext("Look at what was decided about own files")
        found.append(Task(label, "approval-sample", (row.pk,), str(row.person), ("quiet", gettext("Sample")), row.made))
    return [Tasks(gettext("Approvals"), found)] if found else []
