"""What mail may not be used for: found by two signals, of insiders alone, without a view of anybody's views (P-10 … P-13)."""

from __future__ import annotations

import asyncio
import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.policy.active_rules import starter_pack
from civicmail.city.policy.engine import decide
from civicmail.city.snapshot import snapshot as access
from civicmail.core.config.settings import City, Screening, Settings
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.pipeline.envelope_facts import of_message, of_recipient
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.screener import Screener
from civicmail.mail.screening.shapes import CheckResult, CombinedCase, ContentCase, ExtractedMessage
from civicmail.mail.screening.use import phrases, signals, words

NOW = 1_790_000_000_000
RESIDENTS = tuple(f"resident{n}@home{n}.example" for n in range(40))
CAMPAIGN = (
    "Friends,\nElection day is near. Please vote for me, put up yard signs, and join our campaign on Saturday: we are\n"
    "knocking on doors in the third district. Campaign contributions are welcome.\n\nPaid for by Neighbors for {}\n"
)
NEWSLETTER = (
    "Dear residents,\nthe council voted for the new budget. Polling places open at 7 on election day. The bridge on Mill Road\n"
    "is closed until May. Join us at the ward meeting.\nYour council member\n"
)
SALE = (
    "Hi,\nI am selling homemade candles, my business is on Main Street. Place your order by Friday, and Venmo me:\n"
    "my venmo is @ann.\n"
)


def snapshot(*, kind: str = "employee", personal: bool = False, box: str = "personal") -> access.Snapshot:
    times = ((0, NOW + 1),) if personal else ()
    people = [
        access.Person("ann", "ann@city.example", "Ann", kind, 1, personal=times),
        access.Person("service:print@city.example", "print@city.example", "P", "service", 1, machine=True),
    ]
    boxes = [
        access.Mailbox("ann@city.example", box, "Ann", "parks", "open", "", "ann", ("ann@city.example",)),  # type: ignore[arg-type]
        access.Mailbox("bob@city.example", "personal", "Bob", "union", "open", "", "", ("bob@city.example",)),
    ]
    return access.build(1, 1, ("city.example",), people, boxes, {})


def used(
    text: str,
    *to: str,
    people: access.Snapshot | None = None,
    login: str = "ann",
    inbound: bool = False,
    unreviewed: tuple[str, ...] = (),
    head: str = "",
    list_id: str = "",
) -> CheckResult:
    raw = f"From: ann@city.example\r\n{head}\r\n{text}".encode()
    message = message_parser.parse(raw)
    seen = ExtractedMessage(people={"reply-to": tuple((a.display, a.addr) for a in message.reply_to)}, list_id=list_id)
    inner = words.find(ContentCase(raw, message, ReadMessage(inbound=inbound)))
    chosen = Settings(city=City(domains=["city.example"]), screening=Screening(unreviewed=list(unreviewed)))
    world = CheckContext(chosen, NOW, people or snapshot())
    envelope = Envelope("ann@city.example", tuple(map(Recipient, to)), NOW, login=login)
    return signals.find(
        CombinedCase(seen, envelope, "submission", inbound, world, {}, {words.NAME: inner.more} if inner.more else {})
    )


def categories(found: CheckResult) -> object:
    return found.facts.get("use.categories", ())


def test_a_contractors_campaign_to_many_is_found_and_a_council_members_newsletter_is_not() -> None:
    """P-12."""
    contractor = used(CAMPAIGN.format("Doe"), *RESIDENTS, people=snapshot(kind="contractor"))
    assert contractor.facts == {"use.bulk": True, "use.categories": ("campaign",)}
    assert {f.code for f in contractor.findings} == {"campaign"} and len(contractor.findings) == signals.MAX_FINDINGS
    newsletter = used(NEWSLETTER, *RESIDENTS, people=snapshot(kind="elected"))
    assert newsletter.facts == {"use.bulk": True, "use.exempt": True} and newsletter.findings == ()
    assert used(NEWSLETTER, *RESIDENTS).facts == {"use.bulk": True}, "nor anybody else's with the same words"


@pytest.mark.rule(
    "P-12, P-13",
    "A forbidden use is detected by two signals or more, never by a word, a marker or many recipients alone.",
)
def test_one_signal_is_none() -> None:
    """A word, a marker, or many recipients alone say nothing."""
    assert categories(used("please vote for me", *RESIDENTS)) == ()
    assert categories(used("the lunch was paid for by the vendor", *RESIDENTS)) == ()
    assert categories(used("yard signs and phone banks", "a@b.example")) == ()
    assert categories(used("yard signs and phone banks", *RESIDENTS)) == ("campaign",)
    assert categories(used("yard signs and phone banks", "a@b.example", head="Reply-To: a@c.example\r\n")) == ("campaign",)
    assert categories(used("the budget is attached", *RESIDENTS)) == ()


