from dataclasses import replace

import numpy as np
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC, LinearSVC

from burnish.adapters.models import linear
from burnish.adapters.models.command import CommandModel
from burnish.adapters.models.estimator import EstimatorModel
from burnish.adapters.models.linear import LinearProbe, choose_probe_l2
from burnish.adapters.models.resolve import resolve_model
from burnish.errors import MissingExtraError, ModelError, UsageError
from burnish.kernels.probe import choose_l2
from burnish.testing.model_contract import ModelContract, samples

pytestmark = pytest.mark.slow


def on_fields(estimator):
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include=["object", "string"])),
        remainder="passthrough",
    )
    return make_pipeline(encoder, estimator)


class TestLinearProbe(ModelContract):
    @pytest.fixture
    def model(self):
        return LinearProbe(1e-2)


class TestForest(ModelContract):
    @pytest.fixture
    def model(self, request):
        regression = "regression" in request.node.name
        return EstimatorModel((RandomForestRegressor if regression else RandomForestClassifier)(20))


class TestEstimatorOfSets(ModelContract):
    tasks = ("multi-label",)

    @pytest.fixture(
        params=[
            OneVsRestClassifier(LogisticRegression()), OneVsRestClassifier(LinearSVC()),
            MultiOutputClassifier(LogisticRegression()), KNeighborsClassifier(),
        ],
        ids=["one-vs-rest", "without probabilities", "multi-output", "neighbors"],
    )  # fmt: skip
    def model(self, request):
        return EstimatorModel(request.param)


class TestEstimatorWithoutProbabilities(ModelContract):
    tasks = ("classification",)

    @pytest.fixture
    def model(self):
        return EstimatorModel(LinearSVC())


class TestEstimatorOnFields(ModelContract):
    @pytest.fixture(params=["fields", "both"])
    def model(self, request):
        regression = "regression" in request.node.name
        forest = (RandomForestRegressor if regression else RandomForestClassifier)(20)
        return EstimatorModel(on_fields(forest), request.param)


@pytest.mark.parametrize("task", ["classification", "multi-label"])
def test_fits_in_many_chunks_agree_with_fits_in_one_and_come_in_order(monkeypatch, task):
    train, rows = samples(task)
    trains = [replace(train, rows=np.delete(train.rows, np.arange(k * 9, k * 9 + 20))) for k in range(7)]
    together = list(LinearProbe(1e-2).fit_predict_each(trains, rows))
    one_fit = linear._Fit(train, None if task == "classification" else 0).n_floats
    monkeypatch.setattr(linear, "SOLVER_FLOATS", 2 * one_fit)
    for few, many in zip(LinearProbe(1e-2).fit_predict_each(trains, rows), together, strict=True):
        np.testing.assert_allclose(few, many, atol=0.02)


def test_a_fit_may_train_on_rows_whose_target_is_unknown_to_others():
    train, rows = samples("classification")
    values = train.targets.values.copy()
    values[:10] = -1
    blank = replace(train, targets=replace(train.targets, values=values), rows=train.rows[10:])
    both = list(LinearProbe(1e-2).fit_predict_each([blank, train], rows))
    alone = LinearProbe(1e-2).fit_predict(blank, rows, seed=0)
    np.testing.assert_allclose(both[0], alone, atol=0.02)


def test_a_class_of_every_training_row_is_certain_and_of_none_impossible():
    train, rows = samples("multi-label")
    values = train.targets.values.copy()
    values[:, 0], values[:, 1] = 1, 0
    flat = replace(train, targets=replace(train.targets, values=values))
    for model in (LinearProbe(1e-2), EstimatorModel(KNeighborsClassifier())):
        answer = model.fit_predict(flat, rows, seed=0)
        assert (answer[:, 0] == 1).all()
        assert (answer[:, 1] == 0).all()
        assert answer[:, 2].std() > 0.1


