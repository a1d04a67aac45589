"""Pages for operators: envelopes only, content by a reason and once, accidents in two clicks (P-16, P-17; I1 to I3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.entries import enter
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Entry
from civicmail.desk.oversight import sampling
from civicmail.desk.oversight.models import Hits
from civicmail.front.checkup import samples
from civicmail.front.web.system import installation
from civicmail.front.web.system.urls import urlpatterns
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.tasks import IndexJob
from pages.post import CANARIES
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body(response).replace("<wbr>", "")))


@pytest.fixture
def checked(installed: Path) -> Iterator[None]:
    """The checks of this installation are made, so that pages have what they found."""
    of = installation.checks()
    of.start()
    of.wait(30)
    yield
    of.wait(30)


def indexed(data: Path, now: int) -> None:
    job = IndexJob.take(data)
    while job.step(now):
        pass
    job.close()


# -- envelopes only (I1)


def addresses(city: Town) -> list[str]:
    """Every way to ask a page of operators something, also for its file."""
    mail = [id_ for key, id_ in city.objects.items() if key.startswith("mail ")]
    lists = ["/system/queue/", "/system/queue/hop/?hop=maildir", "/system/queue/hop/?hop=held", "/system/queue/hop/?hop=none"]
    lists += [
        f"/system/trace/?within=day{more}" for more in ("", "&from=ibis@outside.example", "&to=@city.example", "&status=held")
    ]
    lists += [f"/system/trace/?within=day&{field}={CANARIES['subject']}" for field in ("from", "to", "id", "until", "status")]
    lists += [f"/system/trace/{id_}/" for id_ in mail] + ["/system/settings/", "/oversight/viewings/"]
    pages = [
        "/system/health/",
        "/system/statistics/",
        "/system/spam/",
        *(f"/system/trace/{id_}/reveal/" for id_ in mail),
        "/oversight/accident/",
        "/system/webhooks/",
    ]
    pages += ["/system/queue/try/?hop=maildir", f"/system/queue/try/?message={city.objects['mail waiting']}", "/metrics"]
    return [*lists, *(f"{path}{'&' if '?' in path else '?'}format=csv" for path in lists), *pages]


@pytest.mark.rule("P-17, promise 4, I1", "No technical page, and no file of one, contains content of a message.")
def test_no_technical_page_and_no_file_of_one_says_what_is_in_a_message(
    city: Town, visit: Visit, installed: Path, checked: None
) -> None:
    """Canaries in subject, texts, names of people and files, headers, folders and evidence are on none of them (I1)."""
    indexed(installed, epoch_ms(city.now))
    client, shown = visit("operator"), []
    for path in addresses(city):
        response = client.get(path)
        assert response.status_code == 200, path
        said = body(response)
        asked = [name for name in ("subject",) if CANARIES[name].replace(" ", "%20") in path or CANARIES[name] in path]
        shown += [f"{path}: {name}" for name, canary in CANARIES.items() if canary in said and name not in asked]
    assert shown == []
    secrets = [p.read_text(errors="ignore").strip() for p in (installed / "keys").iterdir() if p.is_file() and p.suffix == ".key"]
    told = "".join(body(client.get(path)) for path in ("/system/settings/", "/system/settings/?format=csv", "/system/health/"))
    assert secrets and not any(len(secret) > 10 and secret[:40] in told for secret in secrets)
    visited = {re.sub(r"[0-9a-f-]{36}", "<uuid:capture>", path.partition("?")[0]).lstrip("/") for path in addresses(city)}
    assert {str(p.pattern) for p in urlpatterns} <= visited


def test_what_happened_to_each_message_is_told_by_its_envelope(city: Town, visit: Visit) -> None:
    client = visit("operator")
    found = text(client.get("/system/trace/"))
    for words in (
        "Delivered",
        "Queued",
        "Held",
        "Failed",
        "Rejected",
        "Archived",
        "ibis@outside.example",
        "dana.ortiz@city.example",
    ):
        assert words in found
    one = text(client.get(f"/system/trace/{city.objects['mail waiting']}/"))
    for words in (
        "Retrying",
        "451 4.7.1 come later",
        "smtp://192.0.2.9:25",
        "before the 250",
        "not yet",
        "x-spam-score",
    ):
        assert words in one
    assert re.search(r"\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", one)
    assert "Waiting for dana.ortiz@city.example until today at" in one and "when it is tried again" in one
    delivered = text(client.get(f"/system/trace/{city.objects['mail delivered']}/"))
    assert re.search(
        r"Delivered to dana.ortiz@city.example today at \d+:\d\d [ap].m., less than a second after it arrived", delivered
    )
    held = text(client.get(f"/system/trace/{city.objects['mail held']}/"))
    assert "Held" in held and "files-need-manager" in held
    assert "an import" in text(client.get(f"/system/trace/{city.objects['mail imported']}/"))


@pytest.mark.rule(
    "P-17", "A trace that was opened from a list leads to the messages before and after it in that list, and back to it."
)
def test_a_trace_leads_to_the_messages_beside_it_in_its_list(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civicmail.front.web.system.trace.PER_PAGE", 3)
    client = visit("operator")
    start = body(client.get("/system/trace/?within=day&q=ibis@outside.example"))
    opened = re.search(r'href="(/system/trace/[0-9a-f-]{36}/[^"]*)"', start)
    assert opened is not None
    path, ids = opened[1].replace("&amp;", "&"), []
    while path:
        page = body(client.get(path))
        ids.append(path.split("/")[3])
        older = re.search(r'href="([^"]*)" rel="next"', page)
        newer = re.search(r'href="([^"]*)" rel="prev"', page)
        assert newer is None or ids[-2] in newer[1]
        path = older[1].replace("&amp;", "&") if older else ""
    states = ("delivered", "waiting", "held", "failed", "refused")
    assert ids == [str(city.objects[f"mail {state}"]) for state in states]
    assert 'href="/system/trace/?q=ibis%40outside.example&amp;within=day&amp;before=' in page
    assert 'rel="next"' not in body(client.get(f"/system/trace/{ids[0]}/"))


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("", {"delivered", "waiting", "held", "failed", "refused", "imported"}),
        ("status=waiting", {"waiting"}),
        ("status=held", {"held"}),
        ("status=failed", {"failed"}),
        ("to=dana.ortiz@city.example&status=delivered", {"delivered"}),
        ("to=@city.example", {"delivered", "waiting", "held", "failed", "refused"}),
        ("to=DANA.ORTIZ", {"delivered", "waiting", "held", "failed", "refused"}),
        ("to=nobody@city.example", set()),
        ("from=<>", {"imported"}),
        ("from=ibis@outside.example&to=@city.example&status=refused", {"refused"}),
        ("from=@city.example", set()),
        ("q=ibis@outside.example", {"delivered", "waiting", "held", "failed", "refused"}),
        ("q=dana.ortiz&status=failed", {"failed"}),
        ("until=2001-01-01T00:00", set()),
    ],
)
@pytest.mark.parametrize("with_index", [False, True])
def test_a_message_is_found_by_time_addresses_and_state(
    city: Town, visit: Visit, installed: Path, with_index: bool, query: str, states: set[str]
) -> None:
    """The same with an index and without one."""
    if with_index:
        indexed(installed, epoch_ms(city.now))
    said = body(visit("operator").get(f"/system/trace/?{query}"))
    assert {key.removeprefix("mail ") for key, id_ in city.objects.items() if key.startswith("mail ") and id_ in said} == states


def test_a_message_is_opened_by_its_id_and_other_words_say_what_is_wrong(city: Town, visit: Visit) -> None:
    client, id_ = visit("operator"), city.objects["mail held"]
    for named in (id_, id_.replace("-", ""), id_[:23]):
        assert client.get("/system/trace/", {"q": named}).headers["Location"] == f"/system/trace/{id_}/"
        assert client.get("/system/trace/", {"id": named}).headers["Location"] == f"/system/trace/{id_}/"
    assert "is no id" in text(client.get("/system/trace/", {"id": "what is this"}))
    assert "Nothing is kept under this id" in text(client.get("/system/trace/", {"id": "0" * 32}))
    assert client.get(f"/system/trace/{'0' * 8}-0000-7000-8000-{'0' * 12}/").status_code == 404


def test_what_makes_no_sense_in_an_address_is_answered_in_words(city: Town, visit: Visit) -> None:
    client, audit = visit("operator"), visit("auditor")
    for until in ("9999-12-31T23:59", "0001-01-01T00:00", "2026-13-45T99:99", "yesterday", "-1", "2026-11-25"):
        for more in ("", "&within=year", "&within=x&status=y&before=zz", f"&before={'f' * 32}", "&format=csv"):
            assert client.get(f"/system/trace/?until={until}{more}").status_code == 200, until
    assert "This is no day and time" in text(client.get("/system/trace/?until=yesterday"))
    for page in ("/system/queue/hop/", "/system/queue/hop/?hop=<b>&page=99", "/system/queue/?page=-3"):
        assert client.get(page).status_code == 200, page
    assert client.get("/system/queue/try/?hop=nowhere").status_code == 302
    assert client.get("/system/queue/try/?message=nothing").status_code == 404
    assert client.post("/system/queue/try/?hop=nowhere", {"reason": "because"}).status_code == 409
    for week in ("9999-W52", "0001-W01", "x", "2026-W99"):
        assert audit.get(f"/oversight/viewings/sample/?week={week}").status_code == 404, week
    assert audit.get("/oversight/viewings/sample/?week=2199-W01").status_code == 200


@pytest.mark.rule("P-17, promise 8", "A trace reads a limited number of envelopes for a page, and states how far back it searched.")
def test_a_page_reads_so_many_envelopes_and_says_how_far_back_it_searched(
    city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a million messages are never read through; the next page goes on behind the last that was looked at."""
    monkeypatch.setattr("civicmail.front.web.system.trace.MAX_ENVELOPES", 2)
    client, path = visit("operator"), "/system/trace/?within=day"
    seen: list[list[str]] = []
    for _ in range(4):
        said = body(client.get(path))
        seen.append([key.removeprefix("mail ") for key, id_ in city.objects.items() if key.startswith("mail ") and id_ in said])
        older = re.search(r'href="(/system/trace/\?[^"]*before=[^"]*)"', said)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
    assert seen == [["delivered", "waiting"], ["held", "failed"], ["refused", "imported"]]
    assert "Searched back to" in text(client.get("/system/trace/?from=<>"))


