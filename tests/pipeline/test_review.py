import json

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Edit, Evidence, Finding, FlaggedRow, Roles
from burnish.dataset.reviews import DROP, Vote
from burnish.errors import InputError
from burnish.pipeline.review import answered, review_tasks


def rows(labels=("ham", "spam", "ham", None), **more):
    n = len(labels)
    table = pa.table({"text": [f"text number {i}" for i in range(n)], "label": pa.array(labels), **more})
    content = np.arange(2 * n, dtype=np.uint64).reshape(n, 2)
    return Dataset(table, pa.array([f"r{i}" for i in range(n)]), content, Roles(text="text", label="label"))


def finding(code, *flags, kind="suspect_label"):
    return Finding(code, kind, "warning", f"what {code} says", tuple(flags))


FINDINGS = [
    finding("DUP002", FlaggedRow(0, 0.7, "drop"), FlaggedRow(1, 0.7), kind="near_duplicate"),
    finding("LAB001", FlaggedRow(0, 0.6, "relabel", "spam"), FlaggedRow(2, 0.9, "review", "spam")),
    finding("IMB001", FlaggedRow(3, 1.0, "collect"), kind="imbalance"),
    finding("OUT001", FlaggedRow(3, 0.7, "review"), kind="outlier"),
]


def evidence(dataset=None):
    columns = [
        Column("probabilities", np.array([[0.2, 0.8], [0.5, 0.5], [0.1, 0.9], [0.7, 0.3]], np.float32)),
        Column("evaluation", np.array([False, False, True, False])),
    ]
    return Evidence(dataset or rows()).adding(columns)


def test_each_row_that_somebody_should_look_at_is_one_task_surest_first():
    tasks = review_tasks(evidence(), FINDINGS)
    assert [(t.row_id, t.code, t.score, t.codes) for t in tasks] == [
        ("r2", "LAB001", 0.9, ("LAB001",)),
        ("r0", "DUP002", 0.7, ("DUP002", "LAB001")),
        ("r3", "OUT001", 0.7, ("OUT001",)),
    ]
    second = tasks[1]
    assert (second.text, second.given_label, second.suggested_label) == ("text number 0", "ham", "spam")
    assert second.message == "what DUP002 says"
    assert dict(second.probabilities) == {"spam": 0.8, "ham": 0.2}
    assert second.version == rows().version
    assert [t.evaluation for t in tasks] == [True, False, False]
    assert tasks[2].given_label is None


def test_a_table_shows_its_fields_and_an_image_its_path_or_bytes():
    table = rows(size=[1, 2, 3, 4])
    shown = Dataset(table.fields, table.row_ids, table.content, Roles(label="label", meta=("size",)))
    assert review_tasks(evidence(shown), FINDINGS)[0].text == "size: 3"
    pictures = rows(image=[{"bytes": b"x", "path": "a"}, None, {"bytes": None, "path": "b/c.png"}, None])
    shown = Dataset(pictures.fields, pictures.row_ids, pictures.content, Roles(label="label", image="image"))
    assert [(t.image, t.text) for t in review_tasks(evidence(shown), FINDINGS)] == [
        ("b/c.png", None), (b"x", None), (None, None),
    ]  # fmt: skip


def test_labels_that_are_no_classes_cannot_be_reviewed():
    for labels in (None, pa.array([0.5, 1.25, 2.5, 3.5])):
        dataset = rows() if labels is None else rows(labels)
        roles = Roles(text="text") if labels is None else Roles(text="text", label="label")
        bare = Dataset(dataset.fields, dataset.row_ids, dataset.content, roles)
        with pytest.raises(InputError, match="no classes"):
            review_tasks(Evidence(bare), [])


def asked(dataset):
    """Row id → task, with every row flagged."""
    flags = [FlaggedRow(i, 1.0, "review") for i in range(len(dataset))]
    return {task.row_id: task for task in review_tasks(Evidence(dataset), [finding("OUT001", *flags)])}


def votes(dataset, *said, task_of=None):
    """Votes (row id, label, annotator) with the version and digest of the tasks."""
    tasks = task_of or asked(dataset)
    return [Vote(r, label, who, tasks[r].version, tasks[r].row_digest) for r, label, who in said]


