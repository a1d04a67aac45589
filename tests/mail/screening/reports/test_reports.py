"""Reports of others about mail in our name: read whatever they come in, and however hostile they are (RFC 9990, RFC 8460)."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from base64 import encodebytes
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.archives.budget import Budget, Limits
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, ENTITIES, TOO_DEEP, TOO_LARGE, Spent, Unreadable
from civicmail.core.sandbox.service import decode_reply, encode
from civicmail.mail.screening.reports import aggregate, shapes, unpacking
from civicmail.mail.screening.reports.sandbox import Reader, ReadReports
from civicmail.mail.screening.reports.shapes import Aggregate, Report, Source, Tls, TlsFailure, TlsPolicy
from civicmail.mail.screening.reports.summary import summed

ROW = """<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated><disposition>{did}</disposition>
<dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers><header_from>{author}</header_from></identifiers>
<auth_results><dkim><domain>mail.example</domain><result>pass</result></dkim><spf><domain>b.example</domain></spf></auth_results>
</record>"""


def row(
    ip: str = "192.0.2.1", count: str = "3", did: str = "none", dkim: str = "pass", spf: str = "fail", author: str = "city.example"
) -> str:
    return ROW.format(ip=ip, count=count, did=did, dkim=dkim, spf=spf, author=author)


def xml(*rows: str, before: str = "", namespace: str = "") -> bytes:
    return f"""<?xml version="1.0"?>{before}<feedback{namespace}><report_metadata><org_name>Example</org_name>
