"""A browser without script that presses buttons: forms of a page as they stand there, filled in with something sensible."""

from __future__ import annotations

import html.parser
import http.client
import re
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode, urljoin, urlsplit

WHY = "The council decided so on the tenth of March, and the department has asked for it."
CSV = b"uid,given,family,department,kind,position\np-crew0,Dana,Ortiz,public-works,employee,Crew Clerk\n"
SOMEBODY = frozenset({"person", "to", "sponsor", "head", "supervisor", "successor"})
TICKS = frozenset({"row", "id", "agree", "sure", "read", "confirm", "seen"})


@dataclass
class Field:
    """kind: type of an input, or select, textarea; options: values of a select; on: checked; id: what its label names."""

    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)
    on: bool = False
    most: int = 0
    id: str = ""


@dataclass(frozen=True)
class Button:
    """name, value: what it sends besides; action: where, if not where its form says."""

    name: str
    value: str
    action: str


@dataclass
class Form:
    """One that posts. parts: it sends files."""

    action: str
    parts: bool = False
    fields: list[Field] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)

    def to(self, button: Button) -> str:
        return urljoin(self.action, button.action) if button.action else self.action


class Forms(html.parser.HTMLParser):
    """All forms of a page that post, without what may stay empty; and its notes, each with its role."""

    def __init__(self, page: str, at: str) -> None:
        super().__init__()
        self.at, self.found, self.notes = at, list[Form](), list[tuple[str, str]]()
        self._form: Form | None = None
        self._named: dict[str, Form] = {}
        self._select: Field | None = None
        self._area: Field | None = None
        self._label = ""
        self._optional: set[str] = set()
        self._note = 0
        self.feed(page)
        for form in self.found:
            form.fields = [f for f in form.fields if f.value or f.id not in self._optional]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form":
            posts = a.get("method", "").lower() == "post"
            action = urljoin(self.at, a.get("action", "") or self.at)
            self._form = Form(action, "multipart" in a.get("enctype", "")) if posts else None
            if self._form is not None:
                self._named[a.get("id", "")] = self._form
                self.found.append(self._form)
        elif tag == "label":
            self._label = a.get("for", "")
        elif tag == "div" and "cm-note--" in a.get("class", ""):
            self._note = 1
            self.notes.append((a["class"].rpartition("cm-note--")[2].split()[0], ""))
        elif tag == "div" and self._note:
            self._note += 1
        elif tag == "option" and self._select is not None:
            self._select.options.append(a.get("value", ""))
            self._select.value = a.get("value", "") if "selected" in a else self._select.value
        else:
            self._control(tag, a, self._named.get(a["form"]) if a.get("form") else self._form)

    def _control(self, tag: str, a: dict[str, str], form: Form | None) -> None:
        most = int(a.get("maxlength") or 0)
        if form is None:
            return
        if tag == "input" and a.get("name"):
            kind = a.get("type", "text")
            value = a.get("value", "on" if kind == "checkbox" else "")
            form.fields.append(Field(a["name"], kind, value, [], "checked" in a, most, a.get("id", "")))
        elif tag == "select":
            self._select = Field(a.get("name", ""), "select", id=a.get("id", ""))
            form.fields.append(self._select)
        elif tag == "textarea":
            self._area = Field(a.get("name", ""), "textarea", most=most, id=a.get("id", ""))
            form.fields.append(self._area)
        elif tag == "button" and a.get("type", "submit") == "submit":
            form.buttons.append(Button(a.get("name", ""), a.get("value", ""), a.get("formaction", "")))

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "select":
                self._select = None
            case "textarea":
                self._area = None
            case "label":
                self._label = ""
            case "div":
                self._note = max(0, self._note - 1)

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value += data.removeprefix("\n")
        if self._label and "(optional)" in data:
            self._optional.add(self._label)
        if self._note and data.strip():
            self.notes[-1] = (self.notes[-1][0], f"{self.notes[-1][1]} {data.strip()}".strip())


