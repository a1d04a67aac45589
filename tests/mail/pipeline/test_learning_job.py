"""The learning job: labels are records, what is answered is good, and everything can be made anew from what is kept (P-02)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest

from civicmail.city.policy.dispositions import Action
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.pipeline import automatic_labels, training_files
from civicmail.mail.pipeline.labels import Label, label_of
from civicmail.mail.pipeline.learning_job import PUBLISH_MS, SAVE_MS, LearnJob
from civicmail.mail.screening import correspondents, learner_file, model
from civicmail.mail.screening.examples import Example
from civicmail.mail.screening.model import Model
from mail.archive import making
from mail.pipeline.post import CITY, Mail
from mail.screening.mailbag import mail


@pytest.fixture
def post(data: Path) -> Iterator[Mail]:
    with closing(Mail(data)) as made:
        yield made


@pytest.fixture
def learn(data: Path, post: Mail) -> Callable[..., LearnJob]:
    def run(job: LearnJob | None = None, *, later: int = SAVE_MS) -> LearnJob:
        """Let a job, or a new one, take in everything and publish."""
        post.now += 1
        job = job or LearnJob(data, CITY, post.now, making.UNSYNCED)
        while job.step(post.now):
            pass
        post.now += later
        job.step(post.now)
        return job

    return run


def own_labels(data: Path) -> list[Label | None]:
    tail = Tail(data)
    return [label_of(Event.from_head(r.head)) for r in tail.poll() if r.type == Type.LABELLED]


def test_labels_become_a_model_that_gateways_take(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    post.many(0, ham=230, spam=60)
    with closing(learn()):
        published = model.read(data)
    assert (published.ham, published.spam) == (230, 60) and published.edges is not None
    assert learner_file.days(data) == ["2026-03-02"], "the day's snapshot"
    odds = {spam: [_odds(published, n, spam=spam) for n in range(900, 930)] for spam in (True, False)}
    assert max(odds[False]) < min(odds[True])


def _odds(published: Model, n: int, *, spam: bool) -> float:
    from mail.screening.mailbag import counted

    return published.odds(counted(n, spam=spam))


def test_a_restart_forgets_nothing_and_learns_nothing_twice(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    post.many(0, ham=12, spam=12)
    learn().close()
    before = learner_file.load(data, lambda _key: None)
    with closing(learn()):
        pass
    after = learner_file.load(data, lambda _key: None)
    assert before is not None and after is not None
    assert after.learner.plain() == before.learner.plain() and np.array_equal(after.learner.weights, before.learner.weights)
    assert after.positions == before.positions != {}


@pytest.mark.rule("P-02, promise 7", "The learner's state can be rebuilt from the records, sealed or not.")
@pytest.mark.parametrize("sealed", [False, True])
def test_everything_can_be_made_anew_from_what_is_kept(
    data: Path, post: Mail, learn: Callable[..., LearnJob], sealed: bool
) -> None:
    post.many(0, ham=20, spam=20)
    learn().close()
    told = {(e.key, e.by, e.spam) for e in _examples(data)}
    if sealed:
        post.seal()
    for path in (data / "screening").iterdir():
        path.unlink()
    learn().close()
    assert {(e.key, e.by, e.spam) for e in _examples(data)} == told and len(told) == 40


def test_labels_that_were_sealed_before_they_were_read_are_found(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    post.many(0, ham=3, spam=3)
    job = learn()
    post.many(10, ham=4, spam=4)
    post.seal()
    post.many(20, ham=1, spam=0)
    learn(job).close()
    assert len(_examples(data)) == 15


def _examples(data: Path) -> list[Example]:
    found = learner_file.load(data, lambda _key: None)
    assert found is not None
    return list(found.learner.book.all.values())


def test_a_label_can_be_taken_back(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    id_ = post.comes(mail(1, spam=True))
    post.called(id_, spam=True)
    job = learn()
    assert model.read(data).weights.any()
    post.called(id_, spam=True, undone=True)
    learn(job).close()
    assert _examples(data) == [] and float(np.abs(model.read(data).weights).max()) < 1e-6


def test_an_operator_takes_back_what_anybody_said_and_a_person_only_their_own(
    data: Path, post: Mail, learn: Callable[..., LearnJob]
) -> None:
    id_ = post.comes(mail(1, spam=True))
    for by in ("u1", "u2", "u3"):
        post.called(id_, spam=True, by=by, how="report")
    post.called(id_, spam=True, by="u1", how="report", undone=True)
    learn().close()
    assert sorted(e.by for e in _examples(data)) == ["u2", "u3"]
    post.called(id_, spam=True, undone=True)
    learn().close()
    assert _examples(data) == []


def test_what_was_answered_is_good_and_a_record_says_so(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    heard = post.comes(mail(1, spam=False), message_id="<q1@outside.example>")
    post.sent(b"In-Reply-To: <q1@outside.example>\r\nSubject: Re: x\r\n\r\nYes.\r\n", by="u7", to="bob@city.example")
    learn().close()
    assert own_labels(data) == [Label(False, "u7", "answered")]
    (example,) = _examples(data)
    assert example.key.replace("-", "") == heard.hex() and not example.spam


@pytest.mark.rule("P-01, P-02", "Of people's outgoing mail only replies are read, for the messages that they answer.")
def test_what_answers_nothing_is_not_read_for_it(
    data: Path, post: Mail, learn: Callable[..., LearnJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five of six messages that people send answer nothing."""
    asked, answered = list[tuple[str, ...]](), automatic_labels.InboundIds.capture_answered

    def counted(heard: automatic_labels.InboundIds, ids: Iterable[str]) -> bytes | None:
        asked.append(tuple(ids))
        return answered(heard, asked[-1])

    monkeypatch.setattr(automatic_labels.InboundIds, "capture_answered", counted)
    heard = post.comes(mail(1, spam=False), message_id="<q1@outside.example>")
    post.sent(b"Message-ID: <q1@outside.example>\r\nSubject: x\r\n\r\nIn-Reply-To: <q1@outside.example>\r\n", to="bob@city.example")
    answer = b"Subject: Re: x\r\nreferences: <q0@outside.example>\r\n <q1@outside.example>\r\n\r\nYes.\r\n"
    post.sent(answer, by="u7", to="bob@city.example")
    learn().close()
    assert len(asked) == 1 and own_labels(data) == [Label(False, "u7", "answered")]
    assert [e.key.replace("-", "") for e in _examples(data)] == [heard.hex()]


