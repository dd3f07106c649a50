"""Long work in a process of its own: progress, cancel, crash, the end of the server."""

import io
import json
import sys
import threading
import time

import pytest

from burnish.app import work
from burnish.app.documents.workspace import JobAsked
from burnish.app.jobs import Jobs
from burnish.app.served import Served
from burnish.errors import InputError, NotThereError
from burnish.workspace import Experiment, Workspace
from burnish.workspace.tasks import Told

pytestmark = pytest.mark.slow

BEGIN = """
import json, os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
order = json.loads(sys.stdin.readline())
say = lambda **told: print(json.dumps(told), flush=True)
"""
AT_ONCE = BEGIN + 'say(stage="reading", done=1, total=2); say(said="Done with " + order["asked"]["v"], href="/?v=a")'
REFUSED = BEGIN + 'say(error="there is nothing to measure.", remedy="Decide first."); sys.exit(3)'
CRASHES = BEGIN + 'raise RuntimeError("no such luck")'
SLOW = BEGIN + 'say(stage="training", done=3, total=10)\ntime.sleep(60)\nsay(said="late", href="/")'
DEAF = BEGIN + 'signal.signal(signal.SIGINT, signal.SIG_IGN)\nsay(stage="deaf", done=0, total=None)\ntime.sleep(60)'
STUBBORN = DEAF.replace("say(stage", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsay(stage", 1)
A, B = JobAsked(kind="audit", v="a@1"), JobAsked(kind="audit", v="b@1")


@pytest.fixture
def jobs_of():
    """Give jobs whose process runs a script."""
    made = []

    def jobs(script, **more):
        made.append(Jobs({"seed": 5}, command=[sys.executable, "-c", script], **more))
        return made[-1]

    yield jobs
    for one in made:
        one.close()


def wait_for(jobs, job_id, *states, stage=None):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        job = jobs.job(job_id)
        if job.state in states and (stage is None or job.stage == stage):
            return job
        time.sleep(0.01)
    raise AssertionError(job)


# The life of a job.


def test_a_job_ends_with_what_it_came_to_and_where_to_look(jobs_of):
    jobs = jobs_of(AT_ONCE)
    begun = jobs.begin(A)
    assert (begun.state, begun.title, begun.kind, begun.v) == ("waiting", "Audit a@1", "audit", "a@1")
    done = wait_for(jobs, begun.id, "done")
    assert (done.said, done.href, done.error, done.stage) == ("Done with a@1", "/?v=a", None, "")
    assert done.seconds > 0


def test_the_process_is_told_the_setting_beside_what_was_asked(jobs_of):
    jobs = jobs_of(BEGIN + "say(said=json.dumps(order), href='/')")
    told = json.loads(wait_for(jobs, jobs.begin(A).id, "done").said)
    assert told == {"seed": 5, "asked": A.model_dump()}


def test_a_job_counts_its_steps_as_each_begins_from_nothing(jobs_of):
    stages = ("embed", "embed: reading", "neighbors", "neighbors: compiling", "labels")
    says = "".join(f"say(stage={stage!r}, done=0, total=3)\n" for stage in stages)
    jobs = jobs_of(f"{BEGIN}{says}time.sleep(60)")
    assert wait_for(jobs, jobs.begin(A).id, "running", stage="labels").step == 3


def test_a_running_job_tells_how_far_it_is(jobs_of):
    jobs = jobs_of(SLOW)
    job = wait_for(jobs, jobs.begin(A).id, "running", stage="training")
    assert (job.done, job.total) == (3, 10)
    assert job.seconds > 0
    assert jobs.n_active == 1


def test_one_job_runs_at_a_time_in_the_order_they_were_asked_for(jobs_of):
    jobs = jobs_of(SLOW)
    first, second = jobs.begin(A), jobs.begin(B)
    wait_for(jobs, first.id, "running", stage="training")
    assert [(job.id, job.state) for job in jobs.all()] == [(second.id, "waiting"), (first.id, "running")]
    jobs.cancel(first.id)
    wait_for(jobs, second.id, "running", stage="training")
    assert jobs.job(first.id).state == "cancelled"


def test_the_same_job_is_given_back_while_it_waits_or_runs_and_begun_anew_after_it(jobs_of):
    jobs = jobs_of(SLOW)
    first, waiting = jobs.begin(A), jobs.begin(B)
    assert jobs.begin(A).id == first.id
    assert jobs.begin(B).id == waiting.id
    jobs.cancel(waiting.id)
    assert jobs.begin(B).id != waiting.id


def test_the_oldest_jobs_that_have_ended_are_forgotten_and_none_that_waits(jobs_of, monkeypatch):
    monkeypatch.setattr("burnish.app.jobs.KEPT_JOBS", 2)
    jobs = jobs_of(SLOW)
    running, waiting = jobs.begin(A), jobs.begin(B)
    wait_for(jobs, running.id, "running", stage="training")
    for _ in range(4):
        jobs.cancel(waiting.id)
        waiting = jobs.begin(B)
    assert [(job.id, job.state) for job in jobs.all()] == [(waiting.id, "waiting"), (running.id, "running")]


def test_what_cannot_be_done_says_why_and_what_to_do(jobs_of):
    jobs = jobs_of(REFUSED)
    job = wait_for(jobs, jobs.begin(A).id, "failed")
    assert (job.error, job.remedy, job.said) == ("there is nothing to measure.", "Decide first.", None)


def test_a_crash_is_told_in_a_line_and_shown_whole_in_the_terminal(jobs_of, capsys):
    jobs = jobs_of(CRASHES)
    job = wait_for(jobs, jobs.begin(A).id, "failed")
    assert job.error == "the work ended with exit code 1: RuntimeError: no such luck."
    assert "Traceback" in capsys.readouterr().err


def test_work_that_the_system_killed_says_what_is_likely(jobs_of):
    jobs = jobs_of(BEGIN + "os.kill(os.getpid(), signal.SIGKILL)")
    job = wait_for(jobs, jobs.begin(A).id, "failed")
    assert (job.error, "memory" in job.remedy) == ("the system ended the work.", True)


def test_what_a_crash_says_does_not_steer_the_terminal(jobs_of, capsys):
    jobs = jobs_of(BEGIN + "raise RuntimeError('\\x1b[31mred')")
    wait_for(jobs, jobs.begin(A).id, "failed")
    assert "\x1b" not in capsys.readouterr().err


def test_work_that_says_what_nobody_understands_fails_and_the_next_one_is_tried(jobs_of):
    jobs = jobs_of(BEGIN + "print('hello', flush=True)")
    for asked in (A, B):
        assert "cannot be done" in wait_for(jobs, jobs.begin(asked).id, "failed").error


def test_work_that_cannot_be_started_fails_and_the_next_one_is_tried(jobs_of):
    jobs = Jobs(command=["/no/such/program"])
    for asked in (A, B):
        assert "cannot be done: [Errno 2]" in wait_for(jobs, jobs.begin(asked).id, "failed").error


def test_a_process_that_ends_before_it_is_told_what_to_do_is_a_crash(jobs_of):
    jobs = Jobs({"much": "x" * 1_000_000}, command=["true"])
    assert wait_for(jobs, jobs.begin(A).id, "failed").error == "the work ended with exit code 0."


def test_a_job_that_was_never_begun_is_unknown(jobs_of):
    for asking in (jobs_of(SLOW).job, jobs_of(SLOW).cancel):
        with pytest.raises(NotThereError, match="no job 'x'"):
            asking("x")


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ({"kind": "measure", "v": "a@1"}, "Measure the review of a@1"),
        ({"kind": "measure", "v": "a@2", "what": "made"}, "Measure what made a@2"),
        ({"kind": "compare", "v": "a@1", "other": "a@2"}, "Compare a@1 with a@2"),
        ({"kind": "compare", "v": "a@1", "models": ("probe", "m:f")}, "Compare the models probe and m:f on a@1"),
    ],
)
def test_the_title_says_what_is_done(jobs_of, asked, title):
    assert jobs_of(AT_ONCE).begin(JobAsked(**asked)).title == title