def filled(form: Form, said: dict[str, str]) -> list[tuple[str, str]]:
    """What is sent, but for the button. said: values by name of a field, "" for none."""
    values: list[tuple[str, str]] = []
    groups: dict[str, list[Field]] = {}
    for f in form.fields:
        groups.setdefault(f.name, []).append(f)
    for name, group in groups.items():
        sent = ([said[name]] if said[name] else []) if name in said else _sent(group)
        values += [(name, value) for value in sent]
    return values + [(name, value) for name, value in said.items() if value and name not in groups]


def _sent(group: list[Field]) -> list[str]:
    """Of the controls of one name what is chosen, and where nothing is, the first thing that comes to mind."""
    first, on = group[0], [f.value for f in group if f.on]
    match first.kind:
        case "hidden":
            return [f.value for f in group]
        case "radio":
            return on[:1] or [first.value]
        case "checkbox":
            return on or ([first.value] if first.name in TICKS else [])
        case "select":
            return [first.value or next((o for o in first.options if o), "")]
        case "file":
            return []
    return [first.value or _words(first)]


def _words(f: Field) -> str:
    if f.name in SOMEBODY:
        return "p-crew7"
    if f.name in ("code", "save", "name"):
        return "parks"
    if f.kind == "date":
        return (date.today() + timedelta(days=40)).isoformat()
    return {"number": "7", "email": "parks@city.example", "time": "09:00"}.get(f.kind, WHY[: f.most or None])


@dataclass
class Answer:
    """path: after redirects; notes: (role, words) of what the page says on top."""

    status: int
    path: str
    page: str
    sent_on: bool = False

    @property
    def title(self) -> str:
        found = re.search(r"(?s)<h1[^>]*>(.*?)</h1>", self.page)
        return found[1].strip() if found else ""

    @property
    def forms(self) -> Forms:
        return Forms(self.page, self.path)


class Browser:
    """Of one person, who is signed in already."""

    def __init__(self, port: int, session: str) -> None:
        self._port = port
        self._cookies = {"sessionid": session}
        self._home = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> Answer:
        return self._follow(self._ask("GET", path))

    def press(self, form: Form, button: Button, said: dict[str, str]) -> Answer:
        """Send it as a browser does."""
        values = filled(form, said) + ([(button.name, button.value)] if button.name else [])
        action = form.to(button)
        if form.parts:
            files = [f.name for f in form.fields if f.kind == "file"]
            kind, body = _multipart(values, files)
        else:
            kind, body = "application/x-www-form-urlencoded", urlencode(values).encode()
        return self._follow(self._ask("POST", action, body, {"Content-Type": kind, "Referer": self._home + form.action}))

    def _follow(self, answer: tuple[Answer, str]) -> Answer:
        found, to = answer
        for _ in range(5):
            if not to:
                return found
            sent = found.status
            found, to = self._ask("GET", urljoin(found.path, to))
            found.sent_on = sent in (302, 303)
        return found

    def _ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[Answer, str]:
        cookies = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        parts = urlsplit(path)
        where = parts.path + (f"?{parts.query}" if parts.query else "")
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as wire:
            wire.request(method, where, body or None, {"Cookie": cookies, "Accept-Language": "en", **(headers or {})})
            response = wire.getresponse()
            content = response.read()
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        page = content.decode(errors="replace") if "html" in response.headers.get("Content-Type", "") else ""
        return Answer(response.status, where, page), response.headers.get("Location", "")


def _multipart(values: list[tuple[str, str]], files: list[str]) -> tuple[str, bytes]:
    mark = "civicmail-form-boundary"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in values]
    for name in files:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n'
        parts.append(head.encode() + CSV + b"\r\n")
    return f"multipart/form-data; boundary={mark}", b"".join(parts) + f"--{mark}--\r\n".encode()
