from datetime import UTC, date, datetime, time

import pyarrow as pa
import pytest

from burnish.dataset.moments import moment_words

WORDS = [
    (pa.scalar(datetime(2026, 8, 18, 17, 14), pa.timestamp("us")), "2026-08-18 17:14"),
    (pa.scalar(datetime(2026, 8, 18, 17, 14, 5), pa.timestamp("ns")), "2026-08-18 17:14:05"),
    (pa.scalar(datetime(2026, 8, 18, 17, 14, 5, 250_000), pa.timestamp("us")), "2026-08-18 17:14:05.25"),
    (pa.scalar(datetime(2026, 8, 18, 10, 0, 10), pa.timestamp("s")), "2026-08-18 10:00:10"),
    (pa.scalar(datetime(2026, 8, 18), pa.timestamp("us")), "2026-08-18"),
    (pa.scalar(datetime(2026, 8, 18, tzinfo=UTC), pa.timestamp("us", "UTC")), "2026-08-18 00:00Z"),
    (
        pa.scalar(datetime(2026, 8, 18, 17, 0, 0, 40, tzinfo=UTC), pa.timestamp("us", "UTC")),
        "2026-08-18 17:00:00.00004Z",
    ),
    (pa.scalar(date(2026, 8, 10)), "2026-08-10"),
    (pa.scalar(time(17, 30), pa.time64("us")), "17:30"),
    (pa.scalar(time(0, 0), pa.time64("us")), "00:00"),
]


@pytest.mark.parametrize(("scalar", "said"), WORDS)
def test_a_time_is_written_without_the_zeros_at_its_end(scalar, said):
    assert moment_words(scalar.cast(pa.string()).as_py()) == said