PARTIES = (
    "Democrats",
    "Republicans",
    "Greens",
    "Libertarians",
    "Constitution Party",
    "Socialists",
    "Independents",
    "Jane Roe",
    "John Doe",
)


@pytest.mark.parametrize("party", PARTIES)
def test_whom_a_campaign_is_for_changes_nothing(party: str) -> None:
    """Equal hits, phrase by phrase, whatever party or person is named."""
    base = used(CAMPAIGN.format(PARTIES[0]), *RESIDENTS)
    found = used(CAMPAIGN.format(party), *RESIDENTS)
    assert found.facts == base.facts
    assert [(f.code, f.mask, f.offset) for f in found.findings] == [(f.code, f.mask, f.offset) for f in base.findings]


VIEWS = frozenset(
    """democrat democrats democratic republican republicans gop green greens libertarian socialist conservative liberal progressive
    maga left right biden trump harris obama bush clinton abortion choice immigration immigrant border tax taxes climate police
    union religion church god gay transgender black white war israel palestine""".split()  # noqa: SIM905 - people read it
)


@pytest.mark.rule("P-12", "The side of a campaign is irrelevant: lists name activities, no party, no candidate, no issue.")
@pytest.mark.parametrize("kind", phrases.KINDS)
def test_no_list_names_a_party_a_candidate_or_an_issue(kind: phrases.Kind) -> None:
    """Activity alone; the one that protects unions may name them."""
    listed = phrases.LISTS[kind]
    said = {word for p in listed.phrases for word in re.findall(r"[a-z]+", p.words.lower())}
    assert said & VIEWS <= ({"union"} if kind == "exempt" else set())


@pytest.mark.parametrize("kind", phrases.KINDS)
def test_every_phrase_of_a_list_is_found_as_it_is_written(kind: phrases.Kind) -> None:
    plain = tomllib.loads(files("civicmail.mail.screening.use").joinpath(f"lists/{kind}.toml").read_text())
    listed = phrases.LISTS[kind]
    assert len({p.id for p in listed.phrases}) == len(plain["phrase"]) and plain["owner"] and listed.version >= 1
    for p in listed.phrases:
        text = p.words.replace("*", "one two")
        while (group := re.search(r"\(([^()]*)\)(\??)", text)) is not None:
            text = text[: group.start()] + group[1].split("|")[0] + text[group.end() :]
        for written in (text, text.upper(), text.replace(" ", "\n"), f"({text})."):
            assert p.id in {found.id for found, _, _ in listed.hits(f"so {written} yes")}, written
        assert p.id not in {found.id for found, _, _ in listed.hits(f"x{text}x")}


def test_a_list_that_is_not_well_formed_is_no_list() -> None:
    with pytest.raises(ValueError, match="stays open"):
        phrases.read("campaign", {"version": 1, "phrase": [{"id": "a", "words": "vote (for"}]})


def test_business_of_ones_own_is_found_and_a_note_to_a_few_is_left_alone_where_that_is_allowed() -> None:
    """P-10, P-12: limited personal use is nobody's affair; a mailing is."""
    assert categories(used(SALE, "a@b.example")) == ("commercial",)
    allowed = snapshot(personal=True)
    assert used(SALE, "a@b.example", people=allowed) == CheckResult()
    assert categories(used(SALE, *RESIDENTS[:4], people=allowed)) == ("commercial",)
    assert categories(used(SALE, *RESIDENTS, people=allowed)) == ("commercial",)
    assert categories(used(CAMPAIGN, "a@b.example", people=allowed)) == ("campaign",), "campaigning is never incidental"


@pytest.mark.rule(
    "P-12, P-13",
    "Privileged, union, medical, whistle-blower and reporter mail, that of elected officials, and whom the settings name, "
    "is never reviewed.",
)
@pytest.mark.parametrize(
    ("text", "to", "unreviewed"),
    [
        ("this is an attorney-client privileged communication", "a@law.example", ()),
        ("I want to file a grievance", "a@b.example", ()),
        ("my therapist says", "a@b.example", ()),
        ("I spoke to the inspector general", "a@b.example", ()),
        ("hello", "desk@milltown-herald.example", ()),
        ("hello", "local7@union.example", ("union.example",)),
        ("hello", "ombud@state.example", ("ombud@state.example",)),
        ("hello", "bob@city.example", ("union",)),
        ("hello", "a@b.example", ("parks",)),
        ("hello", "a@b.example", ("ann@city.example",)),
    ],
)
def test_what_nobody_may_review_is_no_finding(text: str, to: str, unreviewed: tuple[str, ...]) -> None:
    """Privileged, union, medical, whistle-blower and reporter mail, and whom the settings name."""
    for body in (CAMPAIGN, "fuck you, I will kill you", SALE):
        found = used(f"{text}\n{body}", to, unreviewed=unreviewed)
        assert found == CheckResult(facts={"use.exempt": True})
    assert categories(used(CAMPAIGN, "a@b.example")) == ("campaign",)


