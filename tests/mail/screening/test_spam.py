"""What gateways say of spam: by the published model, with classes of evidence and no word of the message (P-02)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from civicmail.city.policy.dispositions import FactValue
from civicmail.core.config.settings import Screening, Settings
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import message_parser
from civicmail.mail.pipeline import fingerprint_client
from civicmail.mail.screening import bands, correspondents, known_senders, model, near_duplicate, spam, tokens, transport_features
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.correspondents import Correspondents, number_of
from civicmail.mail.screening.duplicate_index import NearDuplicateIndex, keys_of
from civicmail.mail.screening.learner import Learner
from civicmail.mail.screening.model import Edges, Model
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.screener import Screened, Screener
from civicmail.mail.screening.shapes import NOTHING, CombinedCase, ContentCase, ExtractedMessage
from civicmail.mail.screening.stacking import Stack
from mail.screening.mailbag import ENVELOPE, mail
from mail.screening.test_learner import T0, look, say


@pytest.fixture(scope="module")
def learnt() -> Model:
    learner = Learner(look)
    for n in range(220):
        say(learner, f"h-{n}", spam=False)
        if n % 4 == 0:
            say(learner, f"s-{n}", spam=True)
    return learner.model(T0)


def case(data: Path, raw: bytes, *, inbound: bool = True, facts: dict[str, FactValue] | None = None, **more: Any) -> CombinedCase:
    message = message_parser.parse(raw)
    people = {"from": tuple((a.display, a.addr) for a in message.from_)}
    found = tokens.find(ContentCase(raw, message, ReadMessage())).more
    seen = ExtractedMessage(people=people, list_id=message.list_id, more={"spam": found})
    settings = Settings()
    tools = {"spam": spam.open_(settings, data), "known": known_senders.open_(settings, data)}
    return CombinedCase(seen, ENVELOPE, "mx", inbound, CheckContext(settings, T0, None, tools), facts or {}, more)


def read(raw: bytes) -> tuple[tokens.Tokens, spam.Spelt]:
    """As a limited process does."""
    message = message_parser.parse(raw)
    return tokens.tokens(raw, message), tokens.spelled(raw, message)


def test_without_a_model_nothing_is_said(tmp_path: Path) -> None:
    asked = case(tmp_path, mail(1, spam=True))
    assert spam.find(asked) == near_duplicate.find(asked) == known_senders.find(asked) == NOTHING
    model.write(tmp_path, Model(np.ones(1 << tokens.BITS, np.float32)))
    assert spam.find(case(tmp_path, mail(1, spam=True))) == NOTHING, "one that was not told enough has no edges"


@pytest.mark.rule("P-02, promise 7", "A verdict of the learner has classes of evidence and no word of the message.")
def test_a_score_a_band_and_evidence_without_a_word_of_the_message(tmp_path: Path, learnt: Model) -> None:
    model.write(tmp_path, learnt)
    found = spam.find(case(tmp_path, mail(900, spam=True)))
    assert found.facts["spam.band"] == "spam" and int(found.facts["spam.score"]) > 600  # type: ignore[arg-type]
    (finding,) = found.findings
    assert finding.code == "spam" and set(finding.mask.split(", ")) <= {*tokens.FAMILIES, "hop"} and finding.mask
    good = spam.find(case(tmp_path, mail(900, spam=False)))
    assert good.facts["spam.band"] == "ham" and good.findings == () and 0 < int(good.facts["spam.score"]) < 400  # type: ignore[arg-type]


def test_a_table_of_one_number_decides_alone(tmp_path: Path) -> None:
    """The score is the sum of what each number counts, each family by its size."""
    weights = np.zeros(1 << tokens.BITS, np.float32)
    weights[tokens.named(["permit"], "words")] = 2.0
    model.write(tmp_path, Model(weights, bias=-0.25, edges=Edges(0.0, 0.5)))
    raw = b"Subject: x\r\n\r\npermit\r\n"
    found = spam.find(case(tmp_path, raw))
    assert found.more["odds"] == pytest.approx(2.0 / np.sqrt(8) - 0.25, abs=1e-6) and found.facts["spam.band"] == "unsure"
    explained = spam.explain(model.read(tmp_path), *read(raw), ENVELOPE, {}, inbound=True)
    assert [(w.family, w.token) for w in explained.weighed] == [("words", "permit")]
    assert explained.odds == pytest.approx(found.more["odds"]) and explained.band == "unsure"


def test_an_explanation_adds_up(learnt: Model) -> None:
    raw = mail(901, spam=True)
    explained = spam.explain(learnt, *read(raw), ENVELOPE, {}, inbound=True, most=10)
    assert sum(explained.sums.values()) + learnt.bias == pytest.approx(explained.odds, abs=1e-5)
    assert len(explained.weighed) == 10 and explained.band == "spam"
    assert {w.token for w in explained.weighed} - {"?"} and "?" not in {w.token for w in explained.weighed}


def test_scores_of_others_are_put_together_where_all_of_them_answered(tmp_path: Path) -> None:
    stack = Stack(("own", "rspamd"), (0.0, 5.0), (1.0, 5.0), (0.0, 3.0), 0.0)
    model.write(tmp_path, Model(np.zeros(1 << tokens.BITS, np.float32), edges=Edges(1, 2), stack=stack, stacked=Edges(0, 1)))
    raw = mail(1, spam=False)
    assert spam.find(case(tmp_path, raw, rspamd={"score": 10.0})).facts["spam.band"] == "spam"
    assert spam.find(case(tmp_path, raw, rspamd={"score": 1.0})).facts["spam.band"] == "ham"
    assert spam.find(case(tmp_path, raw)).facts["spam.band"] == "ham", "by our own edges, where Rspamd is away"


def test_what_a_taken_over_process_says_is_no_verdict(tmp_path: Path, learnt: Model) -> None:
    model.write(tmp_path, learnt)
    asked = case(tmp_path, mail(1, spam=True))
    broken = CombinedCase(
        ExtractedMessage(more={"spam": {"counts": [1, 0, 0, 0], "numbers": "&&&"}}), ENVELOPE, "mx", True, asked.context, {}, {}
    )
    with pytest.raises(ValueError):
        spam.find(broken)
    with pytest.raises((ValueError, TypeError)):
        near_duplicate.find(broken)


@pytest.mark.rule("P-02", "A near-duplicate of a reported message is reported, unless it resembles good mail.")
def test_nearly_the_same_text_as_a_reported_one_is_told_unless_it_is_like_good_mail(tmp_path: Path) -> None:
    def text(raw: bytes) -> Any:
        return keys_of(bands.compute(tokens.text_of(message_parser.parse(raw))))

    reported, good = mail(1, spam=True, words=200), mail(2, spam=False, words=200)
    near = reported.replace(b"\r\n\r\n", b"\r\n\r\nHi Bob, ", 1)
    empty = np.zeros(1 << tokens.BITS, np.float32)
    model.write(
        tmp_path,
        Model(
            empty,
            reported=NearDuplicateIndex.from_texts([text(reported), text(good)]),
            good=NearDuplicateIndex.from_texts([text(good)]),
        ),
    )
    found = near_duplicate.find(case(tmp_path, near))
    assert found.facts == {"spam.reported": True} and found.findings[0].mask.endswith("of 8")
    assert near_duplicate.find(case(tmp_path, near, inbound=False)) == NOTHING, "a warning to colleagues"
    assert near_duplicate.find(case(tmp_path, good)) == NOTHING
    assert near_duplicate.find(case(tmp_path, mail(3, spam=True, words=200))) == NOTHING


@pytest.mark.rule("P-02, P-26", "A known sender counts only if the mail is authenticated.")
@pytest.mark.parametrize(
    ("facts", "is_known"),
    [
        ({}, False),
        ({"auth.dmarc": "pass"}, True),
        ({"auth.dmarc": "fail", "auth.dkim_domains": ("outside1.example",)}, True),
        ({"auth.dkim_domains": ("example",)}, True),
        ({"auth.dkim_domains": ("other.example", "side1.example")}, False),
        ({"auth.spf": "pass"}, False),
    ],
)
def test_a_known_name_counts_only_with_proof(tmp_path: Path, facts: dict[str, FactValue], is_known: bool) -> None:
    people = Correspondents().merged_with([number_of("P1@Outside1.example")], [number_of("p2@outside2.example")])
    correspondents.write(tmp_path, people)
    assert known_senders.find(case(tmp_path, mail(1, spam=False), facts=facts)).facts == (
        {"sender.known": True} if is_known else {}
    )
    assert known_senders.find(case(tmp_path, mail(2, spam=False), facts={"auth.dmarc": "pass"})) == NOTHING, "met, but not known"
    assert known_senders.find(case(tmp_path, mail(3, spam=False))).facts == {"sender.first": True}
    correspondents.correspondents_path(tmp_path).write_bytes(b"spoilt")
    assert known_senders.find(case(tmp_path, mail(3, spam=False))).facts == {"unavailable": ("known",)}, "nobody knows who is new"
    assert known_senders.find(case(tmp_path, mail(3, spam=False), inbound=False)) == NOTHING


def test_gateways_take_a_new_model_and_keep_the_last_good_one(tmp_path: Path, learnt: Model) -> None:
    mapped = spam.open_(Settings(), tmp_path)
    assert mapped.at(T0) is model.NEW
    model.write(tmp_path, learnt)
    assert mapped.at(T0 + 100) is model.NEW, "not looked at again so soon"
    taken = mapped.at(T0 + model.POLL_MS)
    assert taken.edges == learnt.edges and np.array_equal(taken.weights, learnt.weights)
    model.model_path(tmp_path).write_bytes(b"CVW1 no model")
    assert mapped.at(T0 + 2 * model.POLL_MS) is taken


def test_a_model_that_was_never_good_is_no_model_that_says_nothing(tmp_path: Path, learnt: Model) -> None:
    """Promise 6: a gateway that starts beside a damaged file would pass all spam in silence."""
    model.write(tmp_path, learnt)
    path = model.model_path(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    asked = case(tmp_path, mail(1, spam=True))
    assert spam.find(asked).facts == {"unavailable": ("spam",)}
    model.write(tmp_path, learnt)
    later = replace(asked, context=replace(asked.context, now=T0 + model.POLL_MS))
    assert "spam.score" in spam.find(later).facts


def test_any_changed_byte_of_a_model_is_noticed(tmp_path: Path, learnt: Model) -> None:
    model.write(tmp_path, learnt)
    content = model.model_path(tmp_path).read_bytes()
    for at in (0, 5, 9, 40, len(content) // 2, len(content) - 1):
        model.model_path(tmp_path).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(DamagedFile):
            model.read(tmp_path)
    model.model_path(tmp_path).write_bytes(content[:-8])
    with pytest.raises(DamagedFile):
        model.read(tmp_path)


def test_from_the_limited_process_to_the_verdict(tmp_path: Path, learnt: Model) -> None:
    """The whole way of a message through screening, with nothing between but what crosses the pipe."""
    model.write(tmp_path, learnt)
    correspondents.write(tmp_path, Correspondents().merged_with([], [number_of("p902@outside6.example")]))

    async def story() -> list[Screened]:
        screener = Screener(Settings(screening=Screening(checks=["spam"])), tmp_path, lambda: T0)
        try:
            return [await screener.screen(mail(n, spam=spam), ENVELOPE, "mx") for n, spam in ((902, True), (903, False))]
        finally:
            await asyncio.to_thread(screener.close)

    bad, good = asyncio.run(story())
    assert (bad.unavailable, good.unavailable) == ((), ())
    assert bad.facts["spam.band"] == "spam" and good.facts["spam.band"] == "ham"
    assert "sender.first" not in bad.facts and good.facts["sender.first"] is True


@pytest.mark.rule(
    "P-02",
    "A message is called spam only if its text indicates spam, too: structure and transport alone cause at most doubt.",
)
def test_how_a_message_is_built_is_never_enough_to_call_it_spam(tmp_path: Path) -> None:
    """Good mail of a new kind is built unlike all that was taught, and says nothing that spam says: it is in doubt."""
    raw = b"Subject: x\r\nX-Mailer: Newsletter\r\n\r\npermit\r\n"
    counted, _ = read(raw)
    for family, called in (("form", "unsure"), ("words", "spam")):
        weights = np.zeros(1 << tokens.BITS, np.float32)
        weights[counted[family]] = 3.0
        model.write(tmp_path, Model(weights, edges=Edges(0.0, 0.5)))
        assert spam.find(case(tmp_path, raw)).facts["spam.band"] == called
        assert spam.explain(model.read(tmp_path), *read(raw), ENVELOPE, {}, inbound=True).band == called


@pytest.mark.rule(
    "P-02",
    "The learner identifies a list by its name together with its signer or relay, in learning and in judging; the name "
    "alone is nothing.",
)
def test_a_list_counts_only_with_who_brought_or_signed_it() -> None:
    """Anybody can name a list, and nobody can sign as it or come from where it comes from."""
    facts: dict[str, FactValue] = {"auth.dkim_domains": ("lists.example",)}
    named = set(transport_features.extract(ENVELOPE, facts, "News.lists.example", inbound=True)) - set(
        transport_features.extract(ENVELOPE, facts, inbound=True)
    )
    assert named == {"list=news.lists.example signed=lists.example", "list=news.lists.example net=192.0.2.0/24"}
    elsewhere = transport_features.extract(replace(ENVELOPE, client="203.0.113.9"), {}, "News.lists.example", inbound=True)
    assert not named & set(elsewhere), "a forged one has no name in common with it"
    assert transport_features.extract(ENVELOPE, facts, "News.lists.example", inbound=False) == []


def test_the_list_is_known_to_who_learns_and_to_who_screens_alike(tmp_path: Path) -> None:
    """P-02."""
    raw = b"From: a@b.example\r\nList-Id: News <news.lists.example>\r\nSubject: x\r\n\r\npermit\r\n"
    counted, _, list_id = fingerprint_client.numbers(raw)
    assert list_id == "news.lists.example"
    weights = np.zeros(1 << tokens.BITS, np.float32)
    weights[spam.hop_tokens(ENVELOPE, {}, list_id, inbound=True)["hop"]] = 1.0
    model.write(tmp_path, Model(weights, edges=Edges(0.0, 9.0)))
    made = {**counted, **spam.hop_tokens(ENVELOPE, {}, list_id, inbound=True)}
    assert spam.find(case(tmp_path, raw)).more["odds"] == pytest.approx(model.read(tmp_path).odds(made), abs=1e-6)
