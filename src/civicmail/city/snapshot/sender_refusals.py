"""SMTP replies to messages whose sender fields are refused (P-14, promise 7).

ASCII and short: each is the text of an SMTP reply, and never repeats text of the message.
"""

from __future__ import annotations

from civicmail.core.config.sentence import sentence as _

CLAUSE = "P-14"
REFUSALS = {
    # who
    "not-yours": _("The From address is not yours: write your own address there, or one that you were granted"),
    "outside": _(
        "The From address is not of the city, and city mail goes out under city addresses: write your own "
        "address there, or one that you were granted"
    ),
    "mailbox-closed": _("The mailbox in From is closed: write from another one that is yours"),
    "out-of-scope": _(
        "This connection may not send for the address in From: ask the mail office to add it to the listener's senders"
    ),
    "envelope-not-yours": _(
        "The return address (MAIL FROM) is not yours: write your own address there, or one that you were granted"
    ),
    "envelope-out-of-scope": _("This connection may not send for the return address (MAIL FROM): ask the mail office to add it"),
    # how many
    "missing": _("The message has no From field: let your mail program write your address there"),
    "twice": _("The message has more than one From field: leave one, with your address"),
    "empty": _("The From field is empty: write your address there"),
    "several": _("From names several authors, and a message has one sender here: leave your address only"),
    "two-addresses": _("From has two addresses in brackets, and programs show different ones: leave your address only"),
    "group": _("From is a group: write one address there, without colon"),
    "header-begins-folded": _(
        "The header begins with a continued line, which some programs read as a field: send it again from a mail program"
    ),
    "header-broken": _(
        "The header has a line that is no field, and programs disagree on what follows: send it again from a mail program"
    ),
    "header-space": _("A field name is followed by a space, which hides the field from some programs: take the space away"),
    "header-bare-cr": _(
        "The header has a carriage return alone, which some programs take for a new line: send it again from a mail program"
    ),
    "header-missing": _("The message has no header that ends in reasonable length: send it again from a mail program"),
    # how it is written
    "route": _("From has a route of old style: leave the address only, without at-signs and colons before it"),
    "comment": _("From has a comment in parentheses: put your name before the address instead"),
    "quoted-pair": _("From has a backslash, which programs read in different ways: write it without"),
    "quoted-local": _("The address in From has quotation marks: write it without"),
    "control": _("From has control characters: write it anew"),
    "bytes": _("From has letters in an unknown code: write it in UTF-8 or in ASCII"),
    "blank-fold": _("From is continued after an empty line, where some programs end the header: write it on one line"),
    "after": _("Something follows the address in From: put your name before the address"),
    "form": _("The address in From is not written like name@domain: write it so, in angle brackets"),
    "encoded-address": _("The address in From is an encoded word, which some programs decode to another address: write it plainly"),
    "confusable": _("The address in From has letters that only look like those of an address: write it in ASCII"),
    # the name
    "hidden": _("From has characters that nobody sees (zero width, or changing the direction): write it anew"),
    "name-hidden": _("The name in From decodes to characters that nobody sees: write your own name as it is in the directory"),
    "name-address": _("The name in From has an address that is not the sender's: write your own name as it is in the directory"),
    "name-domain": _("The name in From poses as an address or a place of the city: write your own name as it is in the directory"),
    "name-brackets": _("The name in From has angle brackets, which some programs take for an address: write your own name there"),
    "name-scripts": _(
        "The name in From mixes letters of two alphabets that look alike: write your own name as it is in the directory"
    ),
    "name-of-another": _("The name in From is that of somebody else in the directory: write your own name there"),
    # the other fields
    "sender-twice": _("The message has more than one Sender field: leave it away, it is filled in here"),
    "sender-form": _("The Sender field does not name one mailbox: leave it away, it is filled in here"),
    "resent": _("Resent fields make a message look like another's: forward it as an attachment, or inside your own message"),
    # the text
    "unidentified": _(
        "The text does not say who writes and for which department, as the policy asks: add your identification block"
    ),
}
"""By rule. Each stands here in full, as the catalogue of other languages looks it up."""


def smtp_reply(rule: str) -> str:
    """The SMTP reply of a refusal (RFC 3463: 5.7.1, a policy of the site)."""
    return f"550 5.7.1 {REFUSALS[rule]} ({rule}, {CLAUSE})"
