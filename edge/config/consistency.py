"""Rules over several settings: what each range allows alone and what makes no sense together.

Pure: the same rules judge a file at the start and a change of settings while running.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config.rules import Rules
    from edge.config.schema import Config


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Settings that do not go together."""

    keys: tuple[str, ...]
    """Dotted paths, the one most likely wrong last."""
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class _Ascending:
    """Values of one section of `rules` that must rise from key to key; `strict` refuses equal ones."""

    section: str
    keys: tuple[str, ...]
    why: str
    strict: bool = True


_ENDS_BELOW: Final = "an alert must not end above its start"

_ORDERS: Final = (
    _Ascending("openness", ("deep_below", "closed_below", "reopened_above"), "deep, closed, open again"),
    _Ascending("closure", ("blink_min_s", "log_s", "long_closure_s"), "blink, slow blink, long closure"),
    _Ascending("closure", ("notice_s", "microsleep_s"), "the notice comes before the warning", strict=False),
    _Ascending("closure", ("microsleep_s", "sleep_s", "unresponsive_s"), "each stage follows the one before"),
    _Ascending("closure", ("microsleep_s", "down_microsleep_s"), "looking down is judged more slowly", strict=False),
    _Ascending("perclos", ("notice_ratio", "warning60_ratio", "urgent60_ratio"), "L1, L2, L3"),
    _Ascending("perclos", ("notice_ratio", "warning180_ratio"), "L1, L2", strict=False),
    _Ascending("perclos", ("exit60_ratio", "notice_ratio"), _ENDS_BELOW, strict=False),
    _Ascending("perclos", ("exit180_ratio", "notice_ratio"), _ENDS_BELOW, strict=False),
    _Ascending("blink", ("microsleep_rate_warning", "microsleep_rate_urgent"), "L2, L3"),
    _Ascending("nod", ("closed_s", "drop_s"), "the eyes are closed while the head drops", strict=False),
    _Ascending("nod", ("drop_s", "recover_s"), "the head comes up after it dropped", strict=False),
    _Ascending("distraction", ("warning_s", "slow_warning_s"), "slow driving is judged more slowly", strict=False),
    _Ascending("distraction", ("warning_s", "zone_warning_s"), "a mirror may be looked at longer", strict=False),
    _Ascending("distraction", ("zone_free_s", "zone_warning_s"), "the free part comes first"),
    _Ascending("distraction", ("flicker_s", "clear_s"), "a flicker is shorter than a return to the road"),
    _Ascending("distraction", ("min_speed_kmh", "fast_kmh"), "fast is faster than active", strict=False),
    _Ascending(
        "anger", ("hostility", "hostility_unlearnt"), "what is not known of a driver asks for more", strict=False
    ),
    _Ascending("anger", ("exit30", "share30"), _ENDS_BELOW),
    _Ascending("presence", ("absent_notice_s", "absent_warning_s"), "L1, L2"),
    _Ascending("presence", ("degraded_ratio", "ok_ratio"), "degraded, ok"),
)


def contradictions(config: Config) -> list[Contradiction]:
    """Return everything in a configuration of valid values that does not go together."""
    return [
        *rule_contradictions(config.rules),
        *_camera(config),
        *_vehicle(config),
        *_heat(config),
        *_outputs(config),
        *_broker(config),
    ]


def rule_contradictions(rules: Rules) -> list[Contradiction]:
    """Return every pair of thresholds that does not go together."""
    return list(_disorder(rules))


def _disorder(rules: Rules) -> Iterator[Contradiction]:
    for order in _ORDERS:
        section: Any = getattr(rules, order.section)
        for lower, upper in zip(order.keys, order.keys[1:], strict=False):
            low, high = getattr(section, lower), getattr(section, upper)
            if low > high or (order.strict and low == high):
                relation = "below" if order.strict else "at most"
                yield Contradiction(
                    (f"rules.{order.section}.{lower}", f"rules.{order.section}.{upper}"),
                    f"{lower} ({low:g}) must be {relation} {upper} ({high:g}): {order.why}",
                    f"lower {lower} or raise {upper}",
                )


def _camera(config: Config) -> Iterator[Contradiction]:
    camera = config.camera
    x, y, width, height = camera.seat_region
    if width <= 0 or height <= 0 or x + width > 1 or y + height > 1:
        yield Contradiction(
            ("camera.seat_region",),
            f"[{x:g}, {y:g}, {width:g}, {height:g}] is not inside the frame",
            "write x, y, width, height as shares of the frame, with x + width and y + height at most 1",
        )
    if camera.source == "files" and camera.path is None:
        yield Contradiction(
            ("camera.path", "camera.source"), "the source `files` needs a video or a folder", "add `path:` to `camera`"
        )
    if camera.source == "v4l2" and not (camera.device.isdecimal() or camera.device.startswith("/")):
        yield Contradiction(
            ("camera.device",),
            f"`{camera.device}` is neither the number nor the whole path of a camera",
            f"write 0 or /dev/{camera.device.rpartition('/')[2] or 'video0'}; `v4l2-ctl --list-devices` shows them",
        )
    ir = camera.ir
    if ir.output == "gpio" and ir.pin is None:
        yield Contradiction(
            ("camera.ir.pin", "camera.ir.output"), "the output `gpio` needs a pin", "add `pin:` to `camera.ir`"
        )
    if ir.low_exposure_us >= ir.high_exposure_us:
        yield Contradiction(
            ("camera.ir.low_exposure_us", "camera.ir.high_exposure_us"),
            f"low_exposure_us ({ir.low_exposure_us:g}) must be below high_exposure_us ({ir.high_exposure_us:g}): "
            "the darker, the more light",
            "lower low_exposure_us or raise high_exposure_us",
        )


