"""Votes: what the labels of a row's neighbors say of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.compiled import compiled

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Votes:
    """The label shares among the neighbors of each row and their neighbors in turn, a block of rows at a time.

    Half the weight lies on the neighbors (n, k), half on the neighbors of neighbors, which smooth as k²
    neighbors would; a row's own label never counts. Only `voters` (n,) vote, with their `labels` (n,). Each
    half is pulled towards the class shares of the voters by √n_classes votes: no share is 0, and among many
    classes a few votes decide less; a row without voting neighbors gets those class shares.
    """

    neighbors: NDArray[np.int32]
    ballots: NDArray[np.int32]
    prior: Floats

    @classmethod
    def of(
        cls,
        labels: NDArray[np.integer],
        neighbors: NDArray[np.integer],
        *,
        n_classes: int,
        voters: NDArray[np.bool_],
    ) -> "Votes":
        """Take labels as codes (n,); -1 in `neighbors` is none."""
        ballots = np.where(voters, labels, -1).astype(np.int32)
        cast = ballots[ballots >= 0]
        prior = (np.bincount(cast, minlength=n_classes) / max(1, len(cast))).astype(np.float32)
        return cls(np.array(neighbors, np.int32, order="C"), ballots, prior)

    def shares(self, rows: NDArray[np.integer]) -> Floats:
        """Give the label shares (len(rows), n_classes)."""
        near = np.zeros((len(rows), len(self.prior)), np.float32)
        far = np.zeros_like(near)
        _count((near, far), np.asarray(rows, np.int64), self.neighbors, self.ballots)
        return np.asarray((self._smoothed(near) + self._smoothed(far / self.neighbors.shape[1])) / 2, np.float32)

    def _smoothed(self, votes: Floats) -> Floats:
        smoothed = votes + np.float32(np.sqrt(len(self.prior))) * self.prior
        return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))


def without_copies(neighbors: NDArray[np.integer], *group_codes: NDArray[np.integer] | None) -> NDArray[np.int32]:
    """Give the neighbors (n, k) with -1 in place of members of the row's own group, in any of the groupings (n,).

    Copies share their label's origin, so their vote confirms nothing. Code -1 is no group; None is left out.
    """
    kept = np.array(neighbors, np.int32)
    for codes in group_codes:
        if codes is not None:
            kept[(kept >= 0) & (codes[:, None] >= 0) & (codes[kept] == codes[:, None])] = -1
    return kept


@compiled()
def _count(
    votes: tuple[Floats, Floats],
    rows: NDArray[np.int64],
    neighbors: NDArray[np.int32],
    ballots: NDArray[np.int32],
) -> None:
    """Count the votes of neighbors, and of their neighbors but for the row itself."""
    near, far = votes
    for line in range(len(rows)):
        for other in neighbors[rows[line]]:
            if other < 0:
                continue
            if ballots[other] >= 0:
                near[line, ballots[other]] += 1
            for further in neighbors[other]:
                if further >= 0 and further != rows[line] and ballots[further] >= 0:
                    far[line, ballots[further]] += 1
