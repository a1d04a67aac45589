"""Files and links by which one attack is known, and nothing else of them (P-25)."""

from __future__ import annotations

import pytest

from civicmail.core.config.settings import Settings
from civicmail.core.message.shapes import Envelope
from civicmail.mail.screening import exact
from civicmail.mail.screening.shapes import Joint, Seen, SeenFile, SeenLink
from civicmail.mail.screening.world import World


def case(*links: str, files: int = 0) -> Joint:
    seen = Seen(
        links=tuple(SeenLink(url, "here", "1") for url in links),
        files=tuple(SeenFile("2", "a.pdf", "application/pdf", "pdf", 9, f"{n:064x}") for n in range(files)),
    )
    return Joint(seen, Envelope("a@b.example", (), 0), "mx", True, World(Settings(), 0, None, {}), {}, {})


def test_a_place_is_the_same_whoever_the_link_was_made_for() -> None:
    """One attack: another query for each victim, another way to write the same host."""
    one = exact.place("https://pay.evil.example/login?victim=1#x")
    assert one == exact.place("http://PAY.evil.example/login/?victim=2")
    assert len(one) == 16
    assert one != exact.place("https://pay.evil.example/other")
    assert one != exact.place("https://evil.example/login")


@pytest.mark.parametrize(
    "url", ["", "#here", "mailto:a@b.example", "javascript:alert(1)", "https://", "http://[", "http://[::1/x", "\x00"]
)
def test_what_leads_nowhere_has_no_place_and_breaks_nothing(url: str) -> None:
    assert exact.find(case(url)).facts["links.places"] == ()


def test_the_facts_are_short_and_tell_no_address() -> None:
    found = exact.find(case(*[f"https://h.example/{n}" for n in range(200)], files=100)).facts
    places, files = found["links.places"], found["files.sha256"]
    assert isinstance(places, tuple) and isinstance(files, tuple)
    assert (len(places), len(files)) == (exact.PLACES, exact.FILES)
    assert all(len(p) == 16 for p in places)
    assert "h.example" not in repr(found)


def test_behind_so_many_places_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of long links would keep everybody else's mail waiting."""
    asked: list[str] = []

    def place(url: str) -> str:
        asked.append(url)
        return url[-16:]

    monkeypatch.setattr(exact, "place", place)
    exact.find(case(*[f"https://h.example/{n:06}" for n in range(2_000)]))
    assert len(asked) == exact.PLACES


def test_of_an_endless_path_the_beginning_counts() -> None:
    path = "https://h.example/" + "%41" * 500
    assert exact.place(path) == exact.place(f"{path}/other") != exact.place("https://h.example/other")
