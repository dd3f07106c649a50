"""Pure functions over numpy arrays. Need nothing else of burnish but its errors."""

from burnish.kernels.duplicates import group_exact
from burnish.kernels.joins import nearest_across
from burnish.kernels.labels import label_quality
from burnish.kernels.layout import layout_map
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.outliers import outlier_score
from burnish.kernels.selection import select_diverse

__all__ = [
    "group_exact", "label_quality", "layout_map", "nearest_across", "nearest_neighbors", "outlier_score",
    "select_diverse",
]  # fmt: skip
