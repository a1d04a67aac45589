"""Make a production piece by piece, resumable after a kill without a changed byte: read, derive, write, note; list; check.

    <folder>/files/NAME      each released file, durable before it is noted
    <folder>/plan            digest of the plan; a folder of another plan is emptied
    <folder>/made.jsonl      a line for each family: its documents, its lines of the log, and what the gate needs
    <folder>/checked.jsonl   a line for each file that passed the gate

All files have mode 0600. A torn last line is cut. The lists of confidential strings are removed when everything is checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec

from civicmail.core.disk.files import OS_FILES, File, Files
from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.file_checks import DAT, OPT, PDF, XML
from civicmail.core.redaction.forbidden import forbidden_strings
from civicmail.core.redaction.gate import Certificate, Gate
from civicmail.core.redaction.native_path import native_eml
from civicmail.core.redaction.page_images import ENDS, page_images
from civicmail.core.redaction.shapes import Box, Document, Redaction, ReleasedFile
from civicmail.core.redaction.sheet_path import CSV
from civicmail.core.redaction.surviving import source_boxes
from civicmail.core.sandbox.ocr import Ocr
from civicmail.desk.records.production import dispositions, load_files, tables
from civicmail.desk.records.production.bates import bates
from civicmail.desk.records.production.derived import Source, files_of, header_of
from civicmail.desk.records.production.dispositions import OPEN, PRODUCED, DecidedItem
from civicmail.desk.records.production.documents import Made, ProducedDocument
from civicmail.desk.records.production.edrm_xml import edrm_xml
from civicmail.desk.records.production.plan import Plan, redactions
from civicmail.desk.records.production.quotes import passages, passages_of
from civicmail.desk.records.production.readme import readme
from civicmail.desk.records.production.tables import Withheld

FILES, PLAN, MADE, CHECKED = "files", "plan", "made.jsonl", "checked.jsonl"
PLACES = {".pdf": "pdf", ".txt": "text", ".eml": "eml", ".csv": "csv", **dict.fromkeys(ENDS.values(), "images")}
"""End of the name of a document's file -> its folder in the package."""

Read = Callable[[int], Source]
"""(number of an item) -> what was read of it, after a check of permission."""


class Shown(msgspec.Struct, frozen=True):
    """A released file with what the gate compares it with. item: 0 for a list."""

    item: int
    name: str
    media_type: str
    size: int
    sha256: str
    words: tuple[str, ...]
    boxes: tuple[tuple[int, Box], ...] = ()
    sources: tuple[tuple[int, Box], ...] = ()
    first: int = 0
    last: int = 0

    def file(self, content: bytes) -> ReleasedFile:
        return ReleasedFile(self.name, self.media_type, content, self.words, self.boxes, sources=self.sources)


class Family(msgspec.Struct, frozen=True):
    """A line of made.jsonl. forbidden, allowed: strings of redactions; passages: of each item that is withheld whole; last: number
    of the last page so far."""

    documents: tuple[ProducedDocument, ...]
    withheld: tuple[Withheld, ...]
    files: tuple[Shown, ...]
    forbidden: tuple[str, ...]
    allowed: tuple[str, ...]
    passages: dict[int, tuple[int, ...]]
    problems: tuple[str, ...]
    last: int


