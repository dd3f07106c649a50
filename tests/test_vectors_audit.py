"""A whole audit of given vectors: the same in any array, order of rows and number of threads, interrupted or not."""

from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow.compute as pc
import pytest
from sklearn.metrics import adjusted_rand_score

from burnish.adapters.sources import numpy_arrays
from burnish.adapters.stores import FolderScratch
from burnish.dataset import Dataset
from burnish.kernels import cells
from burnish.kernels.neighbors import nearest_neighbors
from burnish.protocols import Silent
from burnish.steps.layout import Layout
from burnish.steps.neighbors import NearestNeighbors
from burnish.testing.planted import Defects, planted_vectors
from burnish.workspace import Limits, Workspace
from burnish.workspace.keeping import Keeping

pytestmark = pytest.mark.slow

DEFECTS = Defects(
    duplicates=0.03, near_duplicates=0.03, leaks=0.02, wrong_labels=0.06, outliers=0.02, weak_slice=0.05
)  # fmt: skip
FIELDS = ("id", "label", "split", "region", "device", "age")
SEARCH = "burnish.pipeline.catalog.NearestNeighbors"
"""The step that an audit takes for its search."""

TOLERANCES = {"map": None, "embeddings": None, "near_distance": 2e-5, "neighbor_distances": 2e-6, "coverage": 1e-4}
"""Of float columns, 1e-3 where nothing is said; None where single numbers promise nothing."""


def source_of(planted, *, vectors=None, order=None):
    rows = np.arange(len(planted.vectors)) if order is None else order
    given = planted.vectors if vectors is None else vectors
    fields = {name: np.array(planted.table.column(name).to_pylist())[rows] for name in FIELDS}
    return {"X": given if order is None else given[rows], **fields}


def audited(source, root, *, progress=None, threads=2):
    workspace = Workspace(root, limits=Limits(threads=threads), progress=progress)
    return workspace.audit(*workspace.read(source, {}))


def flagged(audit, *prefixes):
    """Which finding is about which rows, by id, of codes that begin with one of these; a copy comes with its twin."""
    ids = audit.dataset.row_ids.to_pylist()
    found = ((f.code, ids[flag.row], flag.evidence.get("twin")) for f in audit.findings for flag in f.rows)
    return {(code, frozenset((row, twin))) for code, row, twin in found if code.startswith(prefixes or ("",))}


def agreement(audit, other, *prefixes):
    one, two = flagged(audit, *prefixes), flagged(other, *prefixes)
    return len(one & two) / max(1, len(one | two))


def is_exact(audit):
    return audit.evidence.table("neighbor_recall")["exact"][0].as_py()


def in_order_of(audit, other):
    """The positions in `other` of the rows of `audit`."""
    place = {row_id: row for row, row_id in enumerate(other.dataset.row_ids.to_pylist())}
    return np.array([place[row_id] for row_id in audit.dataset.row_ids.to_pylist()])


def assert_same_evidence(audit, other):
    assert audit.evidence.columns.keys() == other.evidence.columns.keys()
    for name, column in audit.evidence.columns.items():
        one, two = column.values, other.evidence[name]
        if name in ("cluster", "cluster_path"):
            assert adjusted_rand_score(one.reshape(len(one), -1)[:, 0], two.reshape(len(two), -1)[:, 0]) > 0.98
        elif one.dtype.kind != "f":
            assert np.mean(one == two) >= 0.998, name
        elif TOLERANCES.get(name, 1e-3) is not None:
            np.testing.assert_allclose(two, one, rtol=0, atol=TOLERANCES.get(name, 1e-3), err_msg=name)
    assert np.all(np.isfinite(other.evidence["map"]))


@pytest.fixture(
    scope="module",
    params=[
        (600, False),
        pytest.param((2_000, False), marks=pytest.mark.slow),
        pytest.param((2_000, True), marks=pytest.mark.slow),
        pytest.param((12_000, False), marks=pytest.mark.slow),
    ],
    ids=["600", "2,000", "2,000 by cells", "12,000"],
)
def planted(request):
    """A planted set; an audit of it compares every pair of rows, or searches by cells."""
    n_rows, by_cells = request.param
    with pytest.MonkeyPatch.context() as patch:
        if by_cells:
            patch.setattr(SEARCH, partial(NearestNeighbors, exact_rows=0))
        yield planted_vectors(n_rows, spread=1.2, defects=DEFECTS, seed=5)


@pytest.fixture(scope="module")
def plain(planted, tmp_path_factory):
    return audited(source_of(planted), tmp_path_factory.mktemp("plain"))


def test_planted_defects_of_vectors_are_found(planted, plain):
    ids = plain.dataset.row_ids.to_pylist()
    for code, rows, share in (
        ("DUP001", planted.duplicates[:, 0], 1.0),
        ("DUP002", planted.near_duplicates[:, 0], 0.95),
        ("LAB001", planted.wrong_labels, 0.85),
    ):
        wanted = {ids[row] for row in rows.tolist()}
        assert len(wanted & set().union(*(rows for _, rows in flagged(plain, code)))) >= share * len(wanted), code
    assert plain.evidence.table("neighbor_recall")["recall"][0].as_py() >= 0.98


