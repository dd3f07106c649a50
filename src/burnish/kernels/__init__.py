"""Pure functions over numpy arrays. Need nothing else of burnish but its errors."""

from burnish.kernels.duplicates import group_exact
from burnish.kernels.labels import label_quality
from burnish.kernels.layout import layout_map
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.outliers import outlier_score

__all__ = ["group_exact", "label_quality", "layout_map", "nearest_neighbors", "outlier_score"]
