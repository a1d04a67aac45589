"""Out through the smart host of deploy/: verified TLS on the last hop is in our record, and what the sender asked to be told comes
back (P-20, P-23)."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Event, Type
from neighbours import postfix
from neighbours.authority import Authority
from neighbours.civic import Civicmail
from neighbours.tools import Sink


@pytest.mark.neighbour("postfix", "smtp-sink", "root")
def test_verified_tls_of_the_last_hop_is_recorded_and_the_senders_dsn_wishes_go_along(tmp_path: Path) -> None:
    """The far server hands on to one that knows no DSN, so it is the far server that reports success, under the sender's own id."""
    data = tmp_path / "data"
    authority = Authority(tmp_path / "tls")
    certificate, key = authority.issue("mx.far.example")
    ours = Civicmail(data, listener="dsn = true")
    tls = {"smtpd_tls_security_level": "may", "smtpd_tls_chain_files": f"{key}, {certificate}"}
    known = {"relay_domains": "far.example", "smtpd_recipient_restrictions": "reject_unauth_destination"}
    back = {"transport_maps": f"inline:{{ {{ city.example = smtp:[127.0.0.1]:{ours.mx} }} }}"}
    verified = {
        "smtp_tls_security_level": "secure",
        "smtp_tls_secure_cert_match": "mx.far.example",
        "smtp_tls_CAfile": str(authority.certificate),
    }
    with (
        Sink("-N", keep=True) as sink,
        postfix.edge(sink.port, **tls, **known, **back) as far,
        postfix.smart_host(far.port, ours.relay, **verified) as host,
    ):
        settings = (data / "civicmail.toml").read_text().replace('smtp://127.0.0.1:1"', f'smtp://127.0.0.1:{host.port}"')
        log = f'[courier]\nsmart_host_log = "{host.log_path}"\n'
        (data / "civicmail.toml").write_text(settings.replace("[courier]\n", log))
        with ours:
            with smtplib.SMTP("127.0.0.1", ours.relay, timeout=60) as client:
                client.sendmail(
                    "clerk@city.example",
                    ["bob@far.example"],
                    "Message-ID: <1@city.example>\r\nSubject: outward\r\n\r\nHello.\r\n",
                    mail_options=["RET=HDRS", "ENVID=wish-1"],
                    rcpt_options=["NOTIFY=SUCCESS,FAILURE"],
                )
            ours.wait(lambda _: bool(ours.mailbox("clerk@city.example")), seconds=30)
            (report,) = ours.mailbox("clerk@city.example")
            assert b"Original-Envelope-Id: wish-1" in report
            assert b"Reporting-MTA: dns; edge.city.example" in report, "the far server, which uses the name of its template"
            assert b"Action: relayed" in report
            ours.wait(lambda _: bool(_onward(data)))
            (event,) = _onward(data)
            assert event.to == (0,)
            assert event.facts["tls"].startswith("Verified TLSv1.3 ")
            assert event.facts["status"] == "sent"
        assert len(sink.messages()) == 1


def _onward(data: Path) -> list[Event]:
    return [Event.from_head(r.head) for r in Tail(data, bodies=False).poll() if r.type == Type.ONWARD]