def test_most_votes_decide_and_ties_and_confirmations_make_no_edit():
    dataset = rows()
    answers = answered(
        votes(
            dataset,
            ("r0", "spam", "Ann"), ("r0", "spam", "Bo"), ("r0", "ham", "Cy"),
            ("r1", "spam", "Ann"), ("r2", "ham", "Ann"), ("r2", "spam", "Bo"), ("r3", DROP, "Ann"),
        ),
        dataset,
    )  # fmt: skip
    relabel, drop = answers.changes.edits
    assert relabel == Edit(
        "r0", "relabel", "REVIEW", "labelled 'spam' by 2 of 3: Ann, Bo",
        {"votes": {"Ann": "spam", "Bo": "spam", "Cy": "ham"}, "agreement": 0.6667}, old_label="ham", label="spam",
    )  # fmt: skip
    assert (drop.row_id, drop.action, drop.label, drop.reason) == ("r3", "drop", None, "to be dropped by 1 of 1: Ann")
    assert (answers.confirmed, answers.disputed, answers.refused) == (("r1",), ("r2",), ())
    changed = answers.changes.apply(dataset)
    assert changed.field("label").to_pylist() == ["spam", "spam", "ham"]


def test_agreement_and_each_person_against_the_others_are_told():
    dataset = rows()
    said = [
        (f"r{i}", label, who)
        for who, labels in {"Ann": "hsh", "Bo": "hsh", "Cy": "hss"}.items()
        for i, label in enumerate(labels)
    ]
    said = [(row, {"h": "ham", "s": "spam"}[label], who) for row, label, who in said]
    answers = answered(votes(dataset, *said), dataset)
    # Coincidences: ham-ham 3 + 1, spam-spam 3, ham-spam 1 + 1 of 9: 1 - 8 * 2 / (2 * 5 * 4) = 0.6.
    assert answers.alpha.value == pytest.approx(0.6)
    assert [(p.name, p.n_votes, p.n_compared, p.n_agreed) for p in answers.annotators] == [
        ("Ann", 3, 2, 2), ("Bo", 3, 2, 2), ("Cy", 3, 3, 2),
    ]  # fmt: skip
    told = json.loads(json.dumps(answers.to_json(), allow_nan=False))
    assert told["agreement"]["n_rows"] == 3
    assert len(told["votes"]) == 9


def test_an_answer_holds_when_other_rows_changed_and_not_when_its_own_did():
    former = rows()
    tasks = asked(former)
    now = rows(("ham", "ham", "spam", None)).take([0, 1, 2])
    said = votes(former, ("r0", "spam", "Ann"), ("r1", "ham", "Ann"), ("r3", "ham", "Ann"), task_of=tasks)
    with pytest.raises(InputError, match=r"2 of 3 answers .*'r1' has changed since.*'r3' is no row of this version"):
        answered(said, now)
    answers = answered(said, now, skip_refused=True)
    assert [edit.row_id for edit in answers.changes.edits] == ["r0"]
    assert answers.changes.version == now.version
    other_content = Dataset(former.fields, former.row_ids, former.content + np.uint64(1), former.roles)
    assert len(answered(said, other_content, skip_refused=True).refused) == 3


def test_an_answer_without_version_or_digest_is_refused_and_one_of_them_is_enough():
    dataset = rows()
    task = asked(dataset)["r0"]
    with pytest.raises(InputError, match="lost its version"):
        answered([Vote("r0", "spam", "Ann")], dataset)
    assert len(answered([Vote("r0", "spam", "Ann", version=task.version)], dataset).changes) == 1
    assert len(answered([Vote("r0", "spam", "Ann", row_digest=task.row_digest)], dataset).changes) == 1


