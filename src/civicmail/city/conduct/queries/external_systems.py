"""External systems: who has accounts in them, and which accounts have not ended yet (P-08)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from civicmail.city.conduct.external_account_states import OPEN_STATES
from civicmail.city.conduct.models import OutsideAccount, OutsideDoor, OutsideEnding
from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import ExternalAccount
from civicmail.city.identity.models import Ending
from civicmail.city.identity.queries.home_tasks import Task, Tasks

WITH = ("account__door__person", "account__person", "account__episode__department", "ending")


def hooks() -> dict[str, tuple[str, str]]:
    """Name to address and secret file, as the settings have them."""
    return {h.name: (h.url, h.secret_file) for h in settings.CITY.outside.hook}


def about(row: OutsideEnding) -> ExternalAccount:
    """Confirming that an account elsewhere has ended."""
    account = row.account
    return ExternalAccount(account.episode.department.code, account.person.uid, responsible=account.door.person.uid)


def doors() -> QuerySet[OutsideDoor]:
    """All systems with the numbers of `people` with accounts, `waiting` and `late` endings."""
    ends = Q(accounts__endings__state__in=list(OPEN_STATES))
    return OutsideDoor.objects.select_related("person").annotate(
        people=Count("accounts", filter=Q(accounts__ended__isnull=True), distinct=True),
        waiting=Count("accounts__endings", filter=ends, distinct=True),
        late=Count("accounts__endings", filter=ends & Q(accounts__endings__overdue__isnull=False), distinct=True),
    )


def unanswered() -> QuerySet[OutsideDoor]:
    """Systems in use whose responsible person has left: the access office names another one."""
    works = Episode.objects.filter(person=OuterRef("person"), ended__isnull=True)
    return OutsideDoor.objects.filter(~Exists(works), closed__isnull=True).select_related("person").order_by("name")


def of_person(person: Person) -> QuerySet[OutsideAccount]:
    """All external accounts of a person, present and former, newest first."""
    return OutsideAccount.objects.filter(person=person).select_related("door", "episode").order_by("-since", "-id")


def endings() -> QuerySet[OutsideEnding]:
    return OutsideEnding.objects.select_related(*WITH)


def without_ending(now: int) -> list[tuple[OutsideAccount, Ending]]:
    """External accounts whose employment's access has ended, and that have no ending yet."""
    done = Ending.objects.filter(episode=OuterRef("episode"), done__isnull=False, done__lte=from_ms(now))
    requested = OutsideEnding.objects.filter(account=OuterRef("pk"))
    rows = OutsideAccount.objects.filter(Exists(done), ~Exists(requested), ended__isnull=True).select_related("door").order_by("id")
    accounts = list(rows[:500])
    ends = {e.episode_id: e for e in Ending.objects.filter(episode__in=[a.episode_id for a in accounts])}
    return [(a, ends[a.episode_id]) for a in accounts]


def due_notifications(now: int) -> list[OutsideEnding]:
    """Endings whose webhook is due now: never sent, or not confirmed at the last try."""
    due = Q(next__isnull=True) | Q(next__lte=from_ms(now))
    rows = endings().filter(due, state__in=list(OPEN_STATES), account__door__closed__isnull=True).exclude(account__door__hook="")
    return list(rows.order_by("next", "id")[:50])


def is_back_in_use(row: OutsideEnding) -> bool:
    """Whether the person works here again with the same name there, so that nothing has to end (L5)."""
    account = row.account
    newer = OutsideAccount.objects.filter(door=account.door, person=account.person, login=account.login, ended__isnull=True)
    return newer.filter(since__gte=row.ending.when).exclude(episode=account.episode).exists()


def tasks(actor: Actor, _now: int) -> list[Tasks]:
    """Tasks: accounts to end by hand; for the access office also late ones, and systems without a responsible person.

    Three queries.
    """
    counted = waiting_for(actor).aggregate(n=Count("id"), late=Count("id", filter=Q(overdue__isnull=False)), since=Min("made"))
    groups = [Tasks("External systems", [_task("End access elsewhere", counted, "mine")])] if counted["n"] else []
    if actor.holds("access-officer"):
        others = late_for_others(actor).aggregate(n=Count("id"), late=Count("id"), since=Min("made"))
        tasks_ = [_task("See to it that access elsewhere ends", others, "others")] if others["n"] else []
        tasks_ += [_unanswered(door) for door in unanswered()]
        groups += [Tasks("Access office", tasks_)] if tasks_ else []
    return groups


def _unanswered(door: OutsideDoor) -> Task:
    hint = f"{door.person} does not work here any more."
    return Task("Say who answers for another door", "outside-change", (door.code,), hint, ("warn", str(door)), door.made)


def waiting_for(actor: Actor) -> QuerySet[OutsideEnding]:
    """Accounts that this person ends by hand."""
    mine = OutsideEnding.objects.filter(state__in=list(OPEN_STATES), account__door__person__uid=actor.uid)
    return mine.filter(Q(account__door__hook="") | Q(overdue__isnull=False)).exclude(account__person__uid=actor.uid)


def late_for_others(actor: Actor) -> QuerySet[OutsideEnding]:
    """Overdue ones for which somebody else is responsible."""
    late = OutsideEnding.objects.filter(state__in=list(OPEN_STATES), overdue__isnull=False)
    return late.exclude(account__door__person__uid=actor.uid)


def _task(label: str, counted: Mapping[str, Any], whose: str) -> Task:
    """whose: value of the list's filter."""
    count, late = counted["n"], counted["late"]
    state = ("stop", f"{late} late") if late else ("wait", f"{count} to end")
    hint = f"{count} {'account is' if count == 1 else 'accounts are'} not confirmed as ended."
    return Task(label, "outside-endings", (), hint, state, counted["since"], f"state={whose}", count=count)