def _vehicle(config: Config) -> Iterator[Contradiction]:
    vehicle = config.vehicle
    pins = vehicle.gpio
    if vehicle.source == "can" and vehicle.can is None:
        yield Contradiction(
            ("vehicle.can", "vehicle.source"),
            "the source `can` needs the frame that holds the speed",
            "add `can:` with `speed:` to `vehicle`",
        )
    if vehicle.source == "gpio" and pins.ignition_pin is None and pins.speed_pin is None:
        yield Contradiction(
            ("vehicle.gpio", "vehicle.source"),
            "the source `gpio` needs a pin",
            "add `ignition_pin:` or `speed_pin:` to `vehicle.gpio`",
        )
    if vehicle.source == "gpio":
        outputs = config.cab.gpio
        taken = [] if outputs is None else [outputs.buzzer_pin, outputs.led_pin]
        for name, pin in (("ignition_pin", pins.ignition_pin), ("speed_pin", pins.speed_pin)):
            if pin is not None and pin in taken:
                yield Contradiction(("cab.gpio", f"vehicle.gpio.{name}"), f"pin {pin} is taken", "choose another pin")
            taken.append(pin)
    tells_ignition = {
        "can": vehicle.can is not None and vehicle.can.ignition is not None,
        "gpio": pins.ignition_pin is not None,
    }
    if config.power.off_with_ignition and not tells_ignition.get(vehicle.source, False):
        yield Contradiction(
            ("vehicle.source", "power.off_with_ignition"),
            "nothing in `vehicle` tells of the ignition",
            "add `ignition:` to `vehicle.can`, or `ignition_pin:` to `vehicle.gpio`",
        )
    signals = [] if vehicle.can is None else [("speed", vehicle.can.speed), ("ignition", vehicle.can.ignition)]
    for name, signal in signals:
        if signal is not None and not signal.extended and int(signal.id, 16) > 0x7FF:
            yield Contradiction(
                (f"vehicle.can.{name}.extended", f"vehicle.can.{name}.id"),
                f"{signal.id} does not fit into 11 bit",
                "add `extended: true`",
            )
        if signal is not None and int(signal.id, 16) > 0x1FFFFFFF:
            yield Contradiction(
                (f"vehicle.can.{name}.id",), f"{signal.id} does not fit into 29 bit", "at most 0x1FFFFFFF"
            )


def _outputs(config: Config) -> Iterator[Contradiction]:
    gpio = config.cab.gpio
    if gpio is not None and gpio.buzzer_pin is not None and gpio.buzzer_pin == gpio.led_pin:
        yield Contradiction(
            ("cab.gpio.buzzer_pin", "cab.gpio.led_pin"), f"pin {gpio.led_pin} is given twice", "choose another pin"
        )
    yield from _buttons(config)
    recording = config.recording
    if recording.stream_file is not None and recording.stream_file == recording.decisions_file:
        yield Contradiction(
            ("recording.stream_file", "recording.decisions_file"), "both name the same file", "choose another name"
        )
    ir = config.camera.ir
    if gpio is not None and ir.output == "gpio" and ir.pin in {gpio.buzzer_pin, gpio.led_pin} - {None}:
        yield Contradiction(
            ("cab.gpio", "camera.ir.pin"), f"pin {ir.pin} drives a warning already", "choose another pin"
        )
    names = [zone.name for zone in config.rules.zones]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Contradiction(("rules.zones",), f"two zones are called `{name}`", "give each its own name")


def _broker(config: Config) -> Iterator[Contradiction]:
    tls = config.mqtt.tls
    if tls is not None and (tls.cert_file is None) != (tls.key_file is None):
        given, missing = ("cert_file", "key_file") if tls.key_file is None else ("key_file", "cert_file")
        yield Contradiction(
            ("mqtt.tls", f"mqtt.tls.{given}"), f"{given} needs {missing} beside it", f"add `{missing}:` to `mqtt.tls`"
        )
    if config.mqtt.password_file is not None and config.mqtt.username is None:
        yield Contradiction(("mqtt.password_file",), "a password needs a user name", "add `username:` to `mqtt`")


def _heat(config: Config) -> Iterator[Contradiction]:
    heat = config.heat
    bands = ("reduce_from_c", "minimum_above_c", "stop_above_c")
    for lower, upper in pairwise(bands):
        low, high = getattr(heat, lower), getattr(heat, upper)
        if low >= high:
            yield Contradiction(
                (f"heat.{lower}", f"heat.{upper}"),
                f"{lower} ({low:g}) must be below {upper} ({high:g}): fewer frames, the least, none",
                f"lower {lower} or raise {upper}",
            )


def _buttons(config: Config) -> Iterator[Contradiction]:
    buttons = config.cab.buttons
    if buttons is None:
        return
    outputs, vehicle, ir = config.cab.gpio, config.vehicle, config.camera.ir
    taken: dict[int | None, str] = {}
    if outputs is not None:
        taken |= {outputs.buzzer_pin: "cab.gpio.buzzer_pin", outputs.led_pin: "cab.gpio.led_pin"}
    if vehicle.source == "gpio":
        taken[vehicle.gpio.ignition_pin] = "vehicle.gpio.ignition_pin"
        taken[vehicle.gpio.speed_pin] = "vehicle.gpio.speed_pin"
    if ir.output == "gpio":
        taken[ir.pin] = "camera.ir.pin"
    for name, pin in (("wrong_pin", buttons.wrong_pin), ("ack_pin", buttons.ack_pin)):
        path = f"cab.buttons.{name}"
        if pin is not None and pin in taken:
            yield Contradiction((path, taken[pin]), f"pin {pin} is given twice", "choose another pin")
        taken[pin] = path
