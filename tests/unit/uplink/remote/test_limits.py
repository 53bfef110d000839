from __future__ import annotations

import pytest

from edge.uplink.remote.limits import BURST, MAX_DEPTH, TokenBucket, too_deep

S = 1_000_000_000


def test_bucket_lets_a_burst_through_and_then_five_a_second() -> None:
    bucket = TokenBucket()
    assert sum(bucket.take(0) for _ in range(100)) == BURST
    assert sum(bucket.take(tenth * S // 10) for tenth in range(1, 101)) == pytest.approx(50, abs=1)


def test_bucket_gives_nothing_for_time_that_runs_back() -> None:
    bucket = TokenBucket()
    for _ in range(int(BURST)):
        bucket.take(100 * S)
    assert not bucket.take(0)
    assert not bucket.take(0)


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, False),
        (b"[" * (MAX_DEPTH + 1), True),
        (b'{"a":' * (MAX_DEPTH + 1), True),
        (b'"' + b"[" * 50 + b'"', False),
        (b'"\\"' + b"[" * 50 + b'"', False),
        (b"[]" * 500, False),
        (b"]" * 50 + b"[" * MAX_DEPTH, False),
        (b"", False),
        (bytes(range(256)) * 16, False),
    ],
)
def test_depth_is_that_of_brackets_outside_of_strings(text: bytes, deep: bool) -> None:
    assert too_deep(text) is deep
