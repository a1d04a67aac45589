"""Parse a file's name as the reader's system does: the effective extension, and tricks that hide it. Pure.

Windows drops trailing dots and spaces, and everything after a colon or NUL. A direction mark (U+202E) shows "invoice-exe.pdf" for
"invoice-fdp.exe"; zero-width characters and lookalikes of the dot hide an extension.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_SCRIPTS = """
appcontent-ms appinstaller application appref-ms bat cmd desktop hta jnlp js jse library-ms msc msh osd ps1 ps1xml ps2 psc1 psd1
psdm1 psm1 reg scf sct search-ms searchconnector-ms settingcontent-ms theme vb vbe vbs vsto webpnp ws wsc wsf wsh xbap xnk
"""
_BINARIES = """
accde ade adp apk appx appxbundle chm com cpl deb deskthemepack diagcab dll dmg exe gadget hlp jar lnk mde msi msix msixbundle msp
mst msu ocx pif pkg ppkg rpm scr shb shs sys themepack wll xll
"""
SCRIPTS = frozenset(_SCRIPTS.split())
"""Extensions of texts that a system runs, or passes to an interpreter, when the file is opened. Scripts that only developers'
systems run (py, sh, pl …) are recognized by type."""

PROGRAMS = SCRIPTS | frozenset(_BINARIES.split())
"""The same including binary files."""

ACTIVE = frozenset({"img", "iso", "lnk", "mht", "mhtml", "one", "onepkg", "url", "rdp", "vhd", "vhdx", "website"})
"""Extensions that act, or open into files without the Mark of the Web."""

FAMILIES = {
    "picture": "apng avif bmp emf gif heic heif ico jfif jpe jpeg jpg png svg tif tiff webp wmf",
    "sound": "aac aif aiff amr flac m4a mid midi mp3 oga ogg opus wav wma",
    "film": "3gp asf avi flv m4v mkv mov mp4 mpeg mpg ogv webm wmv",
    "text": "asc cfg conf csv diff eml htm html ical ics ini log markdown md mht mhtml patch shtml tsv txt vcard vcf xhtml xml",
    "pdf": "ai pdf",
    "document": "doc docm docx dot dotm dotx fodt odt ott pages rtf wps",
    "table": "fods numbers ods ots slk xla xlam xls xlsb xlsm xlsx xlt xltm xltx",
    "slides": "fodp key odp otp pot potm potx pps ppsm ppsx ppt pptm pptx",
    "archive": "7z ace arj bz2 cab gz lha lzh rar tar tbz tbz2 tgz txz tzst xz z zip zipx zst",
    "mail": "msg oft",
}
FAMILY = {ending: family for family, endings in FAMILIES.items() for ending in endings.split()}
"""The file type that a reader assumes from the extension."""

_PICTURE = "png jpeg gif webp tiff bmp heic"
_PROMISES = {
    "pdf": "pdf", "docx": "word sealed", "docm": "word sealed", "dotx": "word", "xlsx": "excel sealed", "xlsm": "excel sealed",
    "xlsb": "excel sealed", "pptx": "powerpoint sealed", "pptm": "powerpoint sealed", "odt": "opendocument", "ods": "opendocument",
    "odp": "opendocument", "doc": "oldword rtf word", "xls": "oldexcel excel", "ppt": "oldpowerpoint powerpoint", "rtf": "rtf",
    "zip": "zip", "7z": "7z", "tar": "tar", "gz": "gzip", "tgz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "zstd",
    "tzst": "zstd", "svg": "svg",
    "htm": "html xml text", "html": "html xml text", "txt": "text certificate sealed signature html letter xml script calendar",
    "csv": "text", "eml": "letter text", "msg": "msg", "ics": "calendar", "vcf": "vcard", "mp3": "sound", "wav": "sound",
    "mp4": "film", "mov": "film", "exe": "program", "dll": "program", "lnk": "shortcut", "pst": "mailstore",
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp", "heic"), _PICTURE),
}  # fmt: skip
"""The file type that an extension promises to people: labels of types.py. An extension without a promise never misleads."""

_OVERRIDES = re.compile("[\u202d\u202e]")
_TURNS = re.compile("[\u061c\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2060-\u2064\u206a-\u206f\ufeff\ufe00-\ufe0f\U000e0000-\U000e01ef]"
)
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_BLANKS = str.maketrans(dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", " "))
"""Letters drawn as wide blanks."""
_DOTS = str.maketrans({"\u2024": ".", "\ufe52": ".", "\uff0e": ".", "\u3002": ".", "\uff61": ".", "\u0701": ".", "\ua4f8": "."})  # fmt: skip  # noqa: E501
_WIDE_GAP = re.compile(r"[\s_]{12,}\.?[^\s.]{0,12}$")
_ENDING = re.compile(r"\.([^.\s/\\]{1,20})\s*$")
_LONGEST = 1_024  # characters


@dataclass(frozen=True, slots=True)
class FileName:
    """ending: the effective extension, lower case, "" for none; before: the extension before it, which a reader may believe;
    tricks: what hides it (overridden, turned, unseen, dots, gap, nul, stream)."""

    ending: str
    before: str
    tricks: tuple[str, ...]

    @property
    def program(self) -> bool:
        return self.ending in PROGRAMS

    @property
    def double(self) -> bool:
        """A program that looks like a document: invoice.pdf.exe."""
        return self.program and self.before in FAMILY


def read(name: str) -> FileName:
    """Parse any text, of any length."""
    name = name[-_LONGEST:]
    tricks: dict[str, None] = {}
    if _TURNS.search(name):
        tricks["overridden" if _OVERRIDES.search(name) else "turned"] = None
    name, nul, behind = name.partition("\0")
    if nul:
        tricks["nul"] = None
    name = name.translate(_BLANKS)
    clean = _UNSEEN.sub("", _TURNS.sub("", name)).translate(_DOTS)
    clean = _CONTROLS.sub(" ", unicodedata.normalize("NFKC", clean))
    clean = re.split(r"[/\\]", clean)[-1]
    cut = clean.split(":", 1)[0] if ":" in clean and _known(clean.split(":", 1)[0]) else clean
    if cut != clean:
        tricks["stream"] = None
    stripped = cut.rstrip(" .\u00a0\u3000")
    ending = _last(stripped)
    if nul and not ending:
        ending = _last(behind)
    if ending and cut == clean and _last(_UNSEEN.sub("", name)) != ending:
        tricks["dots"] = None
    if ending and _UNSEEN.search(name.rpartition(".")[2]):
        tricks["unseen"] = None
    if ending and _WIDE_GAP.search(cut[-100:]):
        tricks["gap"] = None
    before = _last(stripped[: -len(ending) - 1].rstrip(" ._\u00a0")) if ending else ""
    return FileName(ending, before, tuple(tricks))


def is_mismatched(name: str, label: str) -> bool:
    """Whether a file is something else than its name promises. label: its actual type (types.py)."""
    promised = _PROMISES.get(name.rstrip(" .").rpartition(".")[2].lower(), "") if "." in name else ""
    return bool(promised) and label not in ("empty", *promised.split())


def _last(text: str) -> str:
    match = _ENDING.search(text[-64:])
    return match[1].casefold() if match else ""


def _known(text: str) -> bool:
    last = _last(text.rstrip(" ."))
    return last in PROGRAMS or last in FAMILY