def test_the_regularisation_is_chosen_for_the_task():
    train, _ = samples("classification")
    as_ever = choose_l2(train.embeddings, train.values, n_classes=3, seed=0)
    assert choose_probe_l2(train, seed=0) == as_ever
    numbers, _ = samples("regression")
    unrelated = np.random.default_rng(0).normal(size=len(numbers.targets.values))
    noise = replace(numbers, targets=replace(numbers.targets, values=unrelated))
    assert choose_probe_l2(numbers, seed=0) < choose_probe_l2(noise, seed=0)
    sets, _ = samples("multi-label")
    flipped = np.random.default_rng(0).permutation(sets.targets.values)
    noisy = replace(sets, targets=replace(sets.targets, values=flipped))
    assert choose_probe_l2(sets, seed=0) < choose_probe_l2(noisy, seed=0)


def test_the_seed_reaches_every_random_state_and_the_given_estimator_stays_unfitted():
    train, rows = samples("classification")
    nested = on_fields(RandomForestClassifier(5))
    model = EstimatorModel(nested, "fields")
    one, same, other = (model.fit_predict(train, rows, seed=seed) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    assert not hasattr(nested[-1], "classes_")
    assert nested[-1].random_state is None


class Recorder:
    """Notes what it is given; answers with the first class or 0."""

    seen = None

    def fit(self, X, y):
        Recorder.seen = X, y

    def predict(self, X):
        return np.zeros(len(X), int)


def test_fields_come_as_a_table_without_the_label_and_embeddings_beside_them_only_when_asked_for():
    train, rows = samples("classification")
    EstimatorModel(Recorder(), "fields").fit_predict(train, rows, seed=0)
    assert list(Recorder.seen[0].columns) == ["size", "kind"]
    EstimatorModel(Recorder(), "both").fit_predict(train, rows, seed=0)
    assert list(Recorder.seen[0].columns) == ["size", "kind", *(f"embedding_{i}" for i in range(8))]
    np.testing.assert_array_equal(Recorder.seen[0]["embedding_3"], train.embeddings[:, 3])


def test_classes_come_as_codes_without_gaps():
    train, rows = samples("classification")
    part = replace(train, rows=train.rows[train.values != 1])
    answer = EstimatorModel(Recorder()).fit_predict(part, rows, seed=0)
    assert set(Recorder.seen[1]) == {0, 1}
    assert (answer[:, 0] == 1).all()


def test_fields_without_pandas_are_refused_with_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'burnish\[pandas\]'"):
        EstimatorModel(RandomForestClassifier(), "fields")
    EstimatorModel(RandomForestClassifier())


def answering(predicted=None, *, proba=None, error=None):
    class Odd:
        def fit(self, X, y):
            if error is not None:
                raise error

        def predict(self, X):
            return predicted(len(X))

    if proba is not None:
        Odd.predict_proba = lambda self, X: proba(len(X))
    return EstimatorModel(Odd())


WRONG = {
    "an error of its own": ("classification", answering(error=ValueError("out of luck")), "Odd failed: ValueError"),
    "an unknown class": ("classification", answering(lambda n: np.full(n, 7)), "the class .*7.*, which no row has"),
    "a class that is no code": ("classification", answering(lambda n: np.full(n, "amber")), "amber"),
    "too few classes": ("classification", answering(lambda n: np.zeros(3, int)), r"predicted \(3,\) values for 50"),
    "too few numbers": ("regression", answering(lambda n: np.zeros(3)), r"\(3, 1\) where \(50, 1\)"),
    "no number": ("regression", answering(lambda n: np.full(n, np.nan)), "predicted nan for row 1"),
    "infinity": ("regression", answering(lambda n: np.r_[np.zeros(n - 1), np.inf]), "predicted inf for row 50"),
    "strings": ("regression", answering(lambda n: np.full(n, "much")), "gave no numbers"),
    "no probability": ("classification", answering(proba=lambda n: np.full((n, 3), np.nan)), "probability nan for row"),
    "a sum of two": ("classification", answering(proba=lambda n: np.full((n, 3), 2 / 3)), "add up to 2"),
    "too few columns": ("classification", answering(proba=lambda n: np.full((n, 2), 0.5)), r"\(50, 2\) where \(50, 3"),
    "a negative one": ("classification", answering(proba=lambda n: np.tile([1.5, -0.5, 0], (n, 1))), "ity 1.5 for"),
    "sets of one class": ("multi-label", answering(np.zeros), r"\(50,\) where \(50, 3\)"),
    "a share of two": ("multi-label", answering(proba=lambda n: np.full((n, 3), 2.0)), "the probability 2.0"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_an_estimator_does_wrong_is_told_plainly(wrong):
    task, model, said = WRONG[wrong]
    with pytest.raises(ModelError, match=said) as raised:
        model.fit_predict(*samples(task), seed=0)
    assert raised.value.remedy


def test_rounded_probabilities_are_scaled_and_classes_may_come_in_any_order():
    model = answering(proba=lambda n: np.tile([0.501, 0.3, 0.2], (n, 1)))
    answer = model.fit_predict(*samples("classification"), seed=0)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-6)
    type(model.estimator).classes_ = [2, 0, 1]
    turned = model.fit_predict(*samples("classification"), seed=0)
    np.testing.assert_allclose(turned, answer[:, [1, 2, 0]])


def test_rows_without_fields_are_told():
    train, rows = samples("classification")
    bare = replace(train.dataset, fields=train.dataset.fields.select(["label"]))
    train, rows = (replace(sample, dataset=bare) for sample in (train, rows))
    with pytest.raises(ModelError, match="rows have none but label"):
        EstimatorModel(RandomForestClassifier(), "fields").fit_predict(train, rows, seed=0)
    EstimatorModel(Recorder(), "both").fit_predict(train, rows, seed=0)
    assert Recorder.seen[0].shape == (100, 8)


def test_text_without_an_encoder_is_told_with_what_to_do():
    with pytest.raises(ModelError, match="put encoders for text and categories in front"):
        EstimatorModel(RandomForestClassifier(), "fields").fit_predict(*samples("classification"), seed=0)


def test_models_are_found_by_name_object_and_import_path():
    assert resolve_model(None, l2=0.5) == LinearProbe(0.5)
    assert resolve_model("probe", l2=0.5) == LinearProbe(0.5)
    assert resolve_model("sklearn.svm:LinearSVC", l2=1).recipe == "LinearSVC()"
    assert resolve_model("fields:sklearn.svm:LinearSVC", l2=1).recipe == "LinearSVC() on fields"
    assert resolve_model("both:sklearn.svm:LinearSVC", l2=1).recipe == "LinearSVC() on fields and embeddings"
    assert resolve_model(LinearProbe(0.1), l2=1) == LinearProbe(0.1)
    assert resolve_model(Ridge(), l2=1).recipe == "Ridge()"
    command = "sh train.sh {train} {eval} {out}"
    assert resolve_model(command, l2=1, timeout_seconds=7) == CommandModel(command, 7)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("prbe", "unknown model 'prbe'.*Known: probe"),
        ("fields:LinearSVC", "unknown model 'fields:LinearSVC'"),
        ("no.such:Thing", "cannot be imported"),
        ("sklearn.svm:Nothing", "cannot be imported"),
        ("sklearn.multiclass:OneVsRestClassifier", "cannot be made: TypeError"),
        ("json:loads", "cannot be made"),
        ("os:sep", "no fit and predict.*Known: probe"),
        (object(), "no fit and predict"),
        (SVC, r"is a class.*SVC\(\)"),
        ("python train.py", "has no {train}"),
        ("python {train} {eval}", "has no {out}"),
        ("python {train} {eval} {out} {sed}", "unknown placeholder {sed}"),
        ("python '{train} {eval} {out}", "cannot be cut into words"),
    ],
)
def test_what_is_no_model_is_refused_with_what_is_one(wrong, said):
    with pytest.raises(UsageError, match=said):
        resolve_model(wrong, l2=1)


def test_a_module_beside_the_user_is_found(tmp_path, monkeypatch):
    (tmp_path / "my_model_of_a_test.py").write_text(
        "from sklearn.linear_model import LogisticRegression\ndef make():\n    return LogisticRegression(C=3)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(UsageError):
        resolve_model("no_model_of_a_test:make", l2=1)
    assert resolve_model("my_model_of_a_test:make", l2=1).recipe == "LogisticRegression(C=3)"
