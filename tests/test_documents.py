"""Every command, check code, embedder and column has its line in the documents."""

import dataclasses
import re
from pathlib import Path

import pytest

from burnish.adapters.registry import EMBEDDERS
from burnish.cli.commands import burnish
from burnish.pipeline.catalog import CHECKS, steps
from burnish.pipeline.tables import CLUSTERS_SCHEMA, ROWS_SCHEMA, SLICES_SCHEMA

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (DOCS / "ARCHITECTURE.md").read_text()
TOPICS = {path.stem: path.read_text() for path in (DOCS / "topics").glob("*.md")}
EVERYTHING = "\n".join([README, ARCHITECTURE, *TOPICS.values(), *(p.read_text() for p in DOCS.glob("*.md"))])


@pytest.mark.parametrize("command", sorted(burnish.commands))
def test_every_command_is_in_the_readme(command):
    assert f"burnish {command}" in README


@pytest.mark.parametrize("code", [check.code for check in CHECKS])
def test_every_check_code_is_in_a_topic_page_and_in_the_list_of_findings(code):
    family = code[:3]
    assert any(family in page for page in TOPICS.values()), code
    assert code in (DOCS / "findings.md").read_text()


@pytest.mark.parametrize("name", sorted(EMBEDDERS))
def test_every_embedder_is_in_its_topic_page(name):
    assert name in TOPICS["embedders"]


@pytest.mark.parametrize("step", steps(), ids=lambda s: s.name)
def test_every_column_that_a_step_writes_is_in_the_architecture(step):
    for name in step.writes:
        assert f"`{name}`" in ARCHITECTURE, name
    assert dataclasses.is_dataclass(step)


@pytest.mark.parametrize("schema", [ROWS_SCHEMA, CLUSTERS_SCHEMA, SLICES_SCHEMA], ids=["rows", "clusters", "slices"])
def test_every_column_of_the_written_tables_is_documented(schema):
    for name in schema.names:
        assert f"`{name}`" in EVERYTHING, name


def test_no_two_checks_share_a_code_and_codes_look_alike():
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[A-Z]{3}\d{3}", code) for code in codes)


def test_links_between_documents_lead_somewhere():
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} → {target}"
