"""Ways to write a sender so that some mail program shows the mayor: header lines that stand in place of From (P-26).

KEPT: none of them may be delivered. PASSING: these name a stranger alone, in every program; they may be.
"""

# ruff: noqa: RUF001 - letters that look alike are the point of it
from __future__ import annotations

from base64 import b64encode
from quopri import encodestring

MAYOR, EVIL = b"mayor@city.example", b"x@evil.example"


def _b(text: bytes, charset: str = "utf-8") -> bytes:
    return b"=?%s?B?%s?=" % (charset.encode(), b64encode(text))


def _q(text: bytes, charset: str = "utf-8") -> bytes:
    coded = encodestring(text, quotetabs=True, header=True).replace(b"=\n", b"").replace(b"@", b"=40").replace(b".", b"=2E")
    return b"=?%s?Q?%s?=" % (charset.encode(), coded)


def _from(value: bytes) -> bytes:
    return b"From: " + value + b"\r\n"


def _values() -> dict[str, bytes]:
    """Values of one From field."""
    return {
        # more than one address, or half of one
        "plain": MAYOR,
        "angle": b"Mayor <%s>" % MAYOR,
        "second at": b"mayor@city.example@evil.example",
        "second at, angle": b"<mayor@city.example@evil.example>",
        "second at, spaced": b"mayor@city.example @evil.example",
        "third at": b"x@evil.example@mayor@city.example",
        "two addresses": b"%s, %s" % (MAYOR, EVIL),
        "two addresses, ours last": b"%s, %s" % (EVIL, MAYOR),
        "two addresses, semicolon": b"%s; %s" % (EVIL, MAYOR),
        "two addresses, blank": b"%s %s" % (MAYOR, EVIL),
        "two angles": b"<%s> <%s>" % (MAYOR, EVIL),
        "two angles, ours last": b"<%s><%s>" % (EVIL, MAYOR),
        "angle in angle": b"<<%s>%s>" % (MAYOR, EVIL),
        "angle after address": b"%s <%s>" % (MAYOR, EVIL),
        "address after angle": b"<%s> %s" % (EVIL, MAYOR),
        "unclosed angle": b"Mayor <%s" % MAYOR,
        "unopened angle": b"Mayor %s>" % MAYOR,
        "empty angle first": b"<>, %s" % MAYOR,
        "empty angle and name": b"%s <>" % MAYOR,
        "empty addresses": b",,,%s,,," % MAYOR,
        "no local part": b"@city.example",
        "no local part, angle": b"Mayor <@city.example>",
        "no domain": b"mayor@, city.example",
        "trailing dot": b"mayor@city.example.",
        "two trailing dots": b"mayor@city.example..",
        "two dots": b"mayor@city..example",
        "leading dot": b".mayor@city.example",
        "upper case": b"MAYOR@CITY.EXAMPLE",
        "below": b"pay@finance.city.example",
        "below, not in DNS": b"mayor@no-such-name.city.example",
        "far below": b"mayor@a.b.c.d.e.f.g.h.i.city.example",
        # groups and routes
        "group": b"City Hall: %s;" % MAYOR,
        "group, unclosed": b"City Hall: %s" % MAYOR,
        "group and stranger": b"City Hall: %s;, %s" % (MAYOR, EVIL),
        "empty group of our name": b"mayor@city.example:;, %s" % EVIL,
        "group in group": b"a: b: %s;;" % MAYOR,
        "route": b"<@evil.example:%s>" % MAYOR,
        "route of ours": b"<@city.example:%s>" % EVIL,
        "route of two": b"<@evil.example,@other.example:%s>" % MAYOR,
        "route without angle": b"@evil.example:%s" % MAYOR,
        # quotes and comments
        "quoted local part": b'"mayor@city.example"@evil.example',
        "quoted local part of ours": b'"mayor"@city.example',
        "quoted angle": b'"mayor@city.example> "<x@evil.example>',
        "quoted pair": b"ma\\yor@city.example",
        "quoted pair at": b"mayor\\@city.example@evil.example",
        "quoted pair in quotes": b'"m\\ayor"@city.example',
        "unclosed quote": b'"Mayor <%s>' % MAYOR,
        "unclosed quote of stranger": b'"<%s> <%s>' % (MAYOR, EVIL),
        "comment": b"%s (Mayor)" % MAYOR,
        "comment first": b"(%s) %s" % (MAYOR, EVIL),
        "comment last": b"%s (%s)" % (EVIL, MAYOR),
        "comment in domain": b"mayor@city(x).example",
        "comment in local part": b"ma(x)yor@city.example",
        "comment at the at": b"mayor(x)@(y)city.example",
        "nested comment": b"mayor@city(a(b(c)d)e).example",
        "unclosed comment": b"mayor@city.example (x",
        "unclosed comment before": b"(x %s" % MAYOR,
        "unclosed comment in domain": b"mayor@city.example(.evil.example",
        "closed comment alone": b"mayor@city.example).evil.example",
        "comment with quoted parenthesis": b"mayor@city(\\)x).example <%s>" % EVIL,
        "domain literal": b"mayor@[city.example]",
        "domain in literal and out": b"mayor@[127.0.0.1]city.example",
        # blanks and folds
        "blank before the at": b"mayor @city.example",
        "blank after the at": b"mayor@ city.example",
        "blank in domain": b"mayor@city. example",
        "tab in domain": b"mayor@city\t.\texample",
        "fold in domain": b"mayor@city\r\n .example",
        "fold in local part": b"ma\r\n yor@city.example",
        "fold at the start": b"\r\n %s" % MAYOR,
        "blank fold": b"%s\r\n \r\n ,%s" % (EVIL, MAYOR),
        "vertical tab": b"mayor@city\x0b.example",
        "form feed": b"%s\x0c<%s>" % (MAYOR, EVIL),
        "escape": b"mayor@city\x1b.example",
        "delete": b"mayor@city\x7f.example",
        "long": b"%s%s, %s" % (b" " * 3000, EVIL, MAYOR),
        # encoded words
        "word as address": _q(MAYOR),
        "word as address, base64": _b(MAYOR),
        "word as address in angle": b"<%s>" % _b(MAYOR),
        "word as local part": _b(b"mayor") + b"@city.example",
        "word as domain": b"mayor@" + _q(b"city.example"),
        "word as domain, base64": b"mayor@" + _b(b"city.example"),
        "word with angle": _b(b"Mayor <%s>" % MAYOR) + b" <%s>" % EVIL,
        "word with angle alone": _b(b"Mayor <%s>" % MAYOR),
        "word with comma": _b(b"%s, " % MAYOR) + b" <%s>" % EVIL,
        "word with NUL": _b(b"%s\0" % MAYOR) + b"@evil.example",
        "word with line end": _b(b"%s\r\nX: " % MAYOR) + b"@evil.example",
        "word with at end": _b(b"%s>\n" % MAYOR) + b"@evil.example",
        "word within words": b"mayor@%s%s" % (_q(b"city"), _q(b".example")),
        "two words": b"%s %s" % (_b(b"mayor@city"), _b(b".example")),
        "two words, split character": b"=?utf-8?B?bWF5b3JAY2l0eQ?= =?utf-8?B?LmV4YW1wbGU?=",
        "word in word": _b(_b(MAYOR)),
        "word in comment": b"%s (%s)" % (EVIL, _b(MAYOR)),
        "word in quotes": b'"%s"' % _b(MAYOR),
        "word, unclosed": b"=?utf-8?Q?mayor=40city=2Eexample",
        "word, no encoding": b"=?utf-8??mayor@city.example?=",
        "word with blanks": b"=?utf-8?Q?mayor=40city=2Eexample ?= <>",
        "word and language": b"=?utf-8*en?Q?mayor=40city=2Eexample?=",
        "UTF-16": _b(MAYOR.decode().encode("utf-16"), "utf-16"),
        "UTF-16 of unknown name": _b(MAYOR.decode().encode("utf-16-be"), "unicode-x"),
        "UTF-7": b"=?utf-7?Q?mayor+AEA-city.example?=",
        "UTF-7 in the open": b"+AG0AYQB5AG8AcgBAAGMAaQB0AHkALgBlAHgAYQBtAHAAbABl-",
        "ISO 2022": b"=?iso-2022-jp?B?%s?=" % b64encode(b"\x1b$B!!\x1b(B" + MAYOR),
        "ISO 2022 in the open": b"mayor@\x1b(Bcity\x1b(J.example",
        "EBCDIC": _b(MAYOR.decode().encode("cp037"), "cp037"),
        "percent": b"mayor%40city.example",
        "percent in angle": b"<mayor%40city%2Eexample>",
        # letters
        "full-width dot": "mayor@city．example".encode(),
        "ideographic dot": "mayor@city。example".encode(),
        "full-width at": "mayor＠city.example".encode(),
        "full-width at, stranger": "mayor＠city.example <x@evil.example>".encode(),
        "full-width letters": "mayor@ｃｉｔｙ.example".encode(),
        "soft hyphen": "mayor@ci\u00adty.example".encode(),
        "zero width": "mayor@city\u200b.example".encode(),
        "direction": "\u202emayor@city.example\u202c".encode(),
        "byte order mark": "\ufeffmayor@city.example".encode(),
        "Cyrillic": "mayor@сity.example".encode(),
        "Cyrillic punycode": b"mayor@xn--ity-3ed.example",
        "latin-1": b"mayor@c\xedty.example",
        "8-bit beside": b"mayor\xff@city.example",
        "broken UTF-8": b"\xc0\xa0mayor@city.example",
        # the name is the address
        "name": b'"mayor@city.example" <%s>' % EVIL,
        "name with angle": b'"Mayor <mayor@city.example>" <%s>' % EVIL,
        "name as word": _b(MAYOR) + b" <%s>" % EVIL,
        "name with zero width": _b("mayor@ci\u200bty.example".encode()) + b" <%s>" % EVIL,
        "name with full-width at": _b("mayor＠city．example".encode()) + b" <%s>" % EVIL,
        "name bare": b"mayor@city.example <%s>" % EVIL,
        "name of one below": b'"pay@finance.city.example" <%s>' % EVIL,
    }