# Its end before its time.


@pytest.mark.parametrize("script", [SLOW, DEAF, STUBBORN], ids=["listens", "deaf", "stubborn"])
def test_a_cancelled_job_ends_whether_it_listens_or_not(jobs_of, script):
    jobs = jobs_of(script, patience_seconds=0.1)
    job = jobs.begin(A)
    wait_for(jobs, job.id, "running", stage="deaf" if script != SLOW else "training")
    process = jobs._works[job.id].process
    assert jobs.cancel(job.id).stage == "Cancelling"
    ended = wait_for(jobs, job.id, "cancelled")
    assert (ended.error, ended.said) == (None, None)
    assert process.poll() is not None
    assert jobs.cancel(job.id).state == "cancelled"  # again changes nothing


def test_a_waiting_job_that_is_cancelled_never_starts(jobs_of):
    jobs = jobs_of(SLOW)
    first, second = jobs.begin(A), jobs.begin(B)
    assert jobs.cancel(second.id).state == "cancelled"
    jobs.cancel(first.id)
    wait_for(jobs, first.id, "cancelled")
    assert jobs.job(second.id).state == "cancelled"
    assert jobs.n_active == 0


def test_a_job_that_was_done_stays_done(jobs_of):
    jobs = jobs_of(AT_ONCE)
    job = wait_for(jobs, jobs.begin(A).id, "done")
    assert jobs.cancel(job.id) == job


