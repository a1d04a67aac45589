"""Slow lines, large files, buttons that are pressed twice, and mail of another system in the pick-up portal (P-19)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.worker_jobs import carry_entries
from civicmail.desk.holding.actions import pickups
from civicmail.desk.holding.models import PickUp
from civicmail.mail.courier import pickup_store
from desk.holding.test_pickups import MAIL, SECRET, box, portal, told
from desk.holding.test_quarantine import words
from pages.world import Town

__all__ = ["portal"]
pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


@pytest.mark.rule("P-19", "A reply in the portal is sent once, despite reloads and repeated clicks.")
def test_an_answer_that_is_sent_twice_goes_once(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """A page that is loaded anew, or a button that is pressed twice on a slow line; what is more goes when it is
    sent again."""
    box(installed, city)
    _, link = told(portal, installed, city)
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}).content.decode()
    said = {"pass": re.findall(r'name="pass" value="([^"]+)"', opened)[0], "text": "Thank you, Dana."}
    assert "on its way" in words(visit("").post(link, said))
    again = visit("").post(link, said)
    assert again.status_code == 422 and "Send this only if it is more" in words(again) and PickUp.objects.get().replies.count() == 1
    said["pass"] = re.findall(r'name="pass" value="([^"]+)"', again.content.decode())[0]
    assert "Your answer is on its way" in words(visit("").post(link, said)) and PickUp.objects.get().replies.count() == 2


@pytest.mark.rule("P-19", "A passphrase is set once by a button that is pressed twice, and a late reader is told so.")
def test_a_button_that_is_pressed_twice_chooses_once_and_opens(
    portal: Any, city: Town, installed: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow line; whoever finds that somebody else has chosen meanwhile is told that, not that its days are over."""
    box(installed, city)
    row, link = told(portal, installed, city)
    counted, other = pickups._count_try, {"secret": "three other words", "again": "three other words"}

    def pressed(first: dict[str, str], then: dict[str, str]) -> Any:
        """The first of two requests is answered while the second one is under way."""
        PickUp.objects.filter(pk=row.pk).update(secret="", state="waits", tries=0)

        def between(*said: Any) -> bool:
            monkeypatch.setattr(pickups, "_count_try", counted)
            assert "078-05-1120" in words(visit("").post(link, first))
            return counted(*said)

        monkeypatch.setattr(pickups, "_count_try", between)
        return visit("").post(link, then)

    mine = {"secret": SECRET, "again": SECRET}
    assert "078-05-1120" in words(pressed(mine, mine))
    late = pressed(other, mine)
    assert late.status_code == 422 and "A passphrase was chosen" in words(late) and "has expired" not in words(late)
    assert "078-05-1120" in words(visit("").post(link, {"secret": other["secret"]})), "what was chosen first opens it"


@pytest.mark.rule(
    "P-19",
    "A passphrase of the portal that its sender replaces is invalid from that moment on, also for a reader who has just typed it.",
)
def test_a_passphrase_that_its_sender_replaces_at_that_moment_opens_nothing(
    portal: Any, city: Town, installed: Path, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look at one takes half a second, in which whoever had it could still open the message."""
    box(installed, city)
    row, link = told(portal, installed, city)
    row.person = city.people["crew0"]
    row.save()
    assert "078-05-1120" in words(visit("").post(link, {"secret": SECRET, "again": SECRET}))
    checked = pickups.check_password

    def meanwhile(*said: Any) -> bool:
        right = bool(checked(*said))
        monkeypatch.setattr(pickups, "check_password", checked)
        done = {"do": "secret", "secret": "another secret"}
        assert visit("crew0").post(f"/mail/secure/{row.pk}/", done).status_code == 302
        return right

    monkeypatch.setattr(pickups, "check_password", meanwhile)
    late = visit("").post(link, {"secret": SECRET})
    assert late.status_code == 422 and "078-05-1120" not in words(late)
    row.refresh_from_db()
    assert (row.state, row.openings) == ("waits", 1)
    assert "078-05-1120" in words(visit("").post(link, {"secret": "another secret"}))


def test_an_answer_to_a_machine_is_refused_and_not_lost(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """P-19: mail from the null sender; its answer would go to nobody."""
    box(installed, city)
    row, link = told(portal, installed, city)
    PickUp.objects.filter(pk=row.pk).update(sender="")
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}).content.decode()
    pass_ = re.search(r'name="pass" value="([^"]+)"', opened)
    assert pass_ is not None
    answer = visit("").post(link, {"pass": pass_[1], "text": "Thank you."})
    assert answer.status_code == 422 and "nobody would read your answer" in words(answer)
    assert not row.replies.exists()


@pytest.mark.rule("P-19", "A portal message from another mail system of the city belongs to its sender, too.")
def test_what_another_mail_system_brought_is_its_senders_too(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """Nobody signed in for it; whose address a peer has asserted sees it, and takes it back."""
    box(installed, city, login="")
    row, _ = told(portal, installed, city)
    assert row.person == city.people["crew0"] and "pat@out.example" in words(visit("crew0").get("/mail/secure/"))
    assert visit("crew0").post(f"/mail/secure/{row.pk}/", {"do": "revoke"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "revoked"


def test_sixty_megabytes_are_read_from_their_end_without_the_rest(city: Town, installed: Path) -> None:
    """A piece of 256 KiB is what is opened for a range, however large the file is."""
    content = bytes(range(256)) * 180_000
    encoded = b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)
    id_ = box(installed, city, mail=MAIL.replace(b"\r\n\r\n%PDF-1.7 the whole file", encoded))
    sealed = pickup_store.file(installed, id_, 0)
    assert sealed.size == len(content) and pickup_store.message(installed, id_).size > 60_000_000
    assert b"".join(sealed.pieces(sealed.size - 300, sealed.size)) == content[-300:]
    assert [len(piece) for piece in sealed.pieces(0, pickup_store.PIECE + 1)] == [pickup_store.PIECE, 1]


@pytest.mark.rule("P-19", "An interrupted download of a portal file continues hours later by the same link.")
def test_what_broke_off_after_hours_goes_on_by_the_same_link(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """60 MB over a slow line take longer than an hour, and a browser knows no other link."""
    box(installed, city)
    _, link = told(portal, installed, city)
    opened = visit("").post(link, {"secret": SECRET, "again": SECRET}).content.decode()
    at = re.findall(r'href="(/pickup/file/[^"]+)" download', opened)[0]
    carry_entries(
        lambda heads: [("city", n) for n in range(len(heads))], epoch_ms(city.now)
    )  # nothing is given while the ledger lags
    with time_machine.travel(city.now + timedelta(hours=5), tick=False):
        rest: Any = Client().get(at, headers={"range": "bytes=9-"})
        assert rest.status_code == 206
        assert b"".join(rest.streaming_content) == b"the whole file"
    with time_machine.travel(city.now + timedelta(hours=7), tick=False):
        assert Client().get(at).status_code == 404
