"""`civicmail learn`, `unlearn` and `explain`: train the spam filter and explain its score."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.core.sandbox.errors import Unreadable
from civicmail.front.cli import actors, capture_id, content_access, options, output

What = Annotated[str, typer.Argument(metavar="PATH|ID", help="A message that is kept, or a file, Maildir or mbox of others.")]
Most = Annotated[int, typer.Option("--most", min=1, max=1000, metavar="N", help="How many tokens are shown.")]


def learn(
    what: What,
    spam: Annotated[bool, typer.Option("--spam/--ham", help="What it is.")],
    credentials: options.Credentials,
    json: options.Json = False,
) -> None:
    """Say that messages are spam, or that they are good. The learner takes it in within seconds."""
    folder = credentials.folder()
    kind = "spam" if spam else "ham"
    facts = {"what": what[:200], "label": kind}
    if not Path(what).exists():
        _label(folder, what, actors.for_record(folder, "learn", facts, credentials, now=now_ms()), spam=spam)
        output.emit({"taught": 1, "failed": 0}) if json else output.show(f"1 message is taught as {kind}.")
        return
    from civicmail.mail.pipeline import training_files

    failed: list[str] = []
    count = 0
    with actors.in_files(folder, "learn", facts, credentials, now=now_ms()):
        for content in _messages(Path(what), failed):
            training_files.teach(folder, content, spam=spam)
            count += 1
    _done({"taught": count}, f"{count} messages are taught as {kind}.", failed, json)


def unlearn(what: What, credentials: options.Credentials, json: options.Json = False) -> None:
    """Withdraw verdicts on messages, whoever gave them."""
    folder = credentials.folder()
    if not Path(what).exists():
        by = actors.for_record(folder, "unlearn", {"what": what[:200]}, credentials, now=now_ms())
        _label(folder, what, by, spam=True, undone=True)
        output.emit({"untaught": 1, "failed": 0}) if json else output.show("What was said of 1 message is taken back.")
        return
    from civicmail.mail.pipeline import training_files

    failed: list[str] = []
    with actors.in_files(folder, "unlearn", {"what": what[:200]}, credentials, now=now_ms()):
        count = sum(training_files.untaught(folder, content) for content in _messages(Path(what), failed))
    _done({"untaught": count}, f"What was said of {count} messages is taken back.", failed, json)


def explain(
    id_: capture_id.CaptureId, credentials: options.ContentCredentials, most: Most = 20, json: options.Json = False
) -> None:
    """Why the learner of spam says what it says of a message, token by token. It shows words of the message."""
    from civicmail.mail.archive.reading import Archive
    from civicmail.mail.pipeline import fingerprint_client
    from civicmail.mail.pipeline.labels import is_inbound
    from civicmail.mail.screening import model, spam

    folder = credentials.folder()
    archive = Archive(folder)
    place = capture_id.one(archive, id_)
    opened = content_access.open_content(folder, "explain", {"id": place.uuid}, credentials)
    raw, capture = opened.reading(archive)(place), archive.capture(opened.permit, place)
    ours = model.read(folder)
    try:
        (counted, _, list_id), spelt = fingerprint_client.numbers(raw), fingerprint_client.spelt(raw)
    except Unreadable as error:
        output.words(f"civicmail: {place.uuid} says nothing to the learner: {error}.")
        raise typer.Exit(1) from None
    verdict = spam.explain(ours, counted, spelt, capture.envelope, capture.facts, list_id, inbound=is_inbound(capture), most=most)
    if json:
        tokens = [{"family": w.family, "token": w.token, "weight": round(w.weight, 4)} for w in verdict.weighed]
        sums = {family: round(weight, 4) for family, weight in verdict.sums.items()}
        output.emit({"id": place.uuid, "score": verdict.score, "band": verdict.band, "sums": sums, "tokens": tokens})
        return
    output.show(f"{place.uuid}: score {verdict.score} of 1000, {_BANDS[verdict.band]}.")
    output.show(f"The model of now has learnt {ours.ham} good messages and {ours.spam} spam.")
    for family, weight in sorted(verdict.sums.items(), key=lambda item: -abs(item[1])):
        output.show(f"{weight:+8.3f}  {family} in all")
    for w in verdict.weighed:
        output.show(f"{w.weight:+8.3f}  {w.family}: {w.token}")
    output.words("Above 0 speaks for spam. Many small weights make the rest.")


_BANDS = {
    "none": "which says nothing: it was not told enough yet",
    "ham": "good mail",
    "unsure": "in doubt",
    "spam": "spam",
}


def _label(folder: Path, what: str, by: actors.Doing, *, spam: bool, undone: bool = False) -> None:
    """Write the record; exit 1 if the id is unknown."""
    from civicmail.mail.archive.reading import Archive
    from civicmail.mail.pipeline import labels

    place = capture_id.one(Archive(folder), what)
    labels.write_label(folder, place.id, labels.Label(spam, by.name, "operator", undone), now_ms(), by.entering)


def _messages(path: Path, failed: list[str]) -> Iterator[bytes]:
    """Yield all messages below the path. failed: receives a sentence for each unreadable one. Raises UsageError if none."""
    from civicmail.mail.importers.walk import SourceMessage, walk

    has_message = False
    for item in walk(path):
        if isinstance(item, SourceMessage):
            has_message = True
            yield item.content
        elif item.failed:
            failed.append(f"{item.name}: {item.why}")
    if not has_message and not failed:
        raise UsageError(f"{path} holds no message.")


def _done(counts: dict[str, Any], sentence: str, failed: list[str], json: bool) -> None:
    output.emit({**counts, "failed": len(failed)}) if json else output.show(sentence)
    for line in failed:
        output.words(f"civicmail: {line}")
    if failed:
        raise typer.Exit(1)