def test_a_word_does_not_hide_a_mailing() -> None:
    found = used(f"my therapist says\n{CAMPAIGN}", *RESIDENTS, "desk@herald.example")
    assert categories(found) == ("campaign",) and "use.exempt" not in found.facts


def test_only_insiders_own_mail_is_looked_at() -> None:
    """Not what comes in, not a printer's, not what somebody quotes or passes on."""
    assert used(CAMPAIGN, *RESIDENTS, inbound=True) == CheckResult()
    assert used(CAMPAIGN, *RESIDENTS, login="service:print@city.example") == CheckResult()
    assert used("see below\n\n-----Original Message-----\nFrom: x\n" + CAMPAIGN, "a@b.example") == CheckResult()
    assert used("see below\n" + "".join(f"> {line}\n" for line in CAMPAIGN.splitlines()), "a@b.example") == CheckResult()
    assert used("I answer:\n\nOn Mon, 2 Mar 2026, Joe Roe wrote:\n" + CAMPAIGN, "a@b.example") == CheckResult()
    nobody = replace(snapshot(), people={}, mailboxes={}, by_address={})
    assert used(CAMPAIGN, *RESIDENTS, people=nobody) == CheckResult()


def test_an_offices_mailbox_and_a_list_write_to_many_without_being_bulk() -> None:
    assert used("the pool opens in May", *RESIDENTS, people=snapshot(box="function")) == CheckResult()
    assert used("the pool opens in May", *RESIDENTS, list_id="pool.city.example") == CheckResult()
    assert used("the pool opens in May", *RESIDENTS[:19]) == CheckResult()
    assert used("the pool opens in May", *RESIDENTS[:20]).facts == {"use.bulk": True}


def test_a_threat_is_a_finding_of_its_own_and_needs_no_second_signal() -> None:
    found = used("I\u2019m going to shoot him tomorrow", "bob@city.example")
    assert found.facts == {"use.threat": True}
    assert [(f.code, f.mask, f.part) for f in found.findings] == [("threat", "threat-person", "1")]
    assert used("the project will kill us", "bob@city.example") == CheckResult()
    assert categories(used("fuck you", "bob@city.example")) == ("severe",)
    assert categories(used("that is a piece of shit", "bob@city.example")) == ()


def test_a_finding_says_which_phrase_and_where_and_not_the_text() -> None:
    (first, *_) = used("please vote for me, yard signs, lawn signs, join our campaign, phone banks", "a@b.example").findings
    assert (first.check, first.part, first.offset, first.length) == ("use", "1", 6, 13)
    assert first.mask == "vote-for-me"


@given(st.text(max_size=300), st.sampled_from(["", "(" * 50, "paid for by " * 20, "> " * 50]))
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_it(text: str, more: str) -> None:
    found = used((text + more + text).replace("\r", ""), "a@b.example")
    assert set(found.facts) <= {"use.categories", "use.exempt", "use.threat"}


@pytest.mark.parametrize("bomb", ["paid for by ", "vote for a ", "elect a b c ", "(", "you " * 3, "I will ", "\n> "])
def test_long_texts_are_cut(bomb: str) -> None:
    """Only so much of what somebody wrote is looked at, and no phrase makes it slow."""
    raw = b"Subject: x\r\n\r\n" + bomb.encode() * (1_000_000 // len(bomb))
    assert sum(len(text.text) for text in words.own(message_parser.parse(raw))) <= words.CHARACTERS + 1
    words.find(ContentCase(raw, message_parser.parse(raw), ReadMessage()))


def test_a_mailing_goes_to_the_reviewer_and_is_delivered_and_a_newsletter_goes_to_nobody(tmp_path: Path) -> None:
    """P-12: through the limited process and the rules out of the box, as mail goes."""
    chosen = Settings(city=City(domains=["city.example"]), screening=Screening(checks=["use"]))
    book = starter_pack()

    async def story() -> list[tuple[set[str], set[str]]]:
        screener, seen = Screener(chosen, tmp_path, lambda: NOW), []
        for kind, text in (("contractor", CAMPAIGN), ("elected", NEWSLETTER), ("elected", CAMPAIGN), ("employee", NEWSLETTER)):
            people = snapshot(kind=kind)
            envelope = Envelope("ann@city.example", tuple(map(Recipient, RESIDENTS)), NOW, login="ann")
            found = await screener.screen(f"From: ann@city.example\r\n\r\n{text}".encode(), envelope, "submission", people)
            known = of_message(envelope, "submission", 1, people, lambda _: None)
            asked = [of_recipient(recipient, people, lambda _: None, envelope.received) for recipient in envelope.recipients]
            decisions = decide(book, {**known, **found.facts}, asked, NOW)
            seen.append(({d.do for d in decisions}, {review for d in decisions for review in d.review}))
        await asyncio.to_thread(screener.close)
        return seen

    assert asyncio.run(story()) == [({"deliver"}, {"use"}), ({"deliver"}, set()), ({"deliver"}, set()), ({"deliver"}, set())]
