import tomllib
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
