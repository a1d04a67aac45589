"""WebDAV XML (RFC 4918): parse within bounds and without a document type, and write. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, XMLParser

DAV, CARD, SERVER = "DAV:", "urn:ietf:params:xml:ns:carddav", "http://calendarserver.org/ns/"
for _prefix, _space in (("d", DAV), ("card", CARD), ("cs", SERVER)):
    ElementTree.register_namespace(_prefix, _space)
DEPTH = 20
"""Elements within each other: a filter has six."""


class NotRead(ValueError):
    """The body is not acceptable XML."""


class _Careful(TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, *_args: object) -> None:
        raise NotRead("a document type")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._depth += 1
        if self._depth > DEPTH:
            raise NotRead("too deep")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag)


def read(body: bytes) -> Element:
    """The root. Raises NotRead."""
    parser = XMLParser(target=_Careful(), encoding="utf-8")  # noqa: S314 - it takes no document type
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ElementTree.ParseError, ValueError, AssertionError) as error:
        raise NotRead(str(error)) from None
    return root


def d(name: str) -> str:
    return f"{{{DAV}}}{name}"


def card(name: str) -> str:
    return f"{{{CARD}}}{name}"


def cs(name: str) -> str:
    return f"{{{SERVER}}}{name}"


Values = Mapping[str, str | Sequence[Element]]
"""Property name -> its text or its elements."""


def response(href: str, values: Values, properties: Iterable[str] | None, *, names: bool = False) -> Element:
    """One response (RFC 4918 14.24). properties: requested names, None for all; names: only names of existing ones."""
    element = Element(d("response"))
    SubElement(element, d("href")).text = href
    requested = list(values if properties is None else dict.fromkeys(properties))
    present, missing = [n for n in requested if n in values], [n for n in requested if n not in values]
    for group, status in ((present, "200 OK"), (missing, "404 Not Found")):
        if group or (status[0] == "2" and not missing):
            prop = SubElement(stat := SubElement(element, d("propstat")), d("prop"))
            for name in group:
                _put(SubElement(prop, name), "" if names or status[0] == "4" else values[name])
            SubElement(stat, d("status")).text = f"HTTP/1.1 {status}"
    return element


def _put(element: Element, value: str | Sequence[Element]) -> None:
    if isinstance(value, str):
        element.text = value or None
    else:
        element.extend(value)


def gone(href: str, status: str = "404 Not Found") -> Element:
    """A resource that there is not, or not all of (RFC 6352 8.6.2)."""
    element = Element(d("response"))
    SubElement(element, d("href")).text = href
    SubElement(element, d("status")).text = f"HTTP/1.1 {status}"
    return element


def multistatus(parts: Iterable[Element], token: str = "") -> bytes:
    root = Element(d("multistatus"))
    root.extend(parts)
    if token:
        SubElement(root, d("sync-token")).text = token
    return written(root)


def problem(condition: str) -> bytes:
    """The body of a refusal: the precondition that did not hold (RFC 4918 16)."""
    root = Element(d("error"))
    SubElement(root, condition)
    return written(root)


def written(root: Element) -> bytes:
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def holding(*tags: str) -> list[Element]:
    """Empty elements."""
    return [Element(tag) for tag in tags]


def linked(href: str) -> list[Element]:
    """A DAV:href."""
    element = Element(d("href"))
    element.text = href
    return [element]
