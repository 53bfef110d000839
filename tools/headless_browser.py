"""A headless Chromium, driven over its own DevTools protocol: one websocket, no driver program."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket

PATIENCE_S = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")


def program() -> str | None:
    """Path of an installed Chromium, None without one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class PageError(Exception):
    """The page threw, or what was waited for did not come."""


class Browser:
    """One page. `errors` holds every exception and every refusal by the content security policy."""

    def __init__(self, path: str, *, width: int = 1360, height: int = 860, dark: bool = False) -> None:
        self.errors: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="edge-dms-browser-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [
                path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--remote-debugging-port=0", "--remote-allow-origins=*", "--hide-scrollbars", "--mute-audio",
                "--disable-extensions", "--disable-background-networking", "--lang=en-GB",
                f"--user-data-dir={self._folder.name}", f"--window-size={width},{height}", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._numbers = itertools.count(1)
        self._socket = websocket.create_connection(self._page_address(), timeout=PATIENCE_S)
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height)
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )

    def open(self, address: str) -> None:
        """Go to a page and wait until it has loaded."""
        self.call("Page.navigate", url=address)
        self.wait(f"document.readyState === 'complete' && location.href === {json.dumps(address)}")

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Take another screen."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)

    def run(self, script: str) -> Any:
        """Evaluate an expression, promises awaited; return its value."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise PageError(f"{script[:120]}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition: str, patience_s: float = PATIENCE_S) -> None:
        """Poll until an expression is true."""
        deadline_s = time.monotonic() + patience_s
        while not self.run(condition):
            if time.monotonic() > deadline_s:
                raise PageError(f"not within {patience_s:g} s: {condition}; {self.errors}")
            time.sleep(0.05)

    def type(self, selector: str, text: str) -> None:
        """Write into a field as a user would."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.run(f"document.querySelector({json.dumps(selector)}).select?.()")
        self.call("Input.insertText", text=text)

    def tap(self, selector: str) -> None:
        """Touch the middle of an element as a finger would; it must be on the screen and enabled."""
        chosen = json.dumps(selector)
        self.wait(f"!!document.querySelector({chosen}) && !document.querySelector({chosen}).disabled")
        x, y = self.run(
            f"(() => {{ const e = document.querySelector({chosen}); e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        self.tap_at(x, y)

    def tap_at(self, x: float, y: float) -> None:
        """Touch a point of the screen, in its pixels."""
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def press(self, key: str) -> None:
        """Press and release one key."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38}
        fields: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        if key == "Enter":
            fields["text"] = "\r"
        elif len(key) == 1:
            fields["text"] = key
        self.call("Input.dispatchKeyEvent", type="keyDown", **fields)
        self.call("Input.dispatchKeyEvent", type="keyUp", **fields)

    def picture(self, path: Path) -> None:
        """Save what the screen shows as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command of the protocol and wait for its answer; note exceptions that come by."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise PageError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def close(self) -> None:
        """End the browser."""
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Runtime.exceptionThrown":
            details = message["params"]["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            if entry["level"] == "error" and entry["source"] != "network":
                self.errors.append(entry["text"])

    def _page_address(self) -> str:
        told = Path(self._folder.name) / "DevToolsActivePort"
        deadline_s = time.monotonic() + PATIENCE_S
        while not told.exists() or not told.read_text().strip():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise PageError("Chromium did not start")
            time.sleep(0.05)
        port = int(told.read_text().splitlines()[0])
        while time.monotonic() < deadline_s:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE_S) as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
            time.sleep(0.05)
        raise PageError("Chromium opened no page")
