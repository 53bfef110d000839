"""Addresses of this machine's interfaces, asked of the kernel."""

from __future__ import annotations

import pytest

from edge.runtime.interfaces import address_of, addresses


def test_the_loopback_interface_has_its_address() -> None:
    assert address_of("lo") == "127.0.0.1"
    assert addresses()["lo"] == "127.0.0.1"


@pytest.mark.parametrize("name", ["", "wlan99", "a-name-that-is-far-too-long-for-the-kernel"])
def test_what_is_not_there_has_none(name: str) -> None:
    assert address_of(name) is None
