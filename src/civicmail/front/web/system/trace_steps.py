"""The steps of a traced message in the order in which they happened, each with its raw lines (P-17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages import wording
from civicmail.desk.oversight.views.screening import CHECKS
from civicmail.front.web.formatting import clock, instant, local_time, second, span
from civicmail.mail.archive.envelopes import WIRE, MessageTrace, Passage, Step
from civicmail.mail.pipeline.policy_decision import POLICY
from civicmail.mail.screening.merged_results import SCREENING

MAX_STEPS = 300
"""Steps on a page: a message to a large list has thousands."""
OUTCOMES = frozenset({"delivered", "deferred", "failed"})
RECORDS = frozenset({SCREENING, POLICY})
"""What these wrote down is which checks were made and by which rules, and no finding."""
TITLES = {
    "attempt": ("send", "", "Delivery to {to} began"),
    "delivered": ("check", "done", "Delivered to {to}"),
    "deferred": ("schedule", "warn", "The next hop asked to try {to} again later"),
    "failed": ("error", "stop", "Not delivered to {to}"),
    "held": ("lock", "lock", "Held for {to}"),
    "released": ("lock_open", "done", "Released to {to}"),
    "cancelled": ("do_not_disturb", "", "Canceled for {to}"),
    "decided": ("filter_list", "warn", "Decided again for {to}"),
    "pulled": ("undo", "lock", "Removed from the mailbox of {to}"),
    "linked": ("content_copy", "", "Another copy of the same message was recognized"),
    "class": ("folder", "", "Moved to another retention class"),
    "onward": ("arrow_forward", "", "The smart host said what it did with {to}"),
    "hold": ("lock", "", "Put under a legal hold"),
    "hold_end": ("lock_open", "", "The legal hold ended"),
    "disposed": ("highlight_off", "", "Disposed of under its schedule"),
    "labelled": ("label", "", "Labels of its mailbox were changed"),
}
"""Type of an event -> icon, tone, title."""
DECISIONS = {
    "deliver": "deliver",
    "mark": "deliver with a warning",
    "encrypt": "deliver encrypted",
    "hold": "hold until a person decides",
    "quarantine": "keep in quarantine",
    "redirect": "send to another mailbox",
    "refuse": "reject",
    "pending": "wait until it could be checked",
    "kept": "archive only",
}


@dataclass(frozen=True, slots=True)
class Ledgered:
    """entry: its place in the ledger, None before it is there; signed: ms of the newest checkpoint where that covers it, else 0."""

    entry: int | None
    signed: int


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One step. at: epoch ms; tone: "", done, warn, stop, lock; fold: what its raw lines are; day: where it is another than that
    of the step before; spent: ms since the step before; offset, share: that time as hundredths of the whole, for its bar."""

    at: int
    icon: str
    tone: str
    title: str
    text: str = ""
    fold: str = "Raw line"
    raw: Sequence[str] = ()
    day: str = ""
    spent: int = 0
    offset: float = 0
    share: float = 0

    @property
    def duration(self) -> str:
        return duration(self.spent)

    @property
    def lines(self) -> str:
        return "\n".join(self.raw)

    @property
    def clock(self) -> str:
        return second(from_ms(self.at))

    @property
    def iso(self) -> str:
        return instant(self.at)


@dataclass(frozen=True, slots=True)
class Story:
    """left_out: later events that are not among the steps; spent: ms from arrival to the last of the steps."""

    steps: list[StoryStep] = field(default_factory=list)
    left_out: int = 0
    spent: int = 0

    @property
    def duration(self) -> str:
        return duration(self.spent)


def steps_of(traced: MessageTrace, ledger: Ledgered, names: Mapping[str, str]) -> Story:
    """What happened, oldest first. names: of people who acted, by uid."""
    later = list(_events(traced, names))
    steps = [_arrived(traced), _archived(traced, ledger), *_checked(traced), *_decided(traced), *later[:MAX_STEPS]]
    spent = max(step.at for step in steps) - traced.received if traced.source in WIRE else 0
    return Story(list(_with_times(steps, spent)), len(later[MAX_STEPS:]), spent)


def duration(ms: int) -> str:
    """A stretch of time of which tenths of a second matter: "0.4 s", "12.0 s", "3 min"."""
    return f"{max(ms, 100) / 1000:.1f} s" if ms < 60_000 else span(ms / 1000)


def _with_times(steps: Sequence[StoryStep], whole: int) -> Iterator[StoryStep]:
    """Steps with their days and with the part of the whole time (ms) that went before each; 0 gives none, as for imports."""
    before: date | None = None
    latest = steps[0].at
    for step in steps:
        local = local_time(from_ms(step.at)).date()
        day = f"{local:%A}, {wording.short_day(local)}" if before not in (None, local) else ""
        before = local
        spent = max(0, step.at - latest) if whole else 0
        share = max(1, round(100 * spent / whole, 1)) if spent else 0  # a bar of less could not be seen
        offset = min(99, round(100 * (latest - steps[0].at) / whole, 1)) if spent else 0
        latest = max(latest, step.at)
        yield replace(step, day=day, spent=spent, offset=offset, share=share)


