"""Addresses that people have already: which lines of a list can be used, and what becomes of what somebody had (P-08, L3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from civicmail.city.directory import feed_addresses, feed_file, ldap_rows
from civicmail.city.directory.feed_addresses import AddressBook, HeldAddresses, Owner
from civicmail.city.directory.feed_file import Row
from civicmail.city.directory.ldap_rows import Entry, LdapMapping
from civicmail.core.message.lookalike import skeleton

BOOK = AddressBook(
    frozenset({"city.example"}),
    {
        "bob@city.example": Owner("e-9", "or was the address of Bob Baker (e-9)"),
        "kept@city.example": Owner("e-8", "the address of Kim Kept (e-8)", kept=True),
        "parks@city.example": Owner("", "the mailbox parks@city.example"),
        "all@city.example": Owner("", "the list all@city.example"),
    },
    skeleton,
)


def _row(uid: str = "e-1", address: str = "", aliases: str = "", line: int = 2) -> Row:
    return Row(line, uid, "Family", "employee", "clerk", address=address, aliases=aliases)


def _why(*rows: Row, had: dict[str, HeldAddresses] | None = None) -> dict[str, str]:
    return feed_addresses.find_refused(rows, had or {}, BOOK)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ann@elsewhere.example", "The domain must be one of the city's: city.example."),
        ("änn@city.example", "letters without accents"),
        ("ann+x@city.example", "letters without accents"),
        (".ann@city.example", "letters without accents"),
        ("postmaster@city.example", "is the name of a role"),
        ("records@city.example", "is the name of a role"),
        ("report@city.example", "is the name of a role"),
        ("abuse@city.example", "is the name of a role"),
        ("bob@city.example", "is or was the address of Bob Baker (e-9). Correct one of the two"),
        ("kept@city.example", "is the address of Kim Kept (e-8). Correct one of the two"),
        ("parks@city.example", "is the mailbox parks@city.example. Leave it out here"),
        ("all@city.example", "is the list all@city.example. Leave it out here"),
        ("ann@city.example", ""),
    ],
)
def test_an_address_that_cannot_be_theirs_refuses_the_line_and_says_what_to_do(address: str, why: str) -> None:
    for row in (_row(address=address), _row(address="good@city.example", aliases=address)):
        found = _why(row)
        assert (why in found["e-1"]) if why else found == {}, found


def test_one_address_in_two_lines_refuses_both_and_names_them() -> None:
    """Also where it is the alias of the one and the address of the other."""
    rows = _row(address="ann@city.example"), _row("e-2", "eve@city.example", "ann@city.example", line=7)
    assert _why(*rows).keys() == {"e-1", "e-2"} and "Lines 2 and 7 have the address ann@city.example" in _why(*rows)["e-1"]


def test_aliases_alone_are_refused_where_nobody_says_what_the_mailbox_is_called() -> None:
    assert "no address" in _why(_row(aliases="ann@city.example"))["e-1"]
    assert _why(_row(aliases="ann@city.example"), had={"e-1": HeldAddresses("a@city.example", (), "a@city.example")}) == {}


def test_two_people_change_addresses_in_one_list_before_they_have_mailboxes() -> None:
    owners = {"a@city.example": Owner("e-1", "e-1", kept=True), "b@city.example": Owner("e-2", "e-2", kept=True)}
    book = AddressBook(BOOK.domains, owners)
    rows = [_row(address="b@city.example"), _row("e-2", "a@city.example")]
    had = {"e-1": HeldAddresses("a@city.example"), "e-2": HeldAddresses("b@city.example")}
    assert feed_addresses.find_refused(rows, had, book) == {}
    assert feed_addresses.find_refused(rows[:1], had, book).keys() == {"e-1"}, "the other one still has it"
    taken = {a: replace(owner, kept=False) for a, owner in owners.items()}
    assert feed_addresses.find_refused(rows, had, AddressBook(BOOK.domains, taken)).keys() == {"e-1", "e-2"}


def test_with_a_mailbox_nothing_is_taken_away_and_its_name_stays_an_address() -> None:
    had = HeldAddresses("ann@city.example", ("a.m@city.example",), "ann@city.example")
    row = _row(address="ann.new@city.example", aliases="am@city.example")
    said = {"address": "ann.new@city.example", "aliases": "a.m@city.example am@city.example ann@city.example"}
    assert feed_addresses.columns_after(row, had) == said and "keeps its name" in feed_addresses.note(row, had)
    after = HeldAddresses(said["address"], tuple(said["aliases"].split()), had.box)
    assert feed_addresses.columns_after(row, after) == said and feed_addresses.note(row, after) == "", (
        "the same list again is no news"
    )
    assert feed_addresses.columns_after(_row(), had) == {"address": had.address, "aliases": "a.m@city.example"}, (
        "silence says nothing"
    )


def test_without_a_mailbox_a_line_is_right_as_it_stands_and_silence_says_nothing() -> None:
    had = HeldAddresses("typo@city.example", ("x@city.example",))
    row = _row(address="ann@city.example", aliases="y@city.example")
    assert feed_addresses.columns_after(row, had) == {"address": "ann@city.example", "aliases": "y@city.example"}
    assert feed_addresses.columns_after(_row(), had) == {"address": "typo@city.example", "aliases": "x@city.example"}


def test_what_looks_like_somebody_elses_is_said_and_not_refused() -> None:
    row = _row(address="b0b@city.example")
    assert _why(row) == {} and feed_addresses.find_lookalikes([row], BOOK) == {
        "e-1": "b0b@city.example looks like bob@city.example, which is somebody else's."
    }
    assert feed_addresses.find_lookalikes([_row("e-9", "b0b@city.example")], BOOK) == {}, "their own"


def test_what_a_directory_has_beside_the_citys_domains_is_left_out() -> None:
    words = ["smtp:a.m@city.example", "x500:/o=City/cn=ann", "SIP:ann@city.example", "SMTP:Ann@City.example", "ann@tenant.example"]
    assert feed_addresses.from_directory(words, {"city.example"}) == ("ann@city.example", ["a.m@city.example"])
    assert feed_addresses.from_directory(["ann@tenant.example"], {"city.example"}) == ("", [])


def test_a_file_may_write_addresses_in_many_ways_and_says_the_same() -> None:
    head = "\ufeffuid;family;kind;department;address;aliases\n"
    lines = [
        'e-1;Müller;employee;clerk; Ann.Muller@City.example ;"SMTP:AM@city.example, smtp:a.m@city.example"',
        'e-1;Müller;employee;clerk; Ann.Muller@City.example ;"SMTP:AM@city.example, smtp:a.m@city.example"',
        "e-2;Baker;employee;clerk;mailto:bob@city.example;",
        "e-3;Baker;employee;clerk;12 Main Street;",
        "e-4;Baker;employee;clerk;a@city.example b@city.example;",
    ]
    feed = feed_file.read((head + "\n".join(lines)).encode())
    assert [(r.uid, r.address, r.aliases) for r in feed.rows] == [
        ("e-1", "ann.muller@city.example", "a.m@city.example am@city.example"), ("e-2", "bob@city.example", ""),
    ]  # fmt: skip
    assert [(r.line, r.reason) for r in feed.refused] == [
        (5, "12 is not an e-mail address."),
        (6, "The field address has several addresses; the others " "stand in the column aliases."),
    ]  # fmt: skip


def test_an_entry_of_ldap_with_several_addresses_says_which_is_the_main_one_or_is_refused() -> None:
    """Values of an attribute have no order: one that is taken for the main one by chance names a mailbox wrongly for ever."""
    reading = LdapMapping(domains=BOOK.domains)
    plain = {"employeenumber": ["e-1"], "sn": ["Test"], "departmentnumber": ["clerk"]}
    two = {"mail": ["a@city.example", "b@city.example", "c@tenant.example"]}

    def read(**more: list[str]) -> feed_file.Feed:
        return ldap_rows.feed([Entry("uid=e-1", {**plain, **more})], reading)

    assert "several addresses" in read(**two).refused[0].reason
    for more in (
        {**two, "proxyaddresses": ["smtp:a@city.example", "SMTP:b@city.example"]},
        {"mail": ["b@city.example"], "proxyaddresses": ["smtp:a@city.example"]},
    ):
        assert [(r.address, r.aliases) for r in read(**more).rows] == [("b@city.example", "a@city.example")]
    assert [(r.address, r.aliases) for r in read(mail=["c@tenant.example"]).rows] == [("", "")]


def test_a_cell_of_several_lines_is_one_line_and_the_line_of_its_person_is_good() -> None:
    """As spreadsheets write them: it was refused as something that cannot be printed."""
    feed = feed_file.read(b'uid,family,kind,department,position\ne-1,Test,employee,clerk,"Clerk,\nsecond  floor"\n')
    assert [r.position for r in feed.rows] == ["Clerk, second floor"] and not feed.refused
