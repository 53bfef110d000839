from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.schema import CanSignal
from edge.vehicle.signal import can_id, decode

SPEED = {"id": "0x1A0", "scale": 0.01}


@pytest.mark.parametrize(
    ("signal", "data", "value"),
    [
        # A DBC's `8|16@1+ (0.01,0)`: low byte first.
        ({"start_bit": 8, "length": 16}, "00 88 13 00", 50.0),
        # `15|16@0+`: the same number, high byte first.
        ({"start_bit": 15, "length": 16, "byte_order": "big"}, "00 13 88 00", 50.0),
        # Motorola over a byte border, 12 bits from bit 3 of byte 0: 0x5AB.
        ({"start_bit": 3, "length": 12, "byte_order": "big", "scale": 1.0}, "F5 AB", 0x5AB),
        # Intel, 12 bits from bit 4: 0xAB5.
        ({"start_bit": 4, "length": 12, "scale": 1.0}, "5F AB", 0xAB5),
        ({"start_bit": 0, "length": 8, "signed": True, "scale": 0.5, "offset": 10.0}, "FE", 9.0),
        ({"start_bit": 7, "length": 8, "byte_order": "big", "scale": 1.0}, "7B", 123.0),
        ({"start_bit": 17, "length": 1, "scale": 1.0}, "00 00 02", 1.0),
        # SAE J1939, CCVS: 1/256 km/h in bytes 2 and 3.
        ({"start_bit": 8, "length": 16, "scale": 0.00390625}, "FF 00 50 FF FF FF FF FF", 80.0),
    ],
)
def test_values_as_a_dbc_file_describes_them(signal: dict[str, object], data: str, value: float) -> None:
    assert decode(CanSignal(**(SPEED | signal)), bytes.fromhex(data)) == pytest.approx(value)  # type: ignore[arg-type]


def test_all_ones_is_not_available_and_a_short_frame_tells_nothing() -> None:
    signal = CanSignal(id="0x1A0", start_bit=8, length=16)
    assert decode(signal, bytes.fromhex("00 FF FF")) is None
    assert decode(signal, bytes.fromhex("00 FF")) is None
    assert decode(signal, b"") is None
    assert decode(CanSignal(id="0x1", start_bit=15, length=16, byte_order="big"), b"\x00\x01") is None
    assert decode(CanSignal(id="0x1", start_bit=0, length=1), b"\x01") == 1.0


def test_identifiers_are_hexadecimal() -> None:
    assert can_id(CanSignal(id="0x18FEF100")) == 0x18FEF100


@given(
    st.binary(max_size=64),
    st.integers(0, 511),
    st.integers(1, 32),
    st.sampled_from(["little", "big"]),
    st.booleans(),
)
def test_whatever_comes_is_a_number_in_range_or_nothing(
    data: bytes, start_bit: int, length: int, byte_order: str, signed: bool
) -> None:
    signal = CanSignal(id="0x1", start_bit=start_bit, length=length, byte_order=byte_order, signed=signed)  # type: ignore[arg-type]
    value = decode(signal, data)
    assert value is None or -(2**31) <= value < 2**32


@given(st.integers(0, 2**16 - 2), st.integers(0, 47))
def test_what_is_packed_is_read_again(raw: int, start_bit: int) -> None:
    data = (raw << start_bit).to_bytes(8, "little")
    assert decode(CanSignal(id="0x1", start_bit=start_bit, length=16), data) == raw
