"""The doctor knows the last day of each certificate (P-15)."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer

import pytest

from civicmail.core.config.settings import Gateway, Listener, Metrics, Oversight, Settings, Siem, Web
from civicmail.front.checkup import certificates
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from neighbours.authority import Authority

DAY = 24 * HOUR
NOW = int(datetime.now(UTC).timestamp() * 1000)


def told(settings: Settings, now: int = NOW) -> list[Finding]:
    return list(certificates.certificates(Installation(Path("/nowhere"), settings, now)))


def listener(certificate: Path) -> Settings:
    return Settings(gateway=Gateway(listener=[Listener(port=25, certificate=str(certificate))]))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Good for thirty days from today."""
    return Authority(tmp_path).issue_for_mail("ann@city.example")[0]


@pytest.mark.rule("P-15", "Each certificate causes a warning three weeks before its last day, and is a problem three days before.")
@pytest.mark.parametrize(
    ("days", "level", "words"),
    [(0, "ok", ""), (8, "ok", ""), (10, "warning", "in 19 days"), (28, "problem", "in 1 day"), (31, "problem", "has ended")],
)
def test_three_weeks_before_it_is_a_warning_and_three_days_before_a_problem(
    certificate: Path, days: int, level: str, words: str
) -> None:
    (finding,) = told(listener(certificate), NOW + days * DAY + 12 * HOUR)
    assert finding.level == level and words in finding.text
    assert ("mx on port 25" in finding.text) == (level != "ok") == bool(finding.do)


def test_what_we_show_to_a_siem_and_what_metrics_show_is_looked_at(certificate: Path) -> None:
    """P-15."""
    siem = Siem(name="watch", url="tls://127.0.0.1:1", certificate=str(certificate))
    settings = Settings(oversight=Oversight(siem=[siem]), metrics=Metrics(port=9725, certificate=str(certificate)))
    assert [one.level for one in told(settings)] == ["ok"]
    for days, level in ((10, "warning"), (28, "problem")):
        numbers, ours = told(settings, NOW + days * DAY)
        assert numbers.level == ours.level == level
        assert "metrics on port 9725" in numbers.text and "ours for the SIEM watch" in ours.text


def test_what_is_no_certificate_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nothing of the kind")
    assert [told(listener(tmp_path / name))[0].level for name in ("x.pem", "gone.pem")] == ["problem"] * 2


class _Silent(BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1)


@contextmanager
def server(certificate: Path, key: Path) -> Iterator[int]:
    """A port that shows a certificate, trusted by nobody here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with TCPServer(("127.0.0.1", 0), _Silent) as plain:
        plain.handle_error = lambda *_: None  # type: ignore[method-assign]  # who only looks lets go at once
        plain.socket = context.wrap_socket(plain.socket, server_side=True)
        thread = threading.Thread(target=plain.serve_forever, args=(0.01,))
        thread.start()
        yield plain.server_address[1]
        plain.shutdown()
        thread.join()


def test_what_a_server_shows_is_looked_at(tmp_path: Path) -> None:
    """The pages behind a proxy, whose certificate is none of our files."""
    certificate, key = Authority(tmp_path).issue("mail.city.example")  # two days
    with server(certificate, key) as port:
        settings = Settings(web=Web(url=f"https://127.0.0.1:{port}"))
        (near,) = told(settings)
        (over,) = told(settings, NOW + 3 * DAY)
    assert (near.level, over.level) == ("problem", "problem")
    assert "of the pages ends" in near.text and "has ended" in over.text
    (away,) = told(settings)
    assert away.level == "problem" and "refused" in away.text


def test_without_any_nothing_is_said() -> None:
    assert told(Settings()) == []