@pytest.mark.parametrize(
    ("field", "do"),
    [(b"Auto-Submitted: auto-replied\r\n", "deliver"), (b"Precedence: bulk\r\n", "deliver"), (b"", "refuse"), (b"", "hold")],
)
def test_an_absent_persons_mailbox_and_what_never_went_say_nothing(
    data: Path, post: Mail, learn: Callable[..., LearnJob], field: bytes, do: Action
) -> None:
    post.comes(mail(1, spam=True), message_id="<q1@outside.example>")
    post.sent(field + b"In-Reply-To: <q1@outside.example>\r\nSubject: Away\r\n\r\nI am away.\r\n", do=do)
    learn().close()
    assert own_labels(data) == []


def forwarded(*ids: str, name: str = "") -> bytes:
    """A report with messages attached as mail programs do it, or as files."""
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@city.example", "Spam"
    message.set_content("Please look.")
    for id_ in ids:
        inner = EmailMessage()
        inner["Message-ID"], inner["Subject"] = f"<{id_}>", "Prize"
        inner.set_content("Claim it now.")
        if name:
            message.add_attachment(inner.as_bytes(), maintype="application", subtype="octet-stream", filename=name)
        else:
            message.add_attachment(inner)
    return message.as_bytes()


@pytest.mark.rule(
    "P-02",
    "Unwanted mail sent as an attachment to the report address is reported by its sender: mail that they received, within "
    "the limit for one person.",
)
@pytest.mark.parametrize("name", ["", "Prize.EML"])
def test_what_is_sent_to_the_address_for_reports_is_a_report(
    data: Path, post: Mail, learn: Callable[..., LearnJob], name: str
) -> None:
    """Of whoever signed in, about what came to them; not about others' mail, not of strangers, and not to anybody else."""
    own = post.comes(mail(1, spam=True), message_id="own@x")
    Mail.BOX, box = "bob@city.example", Mail.BOX
    try:
        post.comes(mail(2, spam=True), message_id="bobs@x")
    finally:
        Mail.BOX = box
    learn().close()
    job = LearnJob(data, CITY, post.now, making.UNSYNCED, reports=("Report-Spam",))
    raw = forwarded("own@x", "bobs@x", "never@heard.x", "own@x", name=name)
    post.sent(raw, by="u1", to="report-spam@city.example")
    post.sent(raw, by="u2", to="bob@city.example")
    post.comes(raw)
    learn(job).close()
    assert own_labels(data) == [Label(True, "u1", "report")]
    (label,) = [Event.from_head(r.head) for r in Tail(data).poll() if r.type == Type.LABELLED]
    assert label.id == own


