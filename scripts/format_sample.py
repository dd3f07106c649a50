"""Write a small workspace of the present format, for the tests of later ones: `python scripts/format_sample.py DIR`."""

import sys

import numpy as np
import pyarrow as pa

from burnish.dataset import Changeset, Dataset, Edit, Roles
from burnish.workspace import Workspace
from burnish.workspace.history import Note


def rows(numbers: list[int]) -> Dataset:
    """Give pets by number."""
    fields = pa.table({"text": [f"pet {i}" for i in numbers], "label": ["cat" if i % 2 else "dog" for i in numbers]})
    content = np.array([[i, i] for i in numbers], np.uint64)
    return Dataset(
        fields, pa.array([f"r{i}" for i in numbers]), content, Roles(text="text", label="label"), name="pets"
    )


def main() -> None:
    """Keep four versions: a source, a changeset, an undo of a part of it, and the source grown in another order."""
    history, note = Workspace(sys.argv[1]).history, Note(who="sample", why="to be read by later formats")
    history.keep_source(rows([0, 1, 2, 3]), note)
    before = history.open("pets@1")
    edits = (
        Edit("r1", "drop", "DUP001", "twin", kept_row_id="r0"),
        Edit("r2", "relabel", "LAB001", "suspect", label="cat"),
    )
    history.keep_changes(before, Changeset(before.version, edits), note)
    history.undo("pets@2", note, codes=["DUP001"])
    history.keep_source(rows([3, 0, 1, 2, 4]), note)
    history.store.tag("pets", "first", 1)


if __name__ == "__main__":
    main()
