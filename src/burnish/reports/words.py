"""Words of the report: what each kind of finding is called, why it matters, what an edit did."""

KINDS: dict[str, tuple[str, str]] = {
    "leak": ("Leaks", "A row of the evaluation split has a twin in train, so the measured metric flatters the model."),
    "conflicting_label": ("Conflicting labels", "The same content carries different labels; at most one is right."),
    "suspect_label": ("Suspect labels", "Out-of-sample predictions and neighbors disagree with the given label."),
    "exact_duplicate": ("Exact duplicates", "Rows with equal content."),
    "near_duplicate": ("Near duplicates", "Rows that say almost the same; one representative of a group is kept."),
    "outlier": ("Outliers", "Rows far from everything else, shown beside their nearest neighbor."),
    "weak_slice": ("Weak slices", "Parts of the data on which the model is significantly worse than elsewhere."),
    "coverage_gap": ("Coverage gaps", "Evaluation regions that the training rows hardly cover."),
    "shortcut": ("Shortcuts", "Fields or statistics that predict the label better than they should."),
    "imbalance": ("Imbalance", "Classes or clusters with far fewer rows than the others."),
    "quality": ("Quality", "Content that is empty, broken, garbled or unreadable."),
}
"""Kind → (title, one sentence), in the order of the report: what distorts a measurement comes first."""

CODES = {
    "LEK001": "Exact leaks", "LEK002": "Near leaks", "LAB002": "Suspect labels in evaluation",
    "IMB001": "Class imbalance", "IMB002": "Cluster imbalance",
    "QUA001": "Empty texts", "QUA002": "Texts cut off at one length", "QUA003": "Garbled texts",
    "QUA004": "Texts in another language", "QUA005": "Markup or encoding left in texts",
    "QUA010": "Unreadable images", "QUA011": "Dark images", "QUA012": "Over-exposed images", "QUA013": "Blurred images",
    "QUA014": "Tiny images", "QUA015": "Images of odd aspect", "QUA016": "Blank images",
    "QUA020": "Fields with one value", "QUA021": "Fields mostly missing", "QUA022": "Fields of mixed types",
    "QUA023": "Spellings of one category", "QUA024": "Extreme values of fields", "QUA030": "Unusable vectors",
}  # fmt: skip
"""Codes that share their kind with another code → a title that tells them apart."""

ACTIONS = {"drop": "dropped", "relabel": "relabelled", "weight": "reweighted"}

SEVERITIES = ("error", "warning", "info")

SIGNS = {"error": "●", "warning": "▲", "info": "○"}
"""A shape for each severity, so that color is never the only sign."""

VERDICTS = {
    "better": ("Better", "✓"), "no worse": ("No worse", "≈"), "worse": ("Worse", "✗"),
    "inconclusive": ("Inconclusive", "?"),
}  # fmt: skip


def kind_title(kind: str) -> str:
    """Give the plural title of a kind of finding."""
    return KINDS.get(kind, (kind.replace("_", " ").capitalize(), ""))[0]


def code_title(code: str, kind: str) -> str:
    """Give the title of a code's findings: its own where it has one, else that of its kind."""
    return CODES.get(code, kind_title(kind))


def kind_rank(kind: str) -> int:
    """Give the place of a kind in the report; unknown kinds come last."""
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def arm_name(name: str) -> str:
    """Give the name of an arm of a measurement as people read it."""
    if name.startswith("only:"):
        return f"only {name.removeprefix('only:')}"
    return {"control": "control (random)"}.get(name, name)
