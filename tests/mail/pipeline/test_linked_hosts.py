"""Which hosts are known when a copy leaves with links in it (P-25)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from civicmail.mail.pipeline.learning_job import SAVE_MS, LearnJob
from civicmail.mail.screening import correspondents
from civicmail.mail.screening.knownhosts import KnownHosts
from mail.archive import making
from mail.pipeline.post import CITY, Mail
from mail.screening.mailbag import mail


def test_hosts_of_whom_the_city_writes_to_are_known_and_those_of_everybody_are_not(data: Path) -> None:
    """Links to whom the city writes to lead there at once; that somebody writes to us makes no host known."""
    with closing(Mail(data)) as post:
        post.sent(mail(1, spam=False), to="Carla@mail.Shop.example")
        post.sent(mail(2, spam=False), to="someone@gmail.com")
        post.comes(mail(3, spam=False), facts={"from.address": "p@outside3.example", "auth.dmarc": "pass"})
        with closing(LearnJob(data, CITY, post.now + 1, making.UNSYNCED)) as job:
            while job.step(post.now + 1):
                pass
            job.step(post.now + 1 + SAVE_MS)
    hosts = KnownHosts((), correspondents.read(data))
    assert [hosts.is_known(h) for h in ("www.shop.example", "www.gmail.com", "outside3.example")] == [True, False, False]