class Making:
    """One production in its folder, resumed where it was. ocr: None where it is not installed, and then no PDF passes."""

    def __init__(self, folder: Path, plan: Plan, read: Read, *, ocr: Ocr | None, files: Files = OS_FILES) -> None:
        self._folder, self._plan, self._read, self._ocr, self._files = folder, plan, read, ocr, files
        if not (folder / PLAN).exists() or (folder / PLAN).read_text() != plan.digest():
            remove(folder, files)
        files.make_folder(folder / FILES)
        files.replace(folder / PLAN, plan.digest().encode())
        self._of = dispositions.dispositions(plan.items)
        self._made = _Lines(folder / MADE, Family, self._is_whole, files)
        self._checked = _Lines(folder / CHECKED, Certificate, lambda _: True, files)
        self._may_quote = {item.number for item in plan.items if item.may_quote}
        self._contents = {item.number: item.content for item in plan.items}
        self._native: dict[str, list[Shown]] = {}
        self._families = plan.families()
        self.last = plan.first - 1
        self.done = self.checked = 0
        self.problems: list[str] = []
        self.certificates: list[Certificate] = []
        for family in self._made:
            self._count(family)
        self._pieces = self._steps()

    def step(self, seconds: float) -> bool:
        """Continue for about this long; True if nothing is left. Then `problems` says what the gate refuses, if anything."""
        until = time.monotonic() + seconds
        return all(time.monotonic() < until for _ in self._pieces)

    @property
    def is_checking(self) -> bool:
        """Whether everything is derived."""
        return self._made.count > len(self._families)

    def shown(self) -> Iterator[Shown]:
        """All files, in order."""
        for family in self._made:
            yield from family.files

    def finish(self) -> None:
        """Remove what only the checks needed: no confidential string stays on the disk."""
        self.close()
        for name in (MADE, CHECKED):
            self._files.unlink(self._folder / name)
        self._files.sync_folder(self._folder)

    def close(self) -> None:
        """The next process resumes."""
        self._pieces.close()
        self._made.close()
        self._checked.close()

    def _steps(self) -> Generator[None]:
        for members in self._families[self._made.count :]:
            self._add(self._derive(members))
            yield
        if not self.is_checking:
            self._add(self._lists())
            yield
        yield from self._check()

    def _add(self, family: Family) -> None:
        self._made.append(family)
        self._count(family)

    def _count(self, family: Family) -> None:
        self.last = family.last
        self.done += len(family.documents)
        self.problems += family.problems
        for document in family.documents:
            kind = CSV if "csv" in document.files else PDF
            files = [one for one in family.files if one.item == document.item and one.media_type == kind]
            self._native[self._contents[document.item]] = files

    def _is_whole(self, family: Family) -> bool:
        paths = ((self._folder / FILES / file.name, file.size) for file in family.files)
        return all(path.exists() and path.stat().st_size == size for path, size in paths)

    def _derive(self, members: Sequence[DecidedItem]) -> Family:
        """A message with its files, or what is withheld of them."""
        family = _Derived(self._plan, self.last)
        for item in members:
            disposition = self._of[item.number]
            if disposition not in (*PRODUCED, "withheld") or (item.number in self._plan.earlier and not item.marks):
                continue
            source = self._read(item.number)
            if source.document is None:
                family.refuse(item, source.why)
            elif disposition == "withheld":
                family.withhold(item, source.document)
            else:
                family.produce(item, source, source.document, is_new=item.number not in self._plan.earlier)
        if "eml" in self._plan.formats:
            family.add_messages(self._attachments(members, family))
        for file in family.released:
            self._files.replace(self._folder / FILES / file.name, file.content)
        return family.line()

    def _attachments(self, members: Sequence[DecidedItem], family: _Derived) -> list[ReleasedFile]:
        """The released files of the attachments, also of those whose equal was released with another message."""
        own = {self._contents[number]: files.get("csv") or files["pdf"] for number, files in family.files.items()}
        attached: list[ReleasedFile] = []
        for content in dict.fromkeys(item.content for item in members if not item.is_message):
            earlier = self._native.get(content, ())
            attached += own.get(content) or [self._released(one) for one in earlier]
        return attached

    def _lists(self) -> Family:
        """Index, log, load files, letter and the page that says how to read all of it."""
        plan = self._plan
        documents = [document for family in self._made for document in family.documents]
        withheld = [row for family in self._made for row in family.withheld]
        parents = {document.item: document.first for document in documents if not document.parent}
        copies = _copies(plan.items)
        documents = [replace(d, copies=copies.get(d.item, ())) for d in documents]
        balance = dispositions.balance(self._of)
        made = [
            ("index.csv", "text/csv", tables.index(documents)),
            ("withholding-log.csv", "text/csv", tables.withholding_log(withheld, balance)),
            ("letter.txt", "text/plain", plan.letter.encode()),
            ("README.txt", "text/plain", readme(plan, len(documents), balance).encode()),
        ]
        if "dat" in plan.formats:
            made.append(("loadfile.dat", DAT, load_files.dat(documents, parents)))
            made.append(("loadfile.opt", OPT, load_files.opt(documents, plan.request)))
        if "xml" in plan.formats:
            made.append(("edrm.xml", XML, edrm_xml(documents, parents, f"{plan.request} {plan.number}")))
        for name, _, content in made:
            self._files.replace(self._folder / FILES / name, content)
        files = tuple(_shown(0, ReleasedFile(name, kind, content, _words(kind, content))) for name, kind, content in made)
        return Family((), (), files, (), (), {}, (), self.last)

    def _check(self) -> Iterator[None]:
        """The gate, file by file. Files that passed before are not checked again."""
        passed = {certificate.name: certificate for certificate in self._checked}
        shown = list(self.shown())
        forbidden = {text for family in self._made for text in family.forbidden}
        allowed = {text for family in self._made for text in family.allowed}
        withheld = {found: number for family in self._made for number, those in family.passages.items() for found in those}
        for one in shown if withheld else ():
            self.problems += self._quotes(one, withheld)
        new = [(n, s) for n, s in enumerate(shown, 1) if s.name not in passed or passed[s.name].sha256 != s.sha256]
        self.checked = len(shown) - len(new)
        hashes = {one.sha256 for one in shown}
        with closing(Gate([s.name for s in shown], hashes, forbidden, allowed=allowed, ocr=self._ocr)) as gate:
            self.problems += gate.check_whole(gate_balance(dispositions.balance(self._of)))
            for outcome in gate.check_files((number, self._released(one)) for number, one in new):
                self.problems += outcome.problems
                if outcome.certificate is not None:
                    self._checked.append(outcome.certificate)
                    passed[outcome.certificate.name] = outcome.certificate
                self.checked += 1
                yield
        self.certificates = [passed[one.name] for one in shown if one.name in passed]

    def _released(self, one: Shown) -> ReleasedFile:
        return one.file((self._folder / FILES / one.name).read_bytes())

    def _quotes(self, file: Shown, withheld: Mapping[int, int]) -> list[str]:
        """A sentence if a document quotes one that is withheld, unless somebody noted why it may. withheld: passage -> item."""
        if file.media_type != "text/plain" or file.item in (0, *self._may_quote):
            return []
        numbers = sorted({withheld[found] for found in passages_of(file.words) if found in withheld})
        what = f"Item {file.item:06} quotes item"
        return [f"{what} {n:06}, which is withheld: redact that, or note at {file.item:06} why it may leave." for n in numbers]


