"""What the client hears, and what is kept (docs/operate/screening.md): one disposition for each recipient, by every door."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.city.policy.active_rules import starter_pack
from civicmail.city.policy.failure_policy import Row
from civicmail.city.policy.rules import RuleSet
from civicmail.mail.pipeline.policy_decision import Settled, Verdict, decide_copies, envelope_rules, rejection_reply
from civicmail.mail.pipeline.recipient_expansion import expand
from civicmail.mail.screening.screener import NOT_SCREENED, Screened
from mail.pipeline.making import NOW, book, envelope, modes, people, rule

NO_EVE = rule("no-eve", 'recipient.address == "eve@city.example"', "refuse")
NO_SHOP = rule("no-shop", 'recipient.domain == "shop.example"', "refuse")
NOBODY = rule("nobody", 'message.subject == "bad"', "refuse")
BAD = Screened(facts={"message.subject": "bad"})


def verdict(
    rules: RuleSet, *to: str, source: str = "mx", screened: Screened = NOT_SCREENED, snapshot: Any = None, **more: Any
) -> Verdict:
    snapshot = snapshot or people()
    reached = expand(envelope(*to, **more), snapshot, modes)
    return decide_copies(
        Settled(reached.envelope, source, 100, reached.settled), screened, rules, snapshot, modes, NOW, records=True
    )


def told(v: Verdict) -> list[tuple[str, tuple[str, ...]]]:
    return [(d.do, d.rules) for d in v.dispositions]


@pytest.mark.rule(
    "P-26, P-30, promise 7",
    "Mail that no recipient gets is rejected with a number, and stored: a sample of strangers' mail for some days, "
    "employees' as evidence.",
)
@pytest.mark.parametrize(
    ("source", "login", "class_"),
    [("mx", "", "refused"), ("lmtp", "", "refused"), ("submission", "bob/1", "mail"), ("relay", "", "mail")],
)
def test_what_nobody_gets_is_refused_and_an_employees_stays_evidence(source: str, login: str, class_: str) -> None:
    """All refused: 5xx; from outside it is kept for some days, an employee's as long as all mail."""
    v = verdict(book(NOBODY), "bob@city.example", "eve@city.example", source=source, screened=BAD, login=login)
    assert {d.do for d in v.dispositions} == {"refuse"} and v.class_ == class_
    assert v.reply.startswith("550 5.7.1 No, says nobody.") and "P-25" in v.reply
    said = rejection_reply(v.reply, bytes(16))
    assert said.endswith("decision=00000000-0000-0000-0000-000000000000")
    assert len(rejection_reply("550 " + "x" * 600, bytes(16))) <= 480 and rejection_reply("550 " + "x" * 600, bytes(16)).endswith(
        "0000"
    )


@pytest.mark.rule(
    "P-02, P-23",
    "Strangers' mail that rules have quarantined for all recipients has a class of its own; one copy that is delivered or "
    "waits for an answer makes it mail.",
)
@pytest.mark.parametrize(
    ("do", "to", "source", "class_"),
    [
        ("quarantine", ("bob@city.example", "eve@city.example"), "mx", "quarantine"),
        ("quarantine", ("bob@city.example", "x@seen.example"), "mx", "mail"),
        ("quarantine", ("bob@city.example",), "submission", "mail"),
        ("hold", ("bob@city.example",), "mx", "mail"),
        ("mark", ("bob@city.example",), "mx", "mail"),
    ],
)
def test_only_what_strangers_sent_and_nobody_got_is_kept_for_some_weeks(
    do: str, to: tuple[str, ...], source: str, class_: str
) -> None:
    """A copy that goes, or that a person is asked about, makes it mail like any other."""
    login = {"login": "bob/1", "sender": "bob@city.example"} if source == "submission" else {}
    v = verdict(book(rule("bad", 'message.subject == "bad"', do)), *to, source=source, screened=BAD, **login)
    assert v.dispositions[0].do == do and v.class_ == class_


