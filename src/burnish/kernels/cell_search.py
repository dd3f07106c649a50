"""Nearest neighbors by cells: each row asks the cells near it, then those where its neighbors point.

An inverted file (Jégou, Douze & Schmid 2011, section IV) searched for all rows at once: the rows that ask a
cell are compared with it in one dense product. Which cells to ask after the first few is voted by the
neighbors found so far, as neighbors of neighbors are likely neighbors (Dong, Charikar & Li 2011), and each
pair that is compared counts for both of its rows. Turns follow until a sample of rows, compared with all
others, shows that the wanted share of true neighbors is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from burnish.kernels.cells import Arranged, Ranks, Shard, arrange, cut_shards
from burnish.kernels.compiled import compiled
from burnish.kernels.crowds import link_crowds
from burnish.kernels.exact_search import search_exact
from burnish.kernels.items import Resources, Scratch
from burnish.kernels.kmeans import grouped, nearest_cells
from burnish.kernels.sampled_recall import Known, Sampled
from burnish.kernels.top import Best, Side, insert, keep_best, keep_best_of_both
from burnish.kernels.vectors import Floats, Rows, Vectors

FIRST_PROBES = 3
"""Cells that a row asks first: its own and the nearest others."""

VOTED_PROBES, MIN_VOTES, N_VOTERS = 4, 2, 10
"""Cells that it asks in each further turn at most, the votes that one needs, and how many neighbors of how many
neighbors vote."""

FEW_VOTED, FIRST_WIDENED = 1.5, 4
"""Once fewer cells a row than this are voted, a turn also asks as many of the next nearest cells, then twice as
many, and so on."""

MAX_PROBED = 0.25
"""Once a row would have asked this share of all cells, every pair is compared instead."""

QUERY_BLOCK = 1024

TURN_PARTS = ("similarities", "positions", "probes")
DONE_PARTS = ("similarities", "positions", "probed", "widened")
"""What a shard leaves of a turn, and what is left after a turn; the last part is written last and dropped first."""

MAX_TURNS = 64


def search_graph(vectors: Vectors, k: int, *, recall: float, seed: int, resources: Resources) -> tuple[Best, Known]:
    """Give the `k` nearest other usable rows of each (positions among the usable), and what is known of the recall.

    Stops at the first turn where `recall` is reached. Where that would take a large part of all comparisons,
    all are made. Turns that an interrupted search left in the scratch are not made again.
    """
    arranged = arrange(vectors, FIRST_PROBES, seed=seed, resources=resources)
    sampled = Sampled.of(vectors, k, seed=seed, engine=resources.engine)
    lines = np.argsort(arranged.order)[sampled.rows]
    shards = cut_shards(arranged, vectors.n_dims)
    most = max(FIRST_PROBES, MAX_PROBED * len(arranged.cells.centroids))
    turn = _Turn(vectors, arranged, resources.scratch)
    state, turn = turn.resumed(State(Best.empty(len(vectors), k), arranged.nearest[:, :0]))
    while (found := sampled.recall(state.best.similarities[lines])) < recall:
        if state.probed.shape[1] + turn.n_widened > most:
            return search_exact(vectors, k, resources), Known()
        turn.before(state)
        resources.engine.map(turn, shards)
        state, turn = turn.after(state, shards)
    best = _by_position(state.best, arranged.order)
    link_crowds(best, vectors)
    return best, Known(found, len(sampled.rows))


class State(NamedTuple):
    """What is known between turns, by rank: the lists, and the cells (n, any) that each row has asked."""

    best: Best
    probed: Ranks


@dataclass(frozen=True, eq=False)
class _Turn:
    """Let the rows of a shard ask their next cells; leaves the shard's new lists and the cells asked."""

    vectors: Vectors
    arranged: Arranged
    scratch: Scratch
    number: int = 0
    n_widened: int = 0

    def __call__(self, shard: Shard) -> None:
        name = f"turn-{self.number}-{shard.first}"
        if self.scratch.has(f"{name}-probes"):
            return
        rows = self.vectors.take(self.arranged.order[shard.first : shard.end])
        lists = Best(self.scratch.get("similarities"), self.scratch.get("positions"))
        best = lists.lines(shard.first, shard.end).copy()
        probes = self._probes(shard, rows, lists)
        if self.number == 0:
            _ask_own_cells(rows, self.arranged, shard, best)
        asked = probes[:, 1:] if self.number == 0 else probes
        _ask_cells(self.vectors, rows, self.arranged, shard=shard, probes=asked, best=best)
        self.scratch.put(f"{name}-similarities", best.similarities)
        self.scratch.put(f"{name}-positions", best.positions)
        self.scratch.put(f"{name}-probes", probes)

    def before(self, state: State) -> None:
        """Leave what items read."""
        self.scratch.put("similarities", state.best.similarities)
        self.scratch.put("positions", state.best.positions)
        self.scratch.put("probed", state.probed)

    def after(self, state: State, shards: Sequence[Shard]) -> "tuple[State, _Turn]":
        """Put what items left together and keep it, with what the next turn has to do."""
        names = [f"turn-{self.number}-{shard.first}" for shard in shards]
        similarities, positions, probes = (
            np.concatenate([self.scratch.get(f"{name}-{part}") for name in names]) for part in TURN_PARTS
        )
        best = Best(similarities, positions)
        enter_both_sides(best)
        done = State(best, np.hstack([state.probed, probes]))
        following = replace(self, number=self.number + 1, n_widened=self._next_widened(probes))
        for part, values in zip(DONE_PARTS, (*best, done.probed, np.array([following.n_widened])), strict=True):
            self.scratch.put(f"done-{self.number}-{part}", values)
        for part in reversed(DONE_PARTS):
            self.scratch.drop(f"done-{self.number - 1}-{part}")
        for name in names:
            for part in TURN_PARTS:
                self.scratch.drop(f"{name}-{part}")
        return done, following

    def resumed(self, state: State) -> "tuple[State, _Turn]":
        """Give the state after the last turn that an earlier run ended, and the turn that follows; else this one."""
        for number in reversed(range(MAX_TURNS)):
            if self.scratch.has(f"done-{number}-{DONE_PARTS[-1]}"):
                parts = [np.array(self.scratch.get(f"done-{number}-{part}")) for part in DONE_PARTS]
                following = replace(self, number=number + 1, n_widened=int(parts[3][0]))
                return State(Best(parts[0], parts[1]), parts[2]), following
        return state, self

    def _next_widened(self, probes: Ranks) -> int:
        """Tell how many of the nearest cells to ask beside the voted ones in the turn after this."""
        if self.n_widened:
            return 2 * self.n_widened
        few = (probes >= 0).sum() < FEW_VOTED * len(probes)
        return FIRST_WIDENED if self.number and few else 0

    def _probes(self, shard: Shard, rows: Floats, lists: Best) -> Ranks:
        if self.number == 0:
            return self.arranged.nearest[shard.first : shard.end]
        probed = self.scratch.get("probed")[shard.first : shard.end]
        voted = vote_cells(shard.first, probed, lists.positions, self.arranged.cell_of)
        if not self.n_widened:
            return voted
        known = np.hstack([probed, voted])
        nearest = nearest_cells(rows, self.arranged.cells, known.shape[1] + self.n_widened)
        return np.hstack([voted, _first_unknown(nearest, known, self.n_widened)])


