import email.utils
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.embedders.openai import OpenAIEmbedder, Patience
from burnish.adapters.stores import LocalStore
from burnish.errors import EmbedderError, UsageError
from burnish.pipeline.embedding import embed_rows
from burnish.testing.embedder_contract import EmbedderContract
from burnish.testing.store_contract import digests

KEY = "sk-secret-of-the-test"


def vector(text):
    return [float(len(text)), float(text.count("a")), 1.0]


def answer(texts, **changes):
    data = [{"object": "embedding", "index": i, "embedding": vector(text)} for i, text in enumerate(texts)]
    return {"object": "list", "data": data[::-1], "model": "tiny"} | changes  # any order is allowed


class Server(ThreadingHTTPServer):
    """Answers as the API does; `faults` are used up one a request, before it answers well."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults = []
        self.requests = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), document))
        fault = self.server.faults.pop(0) if self.server.faults else None
        (fault or good)(self, document["input"])

    def reply(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def good(handler, texts):
    handler.reply(200, answer(texts))


def status(code, **headers):
    return lambda handler, texts: handler.reply(code, {"error": {"message": f"said {code}"}}, **headers)


def body(data):
    return lambda handler, texts: handler.reply(200, data(texts) if callable(data) else data)


def hang_up(handler, texts):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def stop_midway(handler, texts):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def stall(handler, texts):
    time.sleep(0.6)
    hang_up(handler, texts)


PASSING = {
    "429": status(429), "500": status(500), "503": status(503), "dropped": hang_up, "cut short": stop_midway,
    "no JSON": body(b"<html>"), "not UTF-8": body(b"\xff\xfe"), "no data": body({}), "a list": body([1]),
    "too few": body(lambda texts: answer(texts[1:])), "too many": body(lambda texts: answer([*texts, "x"])),
    "same index": body(lambda texts: answer(texts, data=[{"index": 0, "embedding": [1, 2, 3]}] * len(texts))),
    "ragged": body(lambda t: answer(t, data=[{"index": i, "embedding": [1.0] * (i + 1)} for i in range(len(t))])),
    "other dimensions": body(lambda t: answer(t, data=[{"index": i, "embedding": [1.0]} for i in range(len(t))])),
    "words": body(lambda t: answer(t, data=[{"index": i, "embedding": ["x"]} for i in range(len(t))])),
    "NaN": body(lambda t: answer(t, data=[{"index": i, "embedding": [float("nan")] * 3} for i in range(len(t))])),
    "slow": stall,
}  # fmt: skip


@pytest.fixture
def server(monkeypatch):
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{running.server_port}/v1/")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def waits():
    return []


def opened(waits, *, attempts=4, request_texts=2, timeout_seconds=0.3, **patience):
    patience.setdefault("requests_per_minute", 1e9)
    plan = Patience(attempts=attempts, timeout_seconds=timeout_seconds, **patience)
    return OpenAIEmbedder("tiny", request_texts=request_texts, patience=plan, sleep=waits.append)


class TestContract(EmbedderContract):
    @pytest.fixture
    def embedder(self, server, waits):
        return opened(waits, timeout_seconds=30)

    @pytest.fixture
    def batch(self):
        return pa.array(["a", "banana", "cherry", "dada"])


def test_texts_go_out_in_batches_with_model_and_key(server, waits):
    vectors = opened(waits).embed(pa.array(["a", "bb", "ccc", "", None, "aaaa", "e"]))
    path, headers, document = server.requests[1]
    assert path == "/v1/embeddings"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert document == {"model": "tiny", "input": ["a", "bb"], "encoding_format": "float"}
    assert [request[2]["input"] for request in server.requests[1:]] == [["a", "bb"], ["ccc", "aaaa"], ["e"]]
    assert vectors[5].tolist() == [4, 4, 1]
    assert np.isnan(vectors[[3, 4]]).all()
    assert waits == []


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.slow
def test_a_fault_that_passes_is_waited_out(server, waits, name):
    embedder = opened(waits)
    server.faults = [PASSING[name]] * 3
    assert embedder.embed(pa.array(["aa", "b"])).tolist() == [[2, 2, 1], [1, 0, 1]]
    assert len(waits) == 3


def test_a_fault_that_stays_ends_with_how_to_resume(server, waits):
    embedder = opened(waits)
    server.faults = [status(500)] * 4
    with pytest.raises(EmbedderError, match="failed 4 times, at last: HTTP 500") as caught:
        embedder.embed(pa.array(["a"]))
    assert "resume" in caught.value.remedy
    assert len(server.requests) == 1 + 4


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422, 302])
def test_a_refusal_is_not_tried_again(server, waits, code):
    embedder = opened(waits)
    server.faults = [status(code, Location="http://127.0.0.1:1/elsewhere")]
    with pytest.raises(EmbedderError, match=f"HTTP {code}") as caught:
        embedder.embed(pa.array(["a"]))
    assert KEY not in str(caught.value)
    assert len(server.requests) == 2
    assert waits == []


def test_waits_double_with_jitter_up_to_the_longest(server, waits):
    embedder = opened(waits, attempts=6, first_wait_seconds=1, longest_wait_seconds=4)
    server.faults = [status(503)] * 5
    embedder.embed(pa.array(["a"]))
    assert all(cap / 2 <= wait <= cap for wait, cap in zip(waits, [1, 2, 4, 4, 4], strict=True))
    assert len({wait / cap for wait, cap in zip(waits, [1, 2, 4, 4, 4], strict=True)}) == 5


def test_retry_after_is_honored_in_seconds_and_as_a_date(server, waits):
    embedder = opened(waits)
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    server.faults = [status(429, Retry_After="7"), status(429, Retry_After=date), status(429, Retry_After="soon")]
    embedder.embed(pa.array(["a"]))
    assert waits[0] == 7
    assert 25 < waits[1] <= 30
    assert waits[2] <= 2


def test_a_wait_longer_than_allowed_is_said_not_slept(server, waits):
    embedder = opened(waits, longest_wait_seconds=60)
    server.faults = [status(429, Retry_After="3600")]
    with pytest.raises(EmbedderError, match="asks to wait 3600 seconds"):
        embedder.embed(pa.array(["a"]))
    assert waits == []


def test_the_rate_limit_spaces_requests(server, waits):
    opened(waits, requests_per_minute=60, timeout_seconds=30).embed(pa.array(["a", "b", "c"]))
    assert len(waits) == 2
    assert 0.5 < waits[0] <= 1 < waits[1] <= 2  # the clock stands still in this test: nobody sleeps


def test_a_run_that_failed_resumes_where_it_stopped(server, waits, tmp_path):
    store, texts = LocalStore(tmp_path), pa.array([f"text {'a' * i}" for i in range(8)])
    embedder = opened(waits)
    server.faults = [None, None] + [status(500)] * 4
    with pytest.raises(EmbedderError):
        embed_rows(embedder, store, digests(8), texts, batch_rows=2)
    server.requests.clear()
    vectors = embed_rows(embedder, store, digests(8), texts, batch_rows=2)
    assert [len(request[2]["input"]) for request in server.requests] == [2, 2]
    assert vectors[:, 1].tolist() == [1 + i - 1 for i in range(8)]


def test_long_texts_are_cut_before_they_are_sent(server, waits):
    OpenAIEmbedder("tiny", max_characters=10, sleep=waits.append).embed(pa.array(["x" * 10_000_000]))
    assert server.requests[-1][2]["input"] == ["x" * 10]


def test_the_recipe_names_server_and_model_but_not_the_key(server, waits):
    recipe = opened(waits).recipe
    assert "tiny" in recipe
    assert "127.0.0.1" in recipe
    assert KEY not in recipe


def test_without_a_key_only_a_server_of_ones_own_is_asked(server, waits, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert opened(waits).n_dims == 3
    assert "Authorization" not in server.requests[0][1]
    monkeypatch.delenv("OPENAI_BASE_URL")
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        opened(waits)


@pytest.mark.parametrize("base", ["ftp://127.0.0.1/v1", "localhost:8000", "file:///etc"])
def test_a_base_that_is_no_http_url_is_a_usage_error(monkeypatch, waits, base):
    monkeypatch.setenv("OPENAI_BASE_URL", base)
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        opened(waits)


def test_a_server_that_is_not_there_is_an_embedder_error(monkeypatch, waits):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(EmbedderError, match="no answer"):
        opened(waits, attempts=2)
    assert len(waits) == 1
