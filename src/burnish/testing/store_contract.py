"""What every Store owes its rows: what was kept is found again, under its recipe and content only."""
# ruff: noqa: D102, S101  # test names are sentences; the asserts are the contract: pytest runs them

from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.protocols import Store


class StoreContract:
    """Subclass it, give the fixture `store` (empty and new in every test), and pytest runs the rest."""

    def test_it_offers_the_members_of_the_protocol(self, store: Any) -> None:
        assert isinstance(store, Store)

    def test_an_empty_store_knows_nothing(self, store: Any) -> None:
        vectors, known = store.lookup("recipe", digests(3), 4)
        assert vectors.shape == (3, 4)
        assert vectors.dtype == np.float32
        assert np.isnan(vectors).all()
        assert not known.any()

    def test_what_was_appended_is_found_in_any_order(self, store: Any) -> None:
        keys, vectors = digests(50), numbers(50, 4)
        store.append("recipe", keys[:20], vectors[:20])
        store.append("recipe", keys[20:], vectors[20:])
        order = np.random.default_rng(1).permutation(50)
        found, known = store.lookup("recipe", keys[order], 4)
        assert known.all()
        np.testing.assert_array_equal(found, vectors[order])

    def test_unknown_rows_among_known_ones_are_nan(self, store: Any) -> None:
        keys, vectors = digests(10), numbers(10, 4)
        store.append("recipe", keys[::2], vectors[::2])
        found, known = store.lookup("recipe", keys, 4)
        np.testing.assert_array_equal(known, np.arange(10) % 2 == 0)
        assert np.isnan(found[~known]).all()
        np.testing.assert_array_equal(found[known], vectors[::2])

    def test_both_halves_of_a_digest_count(self, store: Any) -> None:
        store.append("recipe", np.array([[1, 2]], np.uint64), numbers(1, 4))
        _, known = store.lookup("recipe", np.array([[1, 2], [1, 3], [2, 1], [0, 2]], np.uint64), 4)
        np.testing.assert_array_equal(known, [True, False, False, False])

    def test_a_digest_asked_for_twice_is_found_twice(self, store: Any) -> None:
        keys = digests(1)
        store.append("recipe", keys, numbers(1, 4))
        assert store.lookup("recipe", np.repeat(keys, 2, axis=0), 4)[1].all()

    def test_recipes_are_kept_apart(self, store: Any) -> None:
        keys = digests(5)
        store.append("model A", keys, numbers(5, 4))
        assert not store.lookup("model a", keys, 4)[1].any()
        assert not store.lookup("model/A", keys, 4)[1].any()

    def test_appending_nothing_is_allowed(self, store: Any) -> None:
        store.append("recipe", digests(0), numbers(0, 4))
        assert store.lookup("recipe", digests(0), 4)[0].shape == (0, 4)

    def test_appending_the_same_rows_again_changes_nothing(self, store: Any) -> None:
        keys, vectors = digests(5), numbers(5, 4)
        for _ in range(2):
            store.append("recipe", keys, vectors)
        found, known = store.lookup("recipe", keys, 4)
        assert known.all()
        np.testing.assert_array_equal(found, vectors)


def digests(n: int, *, seed: int = 0) -> NDArray[np.uint64]:
    """Give (n, 2) different digests."""
    return np.random.default_rng(seed).integers(0, 2**64, (n, 2), dtype=np.uint64)


def numbers(n: int, n_dims: int) -> NDArray[np.float32]:
    """Give (n, n_dims) vectors."""
    return np.random.default_rng(7).normal(size=(n, n_dims)).astype(np.float32)
