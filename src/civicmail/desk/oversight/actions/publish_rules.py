"""The active rule set: activate approved versions when they are due, and publish one file to all entry points after the commit
(P-29).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import transaction

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.policy import active_rules
from civicmail.city.policy.errors import UnusableBook
from civicmail.core.config.log import get_logger
from civicmail.desk.oversight import emergencies, rule_text, states
from civicmail.desk.oversight.models import Book, Emergency, Version
from civicmail.desk.oversight.queries.rules import earliest
from civicmail.mail.screening.enabled_checks import is_screened

TICK = machine("tick")
BATCH_SIZE = 100
log = get_logger()


def adopt(now: int) -> bool:
    """Store the starter pack as version 1 of its rules; False if there is a rule set already. The first author of a rule calls it,
    too, so that the starter pack is never lost if that author is faster than the worker."""
    with transaction.atomic():
        if Version.objects.exists():
            return False
        at, texts = from_ms(now), rule_text.starter()
        rows = []
        for id_, text in sorted(texts.items()):
            row = Version(rule=id_, number=1, text=text, made=at, since=at, activated=at, state="active", changed="Starter pack.")
            copy_facts(row)
            rows.append(row)
        Version.objects.bulk_create(rows)
        facts = {"rules": len(rows), "sha256": sha256(rule_text.join_texts(texts).encode()).hexdigest()}
        entries.enter("rule.adopt", actor=TICK, reason="the starter pack", now=now, object="book", facts=facts)
        publish(TICK, "the starter pack", now)
    return True


def activate(row: Version, now: int) -> None:
    """Activate an approved version, or retire its rule. row: locked. Raises Conflict if it has to wait."""
    first = earliest(row, now) if not row.ends else 0
    if first is None or now < first:
        raise Conflict("It tells employees for ten working days before it acts.")
    before = Version.objects.select_for_update().filter(rule=row.rule, state="active").first()
    if row.ends and before is None:
        raise Conflict("This rule is no longer in force.")
    if before is not None:
        step_version(before, "replace", now, f"version {row.number}")
        before.ended = from_ms(now)
        before.save()
    step_version(row, "end" if row.ends else "activate", now)
    row.activated = from_ms(now)
    row.save()
    enter("rule.retire" if row.ends else "rule.activate", row, TICK, row.reason, now, before=before.number if before else 0)
    publish(TICK, str(row), now)


def activate_due(now: int) -> int:
    """Activate approved versions whose day has come."""
    count = 0
    for pk in Version.objects.filter(state="approved").exclude(starts__gt=from_ms(now)).order_by("id").values_list("pk", flat=True):
        try:
            with transaction.atomic():
                activate(Version.objects.select_for_update().get(pk=pk, state="approved"), now)
            count += 1
        except (Conflict, Version.DoesNotExist) as why:
            log.info("a version cannot act yet", version=pk, why=type(why).__name__)
    return count


def expire_due(now: int) -> int:
    """Expire rules whose last day is over."""
    with transaction.atomic():
        over = Version.objects.select_for_update().filter(state="active", expires__lt=from_ms(now).date())
        rows = list(over.order_by("id")[:BATCH_SIZE])
        for row in rows:
            step_version(row, "expire", now, "its last day is over")
            row.ended = from_ms(now)
            row.save()
            enter("rule.expire", row, TICK, "its last day is over", now)
        if rows:
            publish(TICK, "rules that were over", now)
    return len(rows)


def publish(actor: Actor, cause: str, now: int) -> None:
    """Store the active rules as the rule set, in an open transaction; the file is written when the outermost transaction
    commits."""
    newest = Book.objects.select_for_update().order_by("-number").first()
    text = rule_text.join_texts(active_texts(), emergency_texts(now))
    digest = sha256(text.encode()).hexdigest()
    if newest is None or newest.sha256 != digest:
        number = newest.number + 1 if newest is not None else 1
        at = from_ms(now)
        Book.objects.create(number=number, text=text, sha256=digest, at=at, by=actor.uid, cause=cause[:400])
        facts = {"sha256": digest, "before": newest.sha256 if newest is not None else ""}
        entries.enter("book.publish", actor=actor, reason=cause[:400], now=now, object=f"book:{number}", facts=facts)
    transaction.on_commit(_write)


def repair() -> bool:
    """Write the file if it differs from the rule set, because a process crashed. True if it was written."""
    newest = Book.objects.order_by("-number").first()
    data = data_folder()
    if newest is None or data is None or _is_there(active_rules.active_path(data), newest.text):
        return False
    active_rules.publish(data, newest.text)
    return True


def _is_there(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except FileNotFoundError:
        return False


def _write() -> None:
    try:
        repair()
    except (OSError, UnusableBook) as error:
        log.error("the book could not be written, the worker does it", error=type(error).__name__)


def active_texts() -> dict[str, str]:
    """The text of each active rule by id, with the failure policy."""
    return dict(Version.objects.filter(state="active").values_list("rule", "text"))


def emergency_texts(now: int) -> list[str]:
    """Emergency rules that are in force."""
    rows: Iterable[Emergency] = Emergency.objects.filter(ended__isnull=True, until__gt=from_ms(now)).order_by("id")
    screened = is_screened(settings.CITY.screening)
    kept = [row for row in rows if screened or row.kind in emergencies.ENVELOPE]
    return [emergencies.text(e.pk, e.kind, e.value, e.do, e.reason, epoch_ms(e.until), screened=screened) for e in kept]


def copy_facts(row: Version) -> None:
    """Copy facts of the text to the columns for lists."""
    parsed = rule_text.rule_facts(row.text)
    row.clause, row.owner, row.severity, row.mode, row.do = parsed.clause, parsed.owner, parsed.severity, parsed.mode, parsed.do
    row.expires = parsed.expires


def step_version(row: Version, action: str, now: int, why: str = "") -> None:
    """Save the next state of the table. Raises Conflict."""
    row.state, row.since, row.why = states.step(row.state, action), from_ms(now), why[:400]
    row.save()


def enter(act: str, row: Version, actor: Actor, reason: str, now: int, **facts: object) -> None:
    """Write the audit entry of an act on a version."""
    digest = sha256(row.text.encode()).hexdigest()
    version_facts = {"rule": row.rule, "version": row.number, "sha256": digest, "mode": row.mode, "do": row.do}
    entries.enter(act, actor=actor, reason=reason[:400], now=now, object=f"rule:{row.rule}", facts=version_facts | facts)
