"""Writing on the pages, as a browser without script does it (P-06, P-14, P-19, P-22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicmail.city.policy import active_rules
from civicmail.core.message import message_parser
from civicmail.desk.mailbox.models import Draft, DraftFile, Outgoing
from desk.mailbox.post import Post, letter
from desk.mailbox.test_forecast import rule
from desk.mailbox.test_pages import said
from desk.mailbox.writing import CREWS, DANA, LENA, ROSA, STREETS, Office, office
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n"


@pytest.fixture
def desk(installed: Path, city: Town) -> Iterator[Office]:
    with office(installed, city) as made:
        yield made


class Page:
    """One page with its form, as a browser has it: everything that stands in it is posted back."""

    def __init__(self, client: Client, path: str) -> None:
        self.client = client
        self.show(client.get(path))

    def show(self, response: Any) -> None:
        assert response.status_code in (200, 422, 409), response.status_code
        self.response = response
        self.text = said(response)
        page = response.content.decode()
        found = re.search(r'<form class="usa-form" id="write".*?action="([^"]+)".*?</form>', page, re.DOTALL)
        assert found, self.text
        self.action, form = found[1], found[0]
        self.fields: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        for tag in re.findall(r"<input [^>]*>", form):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and 'type="file"' not in tag and 'type="checkbox"' not in tag:
                self.fields[name[1]] = _plain(value[1]) if value else ""
        for name_, value_ in re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
            self.fields[name_] = _plain(value_)
        keep = re.findall(r'name="keep" value="([^"]+)"[^>]*checked', form)
        self.fields |= {"keep": keep} if keep else {}
        chosen = re.search(r'<select [^>]*name="mailbox".*?<option value="([^"]+)" selected', form, re.DOTALL)
        self.fields |= {"mailbox": chosen[1]} if chosen else {}

    def press(self, do: str, **typed: Any) -> Any:
        """A button, after something was typed. The answer; the page that it leads to is this page from now on, if it is one."""
        answer = self.client.post(self.action, {**self.fields, **typed, "do": do})
        if answer.status_code == 302 and answer.headers["Location"].startswith("/mail/write/"):
            self.show(self.client.get(answer.headers["Location"]))
        elif answer.status_code in (409, 422):
            self.show(answer)
        return answer

    @property
    def draft(self) -> Draft:
        return Draft.objects.get(uid=self.action.rstrip("/").rpartition("/")[2])


def _plain(text: str) -> str:
    import html

    return html.unescape(text)


@pytest.mark.rule("P-06", "The page of a draft that was sent leads to what became of it, and sends nothing twice.")
def test_a_message_is_written_sent_and_seen(desk: Office, visit: Visit) -> None:
    """Write, attach, send, delivery; the text stands above the block of the directory."""
    client = visit("crew0")
    page = Page(client, "/mail/write/")
    text = "Dear Lena,\nplease look."
    page.press("attach", to=f"Lena Vogt <{LENA}>", subject="Lead lines", text=text, file=[_file("plan.pdf", PDF)])
    assert "plan.pdf" in page.text and "PDF" in page.text
    answer = page.press("send")
    out = Outgoing.objects.get()
    assert answer.headers["Location"] == "/mail/"
    there = f"/mail/outgoing/{out.uid}/"
    for waits in (said(client.get("/mail/?direction=sent")), said(client.get(there))):
        assert re.search(r"The message to Lena Vogt will be sent in \d+ seconds\.", waits), waits
        assert "Undo" in waits and "was sent" not in waits
    assert client.post(there, {"do": "now", "next": "/mail/?direction=sent"}).headers["Location"] == "/mail/?direction=sent"
    out.refresh_from_db()
    desk.now = max(desk.now, int(out.due.timestamp() * 1000))
    assert desk.work() == 1
    sent = said(client.get(there, follow=True))
    assert LENA in sent and "Queued" in sent and "was sent" not in sent
    assert "The message to" not in said(client.get("/mail/")), "once it is on its way, the note is gone"
    polled = client.get(there, headers={"HX-Request-Type": "partial"}).content.decode()
    assert 'data-say="The message to Lena Vogt is on its way."' in polled and "hx-get" not in polled
    ((capture, body),) = desk.captures()
    message = message_parser.parse(body)
    assert message.text.startswith("Dear Lena,\nplease look.\n\n-- \nDana Ortiz\nCrew Clerk\nPublic Works\n")
    assert message.attachments[0].content == PDF
    assert not Draft.objects.exists() and not DraftFile.objects.exists()
    assert client.get(f"/mail/{capture.uuid}/").status_code == 200
    again = client.post(page.action, {**page.fields, "do": "send"})
    assert again.headers["Location"] == there, "a click on the old page sends nothing twice"
    assert Outgoing.objects.count() == 1


def _file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_undo_gives_the_draft_back_as_it_was(desk: Office, visit: Visit) -> None:
    """On the page."""
    client = visit("crew0")
    page = Page(client, "/mail/write/")
    page.press("send", to=LENA, subject="Too early", text="Wait.")
    there = f"/mail/outgoing/{Outgoing.objects.get().uid}/"
    assert "Queued" in said(client.get("/mail/drafts/"))
    assert client.get(page.action).headers["Location"] == there, "while it waits nobody writes on"
    answer = client.post(there, {"do": "undo"})
    assert answer.headers["Location"] == page.action
    assert desk.work(after=60_000) == 0
    again = Page(client, page.action)
    assert (again.fields["subject"], again.fields["text"]) == ("Too early", "Wait.")
    assert client.post(there, {"do": "undo"}).status_code == 302, "a second click is harmless"
    assert again.press("send").headers["Location"] == "/mail/" and Outgoing.objects.filter(state="waiting").count() == 1
    assert "was taken back" in said(client.get(there))


@pytest.mark.rule("P-06", "Two windows on one draft never overwrite each other unseen, also while script saves.")
def test_two_windows_never_overwrite_each_other_unseen(desk: Office, visit: Visit) -> None:
    """Both texts are shown, and the second save is a choice."""
    client = visit("crew0")
    first = Page(client, "/mail/write/")
    first.press("save", text="The first words.")
    second = Page(client, first.action)
    second.press("save", text="Words of the second window.")
    auto = client.post(first.action, {**first.fields, "text": "More of the first.", "do": "autosave"})
    assert auto.status_code == 200 and "this is not saved" in said(auto)
    answer = first.press("save", text="More of the first.")
    assert answer.status_code == 409
    assert "Words of the second window." in first.text and first.fields["text"] == "More of the first."
    assert first.draft.text == "Words of the second window."
    first.press("save")
    assert first.draft.text == "More of the first."


def test_what_is_typed_is_saved_without_a_button(desk: Office, visit: Visit) -> None:
    """While somebody writes; the answer carries the version, and files are not sent along."""
    client = visit("crew0")
    page = Page(client, "/mail/write/")
    for text in ("Dear", "Dear Lena"):
        answer = client.post(page.action, {**page.fields, "text": text, "do": "autosave"}, headers={"HX-Request-Type": "partial"})
        assert "Saved" in said(answer) and "<form" not in answer.content.decode()
        page.fields |= {"version": re.findall(r'name="version" value="(\d+)"', answer.content.decode())[0]}
    assert page.draft.text == "Dear Lena"


def test_nobody_reads_or_writes_another_s_draft(desk: Office, visit: Visit) -> None:
    page = Page(visit("crew0"), "/mail/write/")
    page.press("save", text="Mine.")
    other = visit("crew1")
    assert other.get(page.action).status_code == 404
    assert other.post(page.action, {**page.fields, "text": "Yours."}).status_code == 404
    assert page.draft.text == "Mine."


@pytest.mark.rule("P-06", "A reply names what it answers, quotes it below the writer's own words, and to all leaves oneself out.")
def test_a_reply_quotes_and_names_what_it_answers(desk: Office, post: Post, visit: Visit) -> None:
    """To whom, subject, In-Reply-To, References; a reply to all leaves oneself out."""
    body = letter(
        sender="Ann Acme <ann@paving.example>", to=f"{DANA}, {LENA}", subject="Bid 14", text="When is it due?\n\nRegards",
        Message_ID="<b1@paving.example>", References="<a0@paving.example>", Cc=ROSA,
    )  # fmt: skip
    id_ = _uuid(post.arrive(body, DANA, LENA, ROSA))
    client = visit("crew0")
    assert f"/mail/write/?re={id_}&amp;how=reply" in client.get(f"/mail/{id_}/").content.decode()
    page = Page(client, f"/mail/write/?re={id_}&how=reply")
    assert (page.fields["to"], page.fields["cc"], page.fields["subject"]) == ("Ann Acme <ann@paving.example>", "", "Re: Bid 14")
    assert "Ann Acme <ann@paving.example> wrote:\n> When is it due?\n>\n> Regards" in page.fields["quote"]
    everybody = Page(client, f"/mail/write/?re={id_}&how=all")
    assert {n.strip() for n in everybody.fields["cc"].split(",")} == {LENA, ROSA}
    page.press("send", text="On Friday.")
    assert page.draft.in_reply_to == "<b1@paving.example>"
    page.press("send")
    assert desk.work(after=60_000) == 1
    message = message_parser.parse(next(b for c, b in desk.captures() if c.source.kind == "submission"))
    assert (message.in_reply_to, message.references) == (("b1@paving.example",), ("a0@paving.example", "b1@paving.example"))
    assert message.text.index("On Friday.") < message.text.index("Dana Ortiz") < message.text.index("> When is it due?")
    assert visit("crew2").get(f"/mail/write/?re={id_}&how=reply").status_code == 404, "not of mail that is not mine"


def _uuid(id_: bytes) -> str:
    import uuid

    return str(uuid.UUID(bytes=id_))


@pytest.mark.rule("P-06", "A forward has the files that were ticked, of what its person was given.")
def test_a_forward_hands_on_the_files_that_are_ticked(desk: Office, post: Post, visit: Visit) -> None:
    """And nothing of a copy that was kept back."""
    two = (
        b"From: a@paving.example\r\nTo: dana.ortiz@city.example\r\nSubject: Plans\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTwo plans.\r\n"
        b"--b\r\nContent-Disposition: attachment; filename=one.pdf\r\n\r\n%PDF-1.4 one\r\n"
        b"--b\r\nContent-Disposition: attachment; filename=two.pdf\r\n\r\n%PDF-1.4 two\r\n--b--\r\n"
    )
    id_ = _uuid(post.arrive(two, DANA))
    client = visit("crew0")
    page = Page(client, f"/mail/write/?re={id_}&how=forward")
    assert page.fields["to"] == "" and page.fields["subject"] == "Fwd: Plans"
    assert "Two plans." in page.fields["quote"] and len(page.fields["keep"]) == 2
    page.press("save", keep=page.fields["keep"][1:], to=LENA)
    assert [f.name for f in page.draft.files.all()] == ["two.pdf"]
    assert bytes(page.draft.files.get().content) == b"%PDF-1.4 two"
    page.press("save", text="Again.")
    assert page.draft.files.count() == 1


@pytest.mark.rule("P-25", "Each file of a draft is shown with its true type, and a too large one is reported without loss.")
def test_files_are_added_taken_out_and_limited_in_words(desk: Office, visit: Visit, settings: Any) -> None:
    """The true type is shown; what is too large is said before it is read, and the text stays."""
    page = Page(visit("crew0"), "/mail/write/")
    page.press("attach", text="Look.", file=[_file("a.pdf", PDF), _file("song.pdf", b"ID3" + bytes(64))])
    assert "It is not what its name says." in page.text
    pk = page.draft.files.get(name="song.pdf").pk
    page.press(f"remove:{pk}")
    assert [f.name for f in page.draft.files.all()] == ["a.pdf"]
    from dataclasses import replace

    settings.CITY = replace(settings.CITY, gateway=replace(settings.CITY.gateway, max_message=100))
    answer = page.press("attach", text="Look here.", file=[_file("b.bin", bytes(200))])
    assert answer.status_code == 422
    assert "MB may go with a message" in page.text and page.fields["text"] == "Look here."
    assert page.draft.files.count() == 1 and page.draft.text == "Look here."


def test_files_of_script_come_and_go_in_a_part_of_the_page(desk: Office, visit: Visit, settings: Any) -> None:
    """The part has the version for the next save, also when a file was refused and the text is saved."""
    from dataclasses import replace

    client, script = visit("crew0"), {"HX-Request-Type": "partial"}
    page = Page(client, "/mail/write/")

    def post(do: str, **more: Any) -> str:
        answer = client.post(page.action, {**page.fields, **more, "do": do}, headers=script)
        html = answer.content.decode()
        assert answer.status_code == 200 and "<form" not in html
        page.fields |= {"version": re.findall(r'name="version" value="(\d+)"', html)[0]}
        return html

    assert "plan.pdf" in post("attach", text="Look.", file=[_file("plan.pdf", PDF)])
    assert "plan.pdf" not in post(f"remove:{page.draft.files.get().pk}", text="Look.")
    settings.CITY = replace(settings.CITY, gateway=replace(settings.CITY.gateway, max_message=100))
    assert "MB may go with a message" in post("attach", text="Look here.", file=[_file("b.bin", bytes(200))])
    post("autosave", text="Look there.")
    assert (page.draft.text, page.draft.files.count()) == ("Look there.", 0)


@pytest.mark.rule("P-06", "Names are resolved by the directory, and a missing mailbox of ours is reported before sending.")
def test_recipients_are_looked_up_and_what_is_wrong_is_said(desk: Office, visit: Visit) -> None:
    """Names of the directory, lists, mailboxes that are not there."""
    page = Page(visit("crew0"), "/mail/write/")
    for typed, words in (
        ("", "Say to whom it goes."),
        ("nobody@city.example", "There is no mailbox nobody@city.example."),
        ("ann@@paving", "is no address"),
        ("Somebody Else", "Choose from the address book"),
        ("vogt", f"“vogt” is nobody’s whole name. Do you mean Lena Vogt ({LENA})?"),
        ("Street", "entries of the address book have it: choose one."),
        ("a", "More than 12 entries of the address book fit “a”"),
        (", ".join(f"x{n}@paving.example" for n in range(501)), "at most 500 addresses; ask the access office for a list"),
        ("a%b@city.example", "takes no mail"),
    ):
        assert page.press("send", to=typed).status_code == 422
        assert words in page.text, typed
    assert not Outgoing.objects.exists()
    page.press("send", to="Lena Vogt", cc="Street crews", text="To many.")
    assert set(Outgoing.objects.get().recipients) == {LENA, CREWS}


def test_words_that_fit_several_are_asked_about_and_the_answer_is_the_recipient(desk: Office, visit: Visit) -> None:
    """Without script, as the field for one person asks."""
    page = Page(visit("crew0"), "/mail/write/")
    page.press("send", to="Street, ann@paving.example, vogt", text="To whom?")
    assert "Who is “Street”?" in page.text and "Who is “vogt”?" in page.text
    answer = f"Streets and Closures <{STREETS}>"
    assert f'name="which:to:Street" value="Streets and Closures &lt;{STREETS}&gt;"' in page.response.content.decode()
    page.fields = {name: value for name, value in page.fields.items() if not name.startswith("which:")}
    page.press("send", **{"which:to:Street": answer})
    assert "Who is “Street”?" not in page.text and page.fields["to"] == f"{answer}, ann@paving.example, vogt"
    page.fields = {name: value for name, value in page.fields.items() if not name.startswith("which:")}
    page.press("send", **{"which:to:vogt": f"Lena Vogt <{LENA}>"})
    assert set(Outgoing.objects.get().recipients) == {STREETS, "ann@paving.example", LENA}


def test_the_list_of_drafts_names_four_and_counts_the_others(desk: Office, visit: Visit) -> None:
    """Also what is no address: a draft to 501 looked like one to four, and one to a mistyped address like one to nobody."""
    Page(visit("crew0"), "/mail/write/").press("save", to=", ".join(f"x{n}@paving.example" for n in range(501)))
    assert "x3@paving.example and 497 more" in said(visit("crew0").get("/mail/drafts/"))
    Page(visit("crew0"), "/mail/write/").press("save", to="ann@@paving")
    assert "ann@@paving" in said(visit("crew0").get("/mail/drafts/"))


def test_the_address_book_finds_people_offices_and_lists(desk: Office, visit: Visit) -> None:
    """By name, position or department; ticked ones are added to the draft."""
    client = visit("crew0")
    page = Page(client, "/mail/write/")
    answer = page.client.post(page.action, {**page.fields, "to": ROSA, "do": "pick"})
    book = answer.headers["Location"]
    found = said(client.get(f"{book}?q=vogt"))
    assert "Lena Vogt" in found and "Street Inspector" in found and "Rosa Hale" not in found
    assert "Street crews" in said(client.get(f"{book}?q=crews&kind=list"))
    assert "Nobody fits." in said(client.get(f"{book}?q=zzz"))
    client.post(book, {"to": [LENA, "x@outside.example"], "bcc": [STREETS]})
    again = Page(client, page.action)
    assert again.fields["to"] == f"{ROSA}, Lena Vogt <{LENA}>"
    assert again.fields["bcc"] == f"Streets and Closures <{STREETS}>"
    offered = client.get("/mail/write/people/?q=lena").json()
    assert offered["people"] == [["Lena Vogt <lena.vogt@city.example>", "Street Inspector, Public Works"]]
    assert client.get("/mail/write/people/?q=lena%20vogt").json()["exact"] == "Lena Vogt <lena.vogt@city.example>"


@pytest.mark.rule("P-14", "Every message ends with the sender's identification from the directory; own lines only follow.")
def test_lines_of_one_s_own_stand_below_the_block_that_nobody_can_take_away(desk: Office, visit: Visit) -> None:
    """P-14; what the city's setting asks for is found in what is sent."""
    client = visit("crew0")
    assert client.post("/mail/signature/", {"lines": "x" * 501}).status_code == 422
    client.post("/mail/signature/", {"lines": "Telephone 555-0100"})
    shown = said(client.get("/mail/signature/"))
    assert "Dana Ortiz Crew Clerk Public Works Sample City" in shown and "Node" not in shown
    page = Page(client, "/mail/write/")
    assert "Telephone 555-0100" in page.text
    page.press("send", to=LENA, text="Hello.", mailbox=STREETS)
    assert desk.work(after=60_000) == 1
    ((_, body),) = desk.captures()
    foot = "-- \nDana Ortiz\nStreets and Closures\nCrew Clerk\nPublic Works\nSample City\nTelephone 555-0100"
    assert foot in message_parser.parse(body).text


