"""Static files, collected once for each version under names with a checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

from civicmail.core.config.log import get_logger

STAMP = ".stamp"
NOT_OURS = ["django_htmx"]
"""Folders of packages that no page links to; our htmx is in vendor. To compress them takes longer than all the rest."""

log = get_logger()


class Files(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Where collecting failed (a full disk, a list of files that a power cut tore) pages name the files without checksums, instead
    of failing themselves; WhiteNoise has them under those names from the packages (WHITENOISE_USE_FINDERS)."""

    def stored_name(self, name: str) -> str:
        """The collected name of a file; its own where nothing was collected under it."""
        known = self.hash_key(urlsplit(unquote(name)).path.strip()) in self.hashed_files
        return str(super().stored_name(name)) if known else name

    def load_manifest(self) -> tuple[dict[str, str], str]:
        """The list of collected names; empty where it is not whole."""
        try:
            paths, digest = super().load_manifest()
        except (OSError, ValueError):
            return {}, ""
        return paths, digest


def collect() -> bool:
    """Collect if anything changed. Returns whether it was tried. Errors are logged: pages then use the files in the packages."""
    assert settings.STATIC_ROOT is not None  # settings without a data folder serve nothing
    place = Path(settings.STATIC_ROOT)
    stamp = _stamp()
    try:
        if (place / STAMP).is_file() and (place / STAMP).read_text() == stamp:
            return False
        place.mkdir(exist_ok=True)
        call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=NOT_OURS)
        (place / STAMP).write_text(stamp)
    except (OSError, ValueError) as error:  # Django says ValueError for a file that is gone when it comes to its checksum
        if isinstance(staticfiles_storage, Files):
            staticfiles_storage.hashed_files = {}  # what was collected before may have been cleared
        log.error("the files of the pages could not be collected", error=getattr(error, "strerror", None) or type(error).__name__)
    return True


def _stamp() -> str:
    """Digest of the static files by name, size and time."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda pair: pair[0]):
            about = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
