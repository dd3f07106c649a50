import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import InputError, UsageError
from burnish.pipeline.memory import FILED_ROWS, Need, parse_size
from burnish.testing.planted import planted_texts, planted_vectors


@pytest.mark.parametrize(
    ("given_size", "n_bytes"),
    [
        ("6GiB", 6 * 2**30), ("6 gib", 6 * 2**30), ("6G", 6 * 10**9), ("6gb", 6 * 10**9), ("500 MB", 500 * 10**6),
        ("1.5Ki", 1536), ("123", 123), ("123B", 123), (77, 77), ("0.5T", 5 * 10**11),
    ],
)  # fmt: skip
def test_sizes_are_read_as_people_write_them(given_size, n_bytes):
    assert parse_size(given_size) == n_bytes


@pytest.mark.parametrize("wrong", ["", "GB", "six GB", "-6GB", "6 PB", "6iB", "1e9", "6GiB!", 0, -5, "0.1"])
def test_what_is_no_size_is_refused(wrong):
    with pytest.raises(UsageError, match="no size of memory"):
        parse_size(wrong)


@given(
    st.integers(1, FILED_ROWS - 1), st.integers(1, 4_096), st.integers(0, 1_000), st.sampled_from([1, 2, 64]),
)  # fmt: skip
def test_more_of_anything_never_needs_less(n_rows, n_dims, n_classes, n_threads):
    need = Need(n_rows, n_dims, n_classes).bytes(n_threads=n_threads)
    for more in (Need(n_rows + 1, n_dims, n_classes), Need(n_rows, n_dims + 1, n_classes)):
        assert more.bytes(n_threads=n_threads) >= need
    assert Need(n_rows, n_dims, n_classes + 1).bytes(n_threads=n_threads + 1) >= need


def test_the_shape_is_that_of_the_rows_and_what_is_made_of_them_counts():
    vectors = planted_vectors(300, n_dims=24, n_classes=4, seed=0).dataset
    assert Need.of(vectors, "vectors") == Need(300, 24, 4)
    texts = planted_texts(200, seed=0).dataset
    need = Need.of(texts, "text")
    assert (need.n_rows, need.n_dims) == (200, 256)
    assert need.n_made > texts.texts.nbytes + 200 * 256 * 4


def test_what_does_not_fit_is_refused_with_both_figures():
    need = Need(1_000_000, 384, 100)
    need.refuse_beyond(need.bytes(n_threads=2), n_threads=2)
    with pytest.raises(InputError, match=r"1,000,000 rows of 384 dimensions needs about .* GiB .* 512 MiB are left"):
        need.refuse_beyond(2**29, n_threads=2)