class _Derived:
    """A family while it is made."""

    def __init__(self, plan: Plan, last: int) -> None:
        self.files: dict[int, dict[str, tuple[ReleasedFile, ...]]] = {}
        self.released: list[ReleasedFile] = []
        self._plan, self._last = plan, last
        self._shown: list[Shown] = []
        self._documents: dict[int, ProducedDocument] = {}
        self._messages: list[tuple[DecidedItem, Document, list[Redaction]]] = []
        self._withheld: list[Withheld] = []
        self._forbidden: set[str] = set()
        self._allowed: set[str] = set()
        self._passages: dict[int, tuple[int, ...]] = {}
        self._problems: list[str] = []
        self._header: dict[str, str] = {}

    def refuse(self, item: DecidedItem, why: str) -> None:
        self._problems.append(f"Item {item.number:06}: {why}")

    def withhold(self, item: DecidedItem, document: Document) -> None:
        """A line of the log, with what of its header is not itself redacted."""
        if item.is_message:
            self._header = header_of(document, redactions(self._plan, item))
        self._passages[item.number] = tuple(sorted(passages(document, is_message=item.is_message)))
        self._log(item, item.code, item.reason, 0, "")

    def produce(self, item: DecidedItem, source: Source, document: Document, *, is_new: bool) -> None:
        """Derive the files of a document. One that an earlier production released only adds its confidential strings."""
        hidden = redactions(self._plan, item)
        self._forbid(item, document, hidden)
        if item.is_message:
            self._header = header_of(document, hidden)
        if not is_new:
            return
        number = bates(self._plan.request, self._last + 1)
        title = f"Item {item.number:06} of request {self._plan.request}"
        try:
            files = files_of(source, document, hidden, title=title, lang=self._plan.language, number=number)
            images = self._images(files["pdf"][0])
        except NotConverted as error:
            self.refuse(item, str(error))
            return
        pages = files["pdf"][0].pages
        first, self._last = self._last + 1, self._last + pages
        self.files[item.number] = files
        files["pdf"] = tuple(replace(file, sources=source_boxes(document, hidden)) for file in files["pdf"])
        self._take(item, [*(file for group in files.values() for file in group), *images], first)
        self._documents[item.number] = ProducedDocument(
            item.number, item.parent, number, bates(self._plan.request, self._last), pages, item.media_type, bool(hidden),
            header=dict(self._header), codes=tuple(dict.fromkeys(mark.code for mark in item.marks)),
            boxes=tuple(mark.number for mark in item.marks), holders=item.holders,
            files={kind: _made(group[0]) for kind, group in files.items()}, images=tuple(_made(image) for image in images),
        )  # fmt: skip
        for mark in item.marks:
            self._log(item, mark.code, mark.reason or item.reason, mark.number, number)
        if item.is_message:
            self._messages.append((item, document, hidden))

    def _images(self, pdf: ReleasedFile) -> tuple[ReleasedFile, ...]:
        """The images of its pages, which load files name. Raises NotConverted."""
        if "dat" not in self._plan.formats:
            return ()
        return page_images(pdf, [bates(self._plan.request, self._last + page) for page in range(1, pdf.pages + 1)])

    def add_messages(self, attachments: Sequence[ReleasedFile]) -> None:
        """The message as mail, with the released files in the place of the original ones."""
        for item, document, hidden in self._messages:
            shown = self._documents[item.number]
            file = native_eml(document, hidden, number=shown.first, attachments=attachments)
            self._take(item, [file], 0)
            files = {**shown.files, "eml": _made(file)}
            self._documents[item.number] = replace(shown, files=files)

    def line(self) -> Family:
        documents = tuple(self._documents.values())
        strings = tuple(sorted(self._forbidden)), tuple(sorted(self._allowed))
        withheld = tuple(self._withheld), tuple(self._shown)
        return Family(documents, *withheld, *strings, self._passages, tuple(self._problems), self._last)

    def _take(self, item: DecidedItem, files: Iterable[ReleasedFile], first: int) -> None:
        for file in files:
            self.released.append(file)
            self._shown.append(_shown(item.number, file, first if file.pages else 0))

    def _forbid(self, item: DecidedItem, document: Document, hidden: Sequence[Redaction]) -> None:
        for mark, redaction in zip(item.marks, hidden, strict=True):
            strings = forbidden_strings(document, [redaction])
            (self._allowed if mark.may_leave_elsewhere else self._forbidden).update(strings)

    def _log(self, item: DecidedItem, code: str, reason: str, number: int, page: str) -> None:
        citation = self._plan.citations.get(code, "")
        row = Withheld(item.number, item.parent, item.media_type, code, citation, reason, number, page, dict(self._header))
        self._withheld.append(row)