def test_a_draft_is_discarded_only_when_that_was_asked(desk: Office, visit: Visit) -> None:
    client = visit("crew0")
    page = Page(client, "/mail/write/")
    page.press("save", subject="Away with it")
    asked = client.get(f"{page.action}discard/")
    assert "Away with it" in said(asked) and page.draft
    assert client.post(f"{page.action}discard/", {"version": "0"}).status_code == 409, "another window has changed it"
    assert client.post(f"{page.action}discard/").headers["Location"] == "/mail/drafts/"
    assert "No drafts." in said(client.get("/mail/drafts/"))


@pytest.mark.rule("P-19, P-22", "A message with effects other than delivery is sent only after its sender saw them for this text.")
def test_who_sends_what_would_be_held_has_seen_that_before(desk: Office, visit: Visit) -> None:
    """On the page: the first Send shows what would happen, the second one is a choice; another text is asked again."""
    active_rules.publish(desk.data, rule("leaves", "P-22", "hold", "outbound", "outbound = true"))
    page = Page(visit("crew0"), "/mail/write/")
    assert page.press("send", to="ann@paving.example", text="The plan.").headers["Location"].endswith("?check=1#check")
    assert "If you send it all the same" in page.text and "Words of leaves." in page.text and "Held" in page.text
    assert page.press("send", text="Another plan.").headers["Location"].endswith("?check=1#check")
    assert not Outgoing.objects.exists()
    assert "Send all the same" in page.text
    assert page.press("send").headers["Location"] == "/mail/"
    assert desk.work(after=60_000) == 1
    assert {d.do for d in desk.captures()[0][0].dispositions} == {"hold"}
    shown = said(visit("crew0").get("/mail/"))
    assert "The message to ann@paving.example : Held" in shown and "was sent" not in shown


