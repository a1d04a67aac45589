"""The resolver over a real server on loopback: what it remembers, what it does not wait for, and whom it does not believe."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from civicmail.core.config.settings import Screening, Settings
from civicmail.mail.screening import nameserver, resolver
from civicmail.mail.screening.nameserver import Nameserver
from civicmail.mail.screening.resolver import NOTHING, Answer, TemporaryFailure
from mail.screening.dnsserver import Server, serving


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def with_server(server: Server, work: Callable[[Nameserver, Clock], Awaitable[None]]) -> None:
    async def run() -> None:
        async with serving(server) as address:
            clock = Clock()
            await work(Nameserver([address], clock), clock)

    asyncio.run(run())


async def _temp(asking: Awaitable[Answer]) -> TemporaryFailure:
    with pytest.raises(TemporaryFailure) as raised:
        await asking
    return raised.value


def test_answers_are_plain_values() -> None:
    rows: dict[tuple[str, str], tuple[int, list[str]] | str] = {
        ("a.example", "TXT"): (300, ['"v=spf1 " "-all"', '"b\\195\\164"']),
        ("a.example", "MX"): (300, ["10 MX.a.example."]),
        ("a.example", "AAAA"): (300, ["2001:db8::1"]),
        ("a.example", "A"): (300, []),
        ("1.2.0.192.in-addr.arpa", "PTR"): (300, ["Mx.a.example."]),
    }

    async def work(ask: Nameserver, _clock: Clock) -> None:
        assert sorted((await ask.ask("A.example.", "TXT")).values) == ["b\xc3\xa4", "v=spf1 -all"]  # a server shuffles
        assert (await ask.ask("a.example", "MX")).values == ("10 mx.a.example",)
        assert (await ask.ask("a.example", "AAAA")).values == ("2001:db8::1",)
        assert (await ask.ask("1.2.0.192.in-addr.arpa", "PTR")).values == ("mx.a.example",)
        assert await ask.ask("a.example", "A") == Answer(exists=True)
        assert await ask.ask("nowhere.example", "A") == NOTHING
        assert await ask.ask("x" * 64 + ".example", "A") == NOTHING
        assert await ask.ask('a\\b@("c.example', "A") == NOTHING  # what macros of SPF may make of a local part

    with_server(Server(rows), work)


def test_an_answer_is_asked_for_once_as_long_as_it_lives() -> None:
    server = Server({("a.example", "TXT"): (120, ['"x"']), ("short.example", "TXT"): (0, ['"x"'])})

    async def work(ask: Nameserver, clock: Clock) -> None:
        await asyncio.gather(*(ask.ask("a.example", "TXT") for _ in range(20)))  # all at once: one question
        await ask.ask("nowhere.example", "TXT")
        await ask.ask("nowhere.example", "TXT")
        await ask.ask("short.example", "TXT")
        await ask.ask("short.example", "TXT")  # a minute at least
        assert len(server.asked) == 3
        clock.now += 121
        await ask.ask("a.example", "TXT")
        assert len(server.asked) == 4

    with_server(server, work)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nameserver, "_MEMORY", 3_000)
    server = Server({(f"n{n}.example", "TXT"): (300, [f'"{n}"']) for n in range(30)})

    async def work(ask: Nameserver, _clock: Clock) -> None:
        for n in range(30):
            await ask.ask(f"n{n}.example", "TXT")
        await ask.ask("n29.example", "TXT")
        assert len(server.asked) == 30
        await ask.ask("n0.example", "TXT")
        assert len(server.asked) == 31
        assert ask._size <= 3_000 and len(ask._kept) < 12

    with_server(server, work)


def test_sixty_four_kilobytes_are_an_answer_that_is_cut() -> None:
    """Bad input of issue 6. It comes by TCP, and what no check could need is not kept."""
    long = " ".join(['"' + "y" * 250 + '"'] * 100)
    many = [f'"{n:04d}{"z" * 240}"' for n in range(230)]
    server = Server({("long.example", "TXT"): (300, [long, '"v=spf1 -all"']), ("many.example", "TXT"): (300, many)})

    async def work(ask: Nameserver, _clock: Clock) -> None:
        answer = await ask.ask("long.example", "TXT")
        assert (answer.values, answer.cut) == (("v=spf1 -all",), True)
        answer = await ask.ask("many.example", "TXT")
        assert (len(answer.values), answer.cut) == (resolver.MAX_VALUES, True)

    with_server(server, work)


def test_a_name_whose_servers_fail_is_a_temporary_error_of_its_own() -> None:
    async def work(ask: Nameserver, _clock: Clock) -> None:
        for _ in range(5):
            error = await _temp(ask.ask("bad.example", "TXT"))
            assert not error.ours
        assert (await ask.ask("good.example", "TXT")).values == ("x",)

    with_server(Server({("bad.example", "TXT"): "SERVFAIL", ("good.example", "TXT"): (300, ['"x"'])}), work)


@pytest.mark.rule("P-26", "A domain whose own name servers hang does not have other mail pass unchecked.")
def test_names_that_hang_do_not_break_what_others_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whose own servers hang may not have all other mail pass unchecked."""
    monkeypatch.setattr(nameserver, "SECONDS", 0.03)
    server = Server({(f"h{n}.example", "TXT"): "HANG" for n in range(5)} | {("good.example", "TXT"): (300, ['"x"'])})

    async def work(ask: Nameserver, _clock: Clock) -> None:
        for n in range(5):
            error = await _temp(ask.ask(f"h{n}.example", "TXT"))
            assert not error.ours
        assert (await ask.ask("good.example", "TXT")).values == ("x",)

    with_server(server, work)