def _headers() -> dict[str, bytes]:
    """More than the value of one From field."""
    ours, evil = _from(MAYOR), _from(EVIL)
    return {
        "two fields": ours + evil,
        "two fields, ours last": evil + ours,
        "65 fields": evil * 64 + ours,
        "65 fields, ours first": ours + evil * 64,
        "300 fields": evil * 150 + ours + evil * 149,
        "field apart": ours + b"X-A: b\r\n" * 40 + evil,
        "blank before the colon": b"From : %s\r\n" % MAYOR,
        "blank before the colon beside": evil + b"From : %s\r\n" % MAYOR,
        "tab before the colon": evil + b"From\t: %s\r\n" % MAYOR,
        "8-bit before the colon": evil + b"From\xa0: %s\r\n" % MAYOR,
        "zero width before the colon": evil + "From\u200b: ".encode() + MAYOR + b"\r\n",
        "byte order mark before": b"\xef\xbb\xbf" + ours,
        "8-bit before the name": evil + b"\xffFrom: %s\r\n" % MAYOR,
        "control before the colon": evil + b"From\x01: %s\r\n" % MAYOR,
        "folded name": evil + b"From\r\n : %s\r\n" % MAYOR,
        "folded name, tab": b"From\r\n\t: %s\r\n" % MAYOR,
        "begins folded": b" From: %s\r\n" % MAYOR + evil,
        "begins folded with nothing": b" \r\n" + ours + evil,
        "begins blank": b"\r\n" + ours,
        "mbox line": b"From mayor@city.example Mon Nov 30 12:00:00 2026\r\n" + ours,
        "quoted mbox line": b">From mayor@city.example Mon Nov 30 12:00:00 2026\r\n" + ours + evil,
        "after a broken line": evil + b"this is no field\r\n" + ours,
        "before a broken line": ours + b"this is no field\r\n" + evil,
        "after a colon": evil + b": nothing\r\n" + ours,
        "after a blank line that is folded": evil + b"X: y\r\n \r\n" + ours,
        "in lower case": b"from: %s\r\n" % MAYOR,
        "in mixed case": evil + b"fROM: %s\r\n" % MAYOR,
        "no blank after the colon": b"From:%s\r\n" % MAYOR,
        "sender": evil + b"Sender: Mayor <%s>\r\n" % MAYOR,
        "sender, first": b"Sender: %s\r\n" % MAYOR + evil,
        "sender alone": b"Sender: %s\r\n" % MAYOR,
        "sender below": evil + b"Sender: mayor@hall.city.example\r\n",
        "sender, second at": evil + b"Sender: mayor@city.example@evil.example\r\n",
        "sender as word": evil + b"Sender: %s\r\n" % _b(MAYOR),
        "two senders": evil + b"Sender: %s\r\nSender: %s\r\n" % (EVIL, MAYOR),
        "sender, blank before the colon": evil + b"Sender : %s\r\n" % MAYOR,
        "resent from": b"Resent-From: %s\r\n" % MAYOR + evil,
        "resent sender": b"Resent-From: %s\r\nResent-Sender: %s\r\n" % (EVIL, MAYOR) + evil,
        "resent from, comment": b"Resent-From: mayor@city(x).example\r\n" + evil,
        "name of sender": evil + b'Sender: "mayor@city.example" <%s>\r\n' % EVIL,
        "empty from and sender": b"From:\r\nSender: %s\r\n" % MAYOR,
        "empty from beside": b"From:\r\n" + ours,
    }


