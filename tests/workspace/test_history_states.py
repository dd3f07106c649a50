"""Random histories against an oracle that keeps every version as plain rows in memory."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from burnish.adapters.stores.history import HistoryStore
from burnish.dataset import Changeset, Dataset, Edit, Roles
from burnish.workspace.history import History, Note

pytestmark = pytest.mark.slow

STEPS = int(os.environ.get("BURNISH_STATE_STEPS", "20"))
RUNS = int(os.environ.get("BURNISH_STATE_RUNS", "4"))

Rows = list[tuple[str, str, str | None]]
LABELS = st.sampled_from(["cat", "dog", None])


def dataset_of(rows: Rows) -> Dataset:
    """Make a data set of (id, text, label)."""
    ids, texts, labels = zip(*rows, strict=True) if rows else ((), (), ())
    fields = pa.table({"text": pa.array(texts, pa.string()), "label": pa.array(labels, pa.string())})
    content = np.array([[hash(text) & 0xFFFF, len(text)] for text in texts], np.uint64).reshape(-1, 2)
    return Dataset(fields, pa.array(ids, pa.string()), content, Roles(text="text", label="label"), name="pets")


def rows_of(dataset: Dataset) -> Rows:
    """Give the rows back."""
    columns = (dataset.row_ids, dataset.field("text"), dataset.field("label"))
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


class Histories(RuleBasedStateMachine):
    """Sources that grow, lose, change and reorder rows; changesets; undo; tags. Every version stays what it was."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.history = History(HistoryStore(self.folder / "datasets"), lambda _: dataset_of([]))
        self.kept: dict[int, Rows] = {}
        self.tags: dict[str, int] = {}
        self.made = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def newest(self) -> Rows:
        return self.kept[max(self.kept)]

    def fresh(self, n: int, label: str | None) -> Rows:
        self.made += n
        return [(f"r{self.made - i}", f"text {self.made - i}", label) for i in range(n)]

    def keep(self, rows: Rows) -> None:
        same = [number for number, kept in self.kept.items() if kept == rows]
        version = self.history.keep_source(dataset_of(rows), Note(who="me"))
        if same:
            assert version.number == same[-1]
        else:
            assert version.number == len(self.kept) + 1
            self.kept[version.number] = rows

    @initialize(n=st.integers(1, 12), label=LABELS)
    def begin(self, n: int, label: str | None) -> None:
        self.keep(self.fresh(n, label))

    @rule(data=st.data())
    def change_the_source(self, data: st.DataObject) -> None:
        rows = list(self.newest)
        what = data.draw(
            st.sampled_from(["append", "insert", "lose", "reorder", "relabel", "rewrite", "mix", "return"])
        )
        if what == "return":
            rows = list(self.kept[data.draw(st.sampled_from(sorted(self.kept)))])
        if what in ("append", "mix", "return"):
            rows += self.fresh(data.draw(st.integers(1, 3)), data.draw(LABELS))
        if what == "insert":
            rows[len(rows) // 2 : len(rows) // 2] = self.fresh(1, data.draw(LABELS))
        if what in ("lose", "mix") and len(rows) > 1:
            del rows[data.draw(st.integers(0, len(rows) - 1))]
        if what in ("reorder", "mix"):
            rows = data.draw(st.permutations(rows))
        if what in ("relabel", "mix") and rows:
            at = data.draw(st.integers(0, len(rows) - 1))
            rows[at] = (*rows[at][:2], data.draw(LABELS))
        if what == "rewrite" and rows:
            at = data.draw(st.integers(0, len(rows) - 1))
            rows[at] = (rows[at][0], rows[at][1] + "!", rows[at][2])
        self.keep(list(rows))

    @rule(data=st.data())
    def apply_a_changeset(self, data: st.DataObject) -> None:
        before = self.newest if data.draw(st.booleans()) else self.kept[data.draw(st.sampled_from(sorted(self.kept)))]
        if not before:
            return
        some = data.draw(st.lists(st.sampled_from(range(len(before))), min_size=1, max_size=3, unique=True))
        actions = {at: data.draw(st.sampled_from(["drop", "cat", "dog"])) for at in some}
        edits = [
            Edit(before[at][0], "drop", "DUP001", "twin") if what == "drop"
            else Edit(before[at][0], "relabel", "LAB001", "suspect", label=what)
            for at, what in actions.items()
        ]  # fmt: skip
        dataset = dataset_of(before)
        version = self.history.keep_changes(dataset, Changeset(dataset.version, tuple(edits)), Note(who="me"))
        after = [
            row if at not in actions else (*row[:2], actions[at])
            for at, row in enumerate(before) if actions.get(at) != "drop"
        ]  # fmt: skip
        self.kept[version.number] = after

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        versions = self.history.store.versions("pets")
        able = [n for n, v in versions.items() if v.parent is not None and (v.n_segment or v.codes)]
        if not able:
            return
        number = data.draw(st.sampled_from(able))
        former = {row[0]: row for row in self.kept[versions[number].parent]}
        made = {row[0]: row for row in self.kept[number]}
        done = self.history.undo(f"pets@{number}", Note(who="me"))
        if done.version is None:
            return
        lines = self.history.store.ledger(done.version).to_pylist()
        heirs = {number}
        for n, v in versions.items():
            heirs |= {n} if v.parent in heirs else set()
        expected = {row[0]: row for row in self.kept[max(heirs)]}
        for line in sorted(lines, key=lambda line: line["action"] != "drop"):  # a rewritten row goes and comes back
            if line["action"] == "restore":
                expected[line["row_id"]] = former[line["row_id"]]
            elif line["action"] == "drop":
                del expected[line["row_id"]]
            else:
                row = expected[line["row_id"]]
                assert row[2] == made[line["row_id"]][2]
                expected[line["row_id"]] = (*row[:2], former[line["row_id"]][2])
        assert done.version.parent == max(heirs)
        now = rows_of(self.history.open(done.version.name))
        assert sorted(now, key=str) == sorted(expected.values(), key=str)
        if number == max(heirs):
            assert now == self.kept[versions[number].parent]
        self.kept[done.version.number] = now

    @rule(data=st.data(), tag=st.sampled_from(["gold", "v2.0", "with space"]))
    def name_a_version(self, data: st.DataObject, tag: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.kept)))
        self.history.store.tag("pets", tag, number)
        self.tags[tag] = number

    @rule(data=st.data())
    def tell_two_versions_apart(self, data: st.DataObject) -> None:
        first, second = (data.draw(st.sampled_from(sorted(self.kept))) for _ in range(2))
        before, after = ({row[0]: row[1:] for row in self.kept[number]} for number in (first, second))
        expected = dict.fromkeys(after.keys() - before.keys(), "in")
        expected |= dict.fromkeys(before.keys() - after.keys(), "out")
        for row_id in before.keys() & after.keys():
            if before[row_id][0] != after[row_id][0]:
                expected[row_id] = "rewritten"
            elif before[row_id][1] != after[row_id][1]:
                expected[row_id] = "relabelled"
        diff = self.history.diff(f"pets@{first}", f"pets@{second}")
        told = {line["row_id"]: line for line in diff.rows.to_pylist()}
        assert len(told) == len(diff.rows)
        assert {row_id: line["change"] for row_id, line in told.items()} == expected
        for row_id, line in told.items():
            if line["change"] == "relabelled":
                assert (line["old_label"], line["label"]) == (before[row_id][1], after[row_id][1])

    @precondition(lambda self: self.kept)
    @invariant()
    def every_version_is_what_it_was(self) -> None:
        for number in (1, max(self.kept), *self.tags.values()):
            dataset = self.history.open(f"pets@{number}")
            assert rows_of(dataset) == self.kept[number]
            assert dataset_of(self.kept[number]).version == dataset.version
        for tag, number in self.tags.items():
            assert self.history.store.find(f"pets@{tag}").number == number


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=RUNS, stateful_step_count=STEPS,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
