"""Senders inside hear what rules did with their mail, users of an office's mailbox what is kept back there (P-02, P-11, P-19)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone, translation

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.identity.models import Authorization
from civicmail.city.notices.models import Notice
from civicmail.city.pages import wording
from civicmail.desk.holding import queries, record_facts, senders
from civicmail.desk.holding.actions import digests, sender_notices
from civicmail.desk.holding.actions import shared_mailbox_notices as actions
from civicmail.desk.holding.models import Finding, Untold
from desk.holding.test_findings import listened, sent
from desk.holding.test_quarantine import quarantined
from pages.post import CANARIES
from pages.world import Town

pytestmark = pytest.mark.django_db
PAT = "pat.nguyen@city.example"


@pytest.mark.rule(
    "P-11, P-19, promise 7",
    "A sender is notified once of rules that noted or held their message, in the rule's words, with clause and number; "
    "never of rules on use.",
)
def test_whoever_sent_it_is_told_once_by_the_words_of_the_rule(city: Town, installed: Path) -> None:
    """Of a rule in notice and of a held copy; with clause and number; no word of the message,
    nothing that a rule on use has found, and nothing to strangers."""
    now = epoch_ms(city.now)
    told = sent(installed, now - 3000, rules=("notify:own-account", "notify:use-campaign"), review=())
    held = sent(installed, now - 2000, rules=("confidential-many",), do="hold", review=())
    sent(installed, now - 1000, rules=("shadow:own-account", "use-political-bulk", "unavailable:clamav"), review=())
    sent(installed, now - 900, rules=("notify:own-account",), review=(), source="mx", login="")
    sent(installed, now - 3 * DAY_MS, rules=("notify:own-account",), review=())
    listened(installed, now)
    first, second = Notice.objects.order_by("pk")
    assert {first.to, second.to} == {PAT} and told.uuid in first.text and "P-11" in first.text
    assert "You sent this to an account of your own outside the city." in first.text and "P-12" not in first.text
    assert f"/decision/{held.uuid}/" in second.text and "P-19" in second.text and "held" in second.subject
    assert not any(word in first.text + second.text for word in (*CANARIES.values(), "home.example", "use-campaign"))
    sender_notices.notify_sender(
        city.people["crew2"],
        told.uuid,
        now - 3000,
        record_facts.rule_notices([record_facts.CopyDecision("deliver", ("notify:own-account",), 1)], queries.rule_set()),
        now,
    )
    assert Notice.objects.count() == 2 and not Untold.objects.exists()
    book = queries.rule_set()
    use = replace(next(rule for rule in book.rules if rule.id == "use-campaign"), sender="Somebody has looked at this.")
    said = [
        record_facts.CopyDecision("deliver", ("notify:use-campaign",), 1),
        record_facts.CopyDecision("hold", ("use-campaign",), 1),
    ]
    assert record_facts.rule_notices(said, replace(book, rules=(use,))) == [], "whatever words it has"


@pytest.mark.rule(
    "P-14, P-29, promise 7",
    "Notices about a machine's or a function mailbox's mail go to the people responsible for it, once a day.",
)
def test_whoever_answers_for_a_machine_or_a_function_mailbox_hears_what_is_kept_back_of_it(city: Town, installed: Path) -> None:
    """The head of the machine's department, and readers of the function mailbox; once a day for
    each, no word of the message, and nothing of what only a rule has something to say about."""
    now = epoch_ms(city.now)
    machine = {"rules": ("confidential-many",), "do": "hold", "review": (), "login": "service:printer@city.example/hall"}
    first = sent(installed, now - 5000, **machine)
    sent(installed, now - 4000, **machine)
    sent(installed, now - 3500, **machine | {"do": "deliver", "rules": ("notify:own-account",)})
    sent(installed, now - 3 * DAY_MS, **machine)
    sent(installed, now - 3000, **machine | {"login": "service:nobody@city.example/x"})
    desk = Mailbox.objects.get(address="streets@city.example")
    shared = record_facts.SentMessage("01a2150e-cece-7bb2-86d0-6e9539f71917", desk.address, now - 3000, exempt=False)
    said = record_facts.rule_notices([record_facts.CopyDecision("hold", ("confidential-many",), 1)], queries.rule_set())
    listened(installed, now)
    head = Notice.objects.get()
    assert head.to == senders.address_of(city.people["head"]) and "printer@city.example" in head.subject
    assert first.uuid in head.text and "many confidential numbers" in head.text and "Public Works" in head.text
    assert not any(word in head.text for word in (*CANARIES.values(), "home.example"))
    actions.notify_held(shared, said, now)
    readers = Notice.objects.exclude(pk=head.pk).get()
    assert readers.to == desk.address
    Authorization.objects.filter(mailbox=desk).update(state="expired")
    actions.notify_unencryptable(shared, now)
    assert Notice.objects.exclude(pk__in=(head.pk, readers.pk)).get().to == head.to, "nobody reads it"


@pytest.mark.rule(
    "P-25, promise 6, promise 7",
    "Senders inside are notified of mail that is held only because a check was unavailable.",
)
def test_what_is_held_for_want_of_a_part_is_told_to_who_sent_it(city: Town, installed: Path) -> None:
    """Promises 6 and 7: no rule has words for it; a stranger, and mail that waits for a while only, are not told."""
    now = epoch_ms(city.now)
    late = sent(installed, now - 3000, rules=("unavailable:clamav", "pending-too-long"), do="hold", review=())
    sent(installed, now - 2000, rules=("unavailable:clamav",), do="pending", review=())
    sent(installed, now - 1000, rules=("unavailable:clamav", "pending-too-long"), do="hold", review=(), source="mx", login="")
    listened(installed, now)
    notice = Notice.objects.get()
    assert notice.to == PAT and "the virus scanner" in notice.text and "held" in notice.subject
    assert f"/decision/{late.uuid}/" in notice.text and not any(word in notice.text for word in CANARIES.values())
    said = [record_facts.CopyDecision("hold", ("confidential-many", "unavailable:clamav"), 1)]
    assert [told.id for told in record_facts.rule_notices(said, queries.rule_set())] == ["confidential-many"], "a rule says more"


@pytest.mark.rule(
    "P-13",
    "A severe finding on use, such as a threat, is reported to reviewers immediately, except the sender, without a name.",
)
def test_a_threat_is_told_to_reviewers_at_once_and_a_campaign_waits_for_them(city: Town, installed: Path) -> None:
    """To each but whoever sent it, without a name."""
    now = epoch_ms(city.now)
    city.grant("crew2", "use-reviewer")
    sent(installed, now - 2000)
    threat = sent(installed, now - 1000, rules=("use-threat",))
    listened(installed, now)
    assert [notice.to for notice in Notice.objects.all()] == ["tova.lind@city.example"]
    notice, row = Notice.objects.get(), Finding.objects.get(capture=threat.uuid)
    assert row.rule == "use-threat" and f"/holding/findings/{row.pk}/" in notice.text
    assert not any(word in notice.text + notice.subject for word in ("Pat", "Nguyen", "crew2", threat.uuid, *CANARIES.values()))


@pytest.mark.rule("P-11", "A sender gets a few such notices a day; the digest has the number of further ones.")
def test_after_a_few_a_day_one_says_how_many_more_there_were(city: Town, installed: Path) -> None:
    """A program that sends a thousand does not bring a thousand notices."""
    noon = timezone.localtime(from_ms(epoch_ms(city.now))).replace(hour=12, minute=0) - timedelta(days=3)
    now = epoch_ms(noon)
    for n in range(6):
        sent(installed, now - n, rules=("notify:own-account",), review=(), to=1)
    listened(installed, now)
    assert Notice.objects.count() == sender_notices.MAX_PER_DAY == 3
    assert digests.send_due(now) == 0, "the day is not over"
    assert (digests.send_due(now + DAY_MS), digests.send_due(now + DAY_MS)) == (1, 0)
    last = Notice.objects.get(key__startswith="digest:")
    assert last.to == PAT and "Rules fitted 3 more messages that you sent" in last.text and not Untold.objects.exists()


@pytest.mark.rule("P-02, P-06", "Users of an office's mailbox see held mail in their digest: time, domain and the rule's words.")
def test_users_of_an_offices_mailbox_hear_once_a_day_what_is_kept_back_there(city: Town, installed: Path) -> None:
    """Time, the sender's domain and the words of the rule, by person; nothing of nothing."""
    noon = timezone.localtime(from_ms(epoch_ms(city.now))).replace(hour=12, minute=0) - timedelta(days=3)
    now, desk = epoch_ms(noon), "desk@city.example"
    box = Mailbox.objects.create(address=desk, name="Desk", kind="function", department=city.departments["clerk"], made=city.now)
    like = city.authorizations["crew0"]
    for key, state in (("crew0", "active"), ("crew1", "active"), ("crew2", "revoked")):
        person = city.people[key]
        Authorization.objects.create(
            mailbox=box, person=person, episode=person.episodes.get(), department=box.department, role="delegate", state=state,
            requester=like.requester, asked=like.asked, until=like.until, since=like.since, duties="d", performance="p",
            efficiency="e", service="s",
        )  # fmt: skip
    assert digests.send_due(now + DAY_MS) == 0
    quarantined(installed, now, desk, rule="spam-again")
    quarantined(installed, now + 60_000, desk, rule="executable")
    assert digests.send_due(now + 60_000) == 0, "its moment has not come"
    assert (digests.send_due(now + DAY_MS), digests.send_due(now + DAY_MS)) == (2, 0)
    one, other = Notice.objects.order_by("to")
    assert [one.to, other.to] == ["dana.ortiz@city.example", "lena.vogt@city.example"]
    assert one.subject == "2 messages are held" and "For desk@city.example, which you use:" in one.text
    assert (
        "12:00 p.m.  from shop.example: Nearly the same message was reported" in one.text
        and "12:01 p.m.  from shop.example" in one.text
    )
    assert not any(word in one.text for word in (*CANARIES.values(), "heron@"))


@pytest.mark.rule(
    "P-11, P-19, promise 7",
    "Words of rules reach senders and readers in their own language; those of the starter pack also in Spanish.",
)
def test_whoever_sent_it_hears_of_it_in_their_own_language(city: Town, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the rule itself says, as far as the catalogue has it."""
    person, now = city.people["crew2"], epoch_ms(city.now)
    person.language = "es"
    person.save(update_fields=["language"])
    for module in (sender_notices, wording):
        monkeypatch.setattr(module, "gettext", lambda text: f"{translation.get_language()}|{text}")
    said = record_facts.rule_notices([record_facts.CopyDecision("hold", ("confidential-many",), 1)], queries.rule_set())
    sender_notices.notify_sender(person, "01a2150e-cece-7bb2-86d0-6e9539f71917", now - 1000, said, now)
    notice = Notice.objects.get()
    assert notice.subject == "es|A message of yours is held"
    assert "es|Kept back: es|Your message has many confidential numbers" in notice.text
