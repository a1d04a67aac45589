"""A law pack: the public-records law of one jurisdiction as data (P-21).

    pack = load_pack(text)                       TOML, checked whole
    pack.code("19.36(5)", on=today)              refuses what is not in force on that day
    pack.due("release-lock", sent)               the last day of a period
    pack.render_letter("denial", facts)          or IncompleteLetter

The program contains no law: which codes, periods, sentences, charges and notices there are is in the pack (docs/operate/law.md).
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from civicmail.city.law import fees as invoices
from civicmail.city.law import letters as templates
from civicmail.city.law import time_accounts as accounts
from civicmail.city.law.calendar import Calendar
from civicmail.city.law.entries import (
    Clock,
    Code,
    Entry,
    Extension,
    Fact,
    Fees,
    FeeTask,
    IdentityGround,
    Invoice,
    InvoiceLine,
    Letter,
    NormallyPublic,
    NoticeClass,
    PauseReason,
    Period,
    SelfRequestStep,
    Sentence,
    Words,
)
from civicmail.city.law.errors import BadPack, NotInForce, NotInPack, WrongOrder

FORMAT = 1
MAX_BYTES = 1 << 20
STANDS_STILL = date.max
"""The last day of a period whose clock stands still."""
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Version = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?(\.[0-9]{1,3})?$")]


class LawPack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of a law pack. since, until: first and last day on which it may decide anything.

    until is the day by which counsel must have read it again: the law changes, and what nobody reads again expires.
    confirm: counsel has yet to confirm every entry.
    """

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)]
    name: Name
    version: Version
    title: Words
    citation: Words
    since: date
    until: date
    languages: tuple[Annotated[str, Meta(pattern=r"^[a-z]{2}$")], ...] = ("en",)
    note: str = ""
    confirm: bool = False
    calendar: Calendar
    fees: Fees
    facts: tuple[Fact, ...] = field(name="fact", default=())
    clocks: tuple[Clock, ...] = field(name="clock", default=())
    pause_reasons: tuple[PauseReason, ...] = field(name="pause_reason", default=())
    extensions: tuple[Extension, ...] = field(name="extension", default=())
    codes: tuple[Code, ...] = field(name="code", default=())
    normally_public: tuple[NormallyPublic, ...] = field(name="normally_public", default=())
    sentences: tuple[Sentence, ...] = field(name="sentence", default=())
    letters: tuple[Letter, ...] = field(name="letter", default=())
    fee_tasks: tuple[FeeTask, ...] = field(name="fee_task", default=())
    notice_classes: tuple[NoticeClass, ...] = field(name="notice_class", default=())
    self_request: tuple[SelfRequestStep, ...] = ()
    identity_grounds: tuple[IdentityGround, ...] = field(name="identity_ground", default=())
    periods: tuple[Period, ...] = field(name="period", default=())

    def require_in_force(self, on: date) -> None:
        """Raises NotInForce."""
        if not self.since <= on <= self.until:
            ended = f"ended on {self.until}" if on > self.until else f"begins on {self.since}"
            raise NotInForce(f"The law pack {self.name} {self.version} {ended}: nothing can be decided by it. Adopt a newer one.")

    def entries(self) -> dict[tuple[str, str], Entry]:
        """Every entry, by the name of its table and its id."""
        found: dict[tuple[str, str], Entry] = {("holiday", h.id): h for h in self.calendar.holidays}
        for info in msgspec.structs.fields(self):
            value = getattr(self, info.name)
            if isinstance(value, tuple):
                found |= {(info.encode_name, entry.id): entry for entry in value if isinstance(entry, Entry)}
        return found

    def clock(self, id_: str) -> Clock:
        return _one(self.clocks, id_, "clock")

    def code(self, id_: str, on: date | None = None) -> Code:
        """The code. on: the day of a decision. Raises NotInPack; NotInForce if the pack or the code is not in force on that day."""
        code = _one(self.codes, id_, "code")
        if on is not None:
            self.require_in_force(on)
            if not code.applies_on(on):
                ended = code.until is not None and on > code.until
                state = f"expired on {code.until}" if ended else f"applies from {code.since}"
                raise NotInForce(f"The code {code.id} ({code.title}) {state}: choose another one.")
        return code

    def codes_on(self, day: date) -> list[Code]:
        """The codes of which one may be chosen on this day. Raises NotInForce if the pack is not in force."""
        self.require_in_force(day)
        return [code for code in self.codes if code.applies_on(day)]

    def require_evidence(self, code: str, facts: Mapping[str, Any], on: date) -> Code:
        """The code, if everything that it needs was written down. Raises MissingEvidence, NotInPack, NotInForce."""
        known = self.code(code, on)
        known.require(facts)
        return known

    def fact(self, id_: str) -> Fact:
        return _one(self.facts, id_, "fact")

    def pause_reason(self, id_: str) -> PauseReason:
        return _one(self.pause_reasons, id_, "pause reason")

    def extension(self, id_: str) -> Extension:
        return _one(self.extensions, id_, "extension")

    def fee_task(self, id_: str) -> FeeTask:
        """The task. Raises NotInPack for every task that the law does not let the office charge for."""
        return _one(self.fee_tasks, id_, "fee task")

    def notice_class(self, id_: str) -> NoticeClass:
        return _one(self.notice_classes, id_, "notice class")

    def period(self, id_: str) -> Period:
        return _one(self.periods, id_, "period")

    def identity_ground(self, id_: str) -> IdentityGround:
        return _one(self.identity_grounds, id_, "ground to ask for identity")

    def warnings(self, detector: str) -> list[str]:
        """What to read before a suggestion of this detector is taken: what looks confidential and is public."""
        return [entry.warning for entry in self.normally_public if detector in entry.detectors]

    def letter(self, kind: str, **case: bool) -> Letter:
        """The letter with this id, or the one for this purpose whose `when` fits best. Raises NotInPack."""
        for letter in self.letters:
            if letter.id == kind and not case:
                return letter
        fitting = [x for x in self.letters if x.purpose == kind and all(case.get(k, False) == v for k, v in x.when.items())]
        return max(fitting, key=lambda x: len(x.when)) if fitting else _one(self.letters, kind, "letter")

    def render_letter(self, kind: str, facts: Mapping[str, Any], language: str = "en") -> templates.Rendered:
        """The letter with this id, filled in. Raises IncompleteLetter, NotInPack."""
        return templates.render(self.letter(kind), facts, language, self._wording())

    def draft_letter(self, kind: str, facts: Mapping[str, Any], language: str = "en") -> templates.Rendered:
        """The letter as far as the facts go; what a person must write in is "[fact]". Raises IncompleteLetter, NotInPack."""
        return templates.draft(self.letter(kind), facts, language, self._wording())

    def check_letter(self, kind: str, text: str, facts: Mapping[str, Any], language: str = "en") -> None:
        """Check the text of a letter after a person edited it. Raises IncompleteLetter, NotInPack."""
        templates.check(self.letter(kind), text, facts, language, self._wording())

    def check_draft(self, kind: str, text: str, facts: Mapping[str, Any], language: str = "en") -> None:
        """Check the text of a draft. Facts that are not given must be written into it, those that are given must be in it.
        Raises IncompleteLetter, NotInPack."""
        templates.check_draft(self.letter(kind), text, facts, language, self._wording())

    def due(self, clock: str, start: date, pauses: Iterable[accounts.Pause] = (), extended: int = 0) -> date:
        """The last day of a period that began behind this day; STANDS_STILL while a pause lasts. extended: further days.

        A duty may be done on that day; what is locked stays locked on that day.
        """
        known = self.clock(clock)
        stopped = [pause for pause in pauses if clock in self.pause_reason(pause.reason).stops]
        paused = {day for pause in stopped for day in pause.days()}
        is_working = partial(self.calendar.is_working, reading=known.reading)
        end = accounts.after(
            start, known.days + extended, lambda day: day not in paused and (known.unit == "calendar" or is_working(day))
        )
        if any(pause.end is None and pause.start < end for pause in stopped):
            return STANDS_STILL
        return self.calendar.next_working(end, known.reading) if known.next_working_day else end

    def is_running(self, clock: str, start: date, today: date, pauses: Iterable[accounts.Pause] = ()) -> bool:
        """Whether the period has not ended: a lock or hold still forbids, a deadline can still be met."""
        return today <= self.due(clock, start, pauses)

    def working_days(self, start: date, end: date) -> int:
        """How many working days lie after start, up to and with end."""
        return self.calendar.working_days(start, end)

    def account(
        self, received: date, until: date, pauses: Collection[accounts.Pause], worked: Collection[date]
    ) -> accounts.Account:
        """Whose each working day was. worked: days on which somebody worked on the request."""
        waits = {(day, self.pause_reason(pause.reason).waits_for) for pause in pauses for day in pause.days(until)}
        return accounts.account(self.calendar, received, until, waits, frozenset(worked))

    def invoice(self, lines: Iterable[InvoiceLine], *, waived: bool = False) -> Invoice:
        """Add up charges. waived: in the public interest. Raises NotInPack if a line's task is not of this pack."""
        lines = list(lines)
        for line in lines:
            if self.fee_task(line.task.id) != line.task:
                raise NotInPack(f"The fee task {line.task.id} is of another law pack.")
        return invoices.invoice(self.fees, lines, waived=waived)

    def next_self_request_step(self, taken: Sequence[str]) -> SelfRequestStep | None:
        """The step that follows, None after the last. Raises WrongOrder if those taken are not in the order of the law."""
        order = [step.id for step in self.self_request]
        for step, expected in zip(taken, [*order, ""], strict=False):
            if step != expected:
                raise WrongOrder(f"{step} is not the next step: {expected or 'there is none'} comes first.")
        if len(taken) > len(order):
            raise WrongOrder("All steps were taken.")
        return self.self_request[len(taken)] if len(taken) < len(order) else None

    def _wording(self) -> templates.Wording:
        return templates.Wording({s.id: s for s in self.sentences}, frozenset(c.id for c in self.codes), self.fees.currency)


