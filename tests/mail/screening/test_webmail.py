"""City business in web mail (P-11): mail to oneself is told from mail to a constituent, and rules that forward are seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from civicmail.city.snapshot.snapshot import Person
from civicmail.core.message.model import Recipient
from civicmail.mail.screening import forwarding, ownaccounts, webmail
from civicmail.mail.screening.consumer_domains import is_consumer
from civicmail.mail.screening.shapes import CheckResult, CombinedCase
from mail.screening.constituents import letters
from mail.screening.joints import CITY, DANA, JOHN, PETER, PRINTER, WORLD, incoming, outgoing

MAIL = "danareyes77@gmail.com"


def _facts(case: CombinedCase) -> tuple[CheckResult, dict[str, dict[str, object]]]:
    found = webmail.find(case)
    return found, found.more.get("recipients", {})


@pytest.mark.rule(
    "P-11",
    "Mail between the city and its constituents at consumer providers is ordinary business, whatever they are called.",
)
def test_of_ten_thousand_letters_with_constituents_none_is_touched() -> None:
    """Family names are shared, whole names now and then, retired people are written to, payroll writes to staff at home."""
    touched, consumers, kinds = [], 0, set()
    for kind, case in letters(10_000):
        kinds.add(kind)
        found, recipients = _facts(case)
        consumers += any("recipient.consumer" in facts for facts in recipients.values())
        if found.facts or any("recipient.own" in facts for facts in recipients.values()):
            touched.append((kind, found.findings))
    assert touched == [] and consumers > 7000 and len(kinds) == 12


@pytest.mark.rule("P-11", "An account outside is the sender's own by registration or by two signals; a family name is none.")
@pytest.mark.parametrize(
    ("who", "name", "address", "subject", "own"),
    [
        (DANA, "", "dmr@oldmill.example", "Lunch", "registered"),
        (DANA, "Dana Reyes", MAIL, "budget.xlsx", "local-part display-name alone"),
        (DANA, "", MAIL, "Fwd: budget", "local-part alone forward"),
        (DANA, "", "reyes.dana@yahoo.co.uk", "FW: budget", "local-part alone forward"),
        (DANA, "Reyes, Dana", "sunflower@aol.com", "WG: budget", "display-name alone forward"),
        (JOHN, "", "john_okonjole@proton.me", "Fwd: x", "local-part alone forward"),
        # not theirs, or not enough
        (DANA, "", MAIL, "budget.xlsx", ""),
        (DANA, "Dana Reyes", MAIL, "Re: budget", ""),
        (DANA, "Dana Reyes", "sunflower@aol.com", "budget", ""),
        (DANA, "Reyes", "d.reyes@gmail.com", "Fwd: budget", ""),
        (DANA, "D. Reyes", "dreyes@gmail.com", "Fwd: budget", ""),
        (DANA, "The Reyes Family", "reyesfamily@gmail.com", "Fwd: budget", ""),
        (DANA, "Daniel Reyes", "daniel.reyes@gmail.com", "Fwd: budget", ""),
        (DANA, "Dana Reyna", "dana.reyna@gmail.com", "Fwd: budget", ""),
        (DANA, "Dana Reyes", "dana.reyes@lawfirm.example", "Fwd: budget", ""),
        (PETER, "Peter Novak", "peter.novak@gmail.com", "Fwd: Sunday", ""),
        (PETER, "Peter Novak Sr.", "peter.novak.sr@gmail.com", "Fwd: Sunday", ""),
        (JOHN, "Dana Reyes", MAIL, "Your pay slip", ""),
    ],
)  # fmt: skip
def test_an_account_is_the_senders_own_by_registration_or_by_two_signals(
    who: Person, name: str, address: str, subject: str, own: str
) -> None:
    found, recipients = _facts(outgoing(who, [(name, address)], subject=subject))
    assert [(f.code, f.mask) for f in found.findings] == ([("own", own)] if own else [])
    assert not any(address in f.part + f.mask for f in found.findings), "promise 4: it may be a blind copy"
    assert recipients.get(address, {}).get("recipient.own", False) == bool(own)


def test_what_goes_to_others_too_is_no_mail_to_oneself() -> None:
    assert not _facts(outgoing(DANA, [("Dana Reyes", MAIL), ("Al", "al@gmail.com")], subject="Fwd: x"))[0].findings
    assert not _facts(outgoing(DANA, [("Dana Reyes", MAIL), ("John", f"john@{CITY}")], subject="Fwd: x"))[0].findings
    alone = outgoing(DANA, [("Dana Reyes", MAIL), ("Dana Reyes", f"dana@{CITY}")], subject="Fwd: x")
    assert [f.code for f in _facts(alone)[0].findings] == ["own"], "a copy to one's own mailbox is nobody else"


def test_an_office_and_a_machine_write_to_others() -> None:
    """What an office writes is for somebody; a printer has no account."""
    office = ("Parks", f"parks@{CITY}")
    assert not _facts(outgoing(DANA, [("Dana Reyes", MAIL)], author=office, subject="Fwd: permit"))[0].findings
    scan = outgoing(None, [("Dana Reyes", MAIL)], sender=f"printer@{CITY}", author=("", f"printer@{CITY}"), subject="Fwd: scan")
    assert not _facts(scan)[0].findings
    machine = replace(outgoing(DANA, [("Dana Reyes", MAIL)], subject="Fwd: scan"))
    machine = replace(machine, envelope=replace(machine.envelope, login=PRINTER.id))
    assert not _facts(machine)[0].findings


def test_through_a_relay_the_sender_is_who_holds_the_mailbox() -> None:
    case = outgoing(None, [("", MAIL)], sender=f"dana@{CITY}", author=("Dana Reyes", f"dana@{CITY}"), subject="Fwd: x")
    assert [f.code for f in _facts(case)[0].findings] == ["own"]


def test_a_rule_that_sends_to_an_account_of_the_same_name_is_both() -> None:
    case = outgoing(DANA, [("", MAIL)], subject="Council agenda", fields={"x-forwarded-for": f"dana@{CITY} {MAIL}"})
    found, recipients = _facts(case)
    assert [f.code for f in found.findings] == ["forwarded", "forwarder", "own"]
    assert recipients == {MAIL: {"recipient.consumer": True, "recipient.own": True}}


@pytest.mark.rule(
    "P-11, P-25",
    "If no field names the mailbox of a rule, servers on the route do, else the return address; that may be the mailbox's "
    "correspondent.",
)
@pytest.mark.parametrize(
    ("sender", "author", "received", "code", "whose"),
    [
        (f"dana@{CITY}", "al@shop.example", [], "forwarder", f"dana@{CITY}"),
        (f"dana@{CITY}", f"dana@{CITY}", [], "forwarder-or-writer", f"dana@{CITY}"),
        (f"dana@{CITY}", f"dana@{CITY}", [f"john@{CITY}"], "forwarder", f"john@{CITY}"),
        ("al@shop.example", "al@shop.example", [f"john@{CITY}", f"dana@{CITY}"], "forwarder", f"john@{CITY}"),
        ("al@shop.example", "al@shop.example", [], "", ""),
        (f"SRS0=ab=cd=shop.example=al@{CITY}", "al@shop.example", [], "", ""),
    ],
)
def test_whose_rule_it_was_is_said_by_servers_on_the_way_else_by_the_return_address(
    sender: str, author: str, received: list[str], code: str, whose: str
) -> None:
    """Exchange names no mailbox; where the author and the return address are one it may be who wrote to that mailbox."""
    fields = {"auto-submitted": "auto-forwarded"}
    case = outgoing(None, [("", "al@gmail.com")], sender=sender, author=("", author), fields=fields)
    found = webmail.find(replace(case, more={"form": {"for": received}})).findings
    assert [(f.code, f.mask) for f in found[1:]] == ([(code, whose)] if code else [])


def test_mail_that_stays_here_says_nothing_of_its_recipients() -> None:
    case = outgoing(DANA, [("", f"john@{CITY}")])
    case = replace(
        case,
        envelope=replace(case.envelope, recipients=(*case.envelope.recipients, Recipient("list@old.example", box=f"john@{CITY}"))),
    )
    assert webmail.find(case) == CheckResult()


def test_without_a_directory_providers_are_known_all_the_same() -> None:
    case = outgoing(DANA, [("Dana Reyes", MAIL)], world=replace(WORLD, snapshot=None))
    assert _facts(case)[1] == {MAIL: {"recipient.consumer": True}}


@pytest.mark.parametrize(
    ("author", "to", "more", "why"),
    [
        (("D", "dmr@oldmill.example"), ["parks"], {}, "registered"),
        (("Dana Reyes", MAIL), ["rosa"], {}, "to-colleagues"),
        (("Dana Reyes", MAIL), ["dana"], {"subject": "Fwd: contract"}, "forwards-to-self"),
        (("Dana Reyes", MAIL), ["john", "dana"], {"cc": (("", f"dana@{CITY}"),)}, "copies-self"),
        (("Dana Reyes", MAIL), ["parks"], {}, ""),
        (("Dana Reyes", MAIL), ["john"], {}, ""),
        (("Dana Reyes", "sunflower@gmail.com"), ["rosa"], {}, ""),
        (("Dana Reyes", "dana.reyes@lawfirm.example"), ["rosa"], {}, ""),
        (("Diana Reyes", "diana.reyes@gmail.com"), ["rosa"], {}, ""),
        (("Mei Nakashiro", "mei.nakashiro@gmail.com"), ["rosa"], {}, ""),
    ],
)  # fmt: skip
def test_an_official_who_writes_from_web_mail_is_known_by_more_than_a_name(
    author: tuple[str, str], to: list[str], more: dict[str, object], why: str
) -> None:
    """P-11: a namesake writes to offices, or to people elsewhere."""
    found = webmail.find(incoming(author, [f"{t}@{CITY}" for t in to], **more))  # type: ignore[arg-type]
    assert found.facts == ({"webmail.official": True} if why else {})
    assert [f.mask.split()[-1] for f in found.findings] == ([why] if why else [])


@pytest.mark.rule("P-11", "Mail sent by a mailbox rule is distinguished from mail sent by a person.")
@pytest.mark.rule("P-11", "Mail redirected manually is distinguished from mail sent by a mailbox rule.")
@pytest.mark.parametrize(
    ("fields", "author", "sender", "mark"),
    [
        ({"x-forwarded-for": "dana@city b@x"}, f"dana@{CITY}", f"dana@{CITY}", "x-forwarded-for"),
        ({"x-forwarded-for": "203.0.113.9, 198.51.100.1"}, f"dana@{CITY}", f"dana@{CITY}", ""),
        ({"x-sieve-redirected-from": f"dana@{CITY}"}, f"dana@{CITY}", f"dana@{CITY}", "x-sieve-redirected-from"),
        ({"x-ms-exchange-generated-message-source": "Mailbox Rules Agent"}, DANA.id + f"@{CITY}", "", "exchange-rule"),
        ({"resent-from": f"dana@{CITY}"}, "al@shop.example", "", "resent-from author-outside"),
        ({"resent-from": f"Dana <Dana@{CITY}>", "delivered-to": f"dana@{CITY}"}, "al@shop.example", f"dana@{CITY}", ""),
        ({"resent-from": f"dana@{CITY}"}, f"dana@{CITY}", "al@shop.example", "resent-from"),
        ({"resent-from": "al@shop.example"}, f"dana@{CITY}", "al@shop.example", "resent-from"),
        ({"resent-from": f"dana@{CITY}, rosa@{CITY}"}, f"dana@{CITY}", f"dana@{CITY}", "resent-from"),
        ({"resent-from": f"dana@{CITY}", "x-forwarded-to": "b@x"}, f"dana@{CITY}", f"dana@{CITY}", "x-forwarded-to resent-from"),
        ({"auto-submitted": "auto-forwarded; x=y"}, f"dana@{CITY}", f"dana@{CITY}", "auto-submitted"),
        ({"autoforwarded": " TRUE "}, f"dana@{CITY}", f"dana@{CITY}", "autoforwarded"),
        ({}, f"dana@{CITY}", f"SRS0=ab=cd=x.example=al@{CITY}", "srs"),
        ({"delivered-to": f"<Dana@{CITY}>"}, f"dana@{CITY}", f"dana@{CITY}", "lay-here"),
        ({}, "al@shop.example", f"dana@{CITY}", "author-outside"),
        ({}, "al@shop.example", "", "author-outside"),
        ({"sender": f"Dana Reyes <dana@{CITY}>"}, "al@shop.example", f"dana@{CITY}", ""),
        ({"sender": "Al <al@shop.example>"}, "al@shop.example", f"dana@{CITY}", "author-outside"),
        ({"list-id": "<x.city>"}, "al@shop.example", f"x-bounces@{CITY}", ""),
        ({"auto-submitted": "auto-replied"}, f"dana@{CITY}", "", ""),
        ({"delivered-to": "al@shop.example", "x-forwarded": "no"}, f"dana@{CITY}", f"dana@{CITY}", ""),
        ({}, f"Dana@{CITY.upper()}", f"dana@{CITY}", ""),
    ],
)  # fmt: skip
def test_what_a_rule_in_a_mailbox_sends_out_is_seen(fields: dict[str, str], author: str, sender: str, mark: str) -> None:
    """By the fields of those who do it, by the return address, by an author from elsewhere;
    and what a person redirects by hand is not."""
    assert forwarding.marks(fields, [author.lower()], sender, (CITY,)) == tuple(mark.split())


@pytest.mark.rule(
    "P-11, P-25",
    "The owner of a forwarding rule is read from the fields of forwarding programs, for mailboxes of the city.",
)
@pytest.mark.parametrize(
    ("fields", "whose"),
    [
        ({"x-forwarded-for": f"Dana@{CITY} b@x.example"}, f"dana@{CITY}"),
        ({"x-forwarded-for": f"b@x.example dana@{CITY}"}, f"dana@{CITY}"),
        ({"delivered-to": f"rosa@{CITY}", "x-sieve-redirected-from": f"<dana@{CITY}>"}, f"dana@{CITY}"),
        ({"envelope-to": f"Dana <dana@{CITY}>"}, f"dana@{CITY}"),
        ({"x-forwarded-for": "203.0.113.9", "to": f"dana@{CITY}"}, ""),
        ({"delivered-to": "al@shop.example"}, ""),
    ],
)
def test_whose_rule_it_was(fields: dict[str, str], whose: str) -> None:
    """A mailbox of the city that the fields of those who forward name."""
    assert forwarding.mailbox(fields, (CITY,)) == whose


@pytest.mark.parametrize(
    ("local", "name", "whole"),
    [
        ("dana.reyes", "Dana Reyes", True),
        ("DANA_REYES+lists", "Dana Reyes", True),
        ("reyesdana1984", "Dana Reyes", True),
        ("danamreyes", "Dana Maria Reyes", True),
        ("rosa.lopez", "Rosa García López", True),
        ("rosagarcia", "Rosa García López", True),
        ("peternovak", "Peter Novak", True),
        ("quyen.le", "Quyên Le", True),
        ("dreyes", "Dana Reyes", False),
        ("d.m.reyes", "Dana Reyes", False),
        ("reyes", "Dana Reyes", False),
        ("dana", "Dana Reyes", False),
        ("danielareyes", "Dana Reyes", False),
        ("danareyesparks", "Dana Reyes", False),
        ("dana.reyes.jr", "Dana Reyes", False),
        ("12345", "Dana Reyes", False),
        ("", "", False),
        ("prince", "Prince", False),
    ],
)
def test_a_local_part_resembles_a_name_that_is_whole_in_it(local: str, name: str, whole: bool) -> None:
    assert ownaccounts.resembles(local, name) == whole


@pytest.mark.parametrize(
    "domain", ["gmail.com", "yahoo.co.uk", "hotmail.fr", "proton.me", "comcast.net", "googlemail.com", "web.de"]
)
def test_a_provider_is_one_below_every_suffix_that_it_has(domain: str) -> None:
    assert is_consumer(domain)


@pytest.mark.parametrize(
    "domain", ["", "gmail.com.evil.example", "notgmail.com", "yahoo.example.com", "state.gov", "live.school.example", "com", CITY]
)
def test_whoever_has_only_a_similar_name_is_none(domain: str) -> None:
    assert not is_consumer(domain)
