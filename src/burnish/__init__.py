"""Curates data sets for machine learning, led by embeddings, and proves what each change did to the model."""

import importlib
from typing import Any

_OFFERED = {
    "audit": "burnish.api", "measure": "burnish.api", "curate": "burnish.api", "compare": "burnish.api",
    "select": "burnish.api", "acquire": "burnish.api", "history": "burnish.api", "Audit": "burnish.api",
    "Policy": "burnish.pipeline.decision", "Changeset": "burnish.dataset", "Edit": "burnish.dataset",
    "Evaluation": "burnish.dataset", "kernels": "burnish.kernels", "errors": "burnish.errors",
    "testing": "burnish.testing", "app": "burnish.app",
}  # fmt: skip

__all__ = list(_OFFERED)


def __getattr__(name: str) -> Any:
    """Import late, so that `import burnish` and `burnish --help` are instant (PEP 562)."""
    if name not in _OFFERED:
        raise AttributeError(f"module 'burnish' has no attribute {name!r}")
    module = importlib.import_module(_OFFERED[name])
    return module if _OFFERED[name] == f"burnish.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