def test_one_thread_gives_the_same_evidence_as_two(planted, plain, tmp_path):
    alone = audited(source_of(planted), tmp_path, threads=1)
    assert_same_evidence(plain, alone)
    assert agreement(plain, alone) >= 0.98
    assert flagged(plain, "DUP") == flagged(alone, "DUP")


def test_vectors_that_lie_in_a_file_give_the_same_evidence(planted, plain, tmp_path, monkeypatch):
    monkeypatch.setattr(numpy_arrays, "SMALLEST_MAPPED", 1_000)
    np.savez(tmp_path / "rows.npz", **source_of(planted))
    mapped = audited(tmp_path / "rows.npz", tmp_path)
    assert isinstance(mapped.dataset.vectors, np.memmap)
    assert mapped.dataset.version == plain.dataset.version
    assert_same_evidence(plain, mapped)
    assert agreement(plain, mapped) >= 0.98


def test_half_precision_gives_nearly_the_same_findings(planted, plain, tmp_path):
    half = audited(source_of(planted, vectors=planted.vectors.astype(np.float16)), tmp_path)
    assert half.dataset.vectors.dtype == np.float16
    moved = np.abs(half.evidence["neighbor_distances"] - plain.evidence["neighbor_distances"])
    assert np.mean(moved <= 2e-3) >= (1.0 if is_exact(plain) else 0.98)
    assert agreement(plain, half) >= 0.95
    assert flagged(plain, "DUP001", "LEK001") == flagged(half, "DUP001", "LEK001")


def test_the_order_of_rows_changes_hardly_a_finding(planted, plain, tmp_path):
    order = np.random.default_rng(1).permutation(len(planted.vectors))
    moved = audited(source_of(planted, order=order), tmp_path)
    assert moved.dataset.row_ids.to_pylist() != plain.dataset.row_ids.to_pylist()
    place = in_order_of(plain, moved)
    close = np.isclose(plain.evidence["neighbor_distances"], moved.evidence["neighbor_distances"][place], atol=2e-6)
    assert close.mean() >= (1.0 if is_exact(plain) else 0.95)
    np.testing.assert_array_equal(plain.evidence["exact_group"] >= 0, moved.evidence["exact_group"][place] >= 0)
    assert flagged(plain, "DUP001", "LEK001") == flagged(moved, "DUP001", "LEK001")
    assert agreement(plain, moved, "DUP", "LEK", "OUT", "QUA") >= (1.0 if is_exact(plain) else 0.97)
    if len(order) >= 2_000:
        assert agreement(plain, moved) >= 0.95
    else:  # rows are dealt to folds by position, and a few labels are no clear case
        assert agreement(plain, moved, "LAB") >= 0.75


class Interrupting(Silent):
    """Interrupts at the first news of a step for which some file has been left in the scratch."""

    def __init__(self, root, step, left):
        self.root, self.step, self.left = root, step, left

    def tell(self, what):
        if what.startswith(self.step) and list((self.root / "work").glob(f"*/{self.step}/{self.left}.npy")):
            raise KeyboardInterrupt


@pytest.fixture
def written(monkeypatch):
    """The names of all arrays that are put in a folder of scratch."""
    names, put = [], FolderScratch.put

    def noted(self, name, array):
        names.append(name)
        put(self, name, array)

    monkeypatch.setattr(FolderScratch, "put", noted)
    return names


@pytest.fixture
def filed(monkeypatch):
    """Let 700 rows be many: they are searched by cells, in several items, and intermediate arrays lie in files.

    Gives what gives their source, without labels, which spares the steps that need them.
    """
    monkeypatch.setattr("burnish.workspace.keeping.FILED_ROWS", 100)
    monkeypatch.setattr(cells, "SHARD_ROWS", 200)
    monkeypatch.setattr(SEARCH, partial(NearestNeighbors, exact_rows=0))
    monkeypatch.setattr("burnish.pipeline.catalog.Layout", partial(Layout, n_epochs=2))
    planted = source_of(planted_vectors(700, spread=1.2, defects=DEFECTS, seed=6))
    return lambda vectors=planted["X"]: {"X": vectors, "id": planted["id"]}


def left_in(root):
    """The names of what lies in the scratch, but for the locks that say whose it is."""
    return {"/".join(path.parts[-2:]).removesuffix(".npy") for path in (root / "work").rglob("*.npy")}


IN_SEARCH, IN_CLUSTERS = ("neighbors", "turn-0-*-probes"), ("clusters", "resampled-*-rows")