# -- content is another act (I1)


@pytest.mark.rule(
    "P-17, promise 4, I1",
    "Content on a technical page takes a code and words, comes after its entry, and is one content view that no browser stores.",
)
def test_content_is_shown_once_with_a_reason_and_after_its_entry(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a code and words there is no entry and no look; the entry stands before a byte is read."""
    client, id_ = visit("operator"), city.objects["mail waiting"]
    path, read = f"/system/trace/{id_}/reveal/", []
    plain = Archive.body

    def watched(archive: Archive, permit: Any, place: Any) -> bytes:
        read.append((permit.entry, list(Entry.objects.filter(act="content.reveal").values_list("object", flat=True))))
        return plain(archive, permit, place)

    monkeypatch.setattr(Archive, "body", watched)
    for form in (
        {"text": ""},
        {"reason_code": "delivery"},
        {"text": "The next hop says nothing."},
        {"reason_code": "x", "text": "y" * 20},
    ):
        assert client.post(path, form).status_code == 422
    assert not read and not Entry.objects.filter(act="content.reveal", object=f"capture:{id_}").exists()
    shown = client.post(path, {"reason_code": "delivery", "text": "The next hop says nothing."})
    assert shown.status_code == 200
    assert CANARIES["subject"] in text(shown) and CANARIES["html"] in text(shown)
    assert "no-store" in shown.headers.get("Cache-Control", "")
    entry = Entry.objects.filter(act="content.reveal").first()
    assert entry is not None
    assert (entry.person, entry.duty, entry.object) == ("p-operator", "system-administrator", f"capture:{id_}")
    [(named, before)] = read
    assert named == f"entry:{entry.uuid}" and f"capture:{id_}" in before
    assert CANARIES["subject"] not in text(client.get(path))


@pytest.mark.rule("P-16, promise 4, E6", "With a cut ledger nothing is revealed.")
def test_with_a_cut_ledger_nothing_is_revealed(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and nothing of the message (E6)."""
    monkeypatch.setattr(entries, "lag_ms", lambda now: entries.MAX_LAG_MS + 1)
    path = f"/system/trace/{city.objects['mail waiting']}/reveal/"
    answer = visit("operator").post(path, {"reason_code": "delivery", "text": "The next hop says nothing."})
    assert answer.status_code == 503
    assert not any(canary in body(answer) for canary in CANARIES.values())
    assert not Entry.objects.filter(act="content.reveal", object__contains=city.objects["mail waiting"]).exists()


# -- seen by accident (I2)


@pytest.mark.rule("P-17, I2", "A view by accident is recorded in two clicks, with its message, and without blame.")
def test_what_was_seen_by_accident_is_recorded_in_two_clicks_and_nobody_is_blamed(city: Town, visit: Visit) -> None:
    """The link of the page of the message, then one button; nothing of the content has a place in it."""
    client, id_ = visit("operator"), city.objects["mail held"]
    page = body(client.get(f"/system/trace/{id_}/"))
    link = re.search(r'href="(/oversight/accident/\?[^"]*)"', page)
    assert link is not None
    form = body(client.get(link[1]))
    inputs = [dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in re.findall(r"<input([^>]*)>", form)]
    fields = {i["name"]: i.get("value", "") for i in inputs if i["name"] == "message"}
    fields |= {"how": re.findall(r'value="(\w+)"[^>]*checked', form)[0], "next": re.findall(r'name="next" value="(\w+)"', form)[0]}
    assert client.post("/oversight/accident/", fields).status_code == 302
    entry = Entry.objects.get(act="content.accident")
    assert entry.person == "p-operator" and id_.replace("-", "") in entry.object.replace("-", "")
    said = re.search(r'(?s)<main id="main".*</main>', body(client.get(link[1])))
    assert said is not None
    assert not re.search(r"\b(fault|guilty|violation|breach|offen[cs]e|sanction|unauthori[sz]ed)\b", said[0], re.I)
    wrong = client.post("/oversight/accident/", {**fields, "message": CANARIES["subject"]})
    assert wrong.status_code == 422
    assert Entry.objects.filter(act="content.accident").count() == 1


# -- who looked (I3)


def reveal(city: Town, at: int, person: str = "p-operator") -> Entry:
    said = {"object": f"capture:{city.objects['mail waiting']}", "role": "system-administrator", "facts": {"code": "delivery"}}
    with transaction.atomic():
        return enter("content.reveal", actor=Actor(person), reason="The next hop says nothing.", now=at, **said)  # type: ignore[arg-type]


def last_week(city: Town) -> tuple[str, int]:
    """The week before this one, and ms of a moment in the middle of it."""
    week = sampling.last_whole(timezone.localdate(city.now))
    monday = sampling.monday_of(week)
    assert monday is not None
    return week, epoch_ms(city.now - timedelta(days=(timezone.localdate(city.now) - monday).days - 3))


@pytest.mark.rule(
    "P-16, I3",
    "An auditor sees viewer, role, reason and object; an operator sees their own content views; nobody sees the content.",
)
def test_every_look_is_listed_for_the_auditor_and_ones_own_for_an_operator(city: Town, visit: Visit) -> None:
    """Who, as what, why, which object; never what was seen, nor the words of a search."""
    reveal(city, epoch_ms(city.now), "p-other")
    with transaction.atomic():
        facts = {"query": CANARIES["subject"], "mandate": "26-014"}
        enter(
            "content.list", actor=Actor("p-examiner"), reason="Case.", now=epoch_ms(city.now), object="mandate:26-014", facts=facts
        )
    audit, own = (body(visit(who).get("/oversight/viewings/?format=csv")) for who in ("auditor", "operator"))
    assert "p-other" in audit and "mandate:26-014" in audit and "p-examiner" in audit
    assert CANARIES["subject"] not in audit + body(visit("auditor").get("/oversight/viewings/"))
    assert "p-operator" in own and "p-other" not in own and "26-014" not in own


@pytest.mark.rule("P-17, I3", "Each reveal of the weekly sample is reviewed once with a remark, and only those in the sample.")
@pytest.mark.parametrize("count", [3, 30])
def test_the_weekly_sample_is_looked_at_with_a_remark_each(city: Town, visit: Visit, count: int) -> None:
    """All of few, twenty of many; each once, and what was not drawn cannot be marked."""
    week, at = last_week(city)
    before = Entry.objects.filter(act="content.reveal", at__lt=epoch_ms(city.now) - 1000).count()
    made = [reveal(city, at + n) for n in range(count)]
    client = visit("auditor")
    drawn = [
        e
        for e in Entry.objects.filter(act="content.reveal")
        if f"/oversight/viewings/{e.pk}/mark/" in body(client.get("/oversight/viewings/sample/"))
    ]
    assert len(drawn) == min(count + before, 20)
    first = drawn[0]
    path = f"/oversight/viewings/{first.pk}/mark/"
    assert client.post(path, {"remark": ""}).status_code == 422
    assert client.post(path, {"remark": "A good reason."}).headers["Location"] == f"/oversight/viewings/sample/?week={week}"
    assert client.post(path, {"remark": "Once more."}).status_code == 409
    mark = Entry.objects.get(act="viewing.mark")
    assert (mark.object, mark.person, mark.reason) == (f"entry:{first.uuid}", "p-auditor", "A good reason.")
    for other in set(made) - set(drawn):
        assert client.post(f"/oversight/viewings/{other.pk}/mark/", {"remark": "Not drawn."}).status_code == 409
        break
    now = reveal(city, epoch_ms(city.now))
    assert client.post(f"/oversight/viewings/{now.pk}/mark/", {"remark": "Too early."}).status_code == 409
    assert Entry.objects.filter(act="viewing.mark").count() == 1
    assert f"Look at {len(drawn) - 1} reveal" in text(client.get("/"))


# -- what is stuck, and how it is set


def test_mail_that_waits_is_tried_again_with_a_reason(city: Town, visit: Visit, installed: Path) -> None:
    client = visit("operator")
    assert "maildir" in text(client.get("/system/queue/")) and "held for a decision" in text(client.get("/system/queue/"))
    assert "451 4.7.1 come later" in text(client.get("/system/queue/hop/?hop=maildir"))
    path = "/system/queue/try/?hop=maildir"
    assert client.post(path, {"reason": ""}).status_code == 422
    assert client.post(path, {"reason": "The mailbox was repaired."}).status_code == 302
    assert Entry.objects.get(act="queue.act").reason == "The mailbox was repaired."
    [entry] = outstanding_file.current(installed).waiting()
    assert [copy.due for copy in entry.copies.values()] == [0]
    assert not re.search(r"delete|drop", body(client.get("/system/queue/")), re.I)


def test_what_is_damaged_is_a_sentence_that_says_what_to_do(city: Town, visit: Visit, installed: Path) -> None:
    client, path = visit("operator"), min(installed.glob("journal/*/*.log"))
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF  # of the first record, which is of the message that was delivered
    path.write_bytes(content)
    answer = client.get(f"/system/trace/{city.objects['mail delivered']}/")
    assert answer.status_code == 503 and "is damaged" in text(answer)
    found = text(client.get("/system/trace/"))
    assert "Some messages could not be read" in found and "Queued" in found
    (installed / "outstanding").mkdir(exist_ok=True)
    (installed / "outstanding" / "snapshot").write_bytes(b"rubbish")
    for page in ("/system/queue/", "/system/queue/hop/?hop=maildir", "/system/trace/?status=held"):
        answer = client.get(page)
        assert answer.status_code == 503 and "civicmail rebuild outstanding" in text(answer), page
    assert client.get("/system/health/").status_code == 200


def test_settings_say_where_they_are_from_and_which_acts_changed_what(city: Town, visit: Visit, installed: Path) -> None:
    (installed / "directory.toml").write_text('[department.fire]\naddresses = ["chief@city.example"]\n')
    said = text(visit("operator").get("/system/settings/"))
    assert "CIVICMAIL__WEB__SERVE" in said and "web.serve" in said
    assert "Set by people while it runs" in said
    listed = body(visit("operator").get("/system/settings/?format=csv"))
    assert "gateway.min_free,1073741824,default,1073741824" in listed
    assert re.search(r'city.domains,"\[""city.example""\]",civicmail.toml \(line \d+\)', listed)


def test_health_says_what_to_do_and_how_much_came_in(city: Town, visit: Visit, checked: None) -> None:
    said = text(visit("auditor").get("/system/health/"))
    assert "Nobody has proved to have the recovery key" in said and "civicmail keys prove-recovery" in said
    assert re.search(r"[56] messages in 24 hours", said)


@pytest.mark.rule(
    "P-17", "Health has the progress of long work: page and title say how many checks are made, and it ends by itself."
)
def test_health_says_how_many_checks_are_made(city: Town, visit: Visit, checked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, running = visit("operator"), installation.checks()
    assert operator.post("/system/health/").status_code == 302
    running.wait(30)
    of = len(running.checks)
    monkeypatch.setattr(running, "_known", replace(running.last(), since=running.last().at, done=of // 2))
    asked = {"HX-Request": "true", "HX-Request-Type": "partial", "X-Poll": "1"}
    page, part = body(operator.get("/system/health/")), body(operator.get("/system/health/", headers=asked))
    for shown in (page, part):
        assert f"{of // 2} of {of} checks are made." in shown and 'hx-trigger="every 2s"' in shown
        assert f"<title>{100 * (of // 2) // of} % · Health" in shown
    monkeypatch.setattr(running, "_known", replace(running.last(), since=0))
    part = body(operator.get("/system/health/", headers=asked))
    assert "hx-trigger" not in part and "<title>Health" in part and "checks want a look" in part


def test_what_is_not_set_up_stands_apart_and_is_gray(city: Town, visit: Visit, checked: None) -> None:
    """P-29."""
    page = body(visit("operator").get("/system/health/"))
    wrong, _, rest = page.partition("<h2>Off</h2>")
    off, _, good = rest.partition("<h2>Good</h2>")
    assert "There is no second place" in off and "There is no second place" not in wrong + good
    assert "cm-st--quiet" in off and "cm-st--stop" not in off and "cm-st--done" not in off
    asked = installation.checks().last()
    assert all(f.do for f in asked.findings if f.level == "not-set-up") and not any(f.level == "not-set-up" for f in asked.bad)


def test_the_menu_shows_system_to_whom_it_serves(city: Town, visit: Visit) -> None:
    assert "Trace" in text(visit("operator").get("/")) and "Content views" in text(visit("operator").get("/"))
    assert "Trace" not in text(visit("auditor").get("/")) and "Health" in text(visit("auditor").get("/"))
    assert "Health" not in text(visit("head").get("/"))


# -- statistics


def test_statistics_show_charts_and_numbers_by_hour_day_and_month(city: Town, visit: Visit, installed: Path) -> None:
    """Each scale has its charts and a file; hits of rules are by day, so hours have none."""
    now = epoch_ms(city.now)
    for back in (2, 1):
        samples.take(installed, now - back * samples.HOUR, lambda _now: {"approvals": 3, "oldest": 7200.0})
    Hits.objects.create(rule="spam-band", day=timezone.localdate(), how="enforce", copies=7)
    client = visit("auditor")
    for by, rules in (("hour", False), ("day", True), ("month", True)):
        page = text(client.get(f"/system/statistics/?by={by}&rule=spam-band"))
        assert "messages came in" in page and "3 wait now; the longest wait was 2 hours." in page
        assert ("7 of spam and 0 of phishing" in page) == rules == ("The rule spam-band matched 7 copies" in page)
        assert "In,Out,Refused,Failed,Held" in body(client.get(f"/system/statistics/?by={by}&format=csv"))
    assert "Mail statistics" in text(client.get("/")) and client.get("/system/statistics/?by=x&rule=y").status_code == 200
