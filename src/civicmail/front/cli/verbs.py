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
    """act: of the guard's table, which a person does in a claimed installation, with a token. why: instead, the reason for which
    the owner of the data folder does it as work on the machine, without content; written: that leaves an entry, because it changes
    something."""

    act: str = ""
    why: str = ""
    written: bool = False


def _person(act: str) -> Line:
    return Line(act=act)


def _machine(why: str) -> Line:
    return Line(why=why)


def _changes(why: str) -> Line:
    return Line(why=why, written=True)


_BROKEN = "puts in order what a broken disk has left, where there may be no database to sign in to; it shows no content"
_ANEW = "makes anew what the archive says, where there may be no database to sign in to; it shows no content"
_KEY = "whoever has the recovery key has shown more than a sign-in; there may be no database to sign in to"
_TRIAL = "a trial folder that is removed: nothing of the installation changes, and only numbers are shown"
_RULES = "rules as a file has them, for whoever reads the file; it shows no mail and changes nothing"
_SIGNED = "a size, a root and a signature of the ledger, which say nothing of any mail, for whoever will doubt it"
_SETTINGS = "settings of the machine; secrets are only in files that it names"

VERBS: dict[str, Line] = {
    "demo": _machine("a sample city in a folder of its own"),
    "simulate day": _machine("a sample city in a folder of its own"),
    "init": _machine("makes a folder that has no people yet"),
    "run": _machine("serves; who may what is asked at each door"),
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
    "verify": _machine("anybody who has the folder may doubt it, also offline; it names records, never what is in them"),
    "prove": _person("content.show"),
    "checkpoint publish": _machine(_SIGNED),
    "checkpoint prove": _machine(_SIGNED),
    "entries": _person("entries.see"),
    "people sync": _person("feed.run"),
    "people pull": _person("feed.pull"),
    "people list": _person("roster.see"),
    "people show": _person("roster.see"),
    "access requests": _person("roster.see"),
    "access claim": _machine("makes the first person; only while nobody has claimed the installation; it leaves an entry itself"),
    "access recover": _machine("the recovery key instead of a sign-in, where nobody gets in; it leaves an entry itself"),
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
    "department list": _machine("codes and numbers of addresses, as the data folder has them for whoever reads it"),
    "department open": _person("department.change"),
    "department mode": _person("department.mode"),
    "agency list": _person("agency.see"),
    "violation list": _person("violations.see"),
    "violation show": _person("violation.see"),
    "review list": _person("reviews.see"),
    "review pack": _person("reviews.see"),
    "lists list": _person("mailbox.see"),
    "lists show": _person("mailbox.see"),
    "policy list": _person("policy.read"),
    "policy publish": _person("policy.publish"),
    "policy paper": _person("policy.paper"),
    "policy rules": _machine(_RULES),
    "policy test": _machine(_RULES),
    "policy diff": _machine(_RULES),
    "policy drill": _machine("says what rules and fail matrix would do, and stops nothing; it shows no mail"),
    "policy replay": _person("rule.replay"),
    "policy explain": _person("system.see"),
    "exact-list add": _person("rule.write"),
    "exact-list list": _person("rules.see"),
    "exact-list remove": _person("rule.write"),
    "works add": _person("rule.write"),
    "works list": _person("rules.see"),
    "works remove": _person("rule.write"),
    "archive status": _machine("numbers and schedules only, as the folder has them"),
    "archive adopt": _person("retention.schedule"),
    "archive promote": _person("retention.promote"),
    "archive compact": _changes("moves segments and shows no content; what is kept stays kept"),
    "hold add": _person("retention.hold"),
    "hold list": _person("retention.see"),
    "hold end": _person("retention.hold"),
    "dispose": _person("retention.see"),
    "doctor": _machine("how the machine is; numbers only, and it has to work when nothing else does"),
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
    "dns check": _machine("asks the DNS what anybody may ask it"),
    "dns reports": _person("dns.reports"),
    "standby serve": _machine("receives a copy on another machine, from whoever has the certificate"),
    "standby status": _machine("seconds and an address of the other place, which have to be seen when nothing else works"),
    "restore": _changes("there is no installation yet that anybody could sign in to; the entry is the new one's"),
    "drill failover": _machine(_TRIAL),
    "drill restore": _machine(_TRIAL),
    "migrate": _machine("brings tables up to the program, as every start does; it names steps, never rows"),
    "tick": _machine("what the workers do all the time; each job is recorded as theirs"),
    "rebuild index": _machine("an index is no record: it is made of what is kept, and thrown away without a loss"),
    "rebuild catalogue": _changes(_ANEW),
    "rebuild outstanding": _changes(_ANEW),
    "repair journal": _changes(_BROKEN),
}
"""The keys are the words behind `civicmail`."""


def line(verb: str) -> Line:
    """The row of a command. Raises NobodyDecided."""
    row = VERBS.get(verb)
    if row is None:
        raise NobodyDecided(f"Nobody has decided who may call `civicmail {verb}`, so nobody may (front/cli/verbs.py).")
    return row
