"""`edge-dms sound`: let the speaker be heard, class by class."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.verbs.outcome import OK, Complaint
from edge.verbs.terminal import add_config, add_json, config_of, declare, new_file, print_json

if TYPE_CHECKING:
    import argparse

    from edge.actuators.audio import AudioActuator
    from edge.actuators.sounds import SoundKey
    from edge.config.schema import AudioOutput
    from edge.verbs.terminal import Verbs

_CLASSES: Final = (
    "health",
    "displayed_anger",
    "driver_absent",
    "fatigue",
    "distraction",
    "microsleep",
    "sleep",
    "unresponsive",
)
"""As in `edge.actuators.tones`, whose import would cost the help its quickness; a test compares them."""
_LANGUAGES: Final = ("none", "en", "de", "fr", "es", "pt", "pl")
_HIGHEST: Final = {
    "displayed_anger": 2,
    "health": 2,
    "driver_absent": 2,
    "microsleep": 3,
    "sleep": 4,
    "unresponsive": 5,
}
"""Highest level at which a class is given; 3 for the others."""
_LOWEST: Final = {"microsleep": 3, "sleep": 4, "unresponsive": 5}
_LONGEST_S: Final = 4.0
"""An alarm would go on until it is stopped."""
_PAUSE_S: Final = 0.5

_TEACH: Final = """\
Plays what the driver would hear, through the device and at the volume of the configuration: tone, then sentence.
Without --class every class at each of its levels, the least urgent first. An alarm, which in the cab goes on until it
is over, is cut after 4 s.

  edge-dms sound                                      all, on the default device
  edge-dms sound --class microsleep --language de     one class, in German
  edge-dms sound --config dms.yaml                    through the speaker of this vehicle
  edge-dms sound --device plughw:CARD=UACDemo         try a device; `aplay -L` lists them
  edge-dms sound --out sounds/                        write WAV files instead of playing

Exit code 1: nothing could be heard; the remedy stands on standard error.
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "sound", run, "play the warnings of the cab", _TEACH)
    add_config(parser)
    parser.add_argument("--class", dest="sound", metavar="CLASS", choices=_CLASSES, help=", ".join(_CLASSES))
    parser.add_argument("--level", type=int, choices=range(2, 6), help="2 warning, 3 urgent, 4 alarm, 5 emergency")
    parser.add_argument("--language", choices=_LANGUAGES, help="of the sentences; none: tones alone")
    parser.add_argument("--device", help="ALSA device")
    parser.add_argument("--volume", type=float, metavar="V", help="0 to 1; from level 3 on there is a floor")
    parser.add_argument("--out", metavar="DIR", type=Path, help="write the sounds there as WAV files")
    add_json(parser, "what was played")


def run(args: argparse.Namespace) -> int:
    """Play, or write."""
    from edge.actuators.sounds import SoundKey

    output = _output(args)
    keys = [
        SoundKey(sound, level)
        for sound in ([args.sound] if args.sound else _CLASSES)
        for level in ([args.level] if args.level else range(_LOWEST.get(sound, 2), _HIGHEST.get(sound, 3) + 1))
    ]
    rows = _write(keys, output, args) if args.out is not None else _play(keys, output, args)
    if args.json:
        print_json({"device": output.device, "language": output.language, "sounds": rows})
    return OK


def _output(args: argparse.Namespace) -> AudioOutput:
    import msgspec

    from edge.config.schema import AudioOutput

    output = config_of(args.config).cab.audio or AudioOutput()
    wanted = {name: getattr(args, name) for name in ("language", "device", "volume")}
    changes = {name: value for name, value in wanted.items() if value is not None}
    try:
        return msgspec.convert({**msgspec.structs.asdict(output), **changes}, AudioOutput)
    except msgspec.ValidationError as error:
        raise Complaint(f"{error}; --volume is 0 to 1, --device a name from `aplay -L`") from None


def _play(keys: list[SoundKey], output: AudioOutput, args: argparse.Namespace) -> list[dict[str, Any]]:
    from edge.actuators.audio import AudioActuator
    from edge.actuators.base import ActuatorError

    actuator = AudioActuator(output)
    rows = []
    try:
        actuator.open()
        for key in keys:
            if not args.json:
                print(f"{key.sound}, level {key.level}", flush=True)
            begun_s = time.monotonic()
            actuator.play(key)
            _wait(actuator, begun_s)
            rows.append({"class": key.sound, "level": key.level, "played_s": round(time.monotonic() - begun_s, 2)})
            time.sleep(_PAUSE_S if key is not keys[-1] else 0.0)
    except ActuatorError as error:
        raise Complaint(str(error)) from None
    finally:
        actuator.close()
    return rows


def _wait(actuator: AudioActuator, begun_s: float) -> None:
    while actuator.check():
        if time.monotonic() - begun_s > _LONGEST_S:
            actuator.stop()
        time.sleep(0.02)


def _write(keys: list[SoundKey], output: AudioOutput, args: argparse.Namespace) -> list[dict[str, Any]]:
    from edge.actuators.sounds import amplitude, duration_s, rendered
    from edge.actuators.speech import Speech, SpeechError

    folder = None if output.speech_dir is None else Path(output.speech_dir)
    speech = None if output.language == "none" else Speech(output.language, folder)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for key in keys:
        path = args.out / f"{key.sound}-{key.level}.wav"
        try:
            sound = rendered(key, output, speech)
        except SpeechError as error:
            raise Complaint(str(error)) from None
        with new_file(path) as file:
            file.write(sound)
        row = {"class": key.sound, "level": key.level, "file": str(path), "length_s": round(duration_s(sound), 2)}
        rows.append({**row, "amplitude": round(amplitude(key.level, output), 3)})
        if not args.json:
            print(f"{path}: {row['length_s']:.2f} s")
    return rows
