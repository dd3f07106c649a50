"""Build hook: what ships of the page is what web/ gives now.

The built assets are committed, so that installing needs no node: only where they are stale are they built anew. An
sdist cannot build them, and nothing is to be done there; an editable install shows what lies there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "src/burnish/app/assets/SOURCES"
"""Where web/build.mjs writes the digest of the sources that it built from."""

BESIDE_SOURCES = ("THIRD_PARTY", "build.mjs", "package-lock.json", "package.json", "tsconfig.json")


class PageBuild(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the page where it is stale, and stops the build where it cannot."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Look before anything is packed."""
        del build_data
        if version != "editable" and (wrong := refreshed(Path(self.root))):
            self.app.abort(wrong)


def refreshed(root: Path) -> str:
    """Build the page of the project at `root` where it is stale; give what is wrong, or nothing."""
    web = root / "web"
    if not (web / "build.mjs").is_file() or built_from(root) == sources_digest(web):
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return (
            f"The page of the app was built from other sources than web/ holds now ({BUILT} tells), and npm, which "
            "builds it, is not here. Install Node.js and build again, or go back to the committed web/."
        )
    for arguments in (["ci"], ["run", "build"]):
        done = subprocess.run([npm, *arguments], cwd=web, stdout=sys.stderr, check=False)  # noqa: S603
        if done.returncode != 0:
            return f"The page of the app is stale and cannot be built: npm {' '.join(arguments)} failed, see above."
    return ""


def built_from(root: Path) -> str:
    """Give the digest of the sources that the page was built from."""
    place = root / BUILT
    return place.read_text(encoding="utf-8").strip() if place.is_file() else ""


def sources_digest(web: Path) -> str:
    """Give the digest that web/build.mjs gives: of each source its path and content, in the order of JavaScript."""
    found = [Path(folder, name) for folder, _, names in os.walk(web / "src") for name in names]
    listed = [path.relative_to(web).as_posix() for path in found if path.is_file() and not path.is_symlink()]
    digest = hashlib.sha256()
    for name in sorted([*listed, *BESIDE_SOURCES], key=lambda one: one.encode("utf-16-be")):
        digest.update(f"{name}\0".encode())
        digest.update((web / name).read_bytes())
    return digest.hexdigest()