KEPT = {name: _from(value) for name, value in _values().items()} | _headers()
REFUSED = {
    "bare CR": _from(EVIL + b"\r" + MAYOR),
    "bare CR and field": b"X: y\rFrom: %s\r\n" % MAYOR + _from(EVIL),
    "bare LF and field": b"X: y\nFrom: %s\r\n" % MAYOR + _from(EVIL),
    "NUL in the value": _from(b"mayor@city\0.example"),
    "NUL before the colon": _from(EVIL) + b"From\0: %s\r\n" % MAYOR,
    "NUL in the name": _from(EVIL) + b"Fr\0om: %s\r\n" % MAYOR,
}
"""With bytes that the door takes from nobody; other doors (imports, a door that repairs line ends) do."""
PASSING = {
    "percent in a local part": _from(b"mayor%city.example@evil.example"),
    "list that rewrites": _from(b"mayor=40city.example@list.example"),
    "our name in words": _from(b'"About city.example" <%s>' % EVIL),
    "comment of a stranger": _from(b"%s (A Resident)" % EVIL),
    "recipient of ours": _from(EVIL) + b"To: Mayor <%s>\r\nReply-To: %s\r\n" % (MAYOR, EVIL),
    "list": _from(b"Ann via List <list@list.example>") + b"Sender: list-bounces@list.example\r\nList-Id: <l.list.example>\r\n",
    "resent by a resident": b"Resent-From: ann@home.example\r\nResent-To: %s\r\n" % MAYOR + _from(b"Bea <bea@shop.example>"),
    "an honest IDN": _from(b"Amt <amt@xn--brger-kva.test>"),
    "two authors": _from(b"Ann <ann@a.example>, Bea <bea@b.example>"),
}


def is_ours(address: str) -> bool:
    """Whether a reader who sees this address takes it for one of the city."""
    domain = address.rpartition("@")[2].strip("<>\"' ").rstrip(".")
    return domain == "city.example" or domain.endswith(".city.example")


def message(header: bytes, number: int = 1, to: bytes = b"bob@city.example") -> bytes:
    """A whole message with these lines first."""
    rest = b"Subject: About tonight\r\nDate: Mon, 30 Nov 2026 12:00:00 +0000\r\nMessage-ID: <%d@evil.example>\r\n" % number
    to = b"" if b"\r\nTo:" in header else b"To: %s\r\n" % to
    return header + to + rest + b"\r\nPlease pay this today.\r\n"
