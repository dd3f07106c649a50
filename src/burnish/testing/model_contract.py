"""What every Model owes a measurement: answers of the right shape that follow from the training rows alone."""
# ruff: noqa: D102, S101  # test names are sentences; the asserts are the contract: pytest runs them

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Dataset, Roles, Sample, Targets, Task
from burnish.kernels.vectors import Vectors
from burnish.protocols import Model, SharingModel

CLASSES = ("amber", "blue", "coral")
N_ROWS, N_TRAIN, N_DIMS = 150, 100, 8


class ModelContract:
    """Subclass it, give the fixture `model`, and pytest runs the rest, once for each of `tasks`.

    `tasks`: what the model can learn. `tolerance`: how far its answers may differ between runs that ask for the
    same; `shared_tolerance`: between fits alone and together, of a SharingModel.
    """

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "multi-label", "regression")
    tolerance: ClassVar[float] = 1e-5
    shared_tolerance: ClassVar[float] = 0.02

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Run each test once a task."""
        if "task" in metafunc.fixturenames:
            metafunc.parametrize("task", metafunc.cls.tasks)

    def test_it_offers_the_members_of_the_protocol(self, model: Any) -> None:
        assert isinstance(model, Model)
        assert isinstance(model.recipe, str)
        assert model.recipe

    def test_answers_have_a_line_a_row_and_are_numbers_of_the_task(self, model: Any, task: Task) -> None:
        train, rows = samples(task)
        answer = model.fit_predict(train, rows, seed=0)
        assert answer.dtype == np.float32
        assert answer.shape == (len(rows), train.targets.n_outputs)
        assert np.isfinite(answer).all()
        if task != "regression":
            assert ((answer >= 0) & (answer <= 1)).all()
        if task == "classification":
            np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-4)

    def test_it_learns_from_the_targets_and_not_from_the_label_field(self, model: Any, task: Task) -> None:
        train, rows = samples(task)
        answer, truth = model.fit_predict(train, rows, seed=0), rows.values
        if task == "regression":
            assert np.corrcoef(answer[:, 0], truth)[0, 1] > 0.7
        elif task == "classification":
            assert (answer.argmax(axis=1) == truth).mean() > 0.8
        else:
            assert ((answer > 0.5) == (truth > 0)).mean() > 0.8

    def test_a_class_that_no_training_row_has_gets_nothing(self, model: Any, task: Task) -> None:
        if task == "regression":
            return
        train, rows = samples(task)
        values = train.targets.values
        has_it = values == 1 if task == "classification" else values[:, 1] > 0
        part = replace(train, rows=train.rows[~has_it[train.rows]])
        answer = model.fit_predict(part, rows, seed=0)
        assert answer.shape == (len(rows), 3)
        assert (answer[:, 1] == 0).all()
        assert (answer[:, [0, 2]] > 0).any(axis=0).all()

    def test_the_same_seed_gives_the_same_answer(self, model: Any, task: Task) -> None:
        train, rows = samples(task)
        one, two = (model.fit_predict(train, rows, seed=3) for _ in range(2))
        np.testing.assert_allclose(one, two, atol=self.tolerance)

    def test_the_order_of_the_rows_to_predict_does_not_matter(self, model: Any, task: Task) -> None:
        train, rows = samples(task)
        order = np.random.default_rng(1).permutation(len(rows))
        turned = model.fit_predict(train, replace(rows, rows=rows.rows[order]), seed=0)
        np.testing.assert_allclose(turned, model.fit_predict(train, rows, seed=0)[order], atol=self.tolerance)

    def test_the_targets_of_the_rows_to_predict_are_not_read(self, model: Any, task: Task) -> None:
        train, rows = samples(task)
        unknown = np.full_like(rows.targets.values, -1 if task == "classification" else np.nan)
        blind = replace(rows, targets=replace(rows.targets, values=unknown))
        answer = model.fit_predict(train, blind, seed=0)
        np.testing.assert_allclose(answer, model.fit_predict(train, rows, seed=0), atol=self.tolerance)

    def test_trainings_that_are_made_together_answer_as_each_alone(self, model: Any, task: Task) -> None:
        if not isinstance(model, SharingModel):
            return
        train, rows = samples(task)
        trains = [*_drawn(train), replace(train, targets=_turned(train.targets))]
        together = list(model.fit_predict_each(trains, rows))
        alone = [model.fit_predict(one, rows, seed=0) for one in trains]
        assert len(together) == len(trains)
        for shared, single in zip(together, alone, strict=True):
            np.testing.assert_allclose(shared, single, atol=self.shared_tolerance)
        assert list(model.fit_predict_each([], rows)) == []


def samples(task: Task, *, seed: int = 0) -> tuple[Sample, Sample]:
    """Give 100 training rows and 50 to predict that embeddings and fields both tell of.

    The fields: `size`, a number, `kind`, a string, and the label field `label`, which is shuffled: what is to be
    learned is told by the targets.
    """
    rng = np.random.default_rng(seed)
    codes = rng.integers(3, size=N_ROWS)
    place = rng.normal(size=N_ROWS)
    given = np.eye(N_DIMS)[codes] + 0.1 * rng.normal(size=(N_ROWS, N_DIMS))
    given[:, 3] = place
    vectors = Vectors.of(given.astype(np.float32))
    targets = _targets(task, codes, place)
    kinds = pa.array([f"kind {code}" for code in codes])
    fields = {"size": pa.array(place), "kind": kinds, "label": pa.array(rng.permutation(np.array(CLASSES)[codes]))}
    dataset = Dataset(
        fields=pa.table(fields),
        row_ids=pa.array([f"row-{i}" for i in range(N_ROWS)]),
        content=rng.integers(0, 2**64, (N_ROWS, 2), dtype=np.uint64),
        roles=Roles(label="label", meta=("size", "kind")),
        vectors=given.astype(np.float32),
    )
    train = Sample(dataset, vectors, targets, np.arange(N_TRAIN))
    return train, replace(train, rows=np.arange(N_TRAIN, N_ROWS))


def _targets(task: Task, codes: NDArray[np.int64], place: NDArray[np.float64]) -> Targets:
    if task == "classification":
        return Targets(task, codes.astype(np.int32), CLASSES)
    if task == "regression":
        return Targets(task, codes + 2 * place)
    has = np.stack([codes == 0, (codes == 1) | (place > 0.7), place > 0], axis=1)
    return Targets(task, has.astype(np.float32), CLASSES)


def _drawn(train: Sample) -> Iterable[Sample]:
    rng = np.random.default_rng(5)
    return [replace(train, rows=np.sort(rng.choice(train.rows, 80, replace=False))) for _ in range(3)]


def _turned(targets: Targets) -> Targets:
    """Give other targets: the classes or outputs in another order, the numbers less their sign."""
    if targets.task == "classification":
        return replace(targets, values=(targets.values + 1) % len(targets.classes))
    return replace(targets, values=-targets.values if targets.task == "regression" else targets.values[:, ::-1].copy())
