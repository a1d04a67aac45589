"""Outlook's appointments, meetings, tasks and journal entries as iCalendar (RFC 5545), with their times also in words. Pure.

Such an item has its searchable data (times, place, recurrence, due date) only in properties (MS-OXOCAL, MS-OXOTASK, MS-OXOJRNL); as
a part of the message built from it a search finds them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from civicmail.core.message import content_lines, mapi, recurrence
from civicmail.core.message.mapi import Item, Properties

_APPOINTMENT, _TASK, _LOG = (f"{{0006{n}-0000-0000-c000-000000000046}}" for n in ("2002", "2003", "200a"))
_COMMON, _MEETING = "{00062008-0000-0000-c000-000000000046}", "{6ed8da90-450b-101b-98da-00aa003f1305}"
KEYWORDS = "{00020329-0000-0000-c000-000000000046}/Keywords"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = (0, 4_000_000_000_000)  # a time of 4501 means none
_METHODS = (
    ("ipm.schedule.meeting.request", "REQUEST"),
    ("ipm.microsoft schedule.mtgreq", "REQUEST"),
    ("ipm.schedule.meeting.canceled", "CANCEL"),
    ("ipm.schedule.meeting.resp", "REPLY"),
)
_EVENTS = ("ipm.appointment", "ipm.schedule.meeting", "ipm.microsoft schedule.mtg", "ipm.ole.class.{00061055")
_ROLES = {1: "REQ-PARTICIPANT", 2: "OPT-PARTICIPANT", 3: "NON-PARTICIPANT"}
_RESPONSES = {"pos": "ACCEPTED", "neg": "DECLINED", "tent": "TENTATIVE"}
_SHOWN = {0: "FREE", 1: "TENTATIVE", 2: "BUSY", 3: "OOF"}
_PROGRESS = {0: "NEEDS-ACTION", 1: "IN-PROCESS", 2: "COMPLETED", 3: "NEEDS-ACTION", 4: "CANCELLED"}
_PROGRESS_WORDS = {0: "not started", 1: "in progress", 2: "completed", 3: "waiting on someone else", 4: "deferred"}


def part(item: Item) -> tuple[str, bytes] | None:
    """(parameters of text/calendar, content); None for another kind of item, or one without time and place."""
    class_ = mapi.text(item.properties, mapi.CLASS).lower()
    method = next((name for begin, name in _METHODS if class_.startswith(begin)), "")
    if class_.startswith(_EVENTS):
        kind, lines = "VEVENT", _event(item, class_)
    elif class_.startswith(("ipm.task", "ipm.taskrequest")):
        kind, lines = "VTODO", _task(item.properties)
    elif class_.startswith("ipm.activity"):
        kind, lines = "VJOURNAL", _entry(item.properties)
    else:
        return None
    if not lines:
        return None
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Civicmail//built from an Outlook item//EN"]
    if method:
        whole.append(f"METHOD:{method}")
    whole += [f"BEGIN:{kind}", *_common(item), *lines, f"END:{kind}", "END:VCALENDAR"]
    return f"charset=utf-8; method={method}" if method else "charset=utf-8", content_lines.written(whole)


def _common(item: Item) -> list[str]:
    p = item.properties
    identity = _first(p, f"{_MEETING}/0x0023", f"{_MEETING}/0x0003")
    stamp = next((t for name in (mapi.CHANGED, mapi.SUBMITTED, mapi.CREATED) if (t := _time(p, name))), None)
    lines = [f"UID:{identity.hex().upper()}"] if isinstance(identity, bytes) else []
    if stamp:
        lines.append(f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}")
    lines += _text("SUMMARY", mapi.subject(p))
    words = p.get(KEYWORDS)
    if isinstance(words, list) and words:
        lines.append("CATEGORIES:" + ",".join(content_lines.text(str(word)) for word in words))
    return lines


def _event(item: Item, class_: str) -> list[str]:
    p = item.properties
    start = _time(p, f"{_APPOINTMENT}/0x820d") or _time(p, "0x0060")
    end = _time(p, f"{_APPOINTMENT}/0x820e") or _time(p, "0x0061")
    place = mapi.text(p, f"{_APPOINTMENT}/0x8208", f"{_MEETING}/0x0002")
    if not (start or end or place):
        return []
    lines = [*_at("DTSTART", start), *_at("DTEND", end), *_text("LOCATION", place)]
    whole_day = bool(p.get(f"{_APPOINTMENT}/0x8215"))
    comment = [_span(start, end) + (", all day" if whole_day else "")] if start else []
    pattern = p.get(f"{_APPOINTMENT}/0x8216")
    rule = recurrence.read(pattern) if isinstance(pattern, bytes) else None
    if rule:
        lines.append(f"RRULE:{rule.rule}")
        comment.append(rule.words)
    comment += [text for n in ("8232", "8234") if (text := mapi.text(p, f"{_APPOINTMENT}/0x{n}"))]
    for people in ("8238", "823b", "823c"):
        if names := mapi.text(p, f"{_APPOINTMENT}/0x{people}"):
            comment.append(names)
            break
    if whole_day:
        lines.append("X-MICROSOFT-CDO-ALLDAYEVENT:TRUE")
    shown = mapi.number(p, f"{_APPOINTMENT}/0x8205")
    if shown in _SHOWN:
        lines.append(f"X-MICROSOFT-CDO-BUSYSTATUS:{_SHOWN[shown]}")
    return [*lines, *_people(item, class_), *_text("COMMENT", "\n".join(comment))]


def _people(item: Item, class_: str) -> list[str]:
    """The organizer and the invited people; in a response the person who answers."""
    p = item.properties
    answer = _RESPONSES.get(class_.rpartition(".")[2], "") if ".resp." in class_ else ""
    own = (mapi.text(p, mapi.REPRESENTING_NAME, mapi.SENDER_NAME), mapi.text(p, mapi.REPRESENTING_SMTP, mapi.SENDER_SMTP))
    if answer:
        return [_person("ATTENDEE", *own, f";PARTSTAT={answer}")] if any(own) else []
    lines = [_person("ORGANIZER", *own, "")] if item.recipients and any(own) else []
    for recipient in item.recipients:
        name, address = mapi.text(recipient, mapi.NAME), mapi.text(recipient, mapi.SMTP, mapi.ADDRESS)
        role = _ROLES.get((mapi.number(recipient, mapi.RECIPIENT_TYPE) or 0) & 15)
        if role and (name or address):
            lines.append(_person("ATTENDEE", name, address, f";ROLE={role}"))
    return lines


def _person(field: str, name: str, address: str, parameters: str) -> str:
    shown = f";CN={content_lines.parameter(name)}" if name else ""
    address = "".join(address.split())
    return f"{field}{shown}{parameters}:{f'mailto:{address}' if '@' in address else 'invalid:nomail'}"


def _task(p: Properties) -> list[str]:
    start, due, done = (_time(p, f"{_TASK}/0x{n}") for n in ("8104", "8105", "810f"))
    state = mapi.number(p, f"{_TASK}/0x8101")
    owner = mapi.text(p, f"{_TASK}/0x811f")
    comment = [
        f"start {_words(start)}" if start else "",
        f"due {_words(due)}" if due else "",
        f"done {_words(done)}" if done else "",
    ]
    comment += [_PROGRESS_WORDS.get(-1 if state is None else state, ""), f"owner {owner}" if owner else ""]
    lines = [*_at("DTSTART", start), *_at("DUE", due), *_at("COMPLETED", done)]
    if state in _PROGRESS:
        lines.append(f"STATUS:{_PROGRESS[state]}")
    share = p.get(f"{_TASK}/0x8102")
    if isinstance(share, str) and share.replace(".", "", 1).isdigit():
        lines.append(f"PERCENT-COMPLETE:{min(100, round(float(share) * 100))}")
    return [*lines, *_text("COMMENT", "\n".join(words for words in comment if words))]


def _entry(p: Properties) -> list[str]:
    start, end = _time(p, f"{_LOG}/0x8706"), _time(p, f"{_LOG}/0x8708")
    kind = mapi.text(p, f"{_LOG}/0x8700", f"{_LOG}/0x8712")
    companies = p.get(f"{_COMMON}/0x8539")
    comment = [kind, _span(start, end) if start else "", *(map(str, companies) if isinstance(companies, list) else ())]
    return [*_at("DTSTART", start), *_text("COMMENT", "\n".join(words for words in comment if words))]


def _first(p: Properties, *names: str) -> mapi.Value | None:
    return next((p[name] for name in names if p.get(name)), None)


def _time(p: Properties, name: str) -> datetime | None:
    ms = mapi.number(p, name)
    return _EPOCH + timedelta(milliseconds=ms) if ms is not None and _NEVER[0] < ms < _NEVER[1] else None


def _at(name: str, at: datetime | None) -> list[str]:
    return [f"{name}:{at:%Y%m%dT%H%M%SZ}"] if at else []


def _text(name: str, value: str) -> list[str]:
    return [f"{name}:{content_lines.text(value)}"] if value.strip() else []


def _words(at: datetime) -> str:
    return f"{at:%A, %-d %B %Y %H:%M} UTC"


def _span(start: datetime, end: datetime | None) -> str:
    if end is None or end == start:
        return _words(start)
    return f"{_words(start)} to {end:%H:%M} UTC" if end.date() == start.date() else f"{_words(start)} to {_words(end)}"
