"""The rule book, exports and one's own mail by programs (issue 7; P-06, P-21, P-25, P-29)."""

from __future__ import annotations

import pytest

from civicmail.city.guard.models import Entry
from civicmail.desk.holding.models import Digest
from civicmail.desk.mailbox.models import Label
from civicmail.desk.oversight.models import Emergency, Version
from civicmail.desk.workbench.models import Export
from pages.programs import asking
from pages.rulebook import text
from pages.world import Town

WHY = "Disk images come with attacks."


@pytest.mark.rule("P-29", "A rule is changed by programs in the revision seen, and approved by none of its authors.")
def test_a_rule_goes_from_a_draft_to_a_second_person_and_never_back_to_its_author(city: Town) -> None:
    """Each change names the revision that was seen; who wrote does not approve."""
    author, second, head = (asking(city.people[who]) for who in ("author", "second", "head"))
    words = {"text": text("no-scripts", mode="shadow"), "changed": "A new rule."}
    assert head("POST", "/rules", words).status_code == 403
    assert author("POST", "/rules", {"text": "x"}).status_code == 422
    made = author("POST", "/rules", words)
    assert made.status_code == 201, made.content
    place = "/rules/no-scripts/versions/1"
    seen = {"revision": made.json()["revision"]}
    edited = author("PATCH", place, {**words, "changed": "Other words.", **seen}).json()
    assert edited["revision"] == seen["revision"] + 1
    assert author("PATCH", place, {**words, **seen}).status_code == 409, "somebody has written in it"
    assert author("POST", f"{place}/test", seen).status_code == 409
    seen = {"revision": edited["revision"]}
    assert author("POST", f"{place}/test", seen).json()["state"] == "tested"
    assert author("POST", f"{place}/propose", {**seen, "reason": WHY}).json()["state"] == "proposed"
    assert author("POST", f"{place}/decide", {**seen, "decision": "approve", "reason": WHY}).status_code == 403
    decided = second("POST", f"{place}/decide", {**seen, "decision": "approve", "reason": WHY})
    assert decided.json()["state"] == "active", decided.content
    assert Version.objects.get(rule="no-scripts").approver == city.people["second"]
    out = author("POST", "/rules/no-scripts/take-out", {**seen, "reason": WHY})
    assert (out.status_code, out.json()["ends"]) == (201, True)
    replay = author("POST", f"{place}/replay", {"days": 7}).json()
    assert author("POST", f"/rules/no-scripts/replays/{replay['id']}/stop", {"state": "waiting"}).json()["state"] == "stopped"


@pytest.mark.rule("P-25", "An attack that a program stops is counted as that is done, and answered by a second person.")
def test_an_attack_is_stopped_with_its_count_and_answered_by_a_second_person(city: Town) -> None:
    """Never by who made it."""
    security, author = asking(city.people["security"]), asking(city.people["author"])
    wanted = {"kind": "sender", "value": "ibis@outside.example", "do": "quarantine", "reason": "Invoices with new bank details."}
    assert author("POST", "/emergencies/count", wanted).status_code == 403
    counted = security("POST", "/emergencies/count", wanted).json()
    assert (counted["touched"], counted["whole"]) == (0, True) and counted["unknown"] == counted["looked"] > 0
    assert Emergency.objects.count() == 1, "counting stops nothing"
    made = security("POST", "/emergencies", wanted).json()
    assert (made["ratified"], made["touched"], made["ended"]) == ("due", 0, None)
    place, right = f"/emergencies/{made['id']}", {"decision": "approve", "reason": "It was an attack."}
    assert [security("POST", f"{place}/decide", {**right, "ratified": seen}).status_code for seen in ("due", "x")] == [403, 403]
    assert author("POST", f"{place}/decide", right).json()["ratified"] == "ratified"
    assert security("POST", f"{place}/stop", {"reason": "It is over by now."}).json()["ended"]