@lru_cache(maxsize=8)  # packs are immutable, and the same few are read at every page
def load_pack(text: str) -> LawPack:
    """Read a law pack and check it. Raises BadPack."""
    if len(text.encode()) > MAX_BYTES:
        raise BadPack(f"A law pack has at most {MAX_BYTES:,} bytes.")
    try:
        pack = msgspec.convert(tomllib.loads(text), LawPack, strict=True)
    except tomllib.TOMLDecodeError as error:
        raise BadPack(f"The law pack is not TOML: {error}.") from None
    except msgspec.ValidationError as error:
        raise BadPack(f"The law pack cannot be used: {error}.") from None
    if wrong := problems(pack):
        raise BadPack(f"The law pack {pack.name} cannot be used: {wrong[0]}")
    return pack


def problems(pack: LawPack) -> list[str]:
    """What is contradictory in a pack, a sentence each."""
    return [
        *([f"it ends on {pack.until}, before it begins."] if pack.until < pack.since else []),
        *_duplicates(pack),
        *_dangling(pack),
        *(p for letter in pack.letters for p in templates.problems(letter, pack.sentences, pack.languages)),
        *(
            f"the sentence {s.id} lacks its official language {s.official}."
            for s in pack.sentences
            if s.official not in ("", *s.text)
        ),
        *(
            f"{key[0]} {key[1]} ends before it begins."
            for key, e in pack.entries().items()
            if e.since and e.until and e.until < e.since
        ),
    ]


