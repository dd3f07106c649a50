"""Review: findings become tasks for people, and their answers a changeset."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from burnish.dataset import Changeset, Dataset, Edit, Evidence, Finding, FlaggedRow
from burnish.dataset.reviews import ReviewTask, Vote
from burnish.errors import InputError
from burnish.kernels.agreement import Alpha, agreeing_with_others, krippendorff_alpha, leader
from burnish.kernels.intervals import share_interval
from burnish.pipeline.ballot import Ballot, choices, given_labels, row_digests, short

CODE = "REVIEW"
"""The code of edits that people decided."""
REVIEWED_EDITS = ("relabel", "drop", "review")
N_LIKELIEST = 5
SHOWN_REFUSED, SHOWN_PEOPLE = 10, 5


@dataclass(frozen=True, slots=True)
class Refused:
    """A row whose answer cannot be used, and why."""

    row_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Annotator:
    """One person: answers that were used, rows comparable with the others' majority, on how many they agree.

    `low` and `high` bound the share of agreement (Wilson).
    """

    name: str
    n_votes: int
    n_compared: int
    n_agreed: int
    low: float
    high: float


@dataclass(frozen=True)
class Answers:
    """What people said: the edits, rows whose label they confirmed, rows on which votes are tied, what was refused.

    `votes` are those that were used, one a person and row; `alpha` their agreement.
    """

    changes: Changeset
    confirmed: tuple[str, ...]
    disputed: tuple[str, ...]
    refused: tuple[Refused, ...]
    votes: tuple[Vote, ...]
    alpha: Alpha
    annotators: tuple[Annotator, ...]

    def to_json(self) -> dict[str, Any]:
        """Give all but the edits as a JSON document; a number that is not known is null."""
        alpha = {name: None if math.isnan(value) else value for name, value in self.alpha._asdict().items()}
        return {
            "version": self.changes.version,
            "n_edits": len(self.changes),
            "confirmed": list(self.confirmed),
            "disputed": list(self.disputed),
            "refused": [asdict(row) for row in self.refused],
            "agreement": alpha,
            "annotators": [asdict(person) for person in self.annotators],
            "votes": [asdict(vote) for vote in self.votes],
        }


def review_tasks(evidence: Evidence, findings: Iterable[Finding]) -> list[ReviewTask]:
    """Give a task for each row that a finding suggests to relabel, drop or review.

    Rows for which another label is suggested come first; in both parts the surest first.

    Raises InputError where the labels are no classes: there is nothing to choose from.
    """
    dataset = evidence.dataset
    choices(dataset)
    flagged: dict[int, list[tuple[Finding, FlaggedRow]]] = defaultdict(list)
    for finding in findings:
        for flag in finding.rows:
            if flag.edit in REVIEWED_EDITS:
                flagged[flag.row].append((finding, flag))
    for about in flagged.values():
        about.sort(key=lambda pair: -pair[1].score)
    bare = {row: all(flag.label is None for _, flag in about) for row, about in flagged.items()}
    rows = sorted(flagged, key=lambda row: (bare[row], -flagged[row][0][1].score, row))
    part = dataset.take(rows)
    shown = zip(row_digests(part), given_labels(part), _texts(part), _images(part), strict=True)
    tasks = (_task(part.row_ids[i].as_py(), dataset.version, flagged[row]) for i, row in enumerate(rows))
    return [
        replace(
            task, row_digest=digest, given_label=label, text=text, image=image,
            probabilities=_likeliest(evidence, row), evaluation=_is_evaluation(evidence, row),
        )
        for task, row, (digest, label, text, image) in zip(tasks, rows, shown, strict=True)
    ]  # fmt: skip


def answered(
    votes: Iterable[Vote], dataset: Dataset, *, locked: Collection[str] = (), new_labels: bool = False,
    skip_refused: bool = False, seed: int = 0,
) -> Answers:  # fmt: skip
    """Give what the answers of people come to: each row as most of them say.

    A vote is refused for a row that is not there, for one whose content or label changed since the task was written,
    for a label that no row has (unless `new_labels`), and where one person said two things; an edit, for a `locked`
    (evaluation) row. Raises InputError with the list unless `skip_refused`.
    """
    given = list(votes)
    ballot = Ballot(dataset, (vote.row_id for vote in given), new_labels=new_labels)
    used, refused = _screened(given, ballot)
    by_row: dict[str, list[Vote]] = defaultdict(list)
    for vote in used:
        by_row[vote.row_id].append(vote)
    edits, confirmed, disputed, frozen = [], [], [], frozenset(locked)
    for row_id in sorted(by_row, key=dataset.row_positions.__getitem__):
        said = leader(Counter(vote.label for vote in by_row[row_id]).items())
        if said is None:
            disputed.append(row_id)
        elif said == ballot.given(row_id):
            confirmed.append(row_id)
        elif row_id in frozen:
            refused.append(Refused(row_id, "is an evaluation row: correct it in the source"))
        else:
            edits.append(_edit(by_row[row_id], said, ballot))
    if refused and not skip_refused:
        _refuse(refused, len(given))
    alpha, people = _agreement(used, seed)
    changes = Changeset(dataset.version, tuple(edits))
    return Answers(changes, tuple(confirmed), tuple(disputed), tuple(refused), tuple(used), alpha, people)


def _task(row_id: str, version: str, about: Sequence[tuple[Finding, FlaggedRow]]) -> ReviewTask:
    finding, flag = about[0]
    suggested = next((other.label for _, other in about if other.label is not None), None)
    codes = tuple(dict.fromkeys(other.code for other, _ in about))
    score = float(flag.score) if math.isfinite(flag.score) else 0.0
    return ReviewTask(row_id, version, "", finding.code, finding.message, score, codes, suggested_label=suggested)


def _is_evaluation(evidence: Evidence, row: int) -> bool:
    return "evaluation" in evidence and bool(evidence["evaluation"][row])


def _likeliest(evidence: Evidence, row: int) -> Mapping[str, float]:
    probabilities, labels = evidence.get("probabilities"), evidence.dataset.labels
    if probabilities is None or labels is None:
        return {}
    ours = np.nan_to_num(np.asarray(probabilities[row], np.float64))
    first = np.argsort(-ours, kind="stable")[:N_LIKELIEST]
    return {labels.classes[code]: round(float(ours[code]), 4) for code in first.tolist() if ours[code] > 0}


def _texts(dataset: Dataset) -> Sequence[str | None]:
    if dataset.texts is not None:
        return list(dataset.texts.to_pylist())
    if dataset.roles.image is not None:
        return [None] * len(dataset)
    records = dataset.fields.select(dataset.roles.meta).to_pylist() if dataset.roles.meta else [{}] * len(dataset)
    told = ("\n".join(f"{name}: {value}" for name, value in record.items()) for record in records)
    return [text or row_id for text, row_id in zip(told, dataset.row_ids.to_pylist(), strict=True)]


def _images(dataset: Dataset) -> Sequence[str | bytes | None]:
    if dataset.roles.image is None:
        return [None] * len(dataset)
    images = dataset.field(dataset.roles.image).to_pylist()
    return [(i.get("bytes") or i.get("path")) if isinstance(i, dict) else i for i in images]


def _screened(votes: Sequence[Vote], ballot: Ballot) -> tuple[list[Vote], list[Refused]]:
    """Give the votes that count, one a person and row, and the others with the reason."""
    refused: dict[Refused, None] = {}
    kept: dict[tuple[str, str], dict[str, Vote]] = defaultdict(dict)
    for vote in map(ballot.spelled, votes):
        reason = ballot.refusal(vote)
        if reason is None:
            kept[vote.row_id, vote.annotator].setdefault(vote.label, vote)
        else:
            refused.setdefault(Refused(vote.row_id, reason))
    for (row_id, annotator), said in kept.items():
        if len(said) > 1:
            who = short(annotator) if annotator else "one person without a name"
            refused.setdefault(Refused(row_id, f"was answered in {len(said)} ways by {who}"))
    return [vote for said in kept.values() if len(said) == 1 for vote in said.values()], list(refused)


def _edit(votes: Sequence[Vote], said: str, ballot: Ballot) -> Edit:
    drops = ballot.drops(said)
    agreeing = [_plain(vote.annotator or "unsigned") for vote in votes if vote.label == said]
    more = ", …" if len(agreeing) > SHOWN_PEOPLE else ""
    what = "to be dropped" if drops else f"labelled {said!r}"
    return Edit(
        votes[0].row_id,
        "drop" if drops else "relabel",
        CODE,
        f"{what} by {len(agreeing)} of {len(votes)}: {', '.join(agreeing[:SHOWN_PEOPLE])}{more}",
        {"votes": {vote.annotator: vote.label for vote in votes}, "agreement": round(len(agreeing) / len(votes), 4)},
        old_label=ballot.given(votes[0].row_id),
        label=None if drops else said,
    )


def _agreement(votes: Sequence[Vote], seed: int) -> tuple[Alpha, tuple[Annotator, ...]]:
    names = sorted({vote.annotator for vote in votes})
    coded = [list(_codes(column)) for column in zip(*((v.row_id, v.annotator, v.label) for v in votes), strict=True)]
    rows, people, labels = np.array(coded or [[], [], []], np.int64)
    agreed, compared = agreeing_with_others(rows, people, labels)
    cast = np.bincount(people, minlength=len(names))
    order = list(dict.fromkeys(vote.annotator for vote in votes))
    found = {
        name: Annotator(name, n, k, m, *share_interval(m, k))
        for name, n, k, m in zip(order, cast.tolist(), compared.tolist(), agreed.tolist(), strict=True)
    }
    return krippendorff_alpha(rows, labels, seed=seed), tuple(found[name] for name in names)


def _codes(values: Iterable[str]) -> Iterator[int]:
    known: dict[str, int] = {}
    for value in values:
        yield known.setdefault(value, len(known))


def _refuse(refused: Sequence[Refused], n_votes: int) -> None:
    listed = "; ".join(f"row {short(row.row_id)} {row.reason}" for row in refused[:SHOWN_REFUSED])
    more = f"; and {len(refused) - SHOWN_REFUSED:,} more" if len(refused) > SHOWN_REFUSED else ""
    raise InputError(
        f"{len(refused):,} of {n_votes:,} answers cannot be used: {listed}{more}.",
        remedy="Correct them, or import the others alone with --skip-refused.",
    )


def _plain(text: str) -> str:
    return short(text)[1:-1]
