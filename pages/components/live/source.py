"""The source of a stream's frames: the visitor's camera, a video, or single pictures."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import streamlit as st

from core.live.video_source import CLIPS, MOST_SOURCE_BYTES, SampleClip, VideoFile, VideoSource
from core.video.reading import Video
from pages.components.shell.choice import choice
from pages.components.shell.text import plain
from pages.components.shell.uploads import forget_upload, kept_upload, show_kept
from pages.components.shell.widget_memory import persistent

SourceName = Literal["camera", "video", "snapshot"]

_SIZES = {"320 x 240": (320, 240), "640 x 480": (640, 480), "1280 x 720": (1280, 720)}
_FACES = {"any": None, "front": "user", "back": "environment"}
_TYPES = ["mp4", "m4v", "mov", "webm", "mkv", "avi"]
_FILE = "live.file"


@dataclass(frozen=True, slots=True)
class Source:
    """The source of the frames.

    Attributes:
        name: camera, video or snapshot.
        constraints: the constraints for getUserMedia in the browser.
        video_source: the video, if the source is one.
    """

    name: SourceName
    constraints: dict[str, Any] = field(default_factory=dict)
    video_source: VideoSource | None = None


def pick_source(key: str) -> Source:
    """Ask where the frames come from.

    Raises:
        VideoRefused, LiveRefused: the given file cannot be played.
    """
    name = choice(
        "Source",
        ["camera", "video", "snapshot"],
        key=f"{key}.source",
        help="camera: your own, through your browser; never the server's. video: a file or a "
        "moving sample, in a loop. snapshot: one picture at a time, if nothing else works.",
    )
    if name == "camera":
        return Source("camera", constraints=_constraints(key))
    if name == "video":
        return Source("video", video_source=_video_source(key))
    return Source("snapshot")


def _constraints(key: str) -> dict[str, Any]:
    size = choice("Resolution", list(_SIZES), key=f"{key}.size", default="640 x 480", wrap=True)
    face = choice("Camera", list(_FACES), key=f"{key}.face")
    st.caption(
        "Both apply at the next START. The browser may choose another size. Use SELECT DEVICE "
        "to choose a specific camera."
    )
    st.caption(
        "The server keeps small crops of recent detections until STOP, and what you freeze or "
        "record until your session ends."
    )
    width, height = _SIZES[size]
    video: dict[str, Any] = {"width": {"ideal": width}, "height": {"ideal": height}}
    if _FACES[face]:
        video["facingMode"] = {"ideal": _FACES[face]}
    return {"video": video, "audio": False}


def _video_source(key: str) -> VideoSource:
    clip = st.pills(
        "Moving sample",
        CLIPS,
        default=CLIPS[0],
        required=True,
        key=persistent(f"{key}.clip"),
        bind="query-params",
        help="A photo seen by a moving virtual camera: try Live without a camera.",
    )
    upload = st.file_uploader(
        f"Or a video file: MP4, MOV, WebM, MKV or AVI, up to {MOST_SOURCE_BYTES // 10**6} MB",
        type=_TYPES,
        key=f"{key}.upload",
        max_upload_size=MOST_SOURCE_BYTES // 10**6,
    )
    given = kept_upload(_FILE, upload, _playable)
    if given is None:
        return SampleClip(clip)
    forget = partial(forget_upload, _FILE) if upload is None else None
    show_kept(f"Playing {plain(given.video.name)} in a loop.", key=key, forget=forget)
    return given


def _playable(name: str, data: bytes) -> VideoFile:
    return VideoFile(Video(name, data))
