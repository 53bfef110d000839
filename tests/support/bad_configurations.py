"""Three hundred configurations that must be refused: what users, editors and attackers write, and each kind of setting
spoilt."""

from __future__ import annotations

from tests.support.spoilt_settings import LEAVES, bad_values, spoilt

COUNT = 300

WRITTEN: dict[str, bytes] = {
    "a scalar of 10 MB": b"camera: " + b"a" * 10_000_000,
    "a thousand nested brackets": b"camera: " + b"[" * 1000,
    "a thousand closed brackets": b"camera: " + b"[" * 1000 + b"]" * 1000,
    "an alias bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n",
    "an anchor": b"camera: &a\n  fps: 30\n",
    "a merge key": b"camera:\n  <<: {fps: 30}\n",
    "a duplicate section": b"camera:\n  fps: 30\ncamera:\n  fps: 25\n",
    "a duplicate key": b"camera:\n  fps: 30\n  fps: 25\n",
    "1e3, a string in YAML": b"camera:\n  width: 1e3\n",
    "no for a choice": b"camera:\n  source: no\n",
    "on for a choice": b"inference:\n  delegate: on\n",
    "minutes that are a number": b"rules:\n  closure:\n    microsleep_s: 12:30:45\n",
    "an octal": b"mqtt:\n  port: 010\n",
    "a threshold that never fires": b"rules:\n  closure:\n    microsleep_s: .nan\n",
    "an endless threshold": b"rules:\n  perclos:\n    window_s: .inf\n",
    "true for a number": b"camera:\n  width: true\n",
    "a byte order mark and a mistake": b"\xef\xbb\xbfcamera:\n  fqs: 30\n",
    "UTF-16": "camera:\n  fps: 30\n".encode("utf-16"),
    "Latin-1": "mqtt:\n  vehicle: K\xf6ln\n".encode("latin-1"),
    "a NUL": b"camera:\n  fps: 3\x000\n",
    "tabs": b"camera:\n\tfps: 30\n",
    "an integer of 5,000 digits": b"mqtt:\n  port: " + b"9" * 5000 + b"\n",
    "a list at the top": b"- camera\n- mqtt\n",
    "a word at the top": b"camera\n",
    "a number at the top": b"42\n",
    "two documents": b"camera: {fps: 30}\n---\ncamera: {fps: 25}\n",
    "a Python object": b"camera: !!python/object/apply:os.system ['true']\n",
    "a negative time": b"rules:\n  closure:\n    microsleep_s: -1\n",
    "no time": b"rules:\n  perclos:\n    window_s: 0\n",
    "the least above the most": b"rules:\n  closure:\n    notice_s: 3.0\n    microsleep_s: 1.0\n",
    "a quotation without an end": b'mqtt:\n  host: "broker\n',
    "a brace without an end": b"camera: {fps: 30\n",
    "a key without a colon": b"camera:\n  fps 30\n",
    "an indentation that goes back half": b"camera:\n    fps: 30\n  width: 640\n",
    "a section of another program": b"ha:\n  discovery: true\n",
    "an unknown profile": b"profile: racing\n",
    "a later version": b"version: 99\n",
    "five mistakes": b"camera:\n  fqs: 30\n  width: wide\nmqqt: {}\nmqtt:\n  port: 99999999\nrules:\n  closure: 3\n",
    "a control character": b"mqtt:\n  host: a\x07b\n",
    "an empty file": b"",
    "blank lines": b"\n  \n\n",
    "an emoji for a number": "mqtt:\n  port: \U0001f697\n".encode(),
}


def bad_texts() -> dict[str, bytes]:
    """Return name to content: those above, then every so many of all settings spoilt in every way."""
    spoils = [(f"{key}: {value}", spoilt(key, value)[0]) for key, info in LEAVES.items() for value in bad_values(info)]
    missing = COUNT - len(WRITTEN)
    chosen = [spoils[index * len(spoils) // missing] for index in range(missing)]
    return WRITTEN | {name: text.encode() for name, text in chosen}
