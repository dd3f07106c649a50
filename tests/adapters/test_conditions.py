"""Conditions: what they answer, and that whatever is typed can neither read, write, attach nor run away."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.adapters.conditions import PASSED_ON, Conditions, matching
from burnish.errors import UsageError

pytestmark = pytest.mark.slow

N = 200
TABLE = pa.table(
    {
        "label": [None if i % 10 == 9 else f"c{i % 7}" for i in range(N)],
        "score": [None if i % 11 == 0 else i / N for i in range(N)],
        "text": [f"it's row {i}; -- /* ' \" <script>" for i in range(N)],
        'select "x" from rows;': np.arange(N),
        "order": np.arange(N) % 3,
        "été": np.arange(N),
        "position": np.arange(N) * 2,
        "when": pa.array([0] * N, pa.timestamp("us")),
        "tags": [["a", "b"]] * N,
        "kind": pa.array(["a", "b"] * (N // 2)).dictionary_encode(),
    }
)
SECRET = pa.table({"a": [1]})
"""A variable that a condition could see if DuckDB looked at Python's."""


def found(condition, table=TABLE):
    return np.flatnonzero(matching(table, condition)).tolist()


def slowly(column, holds):
    return [i for i, value in enumerate(TABLE[column].to_pylist()) if value is not None and holds(value)]


@pytest.fixture(scope="module")
def conditions():
    return Conditions(TABLE)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("label = 'c1'", slowly("label", lambda v: v == "c1")),
        ("label <> 'c1'", slowly("label", lambda v: v != "c1")),
        ("score > 0.5 AND score <= 0.75", slowly("score", lambda v: 0.5 < v <= 0.75)),
        ("NOT score > 0.5", slowly("score", lambda v: not v > 0.5)),
        ('"select ""x"" from rows;" >= 190', list(range(190, N))),
        ('"order" = 2 AND "été" < 9', [2, 5, 8]),
        ("position = 10", [5]),
        ("text LIKE '%row 7;%'", [7]),
        ("list_contains(tags, 'b') AND kind = 'a' AND \"été\" < 3", [0, 2]),
        ("score = (SELECT max(score) FROM rows)", [N - 1]),
        ('"été" IN (SELECT "order" FROM rows)', [0, 1, 2]),
        ("label IN ('c1', 'c2') -- a comment", slowly("label", lambda v: v in ("c1", "c2"))),
        ("NULL", []),
        ("score", slowly("score", bool)),
        ("true", list(range(N))),
    ],
)
def test_a_condition_holds_for_the_rows_that_it_says(condition, expected):
    assert found(condition) == expected


@given(st.integers(-5, N + 5), st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), st.booleans())
@settings(max_examples=25)
def test_comparisons_agree_with_numpy(number, sign, negated):
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal}
    mask = compare.get(sign, np.not_equal)(np.arange(N), number)
    condition = f'{"NOT " if negated else ""}("été" {sign} {number})'
    assert (matching(TABLE, condition) == (~mask if negated else mask)).all()


def test_columns_that_duckdb_does_not_know_are_left_out_and_the_first_of_two_like_names_counts():
    table = pa.table(
        [pa.array(np.arange(4).astype(np.float16)), pa.array([1, 2, 3, 4]), pa.array([9] * 4), pa.array([1] * 4)],
        names=["half", "Count", "count", ""],
    )
    assert found("COUNT > 2", table) == [2, 3]
    with pytest.raises(UsageError, match=r"Fields: .*Count"):
        matching(table, "unknown = 1")