def test_the_end_of_the_server_ends_the_work(jobs_of):
    jobs = jobs_of(SLOW)
    running, waiting = jobs.begin(A), jobs.begin(B)
    wait_for(jobs, running.id, "running", stage="training")
    process = jobs._works[running.id].process
    jobs.close()
    assert process.poll() is not None
    assert {jobs.job(one.id).state for one in (running, waiting)} == {"cancelled"}


# The addresses.


@pytest.fixture
def client(root, serving, jobs_of, request):
    """A client whose server's jobs run a script."""
    with serving(root) as client:
        object.__setattr__(client.served, "jobs", jobs_of(getattr(request, "param", AT_ONCE)))
        yield client


def told(answer):
    return [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line.startswith("data: ")]


def test_events_tell_of_a_job_until_its_end(client):
    begun = client.post("/api/jobs", json={"kind": "audit", "v": "small"}).json()
    assert begun["title"] == "Audit small@2"
    answer = client.get(f"/api/jobs/{begun['id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert told(answer)[-1]["state"] == "done"
    assert told(answer)[-1]["said"] == "Done with small@2"
    assert [job["id"] for job in client.get("/api/jobs").json()["jobs"]] == [begun["id"]]


@pytest.mark.parametrize("client", [SLOW], indirect=True)
def test_events_end_when_the_job_is_cancelled(client):
    job_id = client.post("/api/jobs", json={"kind": "audit", "v": "small@1"}).json()["id"]
    wait_for(client.served.jobs, job_id, "running", stage="training")
    threading.Timer(0.3, lambda: client.delete(f"/api/jobs/{job_id}")).start()
    events = told(client.get(f"/api/jobs/{job_id}/events"))
    assert [events[0]["stage"], events[-1]["state"]] == ["training", "cancelled"]
    assert len(events) <= 4  # one at a change, and no more


@pytest.mark.parametrize("client", [SLOW], indirect=True)
def test_a_quiet_job_sends_a_comment_now_and_then(client, monkeypatch):
    monkeypatch.setattr("burnish.app.routes.jobs.BEAT_SECONDS", 0.2)
    job_id = client.post("/api/jobs", json={"kind": "audit", "v": "small@1"}).json()["id"]
    threading.Timer(1.2, lambda: client.delete(f"/api/jobs/{job_id}")).start()
    assert ": still at it\n\n" in client.get(f"/api/jobs/{job_id}/events").text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"kind": "audit", "v": "nothing"}, 404),
        ({"kind": "audit", "v": "small@9"}, 404),
        ({"kind": "compare", "v": "small@1", "other": "small@9"}, 404),
        ({"kind": "compare", "v": "small@1"}, 400),
        ({"kind": "compare", "v": "small@1", "other": "small@2", "models": ["probe", "probe"]}, 400),
        ({"kind": "compare", "v": "small@1", "models": ["probe", "os:system"]}, 400),
        ({"kind": "compare", "v": "small@1", "models": ["probe", "touch {out}"]}, 400),
        ({"kind": "dance", "v": "small@1"}, 422),
    ],
)
def test_what_cannot_be_begun_is_refused_at_once(client, asked, status):
    answer = client.post("/api/jobs", json=asked)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "remedy"}
    assert client.get("/api/jobs").json() == {"jobs": []}


