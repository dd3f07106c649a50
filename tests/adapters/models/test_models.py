import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from burnish.adapters.models.estimator import EstimatorModel
from burnish.adapters.models.linear import LinearProbe
from burnish.adapters.models.resolve import resolve_model
from burnish.errors import ModelError, UsageError
from burnish.protocols import Model

MODELS = [
    LinearProbe(1e-2),
    EstimatorModel(LogisticRegression()),
    EstimatorModel(LinearSVC()),
    EstimatorModel(RandomForestClassifier(20)),
]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=300)
    return (np.eye(6)[codes] + 0.2 * rng.normal(size=(300, 6))).astype(np.float32), codes


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.recipe[:20])
def test_a_model_gives_probabilities_and_none_for_a_class_it_never_saw(model, rows):
    vectors, codes = rows
    assert isinstance(model, Model)
    seen = codes < 2
    given = model.fit_predict(vectors[seen], codes[seen], vectors, n_classes=3, seed=0)
    assert given.shape == (300, 3)
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)
    assert (given[:, 2] == 0).all()
    assert (given.argmax(axis=1)[seen] == codes[seen]).mean() > 0.95


def test_the_seed_reaches_the_estimator_and_the_given_one_stays_unfitted(rows):
    vectors, codes = rows
    forest = RandomForestClassifier(5)
    model = EstimatorModel(forest)
    one, same, other = (model.fit_predict(vectors, codes, vectors, n_classes=3, seed=s) for s in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
    assert not hasattr(forest, "classes_")


def test_an_estimator_that_fails_is_told_plainly(rows):
    class Broken:
        def fit(self, X, y):
            raise ValueError("out of luck")

        def predict(self, X):
            return X

    with pytest.raises(ModelError, match="Broken failed: out of luck"):
        EstimatorModel(Broken()).fit_predict(*rows, rows[0], n_classes=3, seed=0)


def test_models_are_found_by_name_object_and_import_path():
    assert resolve_model(None, l2=0.5) == LinearProbe(0.5)
    assert resolve_model("probe", l2=0.5) == LinearProbe(0.5)
    assert resolve_model("sklearn.svm:LinearSVC", l2=1).recipe == "LinearSVC()"
    assert resolve_model(LinearProbe(0.1), l2=1) == LinearProbe(0.1)
    for wrong, said in (("prbe", "unknown model"), ("no.such:Thing", "cannot be imported"), (object(), "no fit")):
        with pytest.raises(UsageError, match=said):
            resolve_model(wrong, l2=1)
