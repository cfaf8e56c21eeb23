"""Videos that ask for far more than they are cost little, and end in a sentence."""

import pytest

from core.errors import VideoRefused
from core.video import claims
from core.video.claims import check_claims
from tests.costs import cost
from tests.shared import SHARED
from tests.video.bombs import BOMBS, old_index, tracks
from tests.videos import numbered

MOST_CPU_SECONDS = 3.0  # benchmarks/bombs.py wants 2; this machine may be a slow one
MOST_MB = 600.0


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_little_and_is_told(name):
    came = cost("tests.video.bombs:visit", BOMBS[name]())
    assert came.cpu_seconds < MOST_CPU_SECONDS
    assert came.peak_mb < MOST_MB
    assert came.sentence.endswith(".")


@pytest.mark.parametrize("name", ["stsz_50M_x1.mp4", "late.webm"])
def test_the_two_that_were_found_cost_little(name):
    path = SHARED / "hazards" / name
    if not path.exists():
        pytest.skip("../shared/hazards is not here")
    came = cost("tests.video.bombs:visit", path.read_bytes())
    assert came.cpu_seconds < MOST_CPU_SECONDS
    assert came.peak_mb < MOST_MB
    assert "claims 50,000,000 frames" in came.sentence or "never shown" in came.sentence


CLAIMING = {
    "50 million samples in one chunk": ("mov", "50,000,000 frames"),
    "the same in 8 tracks": ("mov", "50,000,000 frames"),
    "the same as sound": ("mov", "50,000,010 pieces"),
    "the same in a fragment": ("mov", "50,000,000 frames"),
    "2,000 edits of 50,000 samples": ("mov", "100,000,000 pieces"),
    "2 million empty boxes": ("mov", "boxes"),
    "header that inflates to 400 MB": ("mov", "compressed header"),
    "20,000 tracks": ("mov", "tracks"),
    "Matroska blocks that inflate": ("matroska", "compressed a second time"),
    "600,000 Matroska cues": ("matroska", "elements"),
    "AVI index of indexes": ("avi", "100,000,005 pieces"),
    "1 million entries of an AVI index": ("avi", "1,000,000 pieces"),
}


@pytest.mark.parametrize("name", CLAIMING)
def test_a_claim_is_refused_before_ffmpeg_sees_the_file(name):
    container, words = CLAIMING[name]
    with pytest.raises(VideoRefused, match=words):
        check_claims("clip", BOMBS[name](), container, 54_000)


@pytest.mark.parametrize(
    ("container", "codec", "options"),
    [
        ("mp4", "libx264", {}),
        ("mp4", "mpeg4", {}),
        ("mov", "libx264", {}),
        ("webm", "libvpx", {}),
        ("matroska", "libx264", {}),
        ("avi", "mpeg4", {"bf": "2"}),
        ("avi", "mjpeg", {}),
    ],
)
def test_what_an_honest_file_claims_is_what_it_has(container, codec, options):
    data = numbered(40, container=container, codec=codec, **options)
    kind = {"mp4": "mov", "webm": "matroska"}.get(container, container)
    check_claims("clip", data, kind, 40)
    frames, pieces = claims._COUNTS[kind](data)
    assert frames in (0, 40)
    assert pieces <= 40
    if kind == "mov":
        with pytest.raises(
            VideoRefused, match="claims 40 frames, and a video may have at most 39"
        ):
            check_claims("clip", data, kind, 39)


def test_raw_sound_may_have_as_many_samples_as_it_lasts():
    """FFmpeg reads it in pieces of 1,024 samples, so a quarter of an hour is few entries."""
    track = claims._Track(handler=b"soun", samples=40_000_000, ticks=True, chunks=900)
    track.chunk_samples = 44_100
    assert track.claimed == 900 * 44


def test_compression_of_subtitles_is_no_reason_to_refuse():
    data = tracks(codec=b"S_TEXT/UTF8", kind=17)
    assert [each.name.hex() for each in claims.elements(data)].count("5034") == 1
    check_claims("clip", data, "matroska", 100)


def test_an_index_is_counted_where_it_stands():
    assert claims._COUNTS["avi"](old_index())[1] == 1_000_000