def test_a_domain_that_hung_twice_is_not_waited_for_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-26: whoever sends many messages in the name of servers that hang fills no places with them, and stops nobody else's."""
    monkeypatch.setattr(nameserver, "SECONDS", 0.03)
    rows: dict[tuple[str, str], tuple[int, list[str]] | str] = {(f"k{n}.slow.example", "TXT"): "HANG" for n in range(4)}
    server = Server({**rows, ("good.example", "TXT"): (300, ['"x"'])})

    async def work(ask: Nameserver, clock: Clock) -> None:
        for n in range(2):
            await _temp(ask.ask(f"k{n}.slow.example", "TXT"))
        before = len(server.asked)
        assert (await _temp(ask.ask("k2.slow.example", "TXT"))).why == "its name servers do not answer"
        assert len(server.asked) == before
        assert (await ask.ask("good.example", "TXT")).values == ("x",)
        clock.now += nameserver.BREAK_SECONDS + 1
        assert (await _temp(ask.ask("k3.slow.example", "TXT"))).why == "no answer in time"

    with_server(server, work)


def test_a_dead_resolver_is_not_waited_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(nameserver, "SECONDS", 0.03)
    monkeypatch.setattr(nameserver, "_ALIVE_SECONDS", 0.03)
    rows: dict[tuple[str, str], tuple[int, list[str]] | str] = {(f"h{n}.example", "TXT"): "HANG" for n in range(9)}
    server = Server(rows, alive=False)

    async def work(ask: Nameserver, clock: Clock) -> None:
        errors = [await _temp(ask.ask(f"h{n}.example", "TXT")) for n in range(3)]
        assert [error.ours for error in errors] == [False, False, True]
        before = len(server.asked)
        assert (await _temp(ask.ask("h3.example", "TXT"))).ours
        assert len(server.asked) == before  # nothing was asked, nobody waited
        clock.now += nameserver.BREAK_SECONDS + 1
        assert (await _temp(ask.ask("h4.example", "TXT"))).ours  # one try, and it is broken again
        server.alive = True
        rows["h5.example", "TXT"] = (300, ['"x"'])
        clock.now += nameserver.BREAK_SECONDS + 1
        assert (await ask.ask("h5.example", "TXT")).values == ("x",)
        assert not (await _temp(ask.ask("h6.example", "TXT"))).ours

    with_server(server, work)


def test_an_answer_to_another_question_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nameserver, "SECONDS", 0.1)

    async def work(ask: Nameserver, _clock: Clock) -> None:
        await _temp(ask.ask("lie.example", "TXT"))

    with_server(Server({("lie.example", "TXT"): "LIE"}), work)


def test_whoever_gives_up_does_not_take_the_answer_from_others() -> None:
    server = Server({("a.example", "TXT"): (300, ['"x"'])})

    async def work(ask: Nameserver, _clock: Clock) -> None:
        first = asyncio.ensure_future(ask.ask("a.example", "TXT"))
        second = asyncio.ensure_future(ask.ask("a.example", "TXT"))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).values == ("x",)

    with_server(server, work)


def test_names_for_examples_are_nowhere_and_nobody_is_asked() -> None:
    ask = nameserver.open_(Settings())
    for name in ("city.example", "a.test", "x.invalid", "localhost", "me.localhost"):
        assert asyncio.run(ask.ask(name, "TXT")) == NOTHING


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.53", "192.0.2.53", 53),
        ("127.0.0.1:5353", "127.0.0.1", 5353),
        ("2001:db8::53", "2001:db8::53", 53),
        ("[2001:db8::53]:5353", "2001:db8::53", 5353),
        ("[2001:db8::53]", "2001:db8::53", 53),
    ],
)
def test_servers_are_named_as_the_settings_say(text: str, address: str, port: int) -> None:
    opened = nameserver.open_(Settings(screening=Screening(resolver=[text])))._opened()
    (server,) = opened.nameservers
    assert (server.address, server.port) == (address, port)  # type: ignore[union-attr]


def test_a_machine_without_a_resolver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise nameserver.dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(nameserver.dns.asyncresolver, "Resolver", none)
    ask = Nameserver([])
    assert asyncio.run(_temp(ask.ask("city.gov", "TXT"))).ours