@pytest.mark.rule(
    "P-06, P-26, promise 1",
    "If one reply goes to all recipients, a rejected copy of a stranger's message is quarantined and an employee gets a "
    "report; a stranger never does.",
)
def test_one_answer_for_all_quarantines_a_refused_copy_from_outside() -> None:
    """A stranger gets no delivery report, and the other copies arrive."""
    v = verdict(book(NO_EVE), "bob@city.example", "eve@city.example")
    assert told(v) == [("deliver", ("deliver",)), ("quarantine", ("no-eve", "one-answer"))]
    assert v.reply == "" and not any(d.dsn for d in v.dispositions)


@pytest.mark.parametrize("source", ["submission", "relay"])
def test_an_employee_is_told_of_a_refused_recipient_by_a_report(source: str) -> None:
    """The client has heard 250, so the refusal comes as a delivery report."""
    v = verdict(book(NO_SHOP), "bob@city.example", "x@shop.example", source=source, sender="bob@city.example")
    assert told(v) == [("deliver", ("deliver",)), ("refuse", ("no-shop",))]
    assert v.reply == "" and [d.dsn for d in v.dispositions] == [False, True]
    assert v.dispositions[1].reply.startswith("550 5.7.1 No, says no-shop.")


def test_lmtp_answers_for_each_recipient() -> None:
    v = verdict(book(NO_EVE), "bob@city.example", "eve@city.example", source="lmtp")
    assert [(d.do, d.dsn, bool(d.reply)) for d in v.dispositions] == [("deliver", False, False), ("refuse", False, True)]


@pytest.mark.rule(
    "P-08, P-29",
    "A mailbox without a reader keeps its mail held whatever the rules decide; of rule and directory the stricter "
    "decision applies.",
)
@pytest.mark.parametrize(
    ("do", "state", "wanted"),
    [
        ("deliver", "held", ("hold", ("access-held",))),
        ("mark", "held", ("hold", ("access-held", "r"))),
        ("hold", "held", ("hold", ("r",))),
        ("encrypt", "held", ("encrypt", ("r",))),
        ("quarantine", "held", ("quarantine", ("r",))),
        ("refuse", "closed", ("refuse", ("r",))),
        ("mark", "open", ("mark", ("r",))),
    ],
)
def test_the_stronger_of_rule_and_directory_is_done(do: str, state: str, wanted: tuple[str, tuple[str, ...]]) -> None:
    """A mailbox that nobody may read stays held whatever rules say."""
    rules = book(*([] if do == "deliver" else [rule("r", "inbound", do)]), rule("never", "message.size == 1", "refuse"))
    assert told(verdict(rules, "bob@city.example", snapshot=people(bob=state))) == [wanted]


def test_what_waits_to_be_screened_waits_in_a_held_mailbox_too() -> None:
    """Otherwise it would be delivered unscreened when somebody may read the mailbox again."""
    unread = Screened(facts={"unavailable": ("clamav",)})
    rules = book(
        rule("virus", "size(malware.found) > 0", "quarantine"), matrix={"clamav": Row("pending", "deliver-again", "pending")}
    )
    assert told(verdict(rules, "bob@city.example", snapshot=people(bob="held"), screened=unread)) == [
        ("pending", ("unavailable:clamav",))
    ]


@pytest.mark.rule("P-28, P-29", "If a department is not live no rule acts, and the outcome is a forecast.")
def test_where_a_department_is_not_live_what_would_be_done_is_forecast() -> None:
    """No rule acts on mail of the old system, and nobody is refused for it."""
    v = verdict(book(NOBODY), "x@old.example", "y@seen.example", screened=BAD)
    assert told(v) == [
        ("deliver", ("pass-elsewhere", "forecast:refuse:nobody")),
        ("deliver", ("pass-elsewhere", "forecast:deliver", "forecast:refuse:nobody")),
    ]
    assert v.reply == "" and v.class_ == "mail"


def test_the_list_is_refused_when_all_behind_it_are() -> None:
    v = verdict(book(NOBODY), "all@city.example", screened=BAD)
    assert [d.do for d in v.dispositions] == ["kept", "refuse", "refuse"] and v.reply.startswith("550")


