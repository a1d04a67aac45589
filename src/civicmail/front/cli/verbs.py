"""The act that each command performs, or why it needs none.

This is the only such table; a command without a row cannot be called. tests/front/cli/matrix.toml says what each role gets.

Before an installation is claimed, the owner of its folder may do everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.core.config.errors import RefusedError


class NobodyDecided(RefusedError):
    """The command has no row in the table."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table.

    act: name in the guard's table; a person performs it in a claimed installation, with a token. why: if there is no act, the
    reason why the owner of the data folder may run it without a person. written: it leaves an entry, because it changes something.
    """

    act: str = ""
    why: str = ""
    written: bool = False


def _person(act: str) -> Line:
    return Line(act=act)


def _machine(why: str) -> Line:
    return Line(why=why)


def _changes(why: str) -> Line:
    return Line(why=why, written=True)


_BROKEN = "repairs damage after a disk failure, when there may be no database to sign in to; it shows no content"
_ANEW = "rebuilds data from the archive, when there may be no database to sign in to; it shows no content"
_KEY = "the recovery key proves more than a sign-in; there may be no database to sign in to"
_TRIAL = "uses a trial folder and removes it; it changes nothing in the installation and shows only numbers"
_RULES = "shows rules to a user who can read their file anyway; it shows no mail and changes nothing"
_SIGNED = "gives a size, a root and a signature of the ledger to later verifiers; they reveal nothing about mail"
_LAW = "shows law packs, which a user of the folder can read anyway; they name nobody and show no mail"
_SETTINGS = "shows settings of the machine; secrets are only in files that it names"

VERBS: dict[str, Line] = {
    "demo": _machine("uses a sample city in a folder of its own"),
    "simulate day": _machine("uses a sample city in a folder of its own"),
    "init": _machine("makes a folder that has no people yet"),
    "run": _machine("starts the processes; each entry point checks its users"),
    "import": _person("mail.import"),
    "import-mailboxes": _person("mail.import"),
    "search": _person("content.list"),
    "show": _person("content.show"),
    "export": _person("content.export"),
    "learn": _person("spam.teach"),
    "unlearn": _person("spam.teach"),
    "explain": _person("content.show"),
    "queue list": _person("system.see"),
    "queue show": _person("system.see"),
    "queue retry": _person("queue.act"),
    "queue drop": _person("queue.act"),
    "verify": _machine("anyone who has the folder may check it, also offline; it names records, never their content"),
    "prove": _person("content.show"),
    "checkpoint publish": _machine(_SIGNED),
    "checkpoint prove": _machine(_SIGNED),
    "entries": _person("entries.see"),
    "evidence pack": _person("entries.see"),
    "people sync": _person("feed.run"),
    "people pull": _person("feed.pull"),
    "people show": _person("roster.see"),
    "access requests": _person("roster.see"),
    "access claim": _machine("makes the first person, only in an unclaimed installation; it writes its own entry"),
    "access recover": _machine("uses the recovery key instead of a sign-in, when nobody can sign in; it writes its own entry"),
    "access invite": _person("account.invite"),
    "access hand-over": _person("account.hand-over"),
    "access end": _person("access.end"),
    "access close": _person("account.close"),
    "access reconcile": _person("reconcile.see"),
    "access signs": _person("entries.see"),
    "duty list": _person("duty.see"),
    "mandate ask": _person("mandate.ask"),
    "mandate list": _person("mandate.see"),
    "mandate show": _person("mandate.see"),
    "mandate protect": _person("mandate.protect"),
    "department list": _machine("shows codes and numbers of addresses that a user of the data folder can read anyway"),
    "department open": _person("department.change"),
    "department mode": _person("department.mode"),
    "violation list": _person("violations.see"),
    "violation show": _person("violation.see"),
    "review list": _person("reviews.see"),
    "review pack": _person("reviews.see"),
    "lists show": _person("mailbox.see"),
    "policy list": _person("policy.read"),
    "policy publish": _person("policy.publish"),
    "policy paper": _person("policy.paper"),
    "policy rules": _machine(_RULES),
    "policy test": _machine(_RULES),
    "policy diff": _machine(_RULES),
    "policy drill": _machine("shows what rules and failure policy would do, and stops nothing; it shows no mail"),
    "policy replay": _person("rule.replay"),
    "policy explain": _person("system.see"),
    "exact-list add": _person("rule.write"),
    "exact-list list": _person("rules.see"),
    "exact-list remove": _person("rule.write"),
    "works add": _person("rule.write"),
    "works list": _person("rules.see"),
    "works remove": _person("rule.write"),
    "law list": _machine(_LAW),
    "law check": _machine(_LAW),
    "law diff": _machine(_LAW),
    "law explain": _machine(_LAW),
    "law adopt": _person("law.adopt"),
    "records reading-room": _person("records.see"),
    "archive status": _machine("shows only numbers and schedules in the folder"),
    "archive adopt": _person("retention.schedule"),
    "archive promote": _person("retention.promote"),
    "archive transfer": _person("content.export"),
    "archive reconcile": _machine("compares numbers and names records, never their content; the result is an entry"),
    "archive compact": _changes("moves segments; it shows no content and removes nothing from the archive"),
    "hold add": _person("retention.hold"),
    "hold list": _person("retention.see"),
    "hold end": _person("retention.hold"),
    "disposal show": _person("retention.see"),
    "dispose": _person("retention.see"),
    "doctor": _machine("shows the state of the machine in numbers; it must work when nothing else does"),
    "config check": _machine(_SETTINGS),
    "config show": _machine(_SETTINGS),
    "config explain": _machine(_SETTINGS),
    "keys prove-recovery": _changes(_KEY),
    "keys recover": _changes(_KEY),
    "keys rotate-master": _person("keys.rotate"),
    "keys rotate-links": _person("keys.sign"),
    "secure list": _person("system.see"),
    "secure add": _person("keys.sign"),
    "secure remove": _person("keys.sign"),
    "dkim list": _person("system.see"),
    "dkim new": _person("keys.sign"),
    "dkim activate": _person("keys.sign"),
    "dkim retire": _person("keys.sign"),
    "dns check": _machine("makes public DNS queries"),
    "dns reports": _person("dns.reports"),
    "standby serve": _machine("receives a copy on another machine, from a client with the certificate"),
    "standby status": _machine("shows seconds and an address of the standby; it must work when nothing else does"),
    "restore": _changes("there is no installation to sign in to yet; the entry is in the new one"),
    "drill failover": _machine(_TRIAL),
    "drill restore": _machine(_TRIAL),
    "migrate": _machine("migrates the tables, as every start does; it names steps, never rows"),
    "tick": _machine("runs every worker job once; each job is recorded as the workers'"),
    "rebuild index": _machine("the index is derived from the archive; it can be removed without loss"),
    "rebuild catalogue": _changes(_ANEW),
    "rebuild outstanding": _changes(_ANEW),
    "repair journal": _changes(_BROKEN),
}
"""The keys are the words behind `civicmail`."""


def line(verb: str) -> Line:
    """The row of a command. Raises NobodyDecided."""
    row = VERBS.get(verb)
    if row is None:
        raise NobodyDecided(f"`civicmail {verb}` has no row in front/cli/verbs.py, so nobody may run it.")
    return row
