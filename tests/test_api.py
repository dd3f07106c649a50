"""The Python face, as the README shows it."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

import burnish as bn
from burnish.errors import InputError, LockedRowsError, StaleChangesetError, UnknownVersionError, UsageError
from burnish.testing.planted import Defects, planted_vectors

pytestmark = pytest.mark.slow

DEFECTS = Defects(duplicates=0.03, wrong_labels=0.08)


@pytest.fixture(scope="module")
def planted():
    return planted_vectors(800, n_dims=48, spread=1.4, defects=DEFECTS, seed=5)


@pytest.fixture(scope="module")
def audit(planted, tmp_path_factory):
    return bn.audit(planted.table, label="label", workspace=tmp_path_factory.mktemp("workspace"))


def test_the_tables_are_arrow_and_become_pandas_and_polars(audit):
    for table in (audit.rows, audit.findings, audit.clusters, audit.slices):
        assert isinstance(table.arrow, pa.Table)
        assert isinstance(table.to_pandas(), pd.DataFrame)
        assert isinstance(table.to_polars(), pl.DataFrame)
        assert len(pa.table(table)) == len(table)
    assert audit.rows["row_id"][0].as_py() == "row-000000"


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrap", [lambda t: t.to_pandas(), pl.from_arrow, lambda t: t.to_pylist()], ids=["pandas", "polars", "list"]
)
def test_the_same_rows_in_another_shape_give_the_same_version(planted, audit, wrap, tmp_path):
    small = planted.table.slice(0, 60)
    one = bn.audit(small, label="label", workspace=tmp_path)
    assert bn.audit(wrap(small), label="label", workspace=tmp_path).dataset.version == one.dataset.version


def test_a_changeset_by_code_measured_applied_and_undone(audit, planted):
    changes = audit.changeset(drop=["DUP001", "LAB001"])
    assert set(changes.codes) == {"DUP001", "LAB001"}
    effect = bn.measure(audit, changes)
    assert effect.verdict != "worse"
    assert {arm.name for arm in effect.arms} == {"before", "after", "control", "only:DUP001", "only:LAB001"}
    version = audit.apply(changes, tag="v2")
    assert version.name.endswith("@v2")
    assert len(version) == 800 - len(changes)
    assert len(audit.dataset) == 800
    undone = audit.apply(changes.without(codes=["DUP001", "LAB001"]))
    assert undone.version == audit.dataset.version


def test_rows_by_hand_win_over_codes(audit, planted):
    wrong = planted.dataset.row_ids[int(planted.wrong_labels[0])].as_py()
    copy = planted.dataset.row_ids[int(planted.duplicates[0, 0])].as_py()
    truth = planted.true_labels[int(planted.wrong_labels[0])]
    changes = audit.changeset(drop=["LAB001"], drop_rows=[copy], relabel_rows={wrong: truth})
    by_row = {edit.row_id: edit for edit in changes.edits}
    assert (by_row[copy].action, by_row[wrong].action, by_row[wrong].label) == ("drop", "relabel", truth)
    relabelled = audit.apply(changes)
    assert relabelled.field("label")[relabelled.row_positions[wrong]].as_py() == truth


@pytest.mark.slow
def test_an_estimator_of_the_user_is_the_model(audit):
    effect = bn.measure(audit, audit.changeset(drop=["LAB001"]), model=LogisticRegression(max_iter=300))
    assert effect.parameters["model"] == "LogisticRegression(max_iter=300)"
    assert effect.arm("after").n_train < effect.arm("before").n_train


def test_wrong_codes_rows_and_locked_rows_are_refused(audit):
    with pytest.raises(UsageError, match="DUP009"):
        audit.changeset(drop=["DUP009"])
    with pytest.raises(InputError, match="nobody"):
        audit.changeset(drop_rows=["nobody"])
    rows = audit.rows.to_pandas()
    locked = rows.row_id[rows.split == "test"].iloc[0]
    with pytest.raises(LockedRowsError):
        audit.changeset(drop_rows=[locked])


@pytest.mark.slow
def test_a_changeset_of_another_version_is_refused(audit, planted, tmp_path):
    other = bn.audit(planted.table.slice(0, 300), label="label", workspace=tmp_path)
    with pytest.raises(StaleChangesetError):
        audit.apply(other.changeset(drop=["DUP001"]))


def test_the_report_is_one_page(audit, tmp_path):
    path = audit.report(tmp_path / "report.html")
    page = path.read_text()
    assert page.startswith("<!doctype html>")
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://www.apache.org", "")


@pytest.mark.slow
def test_arrays_and_texts_are_sources(tmp_path):
    rng = np.random.default_rng(0)
    assert len(bn.audit(rng.normal(size=(50, 8)).astype(np.float32), workspace=tmp_path).rows) == 50
    texts = bn.audit([f"a small text number {i}" for i in range(40)], workspace=tmp_path)
    assert texts.audited.kind == "text"
    assert texts.rows["label_quality"].null_count == 40


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'audti'"):
        bn.audti  # noqa: B018
    assert "audit" in dir(bn)


@pytest.fixture(scope="module")
def halves(planted):
    """A labelled half, and the other half as a pool without labels."""
    rows = np.arange(len(planted.table))
    copies = {int(row) for pair in planted.duplicates for row in pair}
    train = np.array(planted.table["split"].to_pylist()) == "train"
    pool = np.array([row for row in rows[train] if row not in copies])[:200]
    return planted.table.take(np.setdiff1d(rows, pool)), planted.table.take(pool).drop_columns(["label", "split"])


def test_a_policy_says_what_findings_become(audit):
    done = bn.curate(audit, policy=bn.Policy.of(drop=["DUP001"]), model=LogisticRegression(), retrains=2)
    assert set(done.changes.codes) <= {"DUP001"}
    assert [code.code for code in done.choice.codes] == ["DUP001"]
    assert done.outlook.smallest_visible_lift > 0
    assert (done.version is not None) == (done.effect is not None and done.effect.allowed)
    nothing = bn.curate(audit, policy=bn.Policy.of())
    assert (len(nothing.changes), nothing.effect, nothing.version) == (0, None, None)


def test_a_selection_comes_with_what_it_is_worth(audit):
    chosen = bn.select(audit, 0.1, balance="")
    assert len(chosen.rows) == chosen.effect.arm("after").n_train
    assert chosen.rows["rank"].to_pylist() == list(range(1, len(chosen.rows) + 1))
    with pytest.raises(UsageError, match="no selection method 'best'"):
        bn.select(audit, 10, method="best")
    with pytest.raises(UsageError, match="rows can be chosen"):
        bn.select(audit, 5_000)


@pytest.mark.slow
def test_rows_to_label_come_with_what_they_should_be_worth(halves, tmp_path):
    labelled, pool = halves
    found = bn.acquire(bn.audit(labelled, label="label", workspace=tmp_path), pool, 15)
    assert len(found.table) == 15
    assert found.forecast.low <= found.forecast.gain <= found.forecast.high
    assert found.verdict in ("go on", "stop", "not yet known")
    with pytest.raises(UsageError, match="the pool has 200 rows"):
        bn.acquire(bn.audit(labelled, label="label", workspace=tmp_path), pool, 201)
    with pytest.raises(InputError, match="training rows already"):
        bn.acquire(bn.audit(labelled, label="label", workspace=tmp_path), labelled.slice(0, 1), 1)


def test_two_audits_are_compared_as_versions_and_two_models_on_one(audit, planted, tmp_path):
    same = bn.compare(audit, audit)
    assert same.effect.lift == 0
    assert len(same.disagreements) == 0
    assert "no worse" in same.markdown() or "inconclusive" in same.markdown().casefold()
    models = bn.compare(LogisticRegression(C=1e-6), LogisticRegression(), source=audit)
    assert models.effect.arm("before").value <= models.effect.arm("after").value
    assert [label.partition("(")[0] for label in models.effect.parameters["labels"]] == ["LogisticRegression"] * 2


def test_prediction_tables_are_compared(tmp_path):
    truth = ["yes", "no"] * 100
    tables = [
        pa.table({"id": [f"r{i}" for i in range(200)], "label": truth, "prediction": said})
        for said in (["yes"] * 200, truth)
    ]
    found = bn.compare(*tables, label="label", id="id", prediction="prediction", workspace=tmp_path)
    assert found.effect.verdict == "better"
    assert len(found.disagreements) == 100
    with pytest.raises(UsageError, match="no argument 'lable'"):
        bn.compare(*tables, lable="label")
    with pytest.raises(UsageError, match="Did you mean 'accuracy'"):
        bn.compare(*tables, label="label", id="id", prediction="prediction", metric="acuracy", workspace=tmp_path)
    with pytest.raises(UsageError, match="only one of the two holds predictions"):
        bn.compare(
            tables[0].append_column("text", [[f"words of row {i}" for i in range(200)]]),
            tables[1].rename_columns(["id", "label", "other"]),
            label="label",
            workspace=tmp_path,
        )


def test_a_version_that_is_applied_is_in_the_history_and_can_be_undone(planted, tmp_path):
    audit = bn.audit(planted.table.slice(0, 300), label="label", workspace=tmp_path, name="planted")
    changes = audit.changeset(drop=["DUP001", "LAB001"])
    version = audit.apply(changes, tag="v2", why="copies")
    history = bn.history("planted", workspace=tmp_path)
    assert history.versions["version"].to_pylist() == [1, 2]
    assert history.versions["tags"].to_pylist() == [[], ["v2"]]
    assert history.versions["dropped"].to_pylist() == [None, len(changes)]
    assert history.open("v2").version == version.version
    assert history.diff(1, "v2").counts["out"] == len(changes)
    assert set(history.log["row_id"].to_pylist()) == {edit.row_id for edit in changes.edits}
    undone = history.undo(2, codes=["DUP001"], why="wanted")
    assert undone.version.name == "planted@3"
    assert history.open(3).version == audit.apply(changes.without(codes=["DUP001"])).version
    assert [line["action"] for line in history.why(changes.edits[0].row_id)][:2] == ["add", "drop"]
    assert audit.apply(changes.without(codes=["DUP001", "LAB001"])).name == "planted@1"


def test_the_same_changeset_twice_is_one_version(planted, tmp_path):
    audit = bn.audit(planted.table.slice(0, 300), label="label", workspace=tmp_path)
    changes = audit.changeset(drop=["LAB001"])
    assert audit.apply(changes).name == audit.apply(changes).name == "dataset@2"


def test_a_curation_is_in_the_history(planted, tmp_path):
    audit = bn.audit(planted.table.slice(0, 300), label="label", workspace=tmp_path)
    done = bn.curate(audit, margin=0.9, max_slice_drop=0.99)
    versions = bn.history("dataset", workspace=tmp_path).versions
    assert versions["how"].to_pylist() == ["import", "curate"]
    assert versions["verdict"].to_pylist() == [None, done.effect.verdict]


def test_the_history_of_a_name_that_is_not_there_says_so(tmp_path):
    with pytest.raises(UnknownVersionError, match="no data set 'nobody'"):
        bn.history("nobody", workspace=tmp_path)


def test_audit_effect_and_comparison_show_themselves_in_a_notebook(audit):
    assert f"{len(audit.dataset):,} rows" in audit._repr_html_()
    effect = bn.measure(audit, audit.changeset(drop=["LAB001"]), retrains=2)
    assert effect._repr_html_().startswith('<div class="burnish">')
