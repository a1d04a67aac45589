"""The words of these pages: states, why a copy did not come, and who a row is with."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy, ngettext

from civicmail.city.pages import wording
from civicmail.city.pages.states import Label, labels
from civicmail.city.policy import rule_keys
from civicmail.city.snapshot import sender_refusals
from civicmail.desk.mailbox.mail_list import Row
from civicmail.desk.viewer import runs
from civicmail.desk.viewer.mail_states import COPIES
from civicmail.desk.viewer.message_view import Run
from civicmail.mail.search.search import Hit

STATES: dict[str, tuple[str, str]] = {
    "": ("plain", ""),
    "kept": ("plain", ""),
    **labels(
        "held",
        "sent",
        "delivered",
        "quarantined",
        "imported",
        "deferred",
        refused="rejected",
        asked="forecast",
        arriving="queued",
        waiting="queued",
        **{"not-delivered": "failed", "not-all": "partial"},
    ),
}
"""State of a message in a list -> role and word; "kept": brought in with an older mailbox."""

APPROVAL = labels("awaiting-approval")["awaiting-approval"]

MEANS: dict[str, Any] = {
    "delivered": gettext_lazy("It lies in their mailbox, or with the server that took it."),
    "waiting": gettext_lazy("It goes as soon as the other side takes it."),
    "trying": gettext_lazy("It is being handed over at this moment."),
    "deferred": gettext_lazy("The other side did not take it yet; it is tried again by itself."),
    "held": gettext_lazy("It waits until a person has decided."),
    "pending": gettext_lazy("It is checked once more, and goes then or waits for a person."),
    "quarantine": gettext_lazy("It was quarantined as dangerous or unwanted; a person can release it."),
    "failed": gettext_lazy("The other side did not take it, and it is not tried again."),
    "cancelled": gettext_lazy("It was decided that it does not go."),
    "refused": gettext_lazy("A rule does not let it pass; nothing was sent to them."),
}
"""State of a copy, or disposition of a held one -> what it means for the sender, if no rule says more."""

PROOFS: dict[str, Any] = {
    "tls": gettext_lazy("It left encrypted, straight to their own server, which has proven which one it is (TLS)."),
    "smime": gettext_lazy("It left encrypted: only the reader’s own key opens it (S/MIME)."),
    "openpgp": gettext_lazy("It left encrypted: only the reader’s own key opens it (OpenPGP)."),
    "requiretls": gettext_lazy("It left by a mail server that has promised to hand it on over verified TLS or not at all."),
    "portal": gettext_lazy("It waits encrypted on a page of the city’s; they were told, and open it with a passphrase."),
}
"""How a copy left encrypted -> what that means for the sender (P-19)."""

RULES: dict[str, Any] = {
    rule_keys.SECURE_REQUESTED: gettext_lazy("You asked for it to leave encrypted ([secure] in the subject)."),
    rule_keys.SENT_PLAIN: gettext_lazy("You gave a reason why it goes unencrypted; the privacy officer hears of it (P-19)."),
    rule_keys.ACCESS_HELD: gettext_lazy("Nobody may read this mailbox at the moment, so its mail waits (P-06)."),
    rule_keys.ACCESS_CLOSED: gettext_lazy("This mailbox is closed; its mail waits for a decision (P-08)."),
    rule_keys.ACCESS_ENDED: gettext_lazy("The sender no longer had access to mail (P-08)."),
    rule_keys.CONTAINED: gettext_lazy(
        "Your account acts unlike you, so what it sends waits until the security office has looked (P-25)."
    ),
    rule_keys.FORECAST_ONLY: gettext_lazy("You asked check@ what would happen to it, so it was not delivered."),
    rule_keys.LISTED: gettext_lazy("This is a list; its members have copies of their own."),
    rule_keys.SAME_MAILBOX: gettext_lazy("This is another name of a mailbox that has its copy."),
    rule_keys.PULLED_BACK: gettext_lazy(
        "It turned out to be dangerous, so security took it back from everybody who had it (P-31)."
    ),
    rule_keys.PASS_ELSEWHERE: gettext_lazy("The mail of this department is still in the other system, and was passed on to it."),
}
"""Rule of a disposition -> the reason, for the people concerned."""

NO_WAY = gettext_lazy(
    "It must leave encrypted, and at this moment there is no way to do that for them: it waits, and the help desk can say how long."
)
"""For a copy that must be encrypted and has no route."""

UNCHECKED = gettext_lazy("It could not be checked completely when it came, so it is checked again (P-25).")

CALLED_OFF: dict[str, Any] = {
    "the files were not approved": gettext_lazy("The files were not approved."),
    "the sender withdrew it": gettext_lazy("You withdrew it."),
    "nobody approved the files": gettext_lazy("Nobody approved the files in time."),
}
"""How the record says why a copy was called off (holding/actions/approval_execution.py) -> for whoever sent it."""

WARNINGS = labels("pretender", "flagged", "first-contact")
"""Warning of a received message in a list -> role and word."""
_STAFF_NAMES = frozenset({"pretender", "staff-name"})
"""Marks of rules: a stranger under the name of a colleague."""
_FIRST_CONTACT = "first-contact"
_PLAIN_STATES = frozenset({"", "kept", "sent", "delivered", "imported", "arriving", "waiting", "asked"})
"""States for which nobody has to look or wait."""

_ADDRESS = re.compile(r"\A(.*?)\s*<([^<>]*)>\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Who:
    """The other side of a message; invisible characters are shown. name: of a stranger the part before the @; domain: of a
    stranger, with the @, never truncated; claimed: a name that is a colleague's."""

    name: str = ""
    more: str = ""
    domain: str = ""
    claimed: str = ""


