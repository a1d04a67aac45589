"""The second place over TLS: what waits for it, what happens without it, and who may not go on (P-06, P-23, promise 1)."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from civicmail.core.config.settings import Archive
from civicmail.mail.replica import epoch, status
from civicmail.mail.replica.confirmation import Confirmation
from civicmail.mail.replica.errors import Fenced, StandbyGone
from civicmail.mail.replica.links import TlsLink, context_of
from civicmail.mail.replica.restore import restore
from civicmail.mail.replica.status import Status
from civicmail.mail.replica.tasks import Replicate
from mail.replica.making import Town, kept, ship, waiting
from mail.replica.places import Place


@contextlib.contextmanager
def replicating(town: Town, place: Place, seconds: int = 10, without: str = "later") -> Iterator[Archive]:
    """The job in a thread."""
    s = place.settings
    settings = Archive(
        acknowledge="standby",
        standby=place.where,
        standby_wait=seconds,
        without_standby=without,
        standby_certificate=s.standby_certificate,
        standby_key=s.standby_key,
        standby_ca=s.standby_ca,
    )
    stop = threading.Event()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            Replicate(town.data, settings, town.clock).run(stop)
        except Fenced as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield settings
    finally:
        stop.set()
        thread.join()


def test_over_tls_everything_arrives_and_can_be_restored(town: Town, place: Place, tmp_path: Path) -> None:
    link = TlsLink(place.where, context_of(place.settings), 10)
    town.receive(10, 3000)
    town.receive(1, 2_500_000, spooled=True)
    town.evidence(checkpoint=True)
    ship(town, link, turns=2)
    link.close()
    new = tmp_path / "new"
    assert restore(place.folder, new, now=town.clock()).problems == []
    assert kept(new) == town.bodies
    assert waiting(new) == set(town.bodies)


def test_without_a_certificate_of_the_authority_nobody_is_heard(town: Town, place: Place, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(place.settings.standby_ca)
    with pytest.raises(StandbyGone), contextlib.closing(TlsLink(place.where, context, 5)) as link:
        ship(town, link)
    assert not (place.folder / "keys").exists()


def test_nobody_is_told_before_the_copy_has_the_record(town: Town, place: Place, tmp_path: Path) -> None:
    async def told() -> None:
        confirm = Confirmation(town.data, settings)
        (last,) = town.receive(1)
        number = town.writer.journal.number
        await confirm(town.writer.journal.name, number)
        await confirm.close()
        new = tmp_path / "new"
        restore(place.folder, new, now=town.clock(), fence=False)
        assert last in kept(new)

    with replicating(town, place) as settings:
        asyncio.run(told())


def test_a_second_place_that_is_gone_is_451_and_one_that_comes_back_is_used(town: Town, place: Place) -> None:
    async def talk() -> None:
        confirm = Confirmation(town.data, settings)
        try:
            town.receive(1)
            await confirm(town.writer.journal.name, 1)
            place.stop()
            town.receive(1)
            with pytest.raises(StandbyGone) as told:
                await confirm(town.writer.journal.name, 2)
            assert told.value.smtp.startswith("451 ")
            assert (status.lag_ms(town.data, status.read(town.data), town.clock()) or 0) > 0
        finally:
            place.start()
        town.receive(1)
        for _ in range(8):
            with contextlib.suppress(StandbyGone):
                await confirm(town.writer.journal.name, 3)
                break
        assert not confirm.gone
        await confirm.close()

    with replicating(town, place, 1) as settings:
        asyncio.run(talk())


@pytest.mark.rule(
    "P-06, P-23",
    "A standby that had everything and is suddenly empty gets no copy, until an operator starts a new one there.",
)
def test_a_copy_that_is_empty_all_at_once_is_no_copy_until_somebody_says_so(town: Town, place: Place, tmp_path: Path) -> None:
    """Its disk is not mounted: a new copy would be on the disk of this machine, and doctor would call all well."""

    def until(there: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not there():
            assert time.monotonic() < end
            time.sleep(0.02)

    def said() -> Status:
        return status.read(town.data) or Status(0, 0)

    def is_level() -> bool:
        return not said().error and status.lag_ms(town.data, status.read(town.data), town.clock()) == 0

    def empties(name: str) -> None:
        place.stop()
        place.folder.rename(tmp_path / name)
        place.start()

    town.receive(1)
    with replicating(town, place, 1):
        until(is_level)
        empties("unmounted")
        until(lambda: "is empty, and had everything before" in said().error)
        assert not list(place.folder.glob("journal/*/*.log"))
        place.stop()
        shutil.rmtree(place.folder)
        (tmp_path / "unmounted").rename(place.folder)
        place.start()
        until(is_level)
        empties("emptied")
        until(lambda: bool(said().error))
        status.path(town.data).unlink()
        until(is_level)
        assert list(place.folder.glob("journal/*/*.log"))


@pytest.mark.rule("P-06, promise 1, promise 6", "A missing standby causes a 451, never an acknowledgment.")
def test_without_its_answer_nothing_is_promised(town: Town, place: Place) -> None:
    async def talk() -> None:
        confirm = Confirmation(town.data, Archive(acknowledge="standby", standby_wait=1))
        try:
            with pytest.raises(StandbyGone):
                await confirm("0001", 1)
        finally:
            await confirm.close()

    asyncio.run(talk())


def test_where_the_settings_say_so_mail_is_kept_here_alone_meanwhile(town: Town, place: Place) -> None:
    async def talk() -> None:
        confirm = Confirmation(town.data, settings)
        town.receive(2)
        await confirm(town.writer.journal.name, 1)
        assert confirm.gone
        await asyncio.wait_for(confirm(town.writer.journal.name, 2), 0.5)
        await confirm.close()

    place.stop()
    with replicating(town, place, 1, "local") as settings:
        asyncio.run(talk())
    place.start()


def test_the_old_installation_stops_when_another_one_was_made_from_the_copy(town: Town, place: Place, tmp_path: Path) -> None:
    with replicating(town, place) as settings:

        async def level() -> None:
            confirm = Confirmation(town.data, settings)
            town.receive(3)
            await confirm(town.writer.journal.name, 3)
            await confirm.close()

        asyncio.run(level())
        new = tmp_path / "new"
        assert restore(place.folder, new, now=town.clock()).epoch == 2
        town.receive(1)
        for _ in range(200):
            if epoch.is_fenced(town.data):
                break
            threading.Event().wait(0.02)
    with pytest.raises(Fenced, match="epoch 2; this one has epoch 1"):
        epoch.require_unfenced(town.data)
    epoch.require_unfenced(new)
