import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.protocols import Check
from burnish.steps.quality_images import (
    STATS,
    BlankImage,
    BlurredImage,
    BrightImage,
    DarkImage,
    OddAspect,
    TinyImage,
    UnreadableImage,
)

CHECKS = (UnreadableImage(), DarkImage(), BrightImage(), BlurredImage(), TinyImage(), OddAspect(), BlankImage())
DEFECTS = {
    "QUA010": {"readable": 0, "brightness": np.nan, "contrast": np.nan, "width": np.nan},
    "QUA011": {"brightness": 8},
    "QUA012": {"brightness": 250},
    "QUA013": {"sharpness": 5},
    "QUA014": {"width": 24, "height": 20},
    "QUA015": {"width": 2000, "height": 200},
    "QUA016": {"contrast": 0, "entropy": 0, "brightness": 0, "sharpness": 0},
}


def ordinary(n, seed=0):
    rng = np.random.default_rng(seed)
    stats = {
        "width": rng.integers(200, 500, n), "height": rng.integers(200, 500, n),
        "brightness": rng.normal(120, 20, n).clip(40, 220), "contrast": rng.uniform(20, 70, n),
        "sharpness": rng.lognormal(7, 0.6, n), "entropy": rng.uniform(5, 7.5, n),
        "saturation": rng.random(n), "readable": np.ones(n),
    }  # fmt: skip
    return np.column_stack([stats[name] for name in STATS]).astype(np.float32)


def evidence_of(stats, evaluation=None):
    n = len(stats)
    rows = Dataset(
        pa.table({"i": range(n)}), pa.array([f"r{i}" for i in range(n)]), np.zeros((n, 2), np.uint64), Roles()
    )
    columns = [Column("image_stats", stats, "row")]
    if evaluation is not None:
        columns.append(Column("evaluation", evaluation))
    return Evidence(rows).adding(columns)


def flagged(check, stats):
    return {flag.row for finding in check.judge(evidence_of(stats)) for flag in finding.rows}


def with_defect(code, rows):
    stats = ordinary(300)
    for name, value in DEFECTS[code].items():
        stats[rows, STATS.index(name)] = value
    return stats


def test_checks_keep_their_protocol():
    assert all(isinstance(check, Check) for check in CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.code)
def test_ordinary_images_are_not_flagged(check):
    assert flagged(check, ordinary(2000)) == set()


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.code)
def test_each_planted_defect_is_found_by_its_own_check_only(check):
    stats = with_defect(check.code, [5, 50, 299])
    assert {c.code: flagged(c, stats) for c in CHECKS if flagged(c, stats)} == {check.code: {5, 50, 299}}


def test_a_set_of_small_images_is_not_tiny():
    stats = ordinary(500)
    stats[:, :2] = 32
    assert flagged(TinyImage(), stats) == set()


def test_a_set_of_dark_images_is_not_dark():
    stats = ordinary(500)
    stats[:, STATS.index("brightness")] = np.random.default_rng(0).uniform(8, 30, 500)
    assert flagged(DarkImage(), stats) == set()


def test_a_set_of_banners_has_no_odd_aspect():
    stats = ordinary(500)
    stats[:, 0] = 6 * stats[:, 1]
    assert flagged(OddAspect(), stats) == set()


def test_unreadable_images_are_dropped_from_training_and_reviewed_in_evaluation():
    evidence = evidence_of(with_defect("QUA010", [1, 2]), evaluation=np.arange(300) == 1)
    findings = UnreadableImage().judge(evidence)
    assert {flag.row: flag.edit for f in findings for flag in f.rows} == {1: "review", 2: "drop"}
    assert {finding.severity for finding in findings} == {"error"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.code)
def test_a_set_without_a_readable_image_breaks_nothing(check):
    stats = np.full((4, len(STATS)), np.nan, np.float32)
    stats[:, STATS.index("readable")] = 0
    assert flagged(check, stats) == ({0, 1, 2, 3} if check.code == "QUA010" else set())
