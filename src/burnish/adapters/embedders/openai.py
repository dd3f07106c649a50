"""Text by an OpenAI-compatible HTTP endpoint: batches, retries with backoff, a rate limit."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.embedders.http_json import JsonEndpoint, PassingError, RefusedError
from burnish.errors import EmbedderError, UsageError

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to keep trying: waits double from `first_wait_seconds` to `longest_wait_seconds`, with jitter.

    A `Retry-After` that the server sends is honored instead, unless it asks for more than the longest wait.
    """

    attempts: int = 6
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0
    timeout_seconds: float = 60.0
    requests_per_minute: float = 600.0


class OpenAIEmbedder:
    """Vectors from POST {base}/embeddings; the network is used because this embedder was named.

    The base URL is OPENAI_BASE_URL, else OpenAI's; the key is OPENAI_API_KEY (a server of one's own may
    need none) and goes nowhere else: redirects are not followed. `request_texts` texts go in one
    request, each cut after `max_characters`. An empty or blank text is a row of NaN and is not sent.
    One short text is sent when it is opened, to learn the dimensions. What was embedded is
    kept by the store batch by batch, so an interrupted run resumes.
    """

    def __init__(
        self,
        model: str,
        *,
        request_texts: int = 64,
        max_characters: int = 20_000,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        base, key = os.environ.get("OPENAI_BASE_URL") or OPENAI_URL, os.environ.get("OPENAI_API_KEY")
        if base == OPENAI_URL and not key:
            raise UsageError(
                "OPENAI_API_KEY is not set.", remedy="Set it, or set OPENAI_BASE_URL to a server that needs no key."
            )
        self.recipe = f"openai {base} {model} max_characters={max_characters}"
        self._model = model
        self._patience = patience or Patience()
        self._endpoint = JsonEndpoint(base.rstrip("/") + "/embeddings", key, self._patience.timeout_seconds)
        self._request_texts = request_texts
        self._max_characters = max_characters
        self._sleep = sleep
        self._next_request = 0.0
        self._jitter = np.random.default_rng()
        self.n_dims = 0
        self.n_dims = self._request(["a"]).shape[1]

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), n_dims) vectors; raises EmbedderError when the endpoint refuses or keeps failing."""
        vectors = np.full((len(batch), self.n_dims), np.nan, np.float32)
        texts = [(text or "")[: self._max_characters] for text in batch.to_pylist()]
        filled = [i for i, text in enumerate(texts) if text and not text.isspace()]
        for start in range(0, len(filled), self._request_texts):
            rows = filled[start : start + self._request_texts]
            vectors[rows] = self._request([texts[i] for i in rows])
        return vectors

    def _request(self, texts: list[str]) -> NDArray[np.float32]:
        """Give the vectors of one request, trying again while the failure may pass."""
        wait, failure = self._patience.first_wait_seconds, None
        for attempt in range(1, self._patience.attempts + 1):
            self._keep_rate()
            try:
                answer = self._endpoint.post({"model": self._model, "input": texts, "encoding_format": "float"})
                return _vectors(answer, len(texts), self.n_dims)
            except RefusedError as error:
                raise EmbedderError(f"{self._endpoint.url} refused: {error}.", remedy=error.remedy) from error
            except PassingError as error:
                failure = error
            if attempt < self._patience.attempts:
                self._sleep(self._wait(failure, wait))
                wait = min(2 * wait, self._patience.longest_wait_seconds)
        raise EmbedderError(
            f"{self._endpoint.url} failed {self._patience.attempts} times, at last: {failure}.",
            remedy="Rows embedded so far are kept: run the same command again to resume.",
        ) from failure

    def _wait(self, failure: PassingError, wait: float) -> float:
        asked = failure.retry_after_seconds
        if asked is None:
            return wait * float(self._jitter.uniform(0.5, 1.0))
        if asked > self._patience.longest_wait_seconds:
            raise EmbedderError(
                f"{self._endpoint.url} asks to wait {asked:.0f} seconds ({failure}).",
                remedy="Rows embedded so far are kept: run the same command again then to resume.",
            ) from failure
        return asked

    def _keep_rate(self) -> None:
        now = time.monotonic()
        if now < self._next_request:
            self._sleep(self._next_request - now)
        self._next_request = max(now, self._next_request) + 60.0 / self._patience.requests_per_minute


def _vectors(answer: object, n_texts: int, n_dims: int) -> NDArray[np.float32]:
    """Give the vectors in the order of the texts; an answer that does not fit may be a passing fault."""
    try:
        data = answer["data"]  # type: ignore[index]
        order = sorted(data, key=lambda entry: int(entry["index"]))
        indexes = [int(entry["index"]) for entry in order]
        vectors = np.array([entry["embedding"] for entry in order], dtype=np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise PassingError(f"the answer is not a list of embeddings: {type(error).__name__} {error}") from error
    if indexes != list(range(n_texts)):
        raise PassingError(f"{len(indexes)} embeddings for {n_texts} text(s), or wrong indexes")
    if vectors.ndim != 2 or (n_dims and vectors.shape[1] != n_dims) or not np.isfinite(vectors).all():
        raise PassingError(f"embeddings of shape {vectors.shape}, expected {n_dims or 'some'} finite dimensions")
    return vectors
