"""What notices to the subjects of records lock: which release, until when, and why, by the law pack (Wis. Stat. 19.356)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from civicmail.city.law.letters import Rendered
from civicmail.city.law.pack import STANDS_STILL, LawPack
from civicmail.city.law.time_accounts import Pause
from civicmail.city.pages.wording import day
from civicmail.desk.records.models import Item, Production, Request, SubjectNotice
from civicmail.desk.records.queries import clock
from civicmail.desk.records.queries.office import office_facts

NOT_OVER = ("due", "sent", "disputed")


@dataclass(frozen=True, slots=True)
class Lock:
    """A notice that forbids a release. until: its last day, None where no day is known; why: what it waits for, as a sentence."""

    notice: SubjectNotice
    until: date | None
    why: str

    @property
    def title(self) -> str:
        """The lock in a few words."""
        return f"Locked until {day(self.until)}" if self.until else "Locked"


def lock_of(production: Production, pack: LawPack, today: date) -> Lock | None:
    """The lock of a production: of those of its notices the one that lasts longest; None if it may be released today."""
    return longest([lock for lock in locks(production.request, pack, today) if _is_about(lock.notice, production)])


def longest(found: Sequence[Lock]) -> Lock | None:
    """The lock that lasts longest; None if there is none."""
    return max(found, key=lambda lock: lock.until or STANDS_STILL, default=None)


def locks(request: Request, pack: LawPack, today: date) -> list[Lock]:
    """Every lock of a request today."""
    pauses = clock.pauses_of(request)
    found = (_lock(notice, pack, pauses, today) for notice in request.notices.filter(state__in=NOT_OVER))
    return [lock for lock in found if lock is not None]


def letter_of(notice: SubjectNotice, pack: LawPack, sent: date) -> Rendered:
    """The letter to the subject, as it is if it is sent on this day. Raises IncompleteLetter, NotInPack."""
    known = pack.notice_class(notice.notice)
    facts = {
        **office_facts(notice.request),
        "subject-name": notice.name,
        "record": notice.record,
        "decided": notice.decided,
        "locked-until": pack.due(known.lock, sent) if known.lock else None,
    }
    return pack.render_letter(known.letter, facts, pack.languages[0])


def _lock(notice: SubjectNotice, pack: LawPack, pauses: Sequence[Pause], today: date) -> Lock | None:
    known = pack.notice_class(notice.notice)
    if notice.sent is None:
        sentence = f"A person whom the records are about must be notified first, by {day(notice.serve_by)} ({known.citation})."
        return Lock(notice, None, sentence)
    if notice.state == "disputed" or any(p.reason == known.locked_while and p.end is None for p in pauses):
        return Lock(notice, None, f"A court decides first, appeals included ({known.citation}).")
    if not known.lock or not pack.is_running(known.lock, notice.sent, today, pauses):
        return None
    of, until = pack.clock(known.lock), pack.due(known.lock, notice.sent, pauses)
    return Lock(notice, None if until == STANDS_STILL else until, f"{of.title} ({of.citation}).")


def _is_about(notice: SubjectNotice, production: Production) -> bool:
    """Whether a production releases something that the notice is about."""
    if not notice.contents:
        return True
    items = Item.objects.filter(request=notice.request_id, number__in=production.files.values("item"))
    return items.filter(content__in=notice.contents).exists()
