"""Tag lists: what one bad piece spoils, and what it does not (RFC 6376 3.2, RFC 9989 4.8, RFC 8461 3.1, RFC 8460 3)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.mail.screening import dmarc, published_records, tags

KNOWN = {
    "p": ("none", "quarantine", "reject"),
    "sp": ("none", "quarantine", "reject"),
    "np": ("none", "reject"),
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
    "rua": ("mailto:d@a.example", "mailto:d@a.example!10m, https://b.example/r"),
}
BLANK = st.sampled_from(["", " ", "  ", "\t", "\r\n "])
GOOD = st.fixed_dictionaries(
    {"p": st.sampled_from(KNOWN["p"])}, optional={n: st.sampled_from(v) for n, v in KNOWN.items() if n != "p"}
)
JUNK = st.one_of(
    st.sampled_from(
        ["", " ", "\t", "bogus", "=", "=x", "x-tag=1", "p.q=reject", "pct=50", "ri=3600", "fo=0:1:d:s", "\xa0p=none", "ü=1"]
    ),
    st.text(st.characters(blacklist_characters=";", max_codepoint=255), max_size=12).filter(
        lambda text: text.partition("=")[0].strip(" \t\r\n").lower() not in {"v", *KNOWN}
    ),
)


@pytest.mark.rule(
    "P-26",
    "An unreadable or unknown part of a DMARC record does not affect the rest: forged mail is rejected all the same (RFC "
    "9989 4.8).",
)
@given(GOOD, st.lists(st.tuples(st.integers(0, 12), JUNK), max_size=8), BLANK, st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_what_cannot_be_read_or_is_not_known_takes_nothing_from_a_policy(
    good: dict[str, str], junk: list[tuple[int, str]], blank: str, random: object
) -> None:
    """Wherever it is put, and in whatever order the rest is."""
    pieces = [f"{name}{blank}={blank}{value}" for name, value in good.items()]
    random.shuffle(pieces)  # type: ignore[attr-defined]
    clean = dmarc.read_record("; ".join(["v=DMARC1", *pieces]), "a.example")
    for at, piece in junk:
        pieces.insert(min(at, len(pieces)), piece)
    spoiled = dmarc.read_record(f"{blank};{blank}".join(["v=DMARC1", *pieces]), "a.example")
    assert clean is not None and spoiled is not None
    flawed = any(not re.fullmatch(r"\s*[A-Za-z]\w*\s*=\s*\S.*", piece, re.ASCII | re.DOTALL) for piece in pieces[:-1])
    assert not clean.flawed and (spoiled.flawed or not flawed)
    assert [getattr(clean, n) for n in _FIELDS] == [getattr(spoiled, n) for n in _FIELDS]


_FIELDS = ("p", "sp", "np", "strict_dkim", "strict_spf", "psd", "testing", "broken", "reports")


@given(GOOD, st.sampled_from(sorted(KNOWN)), st.text("abnoreject", min_size=1, max_size=8))
def test_a_tag_that_comes_again_changes_nothing(good: dict[str, str], name: str, value: str) -> None:
    """The first counts: who can add to the end of a record does not take its policy away."""
    once = "; ".join(["v=DMARC1", *(f"{n}={v}" for n, v in good.items())])
    first, again = dmarc.read_record(once, "a.example"), dmarc.read_record(f"{once}; {name.upper()}={value}", "a.example")
    assert first is not None and again is not None
    if name in good:
        assert [getattr(first, n) for n in _FIELDS] == [getattr(again, n) for n in _FIELDS] and again.flawed


@given(st.text(st.characters(max_codepoint=255), max_size=60))
@settings(max_examples=300)
def test_any_text_is_read_and_a_good_list_is_salvaged_whole(text: str) -> None:
    found, salvaged = tags.read(text), tags.salvaged(text)[0]
    if found is not None and len({name.lower() for name in found}) == len(found):
        assert salvaged == {name.lower(): value for name, value in found.items()}
    assert tags.read("; ".join(f"{n}={v}" for n, v in salvaged.items())) == salvaged
    tags.fields(text, "v=STSv1")
    for record in (text, f"v=STSv1; id=1;{text}", f"v=TLSRPTv1; rua={text}"):
        assert published_records.is_sts(record) in (True, False) and published_records.is_tls_rpt(record) in (True, False)


@pytest.mark.rule(
    "P-19, P-26",
    "A record of MTA-STS or TLS reports counts as its standard writes it, with names of its own and no bad piece (RFC "
    "8461 3.1, RFC 8460 3).",
)
def test_records_of_mta_sts_and_tls_reports_have_names_of_their_own_and_no_bad_piece() -> None:
    good = ["v=STSv1; id=20260302", "v=STSv1;id=a1;", "v=STSv1 ;\tid=a ; x-ext.2=v", "v=STSv1; id=a; 2nd_name=v"]
    bad = [
        "",
        "v=STSv1",
        "v=STSv1; id=",
        "v=STSv1; id=a-b",
        "v=STSv1; id=a;;",
        "v=STSv1; id=a; id=b",
        "v=STSv1; id=a; x==1",
        f"v=STSv1; id={'a' * 33}",
    ]
    assert [published_records.is_sts(record) for record in (*good, *bad)] == [True] * len(good) + [False] * len(bad)
    uris = [
        "mailto:t@a.example",
        "mailto:t@a.example , https://a.example/r",
        "https://a.example/r; x-ext=1",
        "mailto:a@a.example; rua=mailto:b@a.example",
    ]
    none = [
        "",
        "t@a.example",
        "mailto:t@a.example t",
        "mailto:t@a.example,,",
        "http://a.example/r",
        "mailto:t@a.example; x=",
        "mailto:t@a.example;;",
    ]
    said = [published_records.is_tls_rpt(f"v=TLSRPTv1; rua={uri}") for uri in (*uris, *none)]
    assert said == [True] * len(uris) + [False] * len(none)
    assert not published_records.is_tls_rpt("v=TLSRPTv1; ext=1")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
def test_a_quoted_value_is_read_as_it_was_meant(text: str) -> None:
    quoted = "".join(f"={ord(c):02X}" if c in "=;" else c for c in text)
    assert tags.unquoted(quoted) == text
    assert tags.unquoted("".join(f"={ord(c):02X}\r\n " for c in text)) == text
