"""What a sender looks at once more, although no rule stands against it (P-19, P-27)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.desk.mailbox.cautions import Caution, cautions
from civicmail.desk.mailbox.forecast import Forecast
from civicmail.desk.mailbox.views import forecast_panel
from mail.pipeline.making import people

OURS = frozenset({"city.example"})


def known() -> Snapshot:
    there = people()
    named = {"bob": replace(there.people["bob"], name="Bob Baker"), "eve": replace(there.people["eve"], name="Eve Stone")}
    return replace(there, people=named, by_name={"Bob Baker": ("bob",), "Eve Stone": ("eve",)})


def said(header: str, recipients: int = 3, who: Any = None) -> list[tuple[str, int, str]]:
    content = header.replace("\n", "\r\n").encode() + b"\r\n\r\nTo: nobody@out.example\r\n"
    return [(c.code, c.count, c.name) for c in cautions(content, recipients, who or known(), OURS)]


@pytest.mark.rule(
    "P-19",
    "A message that reveals more than twenty outside recipients to each other in To and Cc causes a warning before sending.",
)
def test_who_learns_of_twenty_others_is_said() -> None:
    """Outside, in To and Cc together, each once; Bcc and colleagues do not count."""
    many = ", ".join(f"p{n}@out.example" for n in range(12))
    more = ", ".join(f"q{n}@out.example" for n in range(9))
    assert said(f"To: {many}\nCc: {more}") == [("shown", 21, "")]
    assert said(f"To: {many}\nCc: {many}, {more[:-15]}") == []
    assert said(f"To: {many}\nBcc: {more}") == []
    assert said(f"To: {many.replace('out', 'city')}, {more.replace('out', 'city')}, a@out.example") == []


@pytest.mark.rule("P-27", "A colleague's name at an outside address causes a warning before sending.")
def test_a_colleagues_name_at_an_address_outside_is_said() -> None:
    """By the name given, in either order, or by what stands before the @."""
    assert said('To: "Bob Baker" <bb@mail.example>') == [("namesake", 1, "Bob Baker")]
    assert said('Cc: "baker,  BOB" <bb@mail.example>') == [("namesake", 1, "Bob Baker")]
    assert said('To: "Mayor Bob Q. Baker" <bb@mail.example>') == [("namesake", 1, "Bob Baker")]
    assert said("To: eve@mail.example") == [("namesake", 1, "Eve")]
    assert said('To: "Bob Baker" <bob@city.example>') == said('To: "Robert Bird" <rb@mail.example>') == []


@pytest.mark.rule("P-11", "A reply to hundreds causes a warning before sending.")
def test_an_answer_to_hundreds_is_said() -> None:
    """Those behind lists count; a message that answers nothing may go to many."""
    assert said("To: all@city.example\nIn-Reply-To: <1@x.example>", 240) == [("everybody", 240, "")]
    assert said("To: all@city.example\nIn-Reply-To: <1@x.example>", 99) == said("To: all@city.example", 240) == []


@pytest.mark.rule("P-19, promise 7", "A sender confirms after seeing the warnings.")
def test_a_caution_asks_once_more_and_says_what_to_do() -> None:
    """Promise 7: with its clause; another one is asked again."""
    one, two = (Forecast((), cautions=(Caution("shown", n, ("a@x.example",)),)) for n in (21, 22))
    assert not one.is_calm and one.digest(1) != two.digest(1) and Forecast(()).is_calm
    warns = forecast_panel.panel(
        replace(one, cautions=(*one.cautions, Caution("namesake", 1, ("bb@x.example",), "Bob Baker"))), 1
    ).warns
    assert "21 people outside" in warns[0] and "Bcc" in warns[0] and "P-19" in warns[0]
    assert "bb@x.example" in warns[1] and "Bob Baker" in warns[1] and "P-27" in warns[1]


def test_what_is_no_header_has_nothing_to_look_at() -> None:
    assert cautions(b"", 0, None, OURS) == cautions(b"\xff\xff", 900, known(), OURS) == ()
