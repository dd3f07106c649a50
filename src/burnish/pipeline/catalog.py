"""The steps and checks that an audit runs: built-ins come through the same protocols as plug-ins."""

from burnish.kernels.items import Resources
from burnish.kernels.neighbors import RECALL
from burnish.protocols import Check, Step
from burnish.steps.clusters import Clusters
from burnish.steps.coverage import Coverage, CoverageGaps
from burnish.steps.duplicates import ConflictingDuplicates, Duplicates, ExactDuplicates, NearDuplicates
from burnish.steps.imbalance import ClassImbalance, ClusterImbalance, ImbalanceStep
from burnish.steps.labels import LabelQuality, SuspectEvaluationLabels, SuspectLabels
from burnish.steps.layout import Layout
from burnish.steps.leaks import ExactLeaks, Leaks, NearLeaks
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.outliers import OutlierRows, Outliers
from burnish.steps.predictions import Predictions
from burnish.steps.quality import (
    EmptyText,
    ForeignText,
    GarbledText,
    MarkupInText,
    Quality,
    TruncatedText,
    UnusableEmbedding,
)
from burnish.steps.quality_fields import CategoryVariants, ConstantField, ExtremeValues, MissingField, MixedField
from burnish.steps.quality_images import (
    BlankImage,
    BlurredImage,
    BrightImage,
    DarkImage,
    OddAspect,
    TinyImage,
    UnreadableImage,
)
from burnish.steps.shortcuts import ImageShortcut, MetadataShortcut, ShortcutsStep
from burnish.steps.slices import SlicesStep, WeakSlice
from burnish.steps.splits import Splits
from burnish.steps.values import Values

_DUPLICATES: tuple[Check, ...] = (ExactDuplicates(), NearDuplicates(), ConflictingDuplicates())
_LEAKS: tuple[Check, ...] = (ExactLeaks(), NearLeaks())
_LABELS: tuple[Check, ...] = (SuspectLabels(), SuspectEvaluationLabels())
_SET: tuple[Check, ...] = (
    OutlierRows(), WeakSlice(), CoverageGaps(), ClassImbalance(), ClusterImbalance(), MetadataShortcut(),
    ImageShortcut(),
)  # fmt: skip
_QUALITY: tuple[Check, ...] = (
    EmptyText(), TruncatedText(), GarbledText(), ForeignText(), MarkupInText(), UnreadableImage(), DarkImage(),
    BrightImage(), BlurredImage(), TinyImage(), OddAspect(), BlankImage(), ConstantField(), MissingField(),
    MixedField(), CategoryVariants(), ExtremeValues(), UnusableEmbedding(),
)  # fmt: skip

CHECKS: tuple[Check, ...] = (*_DUPLICATES, *_LEAKS, *_LABELS, *_SET, *_QUALITY)
"""Every built-in check, in the order of the report."""


def steps(
    splits: Splits | None = None, *, keep_by: str | None = None, recall: float = RECALL,
    resources: Resources | None = None,
) -> list[Step]:  # fmt: skip
    """Give the built-in steps; the order is derived from what they read and write."""
    on = resources or Resources()
    return [
        NearestNeighbors(recall=recall, resources=on), Duplicates(keep_by=keep_by), splits or Splits(),
        Leaks(recall=recall, resources=on), Predictions(resources=on), LabelQuality(), Outliers(resources=on),
        Clusters(resources=on), Layout(), SlicesStep(), Coverage(), ImbalanceStep(), ShortcutsStep(), Quality(),
        Values(resources=on),
    ]  # fmt: skip