class _Lines[Line]:
    """A file of JSON lines that only grows; what is behind the last whole line is cut."""

    def __init__(self, path: Path, kind: type[Line], is_whole: Callable[[Line], bool], files: Files) -> None:
        self._path, self._decoder = path, msgspec.json.Decoder(kind)
        self.count = self._end = 0
        for line in self:
            if not is_whole(line):
                break
            self.count, self._end = self.count + 1, self._read_to
        self._file: File = files.open(path, create=not path.exists())
        self._file.truncate(self._end)

    def __iter__(self) -> Iterator[Line]:
        """The whole lines."""
        self._read_to = 0
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for raw in file:
                try:
                    line = self._decoder.decode(raw)
                except msgspec.DecodeError:
                    return
                if not raw.endswith(b"\n"):
                    return
                self._read_to = file.tell()
                yield line

    def append(self, line: Line) -> None:
        """Durable on return."""
        end = self._file.write_at(self._end, [msgspec.json.encode(line) + b"\n"])
        self._file.sync()
        self.count, self._end = self.count + 1, end

    def close(self) -> None:
        self._file.close()


def gate_balance(counts: dict[str, int]) -> Balance:
    """The balance as the gate checks it: without what is still in review."""
    return Balance(counts["located"] - counts[OPEN], **{name: counts[name] for name in dispositions.DISPOSITIONS})


def remove(folder: Path, files: Files = OS_FILES) -> None:
    """Remove all files of a production; may be repeated."""
    for path in sorted(folder.rglob("*"), reverse=True) if folder.is_dir() else ():
        path.rmdir() if path.is_dir() else files.unlink(path)


def _copies(items: Iterable[DecidedItem]) -> dict[int, tuple[int, ...]]:
    """Number of the first item with a content -> the numbers of the others."""
    first: dict[str, int] = {}
    copies: dict[int, tuple[int, ...]] = {}
    for item in sorted(items, key=lambda one: one.number):
        if (known := first.setdefault(item.content, item.number)) != item.number:
            copies[known] = (*copies.get(known, ()), item.number)
    return copies


def _made(file: ReleasedFile) -> Made:
    return Made(PLACES[Path(file.name).suffix], file.name, len(file.content), sha256(file.content).hexdigest())


def _shown(item: int, file: ReleasedFile, first: int = 0) -> Shown:
    last = first + file.pages - 1 if first else 0
    digest = sha256(file.content).hexdigest()
    return Shown(item, file.name, file.media_type, len(file.content), digest, file.words, file.boxes, file.sources, first, last)


def _words(media_type: str, content: bytes) -> tuple[str, ...]:
    """All words of a list, which was made from what survived."""
    text = content.decode("utf-8-sig")
    if media_type == DAT:
        text = text.translate(dict.fromkeys(map(ord, load_files.SIGNS), " "))
    return tuple(text.split())
