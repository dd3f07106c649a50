"""Votes: what the labels of a row's neighbors say of its own."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float32]


def neighbor_votes(
    labels: NDArray[np.integer], neighbors: NDArray[np.integer], *, n_classes: int, voters: NDArray[np.bool_]
) -> Floats:
    """Give the label shares (n, n_classes) among the neighbors of each row and their neighbors in turn.

    Half the weight lies on the neighbors (n, k), half on the neighbors of neighbors, which smooth as k²
    neighbors would at the cost of one sparse product; a row's own label never counts. Only `voters` vote.
    Each half is pulled towards the class shares of the voters by √n_classes votes: no share is 0, and among
    many classes a few votes decide less;
    a row without voting neighbors gets those class shares.
    """
    who = np.flatnonzero(voters)
    prior = (np.bincount(labels[who], minlength=n_classes) / max(1, len(who))).astype(np.float32)
    graph = _graph(neighbors)
    ballots = np.zeros((len(neighbors), n_classes), np.float32)
    ballots[who, labels[who]] = 1.0
    near = graph @ ballots
    far = graph @ near
    returning = np.asarray(graph.multiply(graph.T).sum(axis=1)).ravel()
    far[who, labels[who]] -= returning[who]
    return np.asarray((_shares(near, prior) + _shares(far / neighbors.shape[1], prior)) / 2, np.float32)


def without_copies(neighbors: NDArray[np.integer], *group_codes: NDArray[np.integer] | None) -> NDArray[np.int64]:
    """Give the neighbors (n, k) with -1 in place of members of the row's own group, in any of the groupings (n,).

    Copies share their label's origin, so their vote confirms nothing. Code -1 is no group; None is left out.
    """
    kept = np.array(neighbors, np.int64)
    for codes in group_codes:
        if codes is not None:
            kept[(kept >= 0) & (codes[:, None] >= 0) & (codes[kept] == codes[:, None])] = -1
    return kept


def _graph(neighbors: NDArray[np.integer]) -> csr_array:
    there = neighbors >= 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    positions = neighbors[there]
    return csr_array((np.ones(len(positions), np.float32), positions, starts), shape=(len(neighbors), len(neighbors)))


def _shares(votes: Floats, prior: Floats) -> Floats:
    """Give vote shares with √n_classes votes added, spread as the prior."""
    smoothed = votes + np.float32(np.sqrt(len(prior))) * prior
    return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))
