import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "pandas", "tensorflow", "jax", "ray"}
COPYLEFT = ("GPL", "AGPL", "NON-COMMERCIAL", "BUSL")


def core_closure():
    """Every package that `pip install burnish` brings here, by the metadata of what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting, seen = [Requirement(r) for r in project["dependencies"]], set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in seen:
            continue
        seen.add(name)
        below = (Requirement(text) for text in requires(name) or [])
        waiting += [r for r in below if r.marker is None or r.marker.evaluate({"extra": ""})]
    return seen


def test_the_core_is_at_most_35_packages_and_none_is_heavy():
    closure = core_closure()
    assert len(closure) <= 35, sorted(closure)
    assert not closure & HEAVY


def test_the_weights_lie_in_the_package():
    weights = ROOT / "src" / "burnish" / "adapters" / "embedders" / "weights"
    assert sum(f.stat().st_size for f in weights.iterdir()) < 30_000_000
    assert any(f.suffix == ".onnx" for f in weights.iterdir())


@pytest.mark.parametrize("document", ["README.md", "docs/ARCHITECTURE.md", "docs/glossary.md", "CHANGELOG.md"])
def test_the_documents_are_there(document):
    assert len((ROOT / document).read_text()) > 500


# The page ships as web/ gives it, and installing it needs no node.

ODD_NAMES = ("b.ts", "B.ts", "a/z.ts", "a.ts", "a b.ts", ".hidden", "ä.ts", "\uffee.ts", "\U0001f431.ts", "empty/x")


@pytest.fixture(scope="module")
def hook():
    """The build hook as a module."""
    pytest.importorskip("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path, hook):
    """A project whose page was built from the web/ that it has, with files of odd names."""
    web = tmp_path / "web"
    for name in hook.BESIDE_SOURCES:
        (web / name).parent.mkdir(exist_ok=True)
        (web / name).write_text(f"of {name}")
    for name in (
        "b.ts",
        "B.ts",
        "a/z.ts",
        "a.ts",
        "a b.ts",
        ".hidden",
        "ä.ts",
        "\uffee.ts",
        "\U0001f431.ts",
        "empty/x",
    ):
        (web / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (web / "src" / name).write_bytes(name.encode() * 3)
    (web / "src" / "empty" / "x").write_bytes(b"")
    (web / "src" / "link.ts").symlink_to("b.ts")
    (web / "src" / "a-link").symlink_to("a")
    built = tmp_path / hook.BUILT
    built.parent.mkdir(parents=True)
    built.write_text(hook.sources_digest(web) + "\n")
    return tmp_path


def test_the_page_that_is_committed_was_built_from_the_sources_that_are(hook):
    assert hook.built_from(ROOT) == hook.sources_digest(ROOT / "web"), "cd web && npm run build"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_hook_and_the_build_script_agree_on_the_digest_whatever_files_are_called(project, hook):
    script = (ROOT / "web" / "build.mjs").read_text()
    [function] = re.findall(r"^async function sourcesDigest.*?^}$", script, re.MULTILINE | re.DOTALL)
    imports = "\n".join(line for line in script.splitlines() if re.match(r'import .* from "node:', line))
    here = f"const here = {str(project / 'web') + '/'!r};"
    code = f"{imports}\n{here}\n{function}\nconsole.log(await sourcesDigest());"
    run = ["node", "--input-type=module", "--eval", code]
    printed = subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout
    assert printed.strip() == hook.sources_digest(project / "web")


@pytest.mark.parametrize("change", ["content", "name", "new", "gone", "lock"])
def test_every_change_of_the_sources_is_seen(project, hook, change):
    web = project / "web"
    assert hook.refreshed(project) == ""
    if change == "content":
        (web / "src" / "b.ts").write_text("else")
    elif change == "name":
        (web / "src" / "b.ts").rename(web / "src" / "c.ts")
    elif change == "new":
        (web / "src" / "new.ts").write_text("")
    elif change == "gone":
        (web / "src" / ".hidden").unlink()
    else:
        (web / "package-lock.json").write_text("{}")
    assert hook.built_from(project) != hook.sources_digest(web)


def test_a_stale_page_without_npm_stops_the_build_with_what_to_do(project, hook, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    (project / "web" / "src" / "b.ts").write_text("else")
    said = hook.refreshed(project)
    assert "built from other sources than web/ holds now" in said
    assert "Install Node.js" in said


@pytest.mark.parametrize("code", [0, 1])
def test_a_stale_page_is_built_by_npm(project, hook, monkeypatch, code):
    npm = project / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\necho $PWD $* >> {project}/ran\nexit {code}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:{os.environ['PATH']}")
    (project / "web" / "src" / "b.ts").write_text("else")
    assert ("npm ci failed" in hook.refreshed(project)) == (code == 1)
    ran = (project / "ran").read_text().splitlines()
    assert ran == [f"{project}/web {command}" for command in (["ci", "run build"] if code == 0 else ["ci"])]


def test_a_page_that_is_not_stale_needs_no_npm_and_neither_does_an_sdist(project, hook, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert hook.refreshed(project) == ""
    shutil.rmtree(project / "web")
    assert hook.refreshed(project) == ""


@pytest.mark.slow
def test_a_wheel_is_built_from_the_sdist_without_npm_and_holds_the_page(tmp_path, hook):
    """As `pip install burnish-*.tar.gz` does it."""
    sdist = built("build_sdist", ROOT, tmp_path)
    with tarfile.open(tmp_path / sdist) as packed:
        names = [name.split("/", 1)[-1] for name in packed.getnames()]
        packed.extractall(tmp_path / "unpacked", filter="data")
    assert "hatch_build.py" in names
    assert "web/build.mjs" not in names
    assert not [name for name in names if "node_modules" in name]
    [source] = (tmp_path / "unpacked").iterdir()
    wheel = built("build_wheel", source, tmp_path)
    with zipfile.ZipFile(tmp_path / wheel) as packed:
        shipped = {Path(name).name for name in packed.namelist() if name.startswith("burnish/app/assets/")}
    assert {"app.js", "app.css", "widget.js"} <= shipped
    assert shipped == {path.name for path in (ROOT / "src" / "burnish" / "app" / "assets").iterdir()}


def built(what, source, out):
    """Build with the back end that pip would call, where there is no npm; give the name of the file."""
    code = f"import hatchling.build as b; print('made', b.{what}({str(out)!r}))"
    environment = {**os.environ, "PATH": "/usr/bin/nowhere"}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=source, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.rsplit("made ", 1)[1].strip()