def _by_position(best: Best, order: Rows) -> Best:
    """Give lists by rank as lists by position."""
    positions, similarities = np.empty_like(best.positions), np.empty_like(best.similarities)
    positions[order] = np.where(best.positions >= 0, order[best.positions], -1)
    similarities[order] = best.similarities
    return Best(similarities, positions)


def _ask_own_cells(rows: Floats, arranged: Arranged, shard: Shard, best: Best) -> None:
    """Compare the rows of each cell of the shard with one another.

    `rows` (m, d) are the shard's, by rank, and `best` their lists; the positions in it are ranks.
    """
    for start, stop in pairwise(arranged.starts[shard.first_cell : shard.end_cell + 1].tolist()):
        members, names = rows[start - shard.first : stop - shard.first], np.arange(start, stop, dtype=np.int32)
        for begin in range(0, len(members), QUERY_BLOCK):
            some = slice(begin, begin + QUERY_BLOCK)
            asking = Side(names[some] - np.int32(shard.first), names[some])
            keep_best(best, asking, members[some] @ members.T, names)


def _ask_cells(vectors: Vectors, rows: Floats, arranged: Arranged, *, shard: Shard, probes: Ranks, best: Best) -> None:
    """Compare each row of the shard with the other cells that it asks: `probes` (m, any), -1 for none.

    What is found is entered in the list of the row that asks, and where the cell belongs to the shard in the
    lists of its rows too.
    """
    for cell, lines in enumerate(grouped(probes, len(arranged.starts) - 1)):
        start, stop = int(arranged.starts[cell]), int(arranged.starts[cell + 1])
        if not len(lines) or start == stop:
            continue
        inside = shard.first_cell <= cell < shard.end_cell
        members = rows[start - shard.first : stop - shard.first] if inside else vectors.take(arranged.order[start:stop])
        names = np.arange(start, stop, dtype=np.int32)
        for begin in range(0, len(lines), QUERY_BLOCK):
            some = lines[begin : begin + QUERY_BLOCK].astype(np.int32)
            asking, similarities = Side(some, some + np.int32(shard.first)), rows[some] @ members.T
            if inside:
                keep_best_of_both(best, asking, similarities, Side(names - np.int32(shard.first), names))
            else:
                keep_best(best, asking, similarities, names)