def test_what_was_refused_is_a_draft_again_and_says_why(desk: Office, visit: Visit) -> None:
    """On the page."""
    client = visit("crew0")
    page = Page(client, "/mail/write/")
    page.press("send", to="ann@paving.example", text="The plan.")
    active_rules.publish(desk.data, rule("never", "P-11", "refuse", "outbound", "outbound = true"))
    assert desk.work(after=60_000) == 1
    for path in ("/mail/", f"/mail/outgoing/{Outgoing.objects.get().uid}/"):
        shown = said(client.get(path))
        assert "The message to ann@paving.example was not sent." in shown and "Words of never." in shown
    again = Page(client, page.action)
    assert "It was not sent." in again.text and again.fields["text"] == "The plan."
    assert "Failed" in said(client.get("/mail/drafts/"))


@pytest.mark.rule("P-06", "After Send one is back in the folder that one came from.")
def test_who_sends_is_back_in_the_folder_that_they_came_from(desk: Office, post: Post, visit: Visit) -> None:
    """By the button of the list, and by a reply to a message that was opened from it, also after another page of the draft."""
    id_ = _uuid(post.arrive(letter(sender="Ann <ann@paving.example>", to=DANA, subject="Bid 14"), DANA))
    client, folder = visit("crew0"), "/mail/?label=7&direction=sent"
    opened = client.get(f"/mail/{id_}/", headers={"Referer": f"http://testserver{folder}"}).content.decode()
    (reply,) = re.findall(r'href="(/mail/write/[^"]*how=reply[^"]*)"', opened)
    page = Page(client, _plain(reply))
    page.press("attach", to=LENA, text="On Friday.", file=[_file("plan.pdf", PDF)])
    assert page.press("send").headers["Location"] == folder
    assert page.client.post(page.action, {**page.fields, "list": "//elsewhere.example", "do": "send"}).status_code == 302
