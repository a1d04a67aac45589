"""Put a rule in shadow that reviewers found wrong more often than right (P-12, P-29).

This needs no approval, because the rule only does less. In shadow it is only counted, and its author is notified.
"""

from __future__ import annotations

import re

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices.actions import notify
from civicmail.core.config.log import get_logger
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.actions.publish_rules import TICK, copy_facts, enter, publish, step_version
from civicmail.desk.oversight.models import Version

log = get_logger()
_MODE = re.compile(r'^(\s*mode\s*=\s*)(["\'])(?:notify|enforce)\2', re.MULTILINE)


def to_shadow(rule: str, why: str, now: int) -> bool:
    """Activate a new version in shadow, otherwise unchanged; False if the rule does not act, or is in shadow. Nobody approves
    it, because it only does less."""
    with transaction.atomic():
        before = Version.objects.select_for_update().filter(rule=rule, state="active").first()
        if before is None or rule == rule_text.MATRIX or before.mode == "shadow":
            return False
        text = _MODE.sub(r"\1\2shadow\2", before.text, count=1)
        if rule_text.read(text).mode != "shadow" or not rule_text.same_effect(before.text, text):
            log.error("a rule cannot be switched off by itself", rule=rule)  # its mode is not written in the standard form
            return False
        newest = Version.objects.filter(rule=rule).order_by("-number").values_list("number", flat=True)[0]
        at = from_ms(now)
        row = Version(
            rule=rule, number=newest + 1, text=text, authors=before.authors, made=at, since=at, activated=at, state="active",
            changed=why[:400], reason=why[:400],
        )  # fmt: skip
        copy_facts(row)
        step_version(before, "replace", now, why)
        before.ended = at
        before.save()
        row.save(force_insert=True)
        enter("rule.switch-off", row, TICK, why, now, before=before.number)
        publish(TICK, f"{row}: {why}", now)
        _tell(row, before, why, now)
    return True


def _tell(row: Version, before: Version, why: str, now: int) -> None:
    """Notify the author; for a rule of the program, the policy authors."""
    people = list(Person.objects.filter(uid__in=before.authors)) or holders("policy-author", now)
    lines = [
        f"The rule {row.rule}, for which {row.owner} answers, acts no longer: it only counts what it fits (version {row.number}).",
        why,
        f"Change what it asks, or take it out: {settings.CITY.web.url}{reverse('rule', args=[row.rule])}",
    ]
    for person in people:
        box = Mailbox.objects.filter(holder=person, kind="personal", closed__isnull=True).order_by("-made").first()
        if box is not None:
            key = f"rule-off:{row.rule}:{row.number}:{person.pk}"
            notify(key, box.address, f"The rule {row.rule} has switched itself off", "\n\n".join(lines), now=from_ms(now))
