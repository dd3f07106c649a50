"""Quality of images: QUA010 unreadable, 011 dark, 012 bright, 013 blurred, 014 tiny, 015 odd aspect, 016 blank.

Each bound is absolute and relative to the set, so that a set that is small, dark or soft as a whole is
not flagged row by row.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Evidence, Finding
from burnish.steps.quality_findings import Complaint

Bools = NDArray[np.bool_]
STATS = ("width", "height", "brightness", "contrast", "sharpness", "entropy", "saturation", "readable")
READS = ("image_stats",)


def stat(evidence: Evidence, name: str) -> NDArray[Any]:
    """Give one column (n,) of `image_stats` by its name."""
    stats: NDArray[Any] = evidence["image_stats"]
    return stats[:, STATS.index(name)]


def readable(evidence: Evidence) -> Bools:
    """Give the mask (n,) of images that could be read."""
    return np.asarray(stat(evidence, "readable") == 1, bool)


def usual(evidence: Evidence, values: NDArray[Any]) -> float:
    """Give the median over readable images, NaN without one."""
    known = values[readable(evidence) & np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


@dataclass(frozen=True)
class UnreadableImage:
    """QUA010: the image cannot be decoded."""

    code: ClassVar[str] = "QUA010"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row; train rows are suggested for dropping."""
        complaint = Complaint(self.code, "The image cannot be read", severity="error", edit="drop")
        return complaint.about(evidence, np.flatnonzero(~readable(evidence)), {})


@dataclass(frozen=True)
class BlankImage:
    """QUA016: no information: hardly any contrast (gray levels) or entropy (bits)."""

    max_contrast: float = 2.0
    max_entropy: float = 0.5

    code: ClassVar[str] = "QUA016"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        complaint = Complaint(self.code, "The image is blank")
        facts = {name: stat(evidence, name) for name in ("contrast", "entropy")}
        return complaint.about(evidence, np.flatnonzero(self.is_blank(evidence)), facts)

    def is_blank(self, evidence: Evidence) -> Bools:
        """Give the mask (n,) of blank images; the other checks leave them out."""
        flat = (stat(evidence, "contrast") <= self.max_contrast) | (stat(evidence, "entropy") <= self.max_entropy)
        return readable(evidence) & flat


def _visible(evidence: Evidence) -> Bools:
    return readable(evidence) & ~BlankImage().is_blank(evidence)


@dataclass(frozen=True)
class DarkImage:
    """QUA011: mean brightness (0..255) at most `max_brightness` and a fraction of the set's median."""

    max_brightness: float = 20.0
    max_share_of_usual: float = 0.25

    code: ClassVar[str] = "QUA011"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        brightness = stat(evidence, "brightness")
        bound = min(self.max_brightness, self.max_share_of_usual * usual(evidence, brightness))
        rows = np.flatnonzero(_visible(evidence) & (brightness <= bound))
        return Complaint(self.code, "The image is dark").about(evidence, rows, {"brightness": brightness})


@dataclass(frozen=True)
class BrightImage:
    """QUA012: mean darkness (255 − brightness) at most `max_darkness` and a fraction of the set's median."""

    max_darkness: float = 15.0
    max_share_of_usual: float = 0.25

    code: ClassVar[str] = "QUA012"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        brightness = stat(evidence, "brightness")
        darkness = 255 - brightness
        bound = min(self.max_darkness, self.max_share_of_usual * usual(evidence, darkness))
        rows = np.flatnonzero(_visible(evidence) & (darkness <= bound))
        return Complaint(self.code, "The image is over-exposed").about(evidence, rows, {"brightness": brightness})


@dataclass(frozen=True)
class BlurredImage:
    """QUA013: sharpness (variance of the Laplacian) small and a small fraction of the set's median.

    Smooth motifs (sky, fog) have little sharpness too: the finding is for review.
    """

    max_sharpness: float = 100.0
    max_share_of_usual: float = 0.05

    code: ClassVar[str] = "QUA013"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        sharpness = stat(evidence, "sharpness")
        bound = min(self.max_sharpness, self.max_share_of_usual * usual(evidence, sharpness))
        rows = np.flatnonzero(_visible(evidence) & (sharpness <= bound))
        return Complaint(self.code, "The image is blurred").about(evidence, rows, {"sharpness": sharpness})


@dataclass(frozen=True)
class TinyImage:
    """QUA014: the shorter side below `max_side` pixels and a fraction of the set's median."""

    max_side: float = 64.0
    max_share_of_usual: float = 0.25

    code: ClassVar[str] = "QUA014"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        side = np.minimum(stat(evidence, "width"), stat(evidence, "height"))
        bound = min(self.max_side, self.max_share_of_usual * usual(evidence, side))
        rows = np.flatnonzero(readable(evidence) & (side <= bound))
        return Complaint(self.code, "The image is tiny").about(evidence, rows, {"shorter_side": side})


@dataclass(frozen=True)
class OddAspect:
    """QUA015: width / height further than `min_factor` from the set's median."""

    min_factor: float = 3.0

    code: ClassVar[str] = "QUA015"
    reads: ClassVar[tuple[str, ...]] = READS

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row."""
        with np.errstate(divide="ignore", invalid="ignore"):
            aspect = stat(evidence, "width") / stat(evidence, "height")
            away = np.abs(np.log(aspect) - np.log(usual(evidence, aspect)))
        rows = np.flatnonzero(readable(evidence) & (away >= np.log(self.min_factor)))
        return Complaint(self.code, "The image has an odd aspect").about(evidence, rows, {"aspect": aspect})