def test_the_page_runs_no_model_but_the_probe_and_those_of_the_command_line(root):
    served = Served.of(Workspace(root), Experiment(model="sklearn.svm:SVC"), models=["sklearn.svm:LinearSVC"])
    assert served.models == ("probe", "sklearn.svm:SVC", "sklearn.svm:LinearSVC")


def test_unknown_jobs_are_not_found(client):
    assert client.get("/api/jobs/x/events").status_code == 404
    assert client.delete("/api/jobs/x").status_code == 404


# The process itself.


def order(root, **asked):
    return {
        "workspace": str(root), "seed": 0, "limits": {"threads": 1}, "experiment": {"retrains": 2}, "asked": asked,
    }  # fmt: skip


def test_each_kind_of_work_is_a_task_of_the_workspace(tmp_path, monkeypatch):
    called = []
    for name, key in (("audit_version", None), ("measure_version", None), ("compare_sides", "k1")):
        told = Told("so", "a@1", key)
        monkeypatch.setattr(work, name, lambda *given, name=name, told=told: called.append((name, *given[1:])) or told)
    for asked, href in (
        ({"kind": "audit"}, "/?v=a%401"),
        ({"kind": "measure", "what": "made"}, "/versions?v=a%401"),
        ({"kind": "compare", "other": "a@2"}, "/compare?v=a%401&key=k1"),
    ):
        end = work.end_of(order(tmp_path, v="a@1", **asked), work.Telling(io.StringIO()))
        assert end == (0, {"said": "so", "href": href})
    experiment = called[1][-1]
    assert experiment.retrains == 2
    assert called == [
        ("audit_version", "a@1"), ("measure_version", "a@1", "made", experiment),
        ("compare_sides", "a@1", "a@2", None, experiment),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (InputError("it is empty.", remedy="Fill it."), {"error": "it is empty.", "remedy": "Fill it."}),
        (MemoryError(), {"error": "there is not enough memory for this.", "remedy": "Use a machine with more memory."}),
    ],
)
def test_what_stops_the_work_is_its_end(tmp_path, monkeypatch, error, end):
    def fail(*_):
        raise error

    monkeypatch.setattr(work, "audit_version", fail)
    assert work.end_of(order(tmp_path, kind="audit", v="a"), work.Telling(io.StringIO())) == (3, end)


def test_progress_is_told_at_most_ten_times_a_second_and_never_twice_the_same():
    out = io.StringIO()
    with work.Telling(out) as telling:
        telling.start("reading", 1_000)
        began = time.monotonic()
        while time.monotonic() - began < 0.55:
            telling.advance()
            time.sleep(0.0005)
        telling.start("neighbors", None)
        telling.tell("compiling")
        time.sleep(0.35)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert 3 <= len(lines) <= 8
    assert lines[0]["stage"] == "reading"
    assert lines[0]["total"] == 1_000
    assert lines[-1] == {"stage": "neighbors: compiling", "done": 0, "total": None}
    assert len({json.dumps(line) for line in lines}) == len(lines)


@pytest.mark.slow
def test_a_version_without_an_audit_is_audited_by_a_job(root, serving):
    with serving(root) as client:
        jobs = client.served.jobs
        job_id = client.post("/api/jobs", json={"kind": "audit", "v": "plain"}).json()["id"]
        events = told(client.get(f"/api/jobs/{job_id}/events"))
        assert events[-1]["state"] == "done", events[-1]
        assert jobs.job(job_id).href == "/?v=plain%401"
        assert client.served.workspace.reopen("plain@1") is not None


@pytest.mark.slow
def test_the_process_leaves_when_the_server_is_no_more(root):
    jobs = Jobs({**order(root), "workspace": str(root)})
    job = jobs.begin(JobAsked(kind="measure", v="small@2", what="made"))
    until = time.monotonic() + 20
    while jobs.job(job.id).stage in ("", "Starting") and time.monotonic() < until:
        time.sleep(0.01)
    process = jobs._works[job.id].process
    process.stdin.close()
    assert process.wait(20) == work.INTERRUPTED
    jobs.close()