def unconfirmed(pack: LawPack) -> list[tuple[str, str]]:
    """Entries that counsel has yet to confirm: table and id."""
    return [key for key, entry in pack.entries().items() if pack.confirm or entry.confirm]


def ending(pack: LawPack, on: date, within: timedelta) -> list[tuple[str, str, date]]:
    """Entries that end within this time or have ended, and the pack itself as ("pack", its name): table, id, last day."""
    ends = [("pack", pack.name, pack.until)]
    ends += [(table, id_, entry.until) for (table, id_), entry in pack.entries().items() if entry.until is not None]
    return [(table, id_, until) for table, id_, until in ends if until < on + within]


def _duplicates(pack: LawPack) -> list[str]:
    found = []
    for info in msgspec.structs.fields(pack):
        value = getattr(pack, info.name)
        entries = pack.calendar.holidays if info.name == "calendar" else value if isinstance(value, tuple) else ()
        ids = [entry.id for entry in entries if isinstance(entry, Entry)]
        found += [
            f"there are two entries {info.encode_name} with the id {id_}." for id_ in sorted({i for i in ids if ids.count(i) > 1})
        ]
    return found


def _dangling(pack: LawPack) -> list[str]:
    """References to entries that are not there."""
    links = [
        *((c, "fact", c.needs) for c in (*pack.codes, *pack.pause_reasons, *pack.extensions, *pack.fee_tasks)),
        *((p, "clock", p.stops) for p in pack.pause_reasons),
        *((e, "clock", (e.clock,)) for e in pack.extensions),
        *((e, "letter", (e.letter,) if e.letter else ()) for e in pack.extensions),
        *((n, "clock", tuple(filter(None, (n.serve, n.lock, *n.rights)))) for n in pack.notice_classes),
        *((n, "letter", (n.letter,)) for n in pack.notice_classes),
        *((n, "pause_reason", (n.locked_while,) if n.locked_while else ()) for n in pack.notice_classes),
        *((x, "sentence", x.sentences) for x in pack.letters),
        *((x, "pause_reason", (x.pauses,) if x.pauses else ()) for x in pack.letters),
    ]
    known = pack.entries().keys()
    return [
        f"{entry.id} names the {kind} {id_}, which is not there."
        for entry, kind, ids in links
        for id_ in ids
        if (kind, id_) not in known
    ]


def _one[E: Entry](entries: Sequence[E], id_: str, kind: str) -> E:
    for entry in entries:
        if entry.id == id_:
            return entry
    near = get_close_matches(id_, [entry.id for entry in entries], 1)
    raise NotInPack(f"The law pack has no {kind} {id_}{f'; the nearest is {near[0]}' if near else ''}.")