<report_id>1</report_id>
<date_range><begin>1772400000</begin><end>1772486400</end></date_range></report_metadata>
<policy_published><domain>City.example</domain><p>reject</p></policy_published>{"".join(rows)}</feedback>""".encode()


def read(content: bytes) -> list[Report]:
    return list(unpacking.reports(content, Budget(unpacking.LIMITS)))


def why(content: bytes) -> str:
    with pytest.raises(Unreadable) as raised:
        read(content)
    return raised.value.why


SOURCE = Source("192.0.2.1", 3, "none", "pass", "fail", "city.example", ("mail.example",), ("b.example",))
REPORT = Aggregate("Example", "1", "city.example", 1_772_400_000, 1_772_486_400, "reject", (SOURCE,))
TLS: dict[str, Any] = {
    "organization-name": "Example",
    "date-range": {"start-datetime": "2026-03-01T00:00:00Z", "end-datetime": "2026-03-01T23:59:59Z"},
    "report-id": "1",
    "policies": [
        {
            "policy": {"policy-type": "sts", "policy-domain": "city.example"},
            "summary": {"total-successful-session-count": 10, "total-failure-session-count": 2},
            "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 2, "sending-mta-ip": "192.0.2.1"}],
        }
    ],
}


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def mailed(content: bytes, kind: str = "application/gzip") -> bytes:
    head = b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    head += b"--x\r\n\r\nhello\r\n--x\r\nContent-Type: "
    return head + kind.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encodebytes(content) + b"--x--\r\n"


@pytest.mark.parametrize("form", ["plain", "gzip", "zip", "gzip in zip", "mail", "mail with zip", "behind a byte order mark"])
def test_a_report_is_read_whatever_it_comes_in(form: str) -> None:
    content = xml(row())
    wrapped = {
        "plain": content,
        "gzip": gzip.compress(content),
        "zip": zipped(a=content),
        "gzip in zip": zipped(a=gzip.compress(content)),
        "mail": mailed(gzip.compress(content)),
        "mail with zip": mailed(zipped(a=content), "application/zip"),
        "behind a byte order mark": b"\xef\xbb\xbf\n" + content,
    }[form]
    assert read(wrapped) == [REPORT]


def test_both_versions_of_the_schema_and_a_tls_report() -> None:
    assert read(xml(row(), namespace=' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"')) == [REPORT]
    (report,) = read(gzip.compress(json.dumps(TLS).encode()))
    failure = TlsFailure("certificate-expired", 2, "", "192.0.2.1")
    assert report == Tls("Example", "1", 1_772_323_200, 1_772_409_599, (TlsPolicy("city.example", "sts", 10, 2, (failure,)),))


def test_no_entity_is_expanded_and_nothing_is_opened() -> None:
    """Bad input: a billion laughs, and a file of ours."""
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    assert why(xml(row(), before=laughs)) == ENTITIES
    assert why(xml(row(), before='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>')) == ENTITIES
    assert why(xml(row(), before='<!DOCTYPE feedback SYSTEM "http://evil.example/x.dtd">')) == ENTITIES


def test_what_expands_too_far_is_deep_or_locked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 1 << 20
    monkeypatch.setattr(unpacking, "LIMITS", Limits(member=most))
    assert why(gzip.compress(b"<" + b" " * (most + 10))) == TOO_LARGE
    assert why(zipped(a=b"<" + b" " * (most + 10))) == TOO_LARGE
    assert why(b"<a>" * 100 + b"</a>" * 100) == TOO_DEEP
    nested = xml(row())
    for _ in range(unpacking.MAX_DEPTH + 1):
        nested = gzip.compress(nested)
    assert why(nested) == DAMAGED
    locked = bytearray(zipped(a=xml(row())))
    for at in (locked.index(b"PK\x03\x04") + 6, locked.index(b"PK\x01\x02") + 8):
        locked[at] |= 1
    assert why(bytes(locked)) == ENCRYPTED
    ticking = iter(range(10_000))
    with pytest.raises(Spent):
        list(unpacking.reports(xml(*[row()] * 50), Budget(seconds=20, clock=lambda: float(next(ticking)))))


def test_rows_and_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregate, "MAX_ROWS", 5)
    (report,) = read(xml(*[row()] * 9))
    assert isinstance(report, Aggregate) and len(report.sources) == 5 and report.cut
    (report,) = read(xml(row(author="x" * 5_000, count="9" * 40, ip="\t1\n2")))
    assert isinstance(report, Aggregate)
    assert len(report.sources[0].author) == shapes.MAX_TEXT and report.sources[0].count == 0
    assert report.sources[0].address == "1 2"


def test_what_is_broken_ends_with_what_stood_before_it() -> None:
    (report,) = read(xml(row(), row(), "<record><row></wrong>"))
    assert isinstance(report, Aggregate) and len(report.sources) == 2 and report.cut
    mended = xml(row()).replace(b"<org_name>Example", b"<email><a@b.example></email><org_name>Example")
    (report,) = read(mended)
    assert isinstance(report, Aggregate) and report.sources == (SOURCE,)
    (report,) = read(
        xml(row(author="bad\udc91".encode("utf-8", "surrogateescape").decode("latin-1"))).replace(b"\xc2\x91", b"\x91")
    )
    assert isinstance(report, Aggregate) and len(report.sources) == 1


@pytest.mark.parametrize(
    "content", [b"", b"x", b"<", b"<html></html>", b"{", b"[]", b'{"policies": 1', b"\x1f\x8b", b"PK\x03\x04", b"From: a\n\nb"]
)
def test_what_is_no_report_is_said(content: bytes) -> None:
    assert why(content) == DAMAGED


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(list(TLS)), v, max_size=4),
        max_leaves=8,
    )
)
@settings(max_examples=50)
def test_any_json_is_a_report_or_is_none(value: Any) -> None:
    content = json.dumps({"policies": [value], **(value if isinstance(value, dict) else {})}).encode()
    (report,) = read(content)
    kinds = ([report], []) if isinstance(report, Aggregate) else ([], [report])
    assert decode_reply(ReadReports(1), encode(kinds), 0) == kinds


def test_reports_are_added_up_once_each_and_for_our_domains_alone() -> None:
    again = [*read(xml(row(), row(dkim="fail", count="2", did="reject"), row(ip="192.0.2.9", dkim="fail", count="7")))] * 2
    other = read(xml(row(author="bank.example", count="50")).replace(b"<report_id>1<", b"<report_id>2<"))
    found = summed([*again, *other, *read(json.dumps(TLS).encode())], ["city.example"])
    assert (found.reports, found.others) == (3, 50)
    first, second = found.worst()
    assert (first.address, first.failed, first.passed, first.refused) == ("192.0.2.9", 7, 0, 0)
    assert (second.address, second.failed, second.passed, second.refused) == ("192.0.2.1", 2, 3, 2)
    sessions = found.sessions["city.example"]
    assert (sessions.good, sessions.bad, sessions.kinds) == (10, 2, {"certificate-expired": 2})


@pytest.mark.corpora
def test_reports_of_real_reporters_are_read_in_a_limited_process(corpora: Path) -> None:
    with Reader() as reader:
        found = {
            path.name: reader.read(path.read_bytes())
            for folder in ("aggregate", "extract_report", "smtp_tls")
            for path in sorted((corpora / "parsedmarc" / folder).iterdir())
            if path.name != "invalid_xml.xml"  # its one row is broken
        }
        with pytest.raises(Unreadable):
            reader.read(b"x")
    assert len(found) >= 25 and all(len(reports) == 1 for reports in found.values())
    large = found["!large-example.com!1711897200!1711983600.xml"][0]
    assert isinstance(large, Aggregate) and len(large.sources) == 2286