def test_a_part_that_is_away_follows_the_matrix() -> None:
    """Later is 451 and keeps nothing; inside mail is delivered with a mark that it is looked at again."""
    unread = Screened(facts={"unavailable": ("clamav",)})
    virus = rule("virus", "size(malware.found) > 0", "quarantine")
    later = verdict(book(virus, matrix={"clamav": Row("later", "deliver-again", "hold")}), "bob@city.example", screened=unread)
    assert later.is_later and later.reply.startswith("451 4.7.1") and later.dispositions == ()
    pending = verdict(book(virus), "bob@city.example", screened=unread)
    assert told(pending) == [("pending", ("unavailable:clamav",))]
    inside = verdict(
        book(virus), "eve@city.example", "x@shop.example", source="submission", screened=unread, sender="bob@city.example"
    )
    assert [d.do for d in inside.dispositions] == ["mark", "pending"]
    assert [name for name, _ in inside.dispositions[0].marks] == ["unchecked"]


def test_facts_are_recorded_where_they_differ_from_their_defaults() -> None:
    v = verdict(book(NOBODY), "eve@city.example", source="submission", sender="bob@city.example", login="bob/7")
    assert v.facts["sender.kind"] == "employee" and v.facts["sender.department"] == "parks" and "inbound" not in v.facts
    assert v.dispositions[0].facts["recipient.department"] == "parks" and v.dispositions[0].facts["recipient.inside"] is True
    quiet = decide_copies(Settled(envelope(), "mx", 1, {}), NOT_SCREENED, book(NOBODY), None, modes, NOW, records=False)
    assert quiet.facts == {} and quiet.dispositions[0].facts == {} and quiet.findings == ()


def test_facts_of_single_recipients_reach_their_copies_alone() -> None:
    own = rule("own", "recipient.own", "mark", mark="own")
    v = verdict(
        book(own),
        "x@Web.example",
        "y@web.example",
        source="submission",
        sender="bob@city.example",
        screened=Screened(recipients={"x@web.example": {"recipient.own": True}}),
    )
    assert [d.do for d in v.dispositions] == ["mark", "deliver"]
    assert v.dispositions[0].marks == (("own", "Look, says own."),)


@pytest.mark.parametrize("source", ["import", "journal", "local"])
def test_copies_and_our_own_mail_are_asked_of_nobody(source: str) -> None:
    v = verdict(book(NOBODY), source=source, screened=BAD)
    assert {d.do for d in v.dispositions} <= {"kept", "deliver"} and v.facts == {}


def test_without_screening_only_rules_of_the_envelope_are_left() -> None:
    """What nobody looks for decides nothing: own domain, DMARC and links are asked only where their checks are made."""
    small = rule("many", "message.recipients > 50", "hold")
    forged = rule("forged", 'inbound && auth.dmarc != "pass"', "refuse")
    assert [r.id for r in envelope_rules(book(small, forged, NOBODY)).rules] == ["many"]
    assert all(
        not name.startswith(("auth.", "files.", "links."))
        for r in envelope_rules(starter_pack()).rules
        for name in r.condition.names
    )


def test_a_book_in_trouble_lets_nothing_pass_unasked() -> None:
    v = verdict(book(trouble="unreadable"), "bob@city.example")
    assert told(v) == [("pending", ("unavailable:policy",))]


def test_a_record_keeps_of_long_lists_the_beginning_and_what_rules_name() -> None:
    """P-25, P-29: the rules decide the same of the record, and no head grows with links that nobody asks about."""
    places = tuple(f"{n:016x}" for n in range(400))
    stop = rule("stop", f'inbound && ("{places[399]}" in links.places)', "quarantine")
    seen = Screened(facts={"links.places": places, "files.sha256": ("a" * 64,)})
    v = verdict(book(stop), "bob@city.example", screened=seen)
    assert told(v) == [("quarantine", ("stop",))]
    assert v.facts["links.places"] == (*places[:50], places[399]) and v.facts["files.sha256"] == ("a" * 64,)
    again = verdict(book(stop), "bob@city.example", screened=Screened(facts=v.facts))
    assert told(again) == told(v)
    assert verdict(book(NO_EVE), "bob@city.example", screened=seen).facts["links.places"] == places[:50]