def test_evaluation_rows_are_confirmed_but_never_edited():
    dataset = rows()
    said = votes(dataset, ("r0", "ham", "Ann"), ("r1", "ham", "Ann"), ("r2", DROP, "Ann"))
    with pytest.raises(InputError, match="evaluation row"):
        answered(said, dataset, locked=["r0", "r1", "r2"])
    answers = answered(said, dataset, locked=["r0", "r1", "r2"], skip_refused=True)
    assert answers.confirmed == ("r0",)
    assert [row.row_id for row in answers.refused] == ["r1", "r2"]
    assert len(answers.changes) == 0


def test_a_label_that_no_row_has_is_taken_only_when_told_so():
    dataset = rows()
    said = votes(dataset, ("r0", "Spam", "Ann"), ("r1", "  ham ", "Ann"))
    with pytest.raises(InputError, match="label that is not known: 'Spam'"):
        answered(said, dataset)
    assert [e.label for e in answered(said, dataset, new_labels=True).changes.edits] == ["Spam", "ham"]
    numbers = rows(pa.array([1, 2, 1, None], pa.int64()))
    said = votes(numbers, ("r0", "7", "Ann"), ("r1", "seven", "Ann"))
    answers = answered(said, numbers, new_labels=True, skip_refused=True)
    assert answers.changes.apply(numbers).field("label").to_pylist() == [7, 2, 1, None]
    assert answers.refused[0].row_id == "r1"


def test_two_answers_of_one_person_count_once_when_alike_and_not_at_all_when_they_differ():
    dataset = rows()
    twice = votes(dataset, ("r0", "spam", "Ann"), ("r0", "spam", "Ann"), ("r0", "ham", "Bo"))
    assert answered(twice, dataset).disputed == ("r0",)
    torn = votes(dataset, ("r0", "spam", "Ann"), ("r0", "ham", "Ann"), ("r1", "ham", ""), ("r1", "spam", ""))
    with pytest.raises(InputError, match=r"2 ways by 'Ann'.*2 ways by one person without a name"):
        answered(torn, dataset)
    assert len(answered(torn, dataset, skip_refused=True).changes) == 0


def test_a_class_called_drop_is_a_class():
    dataset = rows(("ham", DROP, "ham", None))
    answers = answered(votes(dataset, ("r0", DROP, "Ann")), dataset)
    assert (answers.changes.edits[0].action, answers.changes.edits[0].label) == ("relabel", DROP)


def test_rows_of_several_classes_are_answered_with_lists_in_any_order():
    for values in (["a", "b", "c"], [1, 2, 3]):
        one, two, three = values
        dataset = rows(pa.array([[one, two], [three], [], None]))
        names = [str(value) for value in values]
        said = votes(
            dataset,
            ("r0", json.dumps(names[1::-1]), "Ann"), ("r1", names[0], "Ann"), ("r2", DROP, "Ann"),
            ("r3", json.dumps([names[2], names[0]]), "Ann"),
        )  # fmt: skip
        answers = answered(said, dataset)
        assert answers.confirmed == ("r0",)
        assert answers.changes.apply(dataset).field("label").to_pylist() == [[one, two], [one], [one, three]]
        with pytest.raises(InputError, match="not known"):
            answered(votes(dataset, ("r0", '["z"]', "Ann")), dataset)


def test_the_list_of_refused_answers_is_short_however_long_the_answers_are():
    dataset = rows()
    task = asked(dataset)["r0"]
    said = [Vote("r0", "x" * 10_000_000, f"p{i}", task.version, task.row_digest) for i in range(2)]
    said += [Vote("y" * 1_000_000 + str(i), "ham", "Ann") for i in range(30)]
    with pytest.raises(
        InputError, match=r"31 of 32 answers .* label of 10,000,000 characters; .*and 21 more"
    ) as caught:
        answered(said, dataset)
    assert len(str(caught.value)) < 2_000
    assert "--skip-refused" in caught.value.remedy


def test_names_with_control_characters_never_reach_a_reason():
    dataset = rows()
    reason = answered(votes(dataset, ("r0", "spam", "A\x1b[31m\nnn")), dataset).changes.edits[0].reason
    assert reason.isprintable()


def test_no_votes_come_to_nothing():
    answers = answered([], rows())
    assert (len(answers.changes), answers.annotators, answers.alpha.n_rows) == (0, (), 0)
