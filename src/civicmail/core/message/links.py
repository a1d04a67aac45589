"""Links that a reader can follow, in HTML elements and plain text, and where they really lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin

_REST = r"[^\s<>\"'`\x00-\x1f]{1,4000}"
_URL = re.compile(
    rf"[FHWfhw](?:(?<=\b[Hh])(?i:ttps?)://{_REST}|(?<=\b[Ff])(?i:tp)://{_REST}"
    r"|(?<![@\w.][Ww])(?i:ww)\.[^\s<>\"'`\x00-\x1f@]{3,4000})"
)  # https, ftp and www. It begins with a set of letters: what begins otherwise is passed over natively, in a fifth of the time
_TRAILING = ".,;:!?*_'\u2019\u201d\u00bb"
_MOST_TRAILING = 32
_PAIRS = {")": "(", "]": "[", "}": "{"}

_LONGEST = 8000
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(.*)\Z", re.DOTALL)
_OUTER = "".join(map(chr, range(0x21)))  # C0 controls and space
_INNER = re.compile(r"[\t\r\n]")
_AUTHORITY = re.compile(r"[/\\]*([^/\\?#]*)(.*)\Z", re.DOTALL)
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?\Z")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]\Z")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z")
_ADDRESS = re.compile(r"[^\s<>\"'?&@,;]{1,200}@([^\s<>\"'?&@,;/]{1,253})\Z")
_PHONE = re.compile(r"[+0-9(). /-]{3,40}\Z")
_TAIL_SAFE = "/?#[]@!$&()*+,;=:%~-._|{}^"
_NAMED = re.compile(
    r"(?:(?:https?|ftp):[/\\]{2}|(?<![\w.-]))((?:[^\W_](?:[\w-]*\w)?\.)+(?:com|org|net|gov|edu|mil|int|info|biz|app|dev|online|shop|site|xyz"
    r"|top|club|example|test|invalid|xn--[\w-]+|[^\W\d_]{2}))(?![\w-])",
    re.IGNORECASE,
)  # fmt: skip

_LIVE = re.compile(r"tt(?=ps?://)|(?<=f)t(?=p://)|(?<=ww)\.", re.IGNORECASE)
_INERT = {"tt": "xx", "t": "x", ".": "[.]"}
"""What programs know URLs by, and what stands there in a defanged one."""


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a link. url: rebuilt so that every browser reads it alike, "" if it must not be followed; host: in ASCII, for
    mail the address; scheme: lower case, "" for a relative URL."""

    url: str
    host: str
    scheme: str


def in_text(text: str) -> list[str]:
    """URLs in running text, without the punctuation of the sentence behind them; "www." names get their scheme."""
    return [url if "://" in url[:8] else "http://" + url for _, _, url in spans(text)]


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Begin, end and words of each URL in running text."""
    for match in _URL.finditer(text):
        url = trimmed(match[0])
        yield match.start(), match.start() + len(url), url


def real(url: str) -> Target:
    """Read as browsers read it (WHATWG URL 4.4), then written so that there is one way to read it: no user part, which only serves
    to look like a host, no backslash, the host in ASCII."""
    plain = _INNER.sub("", url.strip(_OUTER))
    if plain[:4].lower() == "www.":
        plain = f"http://{plain}"
    elif plain[:2] in ("//", "\\\\", "/\\", "\\/"):
        plain = f"http:{plain}"
    match = _SCHEME.match(plain)
    if match is None or len(plain) > _LONGEST:
        return Target("", "", "")
    scheme, rest = match[1].lower(), match[2]
    if scheme in ("http", "https"):
        return _web(scheme, rest)
    if scheme == "mailto" and (address := _ADDRESS.match(unquote(rest.partition("?")[0]))):
        return Target(f"mailto:{quote(address[0], safe='@', errors='replace')}", address[0], scheme)
    if scheme == "tel" and _PHONE.match(unquote(rest)):
        return Target(f"tel:{quote(unquote(rest), safe='+')}", unquote(rest), scheme)
    return Target("", "", scheme)


def defanged(text: str) -> str:
    """Running text whose URLs no program makes a link of: "hxxps://example[.]com/pay"."""
    pieces, end = [], 0
    for start, stop, url in spans(text):
        host = real(url).host
        inert = url.replace(host, defanged_host(host), 1) if host and host in url else defanged_host(url)
        pieces += [text[end:start], _LIVE.sub(lambda live: _INERT[live[0].lower()], inert)]
        end = stop
    return "".join([*pieces, text[end:]])


def defanged_host(host: str) -> str:
    """A host that no program makes a link of: "example[.]com"."""
    return host.replace(".", "[.]")


def joined(base: str, url: str) -> str:
    """The target of a possibly relative URL on a page with a base URL (<base href>)."""
    if not base or _SCHEME.match(url):
        return url
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def named(words: str) -> Iterator[str]:
    """The hosts that the words of a link name, in ASCII, without "www."."""
    for match in _NAMED.finditer(words[:_LONGEST]):
        yield _ascii(match[1].lower()).removeprefix("www.")


def names_another(words: str, host: str) -> bool:
    """Whether the text of a link names another host than its target."""
    for shown in named(words):
        host_name = host.removeprefix("www.")
        if shown != host_name and not shown.endswith(f".{host_name}") and not host_name.endswith(f".{shown}"):
            return True
    return False


def _web(scheme: str, rest: str) -> Target:
    authority = _AUTHORITY.match(rest)
    assert authority is not None
    name, port = _parted(authority[1].rpartition("@")[2])
    host = _ascii(unquote(name).lower())
    if not (_IPV6.match(host) or _HOST.match(host)) or (port and not port.isdecimal()):
        return Target("", "", scheme)
    if _NUMBER.match(host.rstrip(".").rpartition(".")[2]):
        host = _ipv4(host)
    if not host:
        return Target("", "", scheme)
    tail = quote(authority[2].replace("\\", "/"), safe=_TAIL_SAFE, errors="replace")
    return Target(f"{scheme}://{host}{f':{port}' if port else ''}{tail or '/'}", host, scheme)


def _parted(authority: str) -> tuple[str, str]:
    """Host and port."""
    if authority.startswith("["):
        host, _, rest = authority.partition("]")
        return f"{host}]", rest.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port


def _ascii(host: str) -> str:
    """The host in ASCII (RFC 3490); "" where it has no such form."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _ipv4(host: str) -> str:
    """A host that ends in a number is an address in any of its spellings (WHATWG URL 3.5); "" where it is none."""
    parts = host.rstrip(".").split(".")
    if len(parts) > 4 or not all(_NUMBER.match(part) for part in parts):
        return ""
    try:
        numbers = [int(p[2:] or "0", 16) if p[:2] == "0x" else int(p, 8) if p[:1] == "0" and len(p) > 1 else int(p) for p in parts]
    except ValueError:
        return ""
    *most, last = numbers
    if any(number > 255 for number in most) or last >= 256 ** (5 - len(parts)):
        return ""
    whole = last + sum(number << (8 * (3 - place)) for place, number in enumerate(most))
    return ".".join(str(whole >> shift & 255) for shift in (24, 16, 8, 0))


def trimmed(url: str) -> str:
    """The URL without the punctuation of its sentence."""
    for _ in range(_MOST_TRAILING):
        last = url[-1:]
        if (last and last in _TRAILING) or (last in _PAIRS and url.count(last) > url.count(_PAIRS[last])):
            url = url[:-1]
        else:
            break
    return url
