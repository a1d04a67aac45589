"""Every job of the workers, declared once. `run` starts them, `tick` runs each once in this order, `doctor` and the metrics read
their names and limits, and docs/operate/jobs.md is made from it.

A job rests `every` seconds after a round. With `woken_by` it then rests until something of that changes, for `fallback` seconds at
most: a change may go unnoticed (core/disk/changes.py), and some rounds have dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from civicmail.core.config.settings import Settings

Process = Literal["search", "mail", "courier", "city", "standby"]
"""A process of `civicmail run worker --job`."""
PROCESSES: tuple[Process, ...] = get_args(Process)

JOURNAL, SNAPSHOT, INDEX = "journal", "snapshot", "index"
"""Names of changes: a record became durable; who may use mail was published; new mail became searchable. Others are tables."""


def _always(_settings: Settings) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class DeclaredJob:
    """module: of front/worker, with a generator function of the job's name, which yields the round; its docstring says what the job
    does. has_once: whether `tick` calls NAME_once there in place of rounds.

    every, fallback: seconds; silent: what is lost while it does not run, the end of a sentence of doctor.
    counts: what `tick` counts it as; empty where `tick` does not run it.
    lends: a lease that the job takes itself and lets go when a command wants it.
    when: whether these settings need it; instances: their names where there is one job for each.
    has_database: whether it needs the tables; repeats: whether a round leaves something for another one at once.
    max_still, max_round: seconds, as of liveness.Pulse; is_endless: its one round ends with the process.
    is_core: whether there is no mail system without it: doctor names it before anything has run.
    """

    name: str
    process: Process
    module: str
    every: float
    silent: str
    counts: str = ""
    woken_by: Set[str] = frozenset()
    fallback: float = 5.0
    lease: str = ""
    lends: str = ""
    when: Callable[[Settings], bool] = _always
    instances: Callable[[Settings], Sequence[str]] | None = None
    instance: str = ""
    has_database: bool = False
    has_once: bool = False
    repeats: bool = True
    max_still: float = 600.0
    max_round: float = 6 * 3600.0
    is_endless: bool = False
    is_core: bool = False

    @property
    def function(self) -> str:
        """The name of its function in its module."""
        return self.name.partition(" ")[0].replace("-", "_")


def _city(
    name: str,
    module: str,
    every: float,
    silent: str,
    counts: str = "",
    woken_by: Set[str] = frozenset(),
    *,
    lease: str | None = None,
    **other: Any,
) -> DeclaredJob:
    """A job of the city worker that needs the tables; its lease has its name."""
    lease = name if lease is None else lease
    return DeclaredJob(name, "city", module, every, silent, counts, woken_by, lease=lease, has_database=True, **other)


JOBS = (
    _city("deadlines", "people_jobs", 30.0, "access does not begin or end on its day", "dated", repeats=False),
    _city("conduct", "people_jobs", 30.0, "dates of reviews, violations and statements are not kept", "dated", repeats=False),
    _city("follow", "people_jobs", 2.0, "sign-ins at mail programs are not counted", "followed", {JOURNAL}),
    _city("exports", "people_jobs", 1.0, "exports are not made", "exported", {"workbench_export"}, fallback=15.0),
    _city(
        "records",
        "records",
        1.0,
        "searches and holds of records requests are not made",
        "dated",
        {"records_request", "records_scope", "records_search"},
    ),
    _city(
        "entries",
        "people_jobs",
        0.5,
        "entries do not come into the ledger, and then no content is shown to anybody",
        "carried",
        {"access_entry"},
        fallback=2.0,
    ),
    _city("compare", "people_jobs", 600.0, "nobody notices an entry that was changed in the database", "compared"),
    _city("completeness", "completeness", 600.0, "nobody notices that a message is missing somewhere", "compared"),
    _city(
        "findings",
        "findings",
        2.0,
        "findings, notices to senders and digests are not made",
        "dated",
        {"holding_containment", JOURNAL},
        has_once=True,
    ),
    _city(
        "pickups",
        "pickups",
        1.0,
        "readers outside are not told of mail that they can pick up",
        "dated",
        {"holding_pickup", "holding_pickupreply"},
        fallback=3.0,
    ),
    _city("notices", "notices", 1.0, "letters of the city do not leave", "noticed", {"notices_notice"}),
    _city(
        "sending", "sending", 0.2, "what people write on the pages does not leave", "written", {"mailbox_outgoing"}, fallback=2.0
    ),
    _city(
        "productions",
        "records",
        1.0,
        "releases of public records are not made, and not published",
        "produced",
        {"records_production", "records_publication"},
        fallback=15.0,
    ),
    _city(
        "disposals",
        "disposals",
        2.0,
        "what is proposed for disposal is not listed, and approved disposals do not begin",
        "disposed",
        {"retention_disposal"},
        fallback=30.0,
    ),
    _city("answers", "auto_replies", 2.0, "mailboxes do not answer by themselves", "answered", {JOURNAL}),
    _city("closing", "offboarding", 2.0, "accounts of people who left are not closed", "dated", {"conduct_closure"}),
    _city("outside", "offboarding", 2.0, "other systems do not hear who left", "dated", {"conduct_outsideending"}, repeats=False),
    _city("rule-book", "rules", 5.0, "rules do not begin or end on their day", "dated", repeats=False),
    _city("examination-reports", "oversight", 900.0, "auditors do not get the report on examinations", "dated", repeats=False),
    _city("hits", "rules", 5.0, "hits of rules are not counted", "followed", {JOURNAL}, fallback=10.0),
    _city("replays", "rules", 1.0, "replays of rules are not made", "replayed", {"oversight_replay"}),
    _city("hold-counts", "retention", 15.0, "nobody sees how many messages a legal hold covers", "dated", repeats=False),
    _city("class-counts", "retention", 60.0, "the page Due shows an older day", "dated", repeats=False),
    _city("reports", "reports", 2.0, "mail that people report is no case", "dated", {JOURNAL}),
    _city(
        "records-mail",
        "records",
        2.0,
        "mail to the records desk is not matched, and contact data is not deleted on its day",
        "dated",
        {JOURNAL, "holding_approvalcopy"},
    ),
    _city("pulls", "message_removal", 1.0, "copies that are to be pulled back stay in mailboxes", "dated", {"incidents_pull"}),
    _city(
        "hook",
        "hooks",
        1.0,
        "a program is not told of entries",
        "told",
        {"access_carried"},
        lease="hooks",
        instances=lambda settings: [hook.name for hook in settings.oversight.webhook],
    ),
    _city(
        "siem",
        "siem",
        0.5,
        "a SIEM is not sent security events",
        "told",
        instances=lambda settings: [receiver.name for receiver in settings.oversight.siem],
        has_once=True,
    ),
    DeclaredJob(
        "index",
        "search",
        "search",
        0.1,
        "what is new cannot be found",
        "indexed",
        {JOURNAL},
        fallback=0.5,
        is_core=True,
        has_once=True,
    ),
    DeclaredJob(
        "extract",
        "mail",
        "mail",
        0.5,
        "attachments are not read",
        "extracted",
        {INDEX},
        fallback=2.0,
        is_core=True,
        has_once=True,
    ),
    DeclaredJob(
        "returning", "city", "city", 1.0, "held mail does not go on when it may", "released", {SNAPSHOT}, lease="returning"
    ),
    DeclaredJob(
        "link",
        "mail",
        "mail",
        1.0,
        "a message that came twice counts twice",
        "linked",
        {JOURNAL},
        lease="link",
        when=lambda settings: any(listener.kind == "journal" for listener in settings.gateway.listener),
    ),
    DeclaredJob(
        "learn",
        "mail",
        "mail",
        2.0,
        "what people say of spam is not learnt",
        "looked",
        {JOURNAL},
        lease="learn",
        when=lambda settings: "spam" in settings.screening.checks,
    ),
    DeclaredJob(
        "ledger",
        "city",
        "city",
        1.0,
        "what is new is not in the ledger",
        "integrated",
        {JOURNAL},
        repeats=False,
        is_core=True,
        has_once=True,
    ),
    DeclaredJob(
        "witness",
        "city",
        "witness",
        5.0,
        "nobody outside cosigns the ledger, and it could be rewritten unnoticed",
        "cosigned",
        lease="witness",
        when=lambda settings: bool(settings.archive.witness),
        repeats=False,
    ),
    DeclaredJob(
        "seal", "mail", "mail", 1.0, "journals grow and are not sealed", "sealed", lends="seal", repeats=False, is_core=True
    ),
    DeclaredJob("ocr", "mail", "mail", 5.0, "pictures and scans are not read"),
    DeclaredJob("adopt", "mail", "mail", 5.0, "journals of processes that died are not closed", repeats=False),
    DeclaredJob(
        "screen", "mail", "mail", 2.0, "mail that waits for a part of screening goes on waiting", "", {JOURNAL}, lease="screen"
    ),
    DeclaredJob(
        "statuses",
        "mail",
        "mail",
        2.0,
        "a trace reads envelopes one by one to find a state",
        "followed",
        {JOURNAL},
        lease="statuses",
    ),
    DeclaredJob(
        "habits",
        "mail",
        "baselines",
        5.0,
        "nobody notices an account that acts unlike its owner",
        "",
        {JOURNAL},
        lease="habits",
        fallback=10.0,
        when=lambda settings: settings.containment.on,
    ),
    DeclaredJob(
        "courier",
        "courier",
        "courier",
        1.0,
        "mail waits and is not delivered",
        lends="courier",
        max_still=60.0,
        max_round=600.0,
        is_endless=True,
        is_core=True,
    ),
    DeclaredJob(
        "kick",
        "city",
        "city",
        0.25,
        "who lost access stays connected by IMAP",
        "",
        {SNAPSHOT},
        lease="kick",
        fallback=0.5,
        when=lambda settings: bool(settings.signin.kick),
    ),
    _city("doors", "people_jobs", 0.25, "gateways do not hear of every change of access", repeats=False),
    _city(
        "alive",
        "people_jobs",
        10.0,
        "gateways think that the database is away, and stop submission after 15 minutes",
        lease="",
        repeats=False,
    ),
    _city("samples", "samples", 60.0, "charts of mail have a gap", repeats=False),
    _city("save", "people_jobs", 30.0, "the second place has no new copy of the database", repeats=False),
    _city("feeds", "people_jobs", 30.0, "personnel systems are not asked who left", repeats=False),
    _city("late-rules", "reports", 15.0, "a new rule does not look at mail that is here already"),
    _city(
        "late",
        "reports",
        60.0,
        "mail that the virus scanner knows only by now stays where it is",
        when=lambda settings: bool(settings.screening.clamd),
    ),
    DeclaredJob(
        "traces",
        "city",
        "traces",
        1.0,
        "no traces of messages are sent",
        lease="traces",
        when=lambda settings: bool(settings.otel.url),
    ),
    DeclaredJob(
        "replicate",
        "standby",
        "standby",
        1.0,
        "what is kept is lost with this machine",
        lease="replicate",
        when=lambda settings: bool(settings.archive.standby),
        max_still=180.0,
        max_round=3600.0,
        is_endless=True,
    ),
)
"""In the order of `tick`: what writes mail before what delivers its notices, what reads journals before what seals them."""


def jobs(settings: Settings, process: Process | None = None) -> Iterator[DeclaredJob]:
    """The jobs that these settings need, of one process or of all, each instance by its own name and lease."""
    for job in JOBS:
        if not job.when(settings) or process not in (None, job.process):
            continue
        if job.instances is None:
            yield job
            continue
        for name in job.instances(settings):
            yield replace(job, name=f"{job.name} {name}", lease=f"{job.lease}-{name}", instance=name)


def by_name(name: str) -> DeclaredJob:
    """The declaration of a job or of the job that it is an instance of. Raises KeyError."""
    return {job.name: job for job in JOBS}[name.partition(" ")[0]]