@compiled()
def enter_both_sides(best: Best) -> None:
    """Enter each listed pair in the list of its other side, where it is good enough."""
    for row in range(best.positions.shape[0]):
        for column in range(best.positions.shape[1]):
            other = best.positions[row, column]
            if other >= 0:
                insert(best, other, best.similarities[row, column], row)


def vote_cells(first: int, probed: Ranks, positions: Ranks, cell_of: Ranks) -> Ranks:
    """Give each rank from `first` on the `VOTED_PROBES` cells (m, n) where most neighbors of its neighbors lie.

    Cells that it has asked (`probed` (m, any)) are left out, and those with fewer than `MIN_VOTES`; -1 pads.
    """
    voted = np.full((len(probed), VOTED_PROBES), -1, np.int32)
    room = np.empty((2, N_VOTERS * (N_VOTERS + 1)), np.int32)
    _vote_cells(voted, (first, probed), (positions, cell_of), room)
    return voted


def _first_unknown(nearest: Ranks, known: Ranks, n: int) -> Ranks:
    """Give the first `n` of each line of `nearest` that do not stand in that line of `known`; -1 pads."""
    unknown = np.full((len(nearest), n), -1, np.int32)
    _fill_unknown(unknown, nearest, known)
    return unknown


@compiled()
def _stands_in(line: Ranks, cell: int) -> bool:
    stands = False
    for other in line:
        stands |= other == cell
    return stands


@compiled()
def _fill_unknown(unknown: Ranks, nearest: Ranks, known: Ranks) -> None:
    for line in range(len(nearest)):
        count = 0
        for cell in nearest[line]:
            if count < unknown.shape[1] and cell >= 0 and not _stands_in(known[line], cell):
                unknown[line, count] = cell
                count += 1


@compiled()
def _vote_cells(voted: Ranks, asking: tuple[int, Ranks], lists: tuple[Ranks, Ranks], room: Ranks) -> None:
    (first, probed), (cells, votes) = asking, room
    for line in range(len(voted)):
        n_cells = _count_votes(lists, first + line, cells, votes)
        for other in range(n_cells):
            if _stands_in(probed[line], cells[other]):
                votes[other] = 0
        for column in range(voted.shape[1]):
            winner = 0
            for other in range(1, n_cells):
                if votes[other] > votes[winner]:
                    winner = other
            if n_cells == 0 or votes[winner] < MIN_VOTES:
                break
            voted[line, column] = cells[winner]
            votes[winner] = 0


@compiled()
def _count_votes(lists: tuple[Ranks, Ranks], rank: int, cells: Ranks, votes: Ranks) -> int:
    """Count where the neighbors of a rank and theirs lie; give how many cells that are."""
    positions, cell_of = lists
    n_cells = 0
    for near in positions[rank, :N_VOTERS]:
        if near >= 0:
            n_cells = _count(cell_of[near], n_cells, cells, votes)
            for further in positions[near, :N_VOTERS]:
                if further >= 0:
                    n_cells = _count(cell_of[further], n_cells, cells, votes)
    return n_cells


@compiled()
def _count(cell: int, n_cells: int, cells: Ranks, votes: Ranks) -> int:
    for other in range(n_cells):
        if cells[other] == cell:
            votes[other] += 1
            return n_cells
    cells[n_cells], votes[n_cells] = cell, 1
    return n_cells + 1
