import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as peers

from burnish.kernels.metrics import METRICS

PEERS = {
    "accuracy": peers.accuracy_score,
    "balanced_accuracy": peers.balanced_accuracy_score,
    "macro_f1": lambda y, p, sample_weight: peers.f1_score(
        y, p, average="macro", labels=np.unique(y), sample_weight=sample_weight, zero_division=0
    ),
}


@pytest.mark.parametrize("name", METRICS)
@given(seed=st.integers(0, 10_000), n_rows=st.integers(5, 60))
@settings(max_examples=25, deadline=None)
def test_a_weighted_metric_agrees_with_scikit_learn(name, seed, n_rows):
    rng = np.random.default_rng(seed)
    labels = np.append(rng.integers(3, size=n_rows - 3), [0, 1, 2])
    predicted = np.where(rng.random(n_rows) < 0.7, labels, rng.integers(3, size=n_rows))
    weights = rng.integers(1, 4, size=(2, n_rows)).astype(float)
    expected = [PEERS[name](labels, predicted, sample_weight=w) for w in weights]
    np.testing.assert_allclose(METRICS[name](labels, predicted, weights), expected)


@pytest.mark.parametrize("name", METRICS)
def test_right_everywhere_is_one_and_wrong_everywhere_zero(name):
    labels = np.array([0, 1, 2, 1])
    ones = np.ones((1, 4))
    assert METRICS[name](labels, labels, ones)[0] == 1
    assert METRICS[name](labels, (labels + 1) % 3, ones)[0] == 0