def status(state: str) -> tuple[str, str]:
    """Role and word of a message in a list, in the language of the page."""
    role, word = STATES[state]
    return role, wording.translate(word)


def pill(row: Row, doubts: Collection[str]) -> tuple[str, str, bool]:
    """Role and word of a row, and whether it is a reason to look or to wait. doubts: marks that are a reason for a warning."""
    if any(rule_keys.FILE_WAITS in held.rules for held in row.held):
        return (*_translated(APPROVAL), True)
    if row.state in _PLAIN_STATES and (label := warning_label(row.marks, doubts)):
        return (*_translated(label), True)
    return (*status(row.state), row.state not in _PLAIN_STATES)


def warning_label(marks: Collection[str], doubts: Collection[str]) -> Label | None:
    """The state of the strongest warning among the marks of a received message, not translated."""
    names = set(marks)
    if _STAFF_NAMES & names:
        return WARNINGS["pretender"]
    if names & set(doubts):
        return WARNINGS["flagged"]
    return WARNINGS[_FIRST_CONTACT] if _FIRST_CONTACT in names else None


def _translated(state: Label) -> tuple[str, str]:
    return state[0], wording.translate(state[1])


def copy(state: str, do: str, rules: Collection[str] = ()) -> tuple[str, str]:
    """Role and word of one recipient's copy, in the language of the page. do, rules: as it was decided last."""
    if state == "held" and rule_keys.FILE_WAITS in rules:
        return _translated(APPROVAL)
    return _translated(COPIES[do] if state == "held" and do in COPIES else COPIES[state])


def means(state: str, do: str) -> str:
    """The meaning of a copy's state for its sender; empty if the state is clear."""
    return str(MEANS.get(do if state == "held" and do in MEANS else state, ""))


def called_off(reason: str) -> tuple[str, str]:
    """Why a copy was canceled, with the words of the decider: a reason from the record in the language of the page. A person's own
    words are unchanged."""
    why, colon, detail = reason.partition(": ")
    return (str(CALLED_OFF[why]), detail if colon else "") if why in CALLED_OFF else ("", reason)


def marked(text: str) -> str:
    """A stranger's words for a page, with invisible characters by number. Made here, because a list has a hundred of them."""
    text_runs = runs.runs_of(text)
    if len(text_runs) == 1 and text_runs[0].kind == "text":
        return text
    return format_html_join("", "{}", ((_piece(run),) for run in text_runs))


def _piece(run: Run) -> str:
    return format_html('<code class="cm-mono">[{}]</code>', run.text) if run.kind == "control" else run.text


def why(rules: Collection[str]) -> str:
    """Explanation of the rules behind a copy's disposition for a person; empty if none is needed."""
    for rule in rules:
        if rule.startswith(rule_keys.UNAVAILABLE):
            return str(UNCHECKED)
        if rule in RULES:
            return str(RULES[rule])
        if known_sentence := sender_refusals.REFUSALS.get(rule):
            return f"{wording.translate(known_sentence)}. ({sender_refusals.CLAUSE})"
    return ""


def who(row: Row, domains: Collection[str]) -> Who:
    """The other side of a message: its recipients if one of the person's mailboxes sent it, else its claimed sender."""
    if not row.sent:
        pretends = bool(_STAFF_NAMES & row.marks)
        return (
            _one(row.hit.from_, domains, ours=row.ours, pretends=pretends) if row.hit.from_ else Who("", gettext("no sender named"))
        )
    to = row.hit.to
    if not to:
        return Who("", gettext("no recipient named in To"))
    first = _one(to[0], domains)
    more = ngettext("and {count} more", "and {count} more", len(to) - 1).format(count=len(to) - 1) if len(to) > 1 else ""
    return replace(first, more=more)


def plain_who(hit: Hit, sent: bool) -> str:
    """The same for a file."""
    return "; ".join(hit.to) if sent else hit.from_


def _one(address: str, domains: Collection[str], *, ours: bool = False, pretends: bool = False) -> Who:
    """People of ours by name, and the mail system itself; everybody else by address: a name is whatever the sender wrote. pretends:
    the name is a colleague's."""
    match = _ADDRESS.match(address)
    name, plain = (match[1], match[2]) if match else ("", address)
    local, at, domain = plain.rpartition("@")
    if ours or domain.lower() in domains:
        return Who(marked(name or plain))
    if not at:
        return Who(marked(plain))
    return Who(marked(local), domain=marked(at + domain), claimed=marked(name) if pretends else "")
