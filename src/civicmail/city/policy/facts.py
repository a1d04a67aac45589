"""Facts that rules may use: one table for engine, pages and docs/policy/facts.md.

A fact of a message applies to all of its copies, a fact of a recipient to one. A fact that no check has set has its default; checks
that could not run are listed in `unavailable`, and the engine then follows the failure policy instead of using the default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from civicmail.city.policy.dispositions import FactValue

FactOwner = Literal["message", "recipient"]
Type = Literal["bool", "int", "text", "texts"]


@dataclass(frozen=True, slots=True)
class Fact:
    """name: in rules; of: message or recipient; check: that sets it, "" for facts of the envelope, the directory or the message
    itself; default: the value if it is not set, whose type is the type of the fact."""

    name: str
    default: FactValue
    says: str
    check: str = ""
    of: FactOwner = "message"

    @property
    def type(self) -> Type:
        named: dict[object, Type] = {bool: "bool", int: "int", str: "text"}
        return named.get(type(self.default), "texts")

    @property
    def title(self) -> str:
        """The beginning of its sentence, with its name, for a choice."""
        return f"{self._begins} ({self.name})"

    @property
    def clause(self) -> str:
        """For a sentence, after "if": "it comes from outside"; "" where the fact is no sentence about the message."""
        return f"it{self._begins.removeprefix('It')}" if self._begins.startswith("It ") else ""

    @property
    def _begins(self) -> str:
        return _END_OF_TITLE.split(self.says, maxsplit=1)[0]


_END_OF_TITLE = re.compile(r"[,:;(.]")
_ALL = (
    Fact("source", "", "The kind of door it came by: mx, submission, relay, lmtp."),
    Fact("inbound", False, "It comes from outside, from somebody who has not signed in."),
    Fact("unavailable", (), "The checks that could not be made."),
    # the sender
    Fact("sender.address", "", "The return address of the envelope, lower case; empty for the null sender."),
    Fact("sender.domain", "", "Its domain."),
    Fact("sender.kind", "", "What kind of person signed in: employee, contractor, elected …; empty for outsiders and machines."),
    Fact("sender.department", "", "The code of the department of whoever signed in."),
    Fact("sender.machine", False, "A service sender: a printer or an application."),
    Fact("sender.approval", False, "The sender's department wants an approval before files leave (P-22).", "leaving"),
    Fact("sender.personal_use", "none", "What the sender's department allows of personal use: none or limited (P-10)."),
    Fact("sender.known", False, "A correspondent of the city, and the mail is proven to come from there.", "known"),
    Fact("sender.first", False, "The city has had no mail that was proven to be of this address, and never wrote to it.", "known"),
    Fact("from.address", "", "The one address of the From field, lower case; empty where there is not exactly one."),
    Fact("from.domain", "", "Its domain, as A-labels."),
    Fact("from.name", "", "Its display name."),
    # the message
    Fact("message.subject", "", "The subject, decoded."),
    Fact("message.size", 0, "Bytes."),
    Fact("message.outside", 0, "How many recipients outside the city it has."),
    Fact("message.recipients", 0, "How many recipients it has."),
    Fact("message.list", False, "It says that it comes by a mailing list (List-Id)."),
    Fact("message.automatic", False, "It says that a program sent it (Auto-Submitted, Precedence) or it has no return address."),
    Fact("message.forwarded", False, "A rule in a mailbox forwarded it: its From is not the sender, or it says so itself."),
    Fact("message.defects", (), "What is wrong with its form (docs/words.md, defect)."),
    # authentication (P-26)
    Fact("auth.spf", "none", "pass, fail, softfail, neutral, none, temperror, permerror (RFC 7208).", "spf"),
    Fact("auth.dkim", "none", "pass where a signature holds, else fail, temperror, permerror or none (RFC 6376).", "dkim"),
    Fact("auth.dkim_domains", (), "The domains of the signatures that hold.", "dkim"),
    Fact("auth.dmarc", "none", "pass, fail, none, temperror, permerror (RFC 9989).", "dmarc"),
    Fact("auth.dmarc_policy", "none", "What the domain of the From field asks for: none, quarantine, reject.", "dmarc"),
    Fact("auth.arc", "none", "pass, fail or none (RFC 8617).", "arc"),
    Fact("auth.vouched", False, "A sealer that the city believes says that it had passed DMARC (ARC).", "dkim"),
    Fact(
        "auth.own_domain",
        False,
        "From outside, in the name of one of the city's domains or one below (From, Sender, Resent fields, SPF), without proof.",
        "dmarc",
    ),
    Fact(
        "auth.disguised",
        False,
        "Programs may read its sender in several ways, one of the city's domains is in one of them, and it is not proven.",
        "dmarc",
    ),
    # spam (P-02)
    Fact("spam.score", 0, "0 to 1000, by the city's own learner; 0 until it has learnt enough.", "spam"),
    Fact("spam.band", "none", "none, ham, unsure or spam: by how many of the city's good messages lie above it.", "spam"),
    Fact("spam.reported", False, "Nearly the same message was reported as spam.", "nearly"),
    Fact("spam.others", 0, "0 to 1000: what Rspamd or SpamAssassin say of it, 500 where one would call it spam.", "rspamd"),
    # malware and files (P-25)
    Fact("malware.found", (), "What the virus scanner found, by name.", "clamav"),
    Fact("files.count", 0, "How many files it has, without pictures of the text.", "files"),
    Fact("files.types", (), "The true types of its files and of what lies in them, as short words (pdf, docx, exe …).", "files"),
    Fact("files.executable", False, "A program or a script, also inside an archive.", "files"),
    Fact("files.mismatch", False, "A file is something else than its name or type says.", "files"),
    Fact("files.macros", False, "An office document with macros.", "files"),
    Fact("files.active", False, "A file that acts when it is opened: PDF actions, OLE objects, shortcuts, disk images.", "files"),
    Fact("files.form", False, "An HTML file with a form or a script.", "files"),
    Fact("files.encrypted", False, "A container that cannot be looked into without a password.", "files"),
    Fact("files.limits", False, "A container that goes beyond the limits: too deep, too many, expands too far.", "files"),
    Fact("files.smuggling", False, "HTML, attached or as the text, whose script builds a file of what it carries.", "files"),
    Fact("files.unread", False, "A file that could not be looked into wholly: damaged, or of a kind that nothing opens.", "files"),
    Fact("files.leaving", (), "The SHA-256 of the files that leave with it, shared ones too; a record keeps 20.", "leaving"),
    # links (P-25, P-31)
    Fact("links.count", 0, "How many links it has.", "links"),
    Fact("links.hosts", (), "The hosts that they lead to, as A-labels, each once, at most 50.", "links"),
    Fact("links.deceptive", False, "A link shows the host of a protected name and leads elsewhere.", "links"),
    Fact(
        "links.address",
        False,
        "A link leads to a bare IP address of the internet, not of a private network.",
        "links",
    ),
    Fact("links.credentials", False, "A link hides its host behind a user name (user@host).", "links"),
    Fact("links.data", False, "A link carries its content in itself (data:, javascript:).", "links"),
    Fact("links.lookalike", False, "A link leads to a host that looks like a protected name.", "links"),
    Fact("links.qr", False, "A picture holds a QR code with a link.", "links"),
    # signs of phishing (P-02, P-31)
    Fact(
        "phishing.signs",
        (),
        "Signs that phishing has and good mail hardly ever: shortener, redirect, hosting, numbered, ending, company, reader, "
        "letters, padding, picture, nowhere.",
        "phishing",
    ),
    # what an emergency names exactly (P-25)
    Fact("files.sha256", (), "The SHA-256 of its files; a record keeps 20, and those that rules name.", "exact"),
    Fact(
        "links.places",
        (),
        "Where its links lead, each as 16 digits of the SHA-256 of host and path; a record keeps 50, and those that rules name.",
        "exact",
    ),
    # impersonation (P-26, P-27)
    Fact("names.staff", False, "From outside, under the name of somebody in the directory.", "names"),
    Fact("names.lookalike", False, "From a domain that looks like a protected one.", "names"),
    Fact("names.reply_elsewhere", False, "Answers would go to another domain than it comes from.", "names"),
    # confidential information (P-19)
    Fact("confidential.high", (), "Kinds of confidential information that is surely in it (ssn, card, bank …).", "confidential"),
    Fact("confidential.medium", (), "Kinds that may be in it.", "confidential"),
    Fact("confidential.count", 0, "How many different values of a high kind, or people in lists.", "confidential"),
    Fact(
        "confidential.unread",
        False,
        "Something in it could not be read: too large, too slow, damaged, of an unknown type.",
        "confidential",
    ),
    # use (P-10 … P-13), for sampled human review only
    Fact("use.categories", (), "campaign, commercial, severe, infringement: categories with two signals or more.", "use"),
    Fact("use.listed", False, "A file is in one of the city's lists of works of others (works/).", "use"),
    Fact("use.bulk", False, "One text to many people outside, not by a registered list.", "use"),
    Fact("use.threat", False, "A threat of violence, also against oneself: for people to see at once.", "use"),
    Fact("use.exempt", False, "Privileged, union, medical, constituent, election or reporter mail: never reviewed.", "use"),
    Fact("webmail.official", False, "From a web mail service, under the name of somebody in the directory (P-11).", "webmail"),
    # one recipient
    Fact("recipient.address", "", "Lower case.", of="recipient"),
    Fact("recipient.domain", "", "Its domain.", of="recipient"),
    Fact("recipient.inside", False, "A mailbox of the city.", of="recipient"),
    Fact("recipient.department", "", "The code of the department that the mailbox belongs to.", of="recipient"),
    Fact("recipient.invites", False, "The mailbox invites files from people whom the city does not know (P-25).", of="recipient"),
    Fact("outbound", False, "The copy leaves the city.", of="recipient"),
    Fact(
        "recipient.approved",
        "",
        "The standing approvals by which all its files may go there; `returned` where they came from there (P-22).",
        "leaving",
        "recipient",
    ),
    Fact("recipient.consumer", False, "At a web mail service that anybody can use.", "webmail", "recipient"),
    Fact("recipient.own", False, "The sender's own account outside: registered, or two signals (P-11).", "webmail", "recipient"),
)
FACTS: dict[str, Fact] = {fact.name: fact for fact in _ALL}
"""By name, in the order in which they are explained."""


def without_defaults(facts: dict[str, FactValue]) -> dict[str, FactValue]:
    """Facts that differ from their default. Raises KeyError for an unknown name."""
    return {name: value for name, value in facts.items() if value != FACTS[name].default}
