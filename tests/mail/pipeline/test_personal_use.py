"""Rules are told what the sender's department allows of personal use at the moment of sending (P-10)."""

from __future__ import annotations

import pytest

from civicmail.city.snapshot import snapshot as access
from civicmail.core.message.model import Envelope
from civicmail.mail.pipeline.envelope_facts import of_message


@pytest.mark.parametrize(("at", "said"), [(9, "none"), (10, "limited"), (19, "limited"), (20, "none")])
def test_personal_use_is_what_was_allowed_when_it_was_sent(at: int, said: str) -> None:
    ann = access.Person("ann", "ann@city.example", "Ann", "employee", 1, personal=((10, 20),))
    people = access.build(1, 1, ("city.example",), [ann], [], {})
    facts = of_message(Envelope("ann@city.example", (), at, login="ann"), "submission", 1, people, lambda _: None)
    assert facts["sender.personal_use"] == said
    stranger = of_message(Envelope("x@out.example", (), at), "mx", 1, people, lambda _: None)
    assert "sender.personal_use" not in stranger
