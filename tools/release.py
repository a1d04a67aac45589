"""Build a release of the committed state: `make release`, or tools/release.py FOLDER.

    civicmail-VERSION-py3-none-any.whl    the program, with deploy/ and manual pages below share/
    civicmail_VERSION_ARCH.deb            the same with everything that it needs, each package of uv.lock by its hash
    verify_*.py                           the stand-alone checkers of proofs, exports and reviews
    sbom.cdx.json                         CycloneDX 1.5, from uv.lock
    SHA256SUMS                            of all of them

Two builds of one commit are equal byte for byte: what has a time has that of the commit.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path

import manpages

ROOT = Path(__file__).parents[1]
UV = ROOT / ".uv" / "bin" / "uv"
PYTHON = "python3.13"
"""Debian 13's. Packages with parts in C are made for one version."""
VENV = "usr/lib/civicmail"
_PROGRAM = """\
#!/usr/lib/civicmail/bin/python -I
import sys

from civicmail.front.cli.main import main

sys.argv[0] = "/usr/bin/civicmail"  # what people call, and what it tells them to call
main()
"""
WORDS = ("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--quiet")


def run(*words: str | Path, at: Path = ROOT, **more: str) -> str:
    """The output of a program; exit if it fails."""
    done = subprocess.run(list(map(str, words)), cwd=at, env=os.environ | more, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


class Release:
    """One build. place: work folder; out: destination."""

    def __init__(self, place: Path, out: Path) -> None:
        self.place, self.out, self.source = place, out, place / "source"
        self.commit = run("git", "rev-parse", "HEAD").strip()
        self.seconds = int(run("git", "show", "-s", "--format=%ct", "HEAD"))
        os.environ |= {"SOURCE_DATE_EPOCH": str(self.seconds), "PYTHONHASHSEED": "0", "TZ": "UTC"}
        os.umask(0o022)
        self.version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    def build(self) -> None:
        """Build everything in this order; each part goes into the next."""
        self._sources()
        wheel = self._wheel()
        self._sbom()
        for checker in sorted((self.source / "tools").glob("verify_*.py")):
            shutil.copyfile(checker, self.out / checker.name)
        self._debian(wheel)
        sums = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in sorted(self.out.iterdir())]
        (self.out / "SHA256SUMS").write_text("".join(sums))

    def _sources(self) -> None:
        """The committed files, with what only a release has."""
        packed = self.place / "source.tar"
        run("git", "archive", "--format=tar", f"--output={packed}", "HEAD")
        with tarfile.open(packed) as pack:
            pack.extractall(self.source, filter="data")
        (self.source / "src" / "civicmail" / "commit.txt").write_text(f"{self.commit}\n")
        share = self.source / "data" / "share"
        shutil.copytree(self.source / "deploy", share / "civicmail" / "deploy")
        manpages.write(share / "man", self.seconds)
        with (self.source / "pyproject.toml").open("a") as project:
            project.write('\n[tool.uv.build-backend.data]\ndata = "data"\n')

    def _wheel(self) -> Path:
        run(UV, "build", "--wheel", "--quiet", "--out-dir", self.out, at=self.source)
        (self.out / ".gitignore").unlink(missing_ok=True)
        (wheel,) = self.out.glob("*.whl")
        return wheel

    def _sbom(self) -> None:
        """uv's SBOM with serial number and time from the commit."""
        bom = json.loads(run(UV, "export", "--format", "cyclonedx1.5", "--frozen", "--no-dev", "--quiet"))
        bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, f"civicmail {self.commit}").urn
        bom["metadata"]["timestamp"] = datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        (self.out / "sbom.cdx.json").write_text(json.dumps(bom, indent=1, sort_keys=True) + "\n")

    def _debian(self, wheel: Path) -> None:
        root = self.place / "root"
        self._libraries(root, wheel)
        debian, share = self.source / "deploy" / "debian", root / "usr" / "share"
        for name, target, mode in (
            ("civicmail", "usr/bin/civicmail", 0o755),
            ("environment", "etc/civicmail/environment", 0o644),
            *((f"../systemd/{p.name}", f"usr/lib/systemd/system/{p.name}", 0o644) for p in (debian / "../systemd").iterdir()),
            ("../alerts/civicmail-alert", "usr/libexec/civicmail-alert", 0o755),
            *((name, f"DEBIAN/{name}", 0o755) for name in ("postinst", "prerm", "postrm")),
        ):
            (root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(debian / name, root / target)
            (root / target).chmod(mode)
        shutil.copytree(self.source / "data" / "share" / "man", share / "man")
        shutil.copytree(self.source / "deploy", share / "civicmail" / "deploy")
        shutil.copytree(self.source / "docs", share / "doc" / "civicmail" / "docs")
        for name in ("README.md", "CHANGELOG.md", "SECURITY.md"):
            shutil.copyfile(self.source / name, share / "doc" / "civicmail" / name)
        shutil.copyfile(self.source / "LICENSE", share / "doc" / "civicmail" / "copyright")
        shutil.copyfile(self.out / "sbom.cdx.json", share / "doc" / "civicmail" / "sbom.cdx.json")
        for page in sorted((share / "man").rglob("*.[15]")):
            page.with_name(f"{page.name}.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
            page.unlink()
        self._control(root)
        run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z12", "--build", root, self.out)

    def _libraries(self, root: Path, wheel: Path) -> None:
        """A folder of packages that a Python finds by itself: an environment whose interpreter is the system's."""
        home = root / VENV
        run(PYTHON, "-m", "venv", "--without-pip", "--symlinks", home)
        requirements = self.place / "wanted.txt"
        requirements.write_text(run(UV, "export", "--format", "requirements.txt", *WORDS))
        python = home / "bin" / "python"
        alone = ("--python", python, "--no-deps", "--quiet", "--link-mode=copy")
        run(UV, "pip", "install", *alone, "--only-binary", ":all:", "--no-binary", "pyspf", "--require-hashes", "-r", requirements)
        run(UV, "pip", "install", *alone, wheel)
        shutil.rmtree(home / "share", ignore_errors=True)  # as the package has it, at its own place
        (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.13\n")
        for file in (home / "bin").iterdir():
            if file.name == "civicmail":
                file.write_text(_PROGRAM)
            elif not file.name.startswith("python"):
                file.unlink()
        for name in ("python", "python3", PYTHON):
            (home / "bin" / name).unlink(missing_ok=True)
            (home / "bin" / name).symlink_to("/usr/bin/python3.13")
        for metadata in home.rglob("*.dist-info"):  # where it was built, and when
            for name in ("direct_url.json", "uv_cache.json", "REQUESTED", "INSTALLER", "RECORD"):
                (metadata / name).unlink(missing_ok=True)
        for cache in list(home.rglob("__pycache__")):
            shutil.rmtree(cache)
        packages = home / "lib" / PYTHON / "site-packages"
        words = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", root, "-p", "/")
        # packages have a file or two for other Pythons, which no program imports
        subprocess.run([PYTHON, *words, packages], stdout=subprocess.DEVNULL, check=False)

    def _control(self, root: Path) -> None:
        size = sum(p.lstat().st_size for p in root.rglob("*")) // 1024
        machine = run("dpkg", "--print-architecture").strip()
        lines = {
            "Package": "civicmail",
            "Version": self.version,
            "Architecture": machine,
            "Maintainer": "Civicmail maintainers <maintainers@civicmail.invalid>",
            "Installed-Size": size,
            "Depends": "python3 (>= 3.13), python3 (<< 3.14), passwd, libstdc++6, curl",
            "Recommends": "postfix, dovecot-imapd, dovecot-lmtpd, tesseract-ocr",
            "Suggests": "postgresql, rspamd, clamav-daemon, nginx",
            "Section": "mail",
            "Priority": "optional",
            "Description": "a city's e-mail system under its e-mail use policy\n Mail is screened, archived, delivered and proven.",
        }
        control = root / "DEBIAN"
        (control / "control").write_text("".join(f"{name}: {value}\n" for name, value in lines.items()))
        (control / "conffiles").write_text("/etc/civicmail/environment\n")
        files = sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink() and control not in p.parents)
        sums = [f"{hashlib.md5(p.read_bytes()).hexdigest()}  {p.relative_to(root)}\n" for p in files]
        (control / "md5sums").write_text("".join(sums))
        for path in [root, *root.rglob("*")]:
            os.utime(path, (self.seconds, self.seconds), follow_symlinks=False)


def main(out: Path) -> None:
    """Into an empty folder."""
    if run("git", "status", "--porcelain"):
        print("What is not committed is not in the release.", file=sys.stderr)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="civicmail-release-") as place:
        Release(Path(place), out.absolute()).build()
    print((out / "SHA256SUMS").read_text(), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist"))