def test_of_what_people_send_a_few_are_good_examples_a_day(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    for n in range(9):
        post.sent(mail(n, spam=False), by="u1")
        post.sent(mail(n, spam=False), by="u2", to="bob@city.example")
    learn().close()
    assert own_labels(data) == [Label(False, "u1", "sent")] * automatic_labels.SENT_EACH, "only what goes out"


def test_correspondents_are_whom_we_wrote_to_and_whose_proven_mail_was_good(
    data: Path, post: Mail, learn: Callable[..., LearnJob]
) -> None:
    post.sent(mail(1, spam=False), to="Carla@Shop.example")
    proven = post.comes(mail(2, spam=False), facts={"from.address": "p2@outside2.example", "auth.dmarc": "pass"})
    forged = post.comes(mail(3, spam=False), facts={"from.address": "p3@outside3.example"})
    for id_ in (proven, forged):
        post.called(id_, spam=False)
    learn().close()
    people = correspondents.read(data)
    known = [people.is_known(a) for a in ("carla@shop.example", "p2@outside2.example", "p3@outside3.example", "n@x.example")]
    met = [people.is_met(a) for a in ("carla@shop.example", "p2@outside2.example", "p3@outside3.example", "n@x.example")]
    assert (known, met) == ([True, True, False, False], [True, True, False, False])


@pytest.mark.rule("P-26, P-27", "Only authenticated mail makes its author known to the city.")
def test_who_forges_a_first_message_is_still_a_stranger_with_the_second(
    data: Path, post: Mail, learn: Callable[..., LearnJob]
) -> None:
    """Only proven mail makes an acquaintance; where nobody looks for proofs, any mail does, as nobody could tell."""
    says = {
        "dmarc@one.example": {"auth.dmarc": "pass"},
        "signed@two.example": {"auth.dkim_domains": ("two.example",)},
        "w@outside.example": {"auth.spf": "pass"},
        "spf@other.example": {"auth.spf": "pass"},
        "fails@three.example": {"auth.dmarc": "fail", "auth.dkim_domains": ("elsewhere.example",)},
        "nothing@four.example": {},
    }
    for n, (author, facts) in enumerate(says.items()):
        post.comes(mail(n, spam=False), facts={"from.address": author, **facts})
    learn().close()
    people = correspondents.read(data)
    assert [people.is_met(author) for author in says] == [True, True, True, False, False, False]
    learn(LearnJob(data, CITY, post.now, making.UNSYNCED, proves=False)).close()
    post.comes(mail(9, spam=False), facts={"from.address": "nothing@five.example"})
    learn(LearnJob(data, CITY, post.now, making.UNSYNCED, proves=False)).close()
    assert correspondents.read(data).is_met("nothing@five.example")


@pytest.mark.rule(
    "P-02, promise 7",
    "A damaged list of correspondents is rebuilt from the records; until then no sender counts as new or known.",
)
def test_a_list_of_correspondents_that_is_damaged_is_made_anew_from_what_is_kept(
    data: Path, post: Mail, learn: Callable[..., LearnJob]
) -> None:
    """Also where nothing new is heard, and where nobody was known."""
    post.sent(mail(1, spam=False), to="carla@shop.example")
    learn().close()
    path = correspondents.correspondents_path(data)
    path.write_bytes(b"spoilt")
    learn().close()
    assert correspondents.read(data).is_known("carla@shop.example")


def test_nobody_becomes_known_by_the_answer_of_an_absent_person(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    """Otherwise one message to somebody on leave would let all that follow past the filter."""
    post.sent(mail(1, spam=False), to="bait@spam.example", facts={"message.automatic": True})
    post.sent(mail(2, spam=False), to="carla@shop.example")
    learn().close()
    people = correspondents.read(data)
    assert [people.is_known(a) for a in ("bait@spam.example", "carla@shop.example")] == [False, True]


@pytest.mark.rule("P-02", "A report by one person alone makes no text spam for everyone.")
def test_one_report_is_believed_when_another_person_makes_it_too(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    one, two = (post.comes(mail(5, spam=True, words=300).replace(b"ann@", name)) for name in (b"bob@", b"eve@"))
    post.called(one, spam=True, by="u1", how="report")
    post.called(two, spam=True, by="u1", how="report")
    job = learn(later=PUBLISH_MS)
    assert len(model.read(data).reported.keys) == 0
    post.called(two, spam=True, by="u2", how="report")
    learn(job, later=PUBLISH_MS).close()
    assert len(model.read(data).reported.keys) == 24, "both reports of that text, and the second person's"


def test_what_an_operator_puts_into_the_folder_is_learnt_and_forgotten_with_it(
    data: Path, post: Mail, learn: Callable[..., LearnJob]
) -> None:
    key = training_files.teach(data, mail(1, spam=True), spam=True)
    job = learn()
    assert model.read(data).spam == 1
    assert training_files.teach(data, mail(1, spam=True), spam=False) == key
    learn(job)
    assert (model.read(data).spam, model.read(data).ham) == (0, 1)
    assert training_files.untaught(data, mail(1, spam=True)) and not training_files.untaught(data, mail(1, spam=True))
    learn(job).close()
    assert (model.read(data).spam, model.read(data).ham) == (0, 0)


@pytest.mark.rule("P-02", "A model that would lose good mail outside its training set is rolled back automatically.")
def test_the_model_goes_back_to_the_last_good_day(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    post.many(0, ham=230, spam=60)
    job = learn()
    good = model.read(data)
    for n in range(2000, 2260):
        post.called(post.comes(mail(n, spam=False)), spam=True)
    learn(job).close()
    after = model.read(data)
    assert np.array_equal(after.weights, good.weights) and after.spam == 60
    assert sum(e.aside for e in _examples(data)) == 260


def test_a_damaged_model_is_published_again(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    post.called(post.comes(mail(1, spam=True)), spam=True)
    learn(later=PUBLISH_MS).close()
    model.model_path(data).write_bytes(b"CVM")
    learn(later=PUBLISH_MS).close()
    assert model.read(data).spam == 1


def test_a_damaged_memory_is_made_anew(data: Path, post: Mail, learn: Callable[..., LearnJob]) -> None:
    post.many(0, ham=2, spam=2)
    learn().close()
    path = learner_file.memory_path(data)
    content = path.read_bytes()
    path.write_bytes(content[:-9] + b"x" + content[-8:])
    learn().close()
    assert len(_examples(data)) == 4