@pytest.mark.parametrize(
    "condition",
    [
        "", "   ", "--", "label =", "1=1)", "(1=1", "1=1) UNION SELECT 5 FROM (SELECT 1", "1=1) UNION (SELECT 5",
        "1=1 UNION SELECT 5", "1=1) OR (1=1", "1=1); ATTACH 'x'; SELECT (1", "1=1; ATTACH 'x'", "1=1\n;", ";", "1, 2",
        "1=1 ORDER BY 1", "1=1 LIMIT 1", "1=1 GROUP BY label", "1=1) --", "true /*", "true */", "SELECT 1", "FROM rows",
        "$1 = 1", "?", "\x00", "label = '", "'\ud800'", "unknown = 1", "count(*) > 1", "label = 'c1' AND label",
        "position IN (SELECT a FROM SECRET)", "position IN (SELECT a FROM secret)", "(" * 3_000 + "1" + ")" * 3_000,
    ],
)  # fmt: skip
def test_what_is_no_single_condition_is_refused(condition):
    with pytest.raises(UsageError) as refused:
        matching(TABLE, condition)
    assert refused.value.remedy


@pytest.fixture
def bait(tmp_path, monkeypatch):
    """A folder with files that could be read, and where files could be written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bait.csv").write_text("a\n1\n")
    (tmp_path / "bait.parquet").write_bytes(b"PAR1")
    monkeypatch.setenv("BAIT", "1")
    return tmp_path


ATTACKS = [
    "1 IN (SELECT a FROM read_csv('bait.csv'))",
    "1 IN (SELECT a FROM read_csv_auto('{folder}/bait.csv'))",
    "1 IN (SELECT a FROM 'bait.csv')",
    "1 IN (SELECT a FROM '{folder}/bait.csv')",
    "EXISTS (FROM read_text('bait.csv'))",
    "EXISTS (FROM read_blob('{folder}/bait.csv'))",
    "EXISTS (FROM read_json('bait.csv'))",
    "EXISTS (FROM read_parquet('bait.parquet'))",
    "EXISTS (FROM parquet_metadata('bait.parquet'))",
    "EXISTS (FROM sniff_csv('bait.csv'))",
    "EXISTS (FROM glob('*'))",
    "EXISTS (FROM glob('/etc/*'))",
    "EXISTS (FROM read_csv('https://example.com/x.csv'))",
    "EXISTS (FROM query('ATTACH ''new.db'''))",
    "EXISTS (FROM query('COPY rows TO ''new.csv'''))",
    "EXISTS (FROM query('SELECT * FROM read_csv(''bait.csv'')'))",
    "EXISTS (FROM query_table('bait.csv'))",
    "EXISTS (FROM pandas_scan(1))",
    "EXISTS (FROM arrow_scan(1, 2, 3))",
    "EXISTS (FROM sqlite_scan('new.db', 't'))",
    "EXISTS (FROM postgres_scan('', '', ''))",
    "getenv('BAIT') = '1'",
    "set_config('threads', '9') = '9'",
    "nextval('s') = 1",
    "load_extension('httpfs')",
    "EXISTS (INSERT INTO rows VALUES (1))",
    "EXISTS (DELETE FROM rows)",
    "(CREATE TABLE t (a INT))",
    "(COPY rows TO 'new.csv')",
    "1=1); COPY rows TO 'new.csv'; SELECT (1",
    "1=1); EXPORT DATABASE 'new'; SELECT (1",
    "1=1); CREATE TABLE t AS (SELECT 1",
    "1=1); INSTALL httpfs; SELECT (1",
    "1=1); LOAD httpfs; SELECT (1",
    "1=1); PRAGMA enable_profiling; SELECT (1",
    "1=1); SET enable_external_access = true; SELECT (1",
    "1=1); RESET lock_configuration; SELECT (1",
    "1=1); CALL pragma_version(); SELECT (1",
    "1=1); DROP VIEW rows; SELECT (1",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_condition_reads_writes_attaches_or_changes_anything(attack, bait):
    with pytest.raises(UsageError):
        matching(TABLE, attack.format(folder=bait))
    assert sorted(path.name for path in bait.iterdir()) == ["bait.csv", "bait.parquet"]


def test_those_attacks_would_work_if_the_door_were_open(bait):
    door = duckdb.connect(":memory:")
    door.register("rows", TABLE.select(["label"]))
    for attack in ATTACKS[:5]:
        asked = f"SELECT count(*) FROM rows WHERE ({attack.format(folder=bait)})"  # noqa: S608
        assert door.execute(asked).fetchone() == (N,)
    door.execute("COPY rows TO 'new.csv'")
    door.close()
    assert (bait / "new.csv").exists()


def test_a_condition_that_takes_too_long_is_interrupted():
    started = time.monotonic()
    with pytest.raises(UsageError, match=r"took more than 0\.3 seconds"):
        matching(TABLE, "(SELECT count(*) FROM range(1000000000000)) > 1", timeout_seconds=0.3)
    assert time.monotonic() - started < 5


@pytest.mark.slow
def test_a_process_of_its_own_answers_the_same(conditions):
    for condition in ("label = 'c1'", "score > 0.5", "false", 'length("text") > 3'):
        assert (conditions.matching(condition) == matching(TABLE, condition)).all()


@pytest.mark.slow
def test_one_process_answers_question_after_question(conditions):
    conditions.matching("true")
    first = conditions.pid
    with pytest.raises(UsageError, match="Referenced column"):
        conditions.matching("unknown = 1")
    conditions.matching("true")
    assert conditions.pid == first


@pytest.mark.slow
def test_that_process_knows_little_of_the_environment(conditions):
    conditions.matching("true")
    told = Path(f"/proc/{conditions.pid}/environ").read_text()
    assert {line.partition("=")[0] for line in told.split("\0") if line} <= set(PASSED_ON)
    assert "PYTEST_CURRENT_TEST" in os.environ


@pytest.mark.slow
@pytest.mark.parametrize("greedy", ["length(repeat('a', 40000000000)) > 0", "list_sum(range(20000000000)) > 0"])
def test_a_condition_that_asks_for_too_much_memory_is_refused(conditions, greedy):
    with pytest.raises(UsageError):
        conditions.matching(greedy, timeout_seconds=5)
    assert conditions.matching("true").all()


@pytest.mark.slow
def test_after_a_process_that_somebody_ended_another_is_begun(conditions):
    conditions.matching("true")
    os.kill(conditions.pid, 9)
    conditions._process.wait()
    assert conditions.matching("true").all()


@pytest.mark.slow
def test_a_process_that_cannot_begin_is_told_and_the_next_question_begins_another(monkeypatch):
    conditions = Conditions(TABLE)
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", shutil.which("false"))
        with pytest.raises(UsageError, match=r"took more than 10 seconds, or more memory"):
            conditions.matching("true")
    assert conditions.matching("true").all()


@pytest.mark.slow
def test_the_process_ends_with_its_owner():
    conditions = Conditions(TABLE)
    conditions.matching("true")
    process = conditions._process
    del conditions
    assert process.poll() is not None


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [0, 9])
def test_tables_of_any_length_are_answered(n_rows):
    conditions = Conditions(TABLE.slice(0, n_rows))
    assert conditions.matching("true").tolist() == [True] * n_rows


@pytest.mark.slow
def test_the_process_ends_when_its_owner_is_killed():
    script = "\n".join(
        [
            "import os, pyarrow as pa",
            "from burnish.adapters.conditions import Conditions",
            "conditions = Conditions(pa.table({'a': [1]}))",
            "conditions.matching('true')",
            "print(conditions.pid, flush=True)",
            "os.kill(os.getpid(), 9)",
        ]
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    child = Path(f"/proc/{int(done.stdout)}/cmdline")
    until = time.monotonic() + 10
    while child.exists() and b"burnish.adapters.conditions" in child.read_bytes():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_work_that_no_interrupt_reaches_ends_the_process():
    script = "import time\nfrom burnish.adapters.conditions import _watched\nwith _watched(0.1): time.sleep(60)"
    started = time.monotonic()
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 1
    assert time.monotonic() - started < 30
