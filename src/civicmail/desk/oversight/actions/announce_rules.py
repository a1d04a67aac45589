"""Notify employees once of what a rule will do with their mail, before it does it (P-18, P-29)."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.guard import working_days
from civicmail.city.guard.actions import entries
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Authorization
from civicmail.city.notices.actions import notify
from civicmail.city.pages.days import holidays
from civicmail.city.policy.clauses import CLAUSES, clause_url
from civicmail.city.policy.rules import Rule
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.actions.publish_rules import TICK
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.queries.rules import NOTICE_DAYS

BATCH_SIZE = 200
"""Notices of one transaction."""
WILL = {
    "encrypt": gettext_lazy("Some of the mail that you send will leave encrypted, from {day} at the earliest."),
    "hold": gettext_lazy("Some of the mail that you send will be held until somebody approves it, from {day} at the earliest."),
    "quarantine": gettext_lazy("Some of the mail that you send will be kept back, from {day} at the earliest."),
    "refuse": gettext_lazy("Some of the mail that you send will be refused, from {day} at the earliest."),
}


def announce(now: int) -> int:
    """Notify the next employees and return how many. Rules of the starter pack are not announced, because they were there first."""
    done = 0
    for row in Version.objects.filter(state="active", mode="notify", announced__isnull=True, author__isnull=False).order_by("id"):
        rule = rule_text.rule_facts(row.text).rule
        if rule is None or not rule_text.holds_employees(rule) or _is_known(row):
            Version.objects.filter(pk=row.pk).update(announced=from_ms(now))
            continue
        done += _some(row.pk, rule, now)
    return done


def _some(pk: int, rule: Rule, now: int) -> int:
    with transaction.atomic():
        row = Version.objects.select_for_update().get(pk=pk)
        holders = Authorization.objects.filter(state="active", role="holder", pk__gt=row.told).select_related("mailbox", "person")
        if (named := rule_text.departments(rule)) is not None:
            holders = holders.filter(department__code__in=named)
        some = list(holders.order_by("pk")[:BATCH_SIZE])
        for one in some:
            with translation.override(one.person.language):
                subject, text = compose(row, rule)
            notify(f"rule:{row.rule}:{row.number}:{one.mailbox.address}", one.mailbox.address, subject, text, now=from_ms(now))
        if some:
            row.told = some[-1].pk
        else:
            row.announced = from_ms(now)
            facts = {"rule": row.rule, "version": row.number}
            entries.enter("rule.announce", actor=TICK, reason=row.reason, now=now, object=f"rule:{row.rule}", facts=facts)
        row.save(update_fields=["told", "announced"])
    return len(some)


def _is_known(row: Version) -> bool:
    """Whether an earlier version announced the same; other words or a later end are not announced again."""
    earlier = Version.objects.filter(rule=row.rule, mode="notify", number__lt=row.number, announced__isnull=False, told__gt=0)
    return any(rule_text.same_effect(one.text, row.text) for one in earlier)


def compose(row: Version, rule: Rule) -> tuple[str, str]:
    """Subject and text for the employees concerned, in the active language; the rule's words are its author's."""
    assert row.activated is not None
    first = working_days.end_of_nth(timezone.localtime(row.activated), NOTICE_DAYS, holidays())
    day = gettext("{day} {month} {year}").format(day=first.day, month=date_format(first, "F"), year=first.year)
    clause = {"clause": rule.clause, "title": CLAUSES[rule.clause].title, "page": clause_url(rule.clause, settings.CITY.web.url)}
    lines = [
        str(WILL[rule.do]).format(day=day),
        gettext("Which mail: {words}").format(words=rule.sender or rule.reader or rule.why),
        gettext("Why: {words}").format(words=rule.why),
        gettext("Until that day nothing is kept back. If a message of yours is one of these, you are told so."),
        gettext("The rule is {rule}; {owner} answers for it.").format(rule=row.rule, owner=rule.owner),
        gettext("It serves {clause} of the e-mail policy ({title}): {page}").format(**clause),
    ]
    return gettext("From {day}: a rule for mail that you send").format(day=day), "\n\n".join(lines)
