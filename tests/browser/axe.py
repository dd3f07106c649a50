"""WCAG 2.2 A and AA as axe-core sees a page, which has to be opened with bypass_csp=True."""

from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="no axe-core: npm ci in web/")


def wcag_faults(page, within="html"):
    """Give rule → the first elements that break it, and why."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("([within, tags]) => axe.run(within, {runOnly: tags})", [within, tags])
    return {v["id"]: [(n["html"][:160], n["failureSummary"]) for n in v["nodes"][:3]] for v in found["violations"]}