@pytest.mark.parametrize("where", [IN_SEARCH, IN_CLUSTERS])
def test_an_interrupted_audit_goes_on_where_it_stopped_and_ends_the_same(where, filed, written, tmp_path):
    whole = audited(filed(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        audited(filed(), tmp_path, progress=Interrupting(tmp_path, *where))
    done = {name for name in left_in(tmp_path) if name.startswith(("neighbors/turn-", "clusters/resampled-"))}
    assert done <= set(written)
    assert done
    written.clear()
    again = audited(filed(), tmp_path)
    assert written
    assert not done & set(written)
    assert_same_evidence(whole, again)
    assert agreement(whole, again) >= 0.98


def test_an_audit_that_ends_leaves_nothing_in_its_scratch_and_leaves_that_of_others(filed, written, tmp_path):
    FolderScratch(tmp_path / "work" / "of-another").put("a/b", np.zeros(3))
    audited(filed(), tmp_path)
    assert len(written) > 10
    assert left_in(tmp_path) == {"a/b"}
    assert [path.name for path in (tmp_path / "work").iterdir() if path.is_dir()] == ["of-another"]


def test_an_audit_interrupted_after_its_search_does_not_search_again(filed, written, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        audited(filed(), tmp_path, progress=Interrupting(tmp_path, *IN_CLUSTERS))
    written.clear()
    audited(filed(), tmp_path)
    assert not [put for put in written if put.startswith("neighbors/turn-")]


def test_other_vectors_of_the_same_rows_never_go_on_with_what_an_interrupted_audit_left(filed, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        audited(filed(), tmp_path, progress=Interrupting(tmp_path, *IN_SEARCH))
    workspace = Workspace(tmp_path, limits=Limits(threads=2))
    dataset, _ = workspace.read(filed(), {})
    other = np.random.default_rng(0).normal(size=dataset.vectors.shape).astype(">f2")
    found = workspace.audit(replace(dataset, vectors=other)).evidence["neighbor_distances"]
    np.testing.assert_allclose(found, nearest_neighbors(other, 15, exact_rows=0).distances, rtol=0, atol=2e-6)


def test_what_an_interrupted_audit_left_is_for_the_same_fields_in_the_same_roles_only(planted, tmp_path):
    dataset, _ = Workspace("unused").read(source_of(planted), {})
    place = dataset.fields.column_names.index("age")
    older = dataset.fields.set_column(place, "age", pc.add(dataset.fields["age"], 1))
    fewer = replace(dataset.roles, meta=dataset.roles.meta[1:])
    narrow = dataset.vectors.astype(np.float16)
    changed = [replace(dataset, fields=older), replace(dataset, roles=fewer), replace(dataset, vectors=narrow)]

    def key(of: Dataset, seed: int = 0) -> str:
        return Keeping.of(tmp_path, of, {"seed": seed}).key

    keys = [*map(key, (dataset, *changed)), key(dataset, seed=1)]
    assert len(set(keys)) == 5
    assert key(replace(dataset, fields=dataset.fields.combine_chunks())) == keys[0]


@pytest.mark.slow
@pytest.mark.parametrize("n_copies", [300, 6_000])
def test_thousands_of_copies_are_one_finding_and_a_near_copy_is_not_lost_in_them(n_copies, tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(14_000, 16)).astype(np.float32)
    vectors[: 2 * n_copies : 2] = vectors[0]
    vectors[-1] = vectors[0] + 0.01 * rng.normal(size=16)
    audit = audited(vectors, tmp_path)
    (exact,) = [finding for finding in audit.findings if finding.code == "DUP001"]
    assert len(exact.rows) == n_copies - 1
    assert audit.evidence["near_group"][-1] == audit.evidence["near_group"][0] >= 0
    assert np.all(np.isfinite(audit.evidence["map"]))
    assert np.all(np.isfinite(audit.evidence["outlier_score"]))
    assert audit.evidence.table("neighbor_recall")["recall"][0].as_py() >= 0.98


@pytest.mark.parametrize("dtype_and_scale", [("f4", 1e30), ("f4", 1e-40), ("f8", 1e-200), ("f8", 1e200), ("f2", 1e-3)])
def test_vectors_of_any_size_have_the_copies_that_they_have(dtype_and_scale, tmp_path, monkeypatch):
    monkeypatch.setattr("burnish.pipeline.catalog.Layout", partial(Layout, n_epochs=2))
    dtype, scale = dtype_and_scale
    vectors = 1 + np.random.default_rng(0).random(size=(150, 6))
    vectors[100:110] = vectors[:10]
    audit = audited((vectors * scale).astype(dtype), tmp_path)
    exact = [len(finding.rows) for finding in audit.findings if finding.code == "DUP001"]
    assert exact == [1] * 10


def test_every_vector_the_same_is_one_finding(tmp_path):
    audit = audited(np.ones((60, 4), np.float32), tmp_path)
    (exact,) = [finding for finding in audit.findings if finding.code == "DUP001"]
    assert len(exact.rows) == 59
