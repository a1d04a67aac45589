"""Where mail comes in somebody answers, and nobody else: what `doctor` says of listeners, and who shares a port (P-15, P-23)."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from civicmail.core.config.load import FILE
from civicmail.core.config.settings import Gateway, Listener, Metrics, Settings, Web
from civicmail.front.checkup import listeners, probe
from civicmail.front.checkup.findings import Installation
from civicmail.front.metrics.listener import Listener as Numbers
from civicmail.front.sample.installation import free_ports
from civicmail.mail.gateway.errors import CannotListen
from front.cli.office import Office, now
from mail.gateway.running import Client, running, settings_for
from neighbours.authority import Authority


def free() -> int:
    return free_ports(1)[0]


def levels(data: Path, settings: Settings) -> list[str]:
    return [finding.level for finding in listeners.mail_in(Installation(data, settings, now()))]


@pytest.mark.parametrize("tls", [False, True])
def test_metrics_that_nobody_serves_are_a_problem(tmp_path: Path, tls: bool) -> None:
    """A process that stands still takes connections, and answers nobody."""
    certificate, key = Authority(tmp_path / "tls").issue("mail.city.example") if tls else ("", "")
    rules = Metrics(port=free(), certificate=str(certificate), key=str(key))
    data = Office(tmp_path / "data").data
    patient = Installation(data, Settings(metrics=rules), now())
    assert [one.level for one in listeners.metrics(patient)] == ["not-set-up"]
    (data / "leases" / "listening").touch()
    assert [one.level for one in listeners.metrics(patient)] == ["problem"]
    with Numbers(rules, lambda media: "", lambda: (False, {})) as numbers:
        thread = threading.Thread(target=numbers.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        assert [one.level for one in listeners.metrics(patient)] == ["ok"]
        numbers.shutdown()
        thread.join()
        (hung,) = listeners.metrics(patient)
        assert "no answer" in hung.text or "timed out" in hung.text
    assert not list(listeners.metrics(Installation(data, Settings(), now())))


@pytest.mark.rule("P-15", "`doctor` is red if no process listens on a listener any more.")
def test_doctor_is_red_where_nobody_listens_any_more(tmp_path: Path) -> None:
    """Not before a gateway has listened for the first time; a port that another family or address has does not count."""
    settings = settings_for(Listener(port=free()), Listener(kind="relay", address="0.0.0.0", port=free()))
    data = Office(tmp_path / "data").data
    assert levels(data, settings) == ["not-set-up"] * 2
    with running(data, settings):
        assert levels(data, settings) == ["ok"]
    away = list(listeners.mail_in(Installation(data, settings, now())))
    assert [finding.level for finding in away] == ["problem"] * 2
    assert "connection refused" in away[0].text and "civicmail run" in away[0].do
    assert levels(data, settings_for(Listener(port=0))) == ["ok"]


def test_doctor_is_red_where_the_pages_do_not_answer(tmp_path: Path) -> None:
    office, port = Office(tmp_path / "data"), free()
    settings = Settings(web=Web(port=port))
    said = [f.level for f in listeners.pages(Installation(office.data, settings, now()))]
    (office.data / "leases" / "listening").touch()
    said += [f.level for f in listeners.pages(Installation(office.data, settings, now()))]
    with answering(port, b"HTTP/1.1 200 OK\r\n\r\n"):
        said += [f.level for f in listeners.pages(Installation(office.data, settings, now()))]
    with answering(port, b"HTTP/1.1 503 Service Unavailable\r\n\r\n"):
        (waits,) = listeners.pages(Installation(office.data, settings, now()))
    assert said == ["not-set-up", "problem", "ok"] and "wait for the database" in waits.text
    assert not list(listeners.pages(Installation(office.data, Settings(web=Web(serve=False)), now())))


@pytest.mark.rule("P-15, P-23", "A server that accepts a connection and does not answer counts as unavailable.")
def test_who_takes_connections_and_says_nothing_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel takes them for a process that stands still."""
    monkeypatch.setattr(probe, "SECONDS", 0.2)
    office, port = Office(tmp_path / "data"), free()
    (office.data / "leases" / "listening").touch()
    patient = Installation(office.data, Settings(web=Web(port=port), gateway=Gateway(listener=[Listener(port=port)])), now())
    with closing(socket.create_server(("127.0.0.1", port))):
        for check in (listeners.mail_in, listeners.pages):
            (away,) = check(patient)
            assert away.level == "problem" and "no answer within" in away.text
    with answering(port, b"421 too busy\r\n"):
        (busy,) = listeners.mail_in(patient)
    assert busy.level == "problem" and "421 too busy" in busy.text


@contextmanager
def answering(port: int, said: bytes) -> Iterator[None]:
    """Somebody there who says this to the first caller."""
    with closing(socket.create_server(("127.0.0.1", port))) as door:

        def answer() -> None:
            line, _ = door.accept()
            with line:
                line.sendall(said)
                line.settimeout(5)
                line.recv(512)

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()


@pytest.mark.rule("P-23, promise 1", "Gateways of one installation share a port, and those of two do not.")
def test_gateways_of_one_installation_share_a_port_and_those_of_two_do_not(tmp_path: Path) -> None:
    """The kernel would give each a part of the mail, and neither would know."""
    one, other = (Office(tmp_path / name).data for name in ("one", "other"))
    settings = settings_for(Listener(port=free()))
    with running(one, settings) as first, running(one, settings) as second:
        assert first.port == second.port
        with pytest.raises(CannotListen, match=r"another program has it.*ss -ltnp"), running(other, settings):
            pass
        first.stop()
        with pytest.raises(CannotListen, match="another program has it"), running(other, settings):
            pass
        with Client(second.port) as client:
            assert client.reply().startswith("220 ")
    with running(other, settings) as third, Client(third.port) as client:
        assert client.reply().startswith("220 ")


@pytest.mark.rule("P-23", "The pages do not share their port with another installation.")
def test_the_pages_of_two_installations_do_not_share_a_port(tmp_path: Path) -> None:
    """Half of the people would sign in to the wrong city. The other one shares its port, as its server does."""
    office = Office(tmp_path / "data")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        (office.data / FILE).write_text(f"[web]\nport = {other.getsockname()[1]}\n")
        command = [sys.executable, "-m", "civicmail.front.cli.main", "run", "web", "--data", str(office.data)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            watch = threading.Timer(60, process.terminate)
            watch.start()
            said = process.communicate()[1]
            watch.cancel()
    assert process.returncode == 5
    assert "The pages cannot listen on 127.0.0.1" in said and "another program has it" in said