@pytest.mark.rule("P-16, P-21", "Exporting other people's mail as files has a scope of its own, besides the examination.")
def test_an_export_is_ordered_under_a_mandate_of_ones_own_with_the_scope_for_it(city: Town) -> None:
    """Reading is not taking away: that is a scope of its own, and an entry."""
    place = f"/mandates/{city.objects['case']}/exports"
    recorder = city.people["recorder"]
    ask, narrow = asking(recorder), asking(recorder, ["read:content", "write:mandates"])
    assert narrow("POST", place, {"q": "kestrel"}).status_code == 403 and Export.objects.count() == 1
    assert asking(city.people["approver"])("POST", place, {"q": ""}).status_code in (403, 404)
    made = ask("POST", place, {"q": "kestrel"})
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    assert Entry.objects.filter(act="content.export", object=f"mandate:{city.objects['case']}").count() == 1
    one = f"{place}/{made.json()['id']}"
    assert ask("POST", f"{one}/stop", {"state": "reading"}).status_code == 409
    assert ask("POST", f"{one}/stop", {"state": "waiting"}).json()["state"] == "stopped"
    assert ask("POST", f"{one}/go-on", {"state": "stopped"}).json()["state"] == "waiting"
    assert ask("GET", f"{one}/file").status_code == 409, "it is not ready"
    words = {"ground": "litigation", "q": "kestrel", "reason": "Case 26-114 of the county."}
    held = [ask("POST", f"/mandates/{city.objects['case']}/hold", words, Idempotency_Key="one") for _ in range(2)]
    assert [h.status_code for h in held] == [201, 201], held[0].content
    assert held[0].json() == held[1].json() and Entry.objects.filter(act="hold.placed").count() == 1
    narrower = {"people": ["p-crew0"], "days": 14, "words": "kestrel", "reason": "Only the letters about the kestrel."}
    asked = ask("POST", f"/mandates/{city.objects['case']}/changes/{city.objects['change']}/decide", {"decision": "yes"})
    assert asked.status_code == 403, "a second person"
    approver = asking(city.people["approver"])
    no = {"decision": "no", "reason": "One inspector is enough."}
    place = f"/mandates/{city.objects['case']}"
    assert approver("POST", f"{place}/changes/{city.objects['change']}/decide", no).json()["state"] == "refused"
    assert ask("POST", f"{place}/amend", narrower).json()["wider"] is False


@pytest.mark.rule("P-06, promise 4", "Programs sort the mail of their person only.")
def test_labels_stars_and_hiding_are_of_ones_own_mail(city: Town) -> None:
    """What is somebody else's is passed over, and their labels are not there."""
    mine, other = asking(city.people["crew0"]), asking(city.people["crew1"])
    id_ = str(city.objects["mail delivered"])
    label = mine("POST", "/mail-labels", {"name": "Bids/Main Street"}).json()
    for act in ("star", "read", "label"):
        done = mine("POST", "/mail/keep", {"messages": [id_], "act": act, "label": label["id"]})
        assert done.json()["messages"] == [id_], act
    assert [row["id"] for row in mine("GET", "/mail?q=label%3A%22Bids%2FMain%20Street%22").json()] == [id_]
    assert other("POST", "/mail/keep", {"messages": [id_], "act": "hide"}).json()["messages"] == []
    assert mine("POST", "/mail/keep", {"messages": [id_], "act": "label", "label": 0}).status_code == 422
    place = f"/mail-labels/{label['id']}"
    assert [other("PATCH", place, {"name": "x"}).status_code, other("POST", f"{place}/remove", label).status_code] == [404, 404]
    assert mine("PATCH", place, {"name": "Bids/Elm"}).json()["name"] == "Bids/Elm"
    assert mine("POST", f"{place}/remove", {"name": "Bids/Main Street"}).status_code == 409, "it has another name by now"
    assert mine("POST", f"{place}/remove", {"name": "Bids/Elm"}).status_code == 200
    assert not Label.objects.filter(pk=label["id"]).exists()


def test_what_answers_and_what_tells_me_is_set_by_my_program(city: Town) -> None:
    mine = asking(city.people["crew0"])
    signed = mine("POST", "/me/signature", {"lines": "Room 12"}).json()
    assert signed["lines"] == "Room 12" and signed["block"] and mine("GET", "/me/signature").json() == signed
    assert mine("POST", "/me/digest", {"days": "weekly", "hour": 7}).json() == mine("GET", "/me/digest").json()
    assert Digest.objects.get().hour == 7
    own = city.authorizations["crew0"].mailbox.address
    assert [box["address"] for box in mine("GET", "/my/mailboxes").json()][:1] == [own]
    day = city.now.date().isoformat()
    away = {"starts": day, "until": day, "text": "Back tomorrow."}
    assert mine("POST", f"/mailboxes/{own}/away", away).json()["on"]
    assert asking(city.people["crew1"])("POST", f"/mailboxes/{own}/away", away).status_code == 404
    assert mine("POST", f"/mailboxes/{own}/away/end").json()["on"] is False
    message = f"/mail/{city.objects['mail delivered']}"
    assert mine("GET", f"{message}/verify").json()["claimed"] == "ibis@outside.example"
    assert mine("POST", f"{message}/spam", {}).status_code == 422, "a program says which"
    assert mine("POST", f"{message}/spam", {"spam": False}).json() == {"spam": False}
