"""What every Source owes its rows: ids that are unique, stable, and in the order of the source."""
# ruff: noqa: S101  # the asserts are the contract: pytest runs them

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from burnish.dataset import Dataset
from burnish.protocols import Source


class SourceContract:
    """Subclass it, give `make_source`, and pytest runs the rest.

    `make_source` builds a new source over the same content at every call; `expected_ids` are its
    row ids in order, where they are known.
    """

    expected_ids: Sequence[str] | None = None

    def make_source(self) -> Source:
        """Give a source over content that stays the same, with at least two rows."""
        raise NotImplementedError

    def read(self) -> Dataset:
        """Give the data set of a new source."""
        return self.make_source().read()

    def test_is_a_source(self) -> None:
        """The protocol is met."""
        assert isinstance(self.make_source(), Source)

    def test_row_ids_are_unique_strings(self) -> None:
        """No two rows share an id, none is null."""
        ids = self.read().row_ids.to_pylist()
        assert len(set(ids)) == len(ids) >= 2
        assert all(isinstance(row_id, str) and row_id for row_id in ids)

    def test_same_content_gives_same_ids_and_version(self) -> None:
        """Neither depends on when or how often the source is read."""
        first, second = self.read(), self.read()
        assert first.row_ids.equals(second.row_ids)
        assert np.array_equal(first.content, second.content)
        assert first.version == second.version

    def test_order_of_the_source_is_kept(self) -> None:
        """Row i of the source is row i of the data set."""
        if self.expected_ids is not None:
            assert self.read().row_ids.to_pylist() == list(self.expected_ids)

    def test_everything_has_one_entry_a_row(self) -> None:
        """Ids, digests, fields and vectors agree on the number of rows."""
        dataset = self.read()
        assert dataset.content.shape == (len(dataset), 2)
        assert dataset.content.dtype == np.uint64
        assert dataset.fields.num_columns == 0 or len(dataset.fields) == len(dataset)
        assert dataset.vectors is None or len(dataset.vectors) == len(dataset)

    def test_every_role_names_a_field(self) -> None:
        """A role that is filled can be read."""
        dataset = self.read()
        assert set(dataset.roles.named()) <= {f.name for f in fields(dataset.roles)}
        for name in (*dataset.roles.named().values(), *dataset.roles.meta):
            assert len(dataset.field(name)) == len(dataset)

    def test_ids_survive_a_drop(self) -> None:
        """The rows that stay keep their ids and digests."""
        dataset = self.read()
        rest = dataset.take(np.arange(1, len(dataset)))
        assert rest.row_ids.to_pylist() == dataset.row_ids.to_pylist()[1:]
        assert np.array_equal(rest.content, dataset.content[1:])
        assert rest.version != dataset.version
