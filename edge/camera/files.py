"""A film or a folder of pictures as a camera, with the stamps that the file itself carries."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from edge.camera.base import CameraFormatError, CameraUnavailableError, Frame
from edge.camera.reels import Folder, Reel, Video
from edge.camera.transform import Transform
from edge.runtime.clock import NS_PER_S, Clock, SystemClock

if TYPE_CHECKING:
    from edge.camera.reels import Shot

DEFAULT_FOLDER_FPS: Final = 30.0
"""Pictures carry no time of their own; the rate of the usual camera [D]."""


class FileSource:
    """Plays `path`: a video that FFmpeg can read, or the pictures of a folder in natural order (2 before 10).

    `pace="realtime"` hands a frame over when its stamp says so and never skips one: dropping is the business of the
    slot behind. `pace="fast"` never waits. Stamps are `start_ns` plus the file's own time; without `start_ns` a film
    in real time starts now, a fast one at 0. With `loop` the stamps run on by one frame period at the seam.

    A gap in the file is played as a gap, however long: a file is never lost, so `timeout_s` does not end the wait,
    but `close` from another thread does. What cannot be decoded to the end of the file counts as its end.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        pace: Literal["realtime", "fast"] = "fast",
        loop: bool = False,
        transform: Transform | None = None,
        start_ns: int | None = None,
        folder_fps: float = DEFAULT_FOLDER_FPS,
        clock: Clock | None = None,
    ) -> None:
        self.live = pace == "realtime"
        self.frames_total: int | None = None
        """Frames in one pass as the file announces them, known after `open`; None when it does not say."""
        self._path = Path(path)
        self._loop = loop
        self._transform = transform or Transform()
        self._wanted_start_ns = start_ns
        self._folder_fps = folder_fps
        self._clock = clock or SystemClock()
        self._closed = threading.Event()
        # A decoder that is released while it decodes takes the process down.
        self._decoding = threading.Lock()
        self._reel: Reel | None = None
        self._pending: Shot | None = None
        self._sequence = 0
        self._opened_at_ns = 0
        self._start_ns = 0
        self._lap_ns = 0
        self._last_ns = 0

    def open(self) -> None:
        """Open and decode the first picture, so that an unreadable file is refused here.

        Raises `CameraUnavailableError` when the path is missing, may not be read or is an empty folder, and
        `CameraFormatError` when it is no film or holds no readable picture.
        """
        self._closed.clear()
        reel = self._load()
        try:
            first = reel.next()
        except CameraFormatError:
            reel.close()
            raise
        if first is None:
            reel.close()
            raise CameraFormatError(f"{self._path} holds no readable picture", "convert it with ffmpeg to H.264")
        self._reel, self._pending = reel, first
        self.frames_total = reel.frames_total
        self._sequence = self._lap_ns = 0
        self._opened_at_ns = self._clock.monotonic_ns()
        if self._wanted_start_ns is not None:
            self._start_ns = self._wanted_start_ns
        else:
            self._start_ns = self._opened_at_ns if self.live else 0
        self._last_ns = -1

    def read(self, timeout_s: float) -> Frame | None:  # noqa: ARG002 - part of the contract; see the class text
        """Return the next frame, or None at the end. Raises `CameraFormatError` for one unreadable picture.

        After such an error the next call goes on with the picture after it; its place in `sequence` stays empty.
        """
        with self._decoding:
            if self._reel is None:
                if self._closed.is_set():
                    return None
                raise CameraUnavailableError(f"{self._path} is not open", "call open() first")
            try:
                shot = self._next_shot(self._reel)
            except CameraFormatError:
                self._sequence += 1
                raise
        if shot is None:
            return None
        sequence, self._sequence = self._sequence, self._sequence + 1
        media_ns = self._lap_ns + shot.t_ns
        self._last_ns = media_ns
        if self.live:
            due_ns = self._opened_at_ns + media_ns
            if self._clock.wait(self._closed, (due_ns - self._clock.monotonic_ns()) / NS_PER_S):
                return None
        return Frame(gray=self._transform.apply(shot.picture), t_ns=self._start_ns + media_ns, sequence=sequence)

    def close(self) -> None:
        """Release the file; a `read` that waits in another thread returns None."""
        self._closed.set()
        with self._decoding:
            reel, self._reel = self._reel, None
            self._pending = None
            if reel is not None:
                reel.close()

    def _load(self) -> Reel:
        if not self._path.exists():
            raise CameraUnavailableError(f"{self._path} does not exist", "check the path")
        if self._path.is_dir():
            return Folder(self._path, self._folder_fps)
        return Video(self._path)

    def _next_shot(self, reel: Reel) -> Shot | None:
        if self._pending is not None:
            shot, self._pending = self._pending, None
            return shot
        following = reel.next()
        if following is not None or not self._loop:
            return following
        self._lap_ns = self._last_ns + reel.period_ns
        reel.rewind()
        return reel.next()