def _arrived(t: MessageTrace) -> StoryStep:
    if t.source not in WIRE:
        raw = [f"{instant(t.received)} by {t.basis}"]
        return StoryStep(t.received, "save_alt", "", "Imported from another system", "by an import", raw=raw)
    where = t.helo or t.client or t.login
    text = f"Over an encrypted connection ({t.tls})" if t.tls else "Over a connection without encryption"
    text += f", from {t.client}" if t.client else ""
    text += f", signed in as {t.login}" if t.login else ""
    raw = [
        f"{instant(t.received)} {t.source} {t.listener}".rstrip(),
        f"{t.protocol} {t.tls or 'no TLS'} {t.client} {t.helo}".strip(),
    ]
    return StoryStep(t.received, "login", "", f"Arrived from {where}" if where else "Arrived", f"{text}.", "Connection", raw)


def _archived(t: MessageTrace, ledger: Ledgered) -> StoryStep:
    before = ", before the 250" if t.source in WIRE else ""
    if ledger.entry is None:
        text = f"It is kept{before}; it is not yet in the ledger."
    else:
        signed = f", under the checkpoint of {clock(from_ms(ledger.signed))}" if ledger.signed else ""
        text = f"Entry {ledger.entry:,} of the ledger{signed}{before}."
    raw = [
        f"record {t.number:,} of journal {t.journal}, class {t.class_}",
        f"capture {t.uuid}",
        f"sha256 {t.sha256}",
        f"time by {t.basis}",
        f"civicmail prove {t.uuid}",
    ]
    return StoryStep(t.received, "folder", "", "Archived and recorded", text, "Proof", raw)


def _checked(t: MessageTrace) -> Iterator[StoryStep]:
    if t.source not in WIRE:
        return
    results = [(check, code) for check, code in t.checks if check not in RECORDS]
    checks = list(dict.fromkeys(check for check, _ in results))
    if not checks:
        yield StoryStep(t.received, "check", "", "The checks found nothing")
        return
    title = f"{'One check' if len(checks) == 1 else f'{len(checks)} checks'} found something"
    text = "; ".join(CHECKS.get(check, check) for check in checks)
    raw = [f"{check}: {code}" for check, code in results]
    yield StoryStep(t.received, "warning", "warn", title, f"{text[:1].upper()}{text[1:]}.", "Findings", raw)


def _decided(t: MessageTrace) -> Iterator[StoryStep]:
    """One step for each decision and the rules that led to it."""
    groups: dict[tuple[str, tuple[str, ...]], list[Passage]] = {}
    for p in t.passages:
        groups.setdefault((p.do, p.rules), []).append(p)
    for (do, rules), copies in groups.items():
        named = [rule for rule in rules if rule != do]
        who = _addresses([p.address for p in copies])
        title = f"{'Rule' if len(named) == 1 else 'Rules'} {', '.join(named)}: " if named else "Decision: "
        tone = "" if do in ("deliver", "kept") else "warn"
        yield StoryStep(t.received, "filter_list", tone, title + DECISIONS.get(do, do), f"For {who}.")


def _events(t: MessageTrace, names: Mapping[str, str]) -> Iterator[StoryStep]:
    """Events as steps; an attempt with its outcome is one step."""
    named = {p.index: p.address for p in t.passages}
    tries: dict[tuple[int, ...], list[str]] = {}
    for step in t.steps:
        line = _raw(step, named)
        if step.type == "attempt" and any(s.type in OUTCOMES and s.at >= step.at and set(s.to) & set(step.to) for s in t.steps):
            tries.setdefault(step.to, []).append(line)
            continue
        raw = [*tries.pop(step.to, ()), line]
        icon, tone, title = TITLES.get(step.type, ("history", "", step.type.replace("_", " ").capitalize()))
        facts = dict(step.facts)
        if step.type == "pulled" and facts.get("back"):
            title, tone = "Restored to the mailbox of {to}", "done"
        to = _addresses([named[i] for i in step.to if i in named]) or "nobody"
        yield StoryStep(step.at, icon, tone, title.format(to=to), _because(step.type, facts, names), "Raw line", raw)


def _because(type_: str, facts: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The facts of an event that people ask for, as sentences."""
    sentences = []
    if type_ == "decided" and "do" in facts:
        by = f" by {facts['rules']}" if facts.get("rules") else ""
        sentences.append(f"Now: {DECISIONS.get(facts['do'], facts['do'])}{by}.")
    if type_ in OUTCOMES and facts.get("reply"):
        sentences.append(f"The answer was “{facts['reply']}”.")
    if facts.get("next"):
        sentences.append(f"It is tried again at {second(from_ms(int(facts['next'])))}")
    if actor := facts.get("actor"):
        sentences.append(f"By {names.get(actor, actor)}.")
    if facts.get("reason"):
        sentences.append(f"Reason: {facts['reason']}")
    return " ".join(sentences)


def _raw(step: Step, named: Mapping[int, str]) -> str:
    facts = " ".join(f"{name}={instant(int(value)) if name == 'next' else value}" for name, value in step.facts)
    to = _addresses([named[i] for i in step.to if i in named], 50)
    return " ".join(part for part in (instant(step.at), step.type, to, facts, f"record {step.journal}:{step.number}") if part)


def _addresses(addresses: Sequence[str], most: int = 3) -> str:
    """The first ones, then how many more."""
    more = f" and {len(addresses) - most:,} more" if len(addresses) > most else ""
    return ", ".join(addresses[:most]) + more
