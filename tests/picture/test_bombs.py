"""No picture costs more than 2 seconds of the processor and 600 MB, whatever it claims."""

import sys

import pytest

from tests.costs import cost
from tests.picture.bombs import BOMBS

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="reads the system's own count of memory in /proc"
)

# the rest, many of which take long to make, are in `python -m benchmarks.bombs pictures`
SENTENCES = {
    "PNG 10 x 10, IDAT of 19 GB": "unpacks to more than the 10 x 10 pixels",
    "PNG, 1.6 million tEXt": "more than 50,000 chunks",
    "PNG, iCCP of 19 GB": "decoded: 10 x 10",
    "PNG, eXIf of 20 MB": "decoded: 10 x 10",
    "JPEG, 5 million empty APP5": "more than 3,000 segments",
    "JPEG, 300 ICC profiles of 64 kB": "decoded: 64 x 64",
    "JPEG 40 MP, grey, 100 scans": "over and over",
    "BMP 40 MP, run-length, runs of 1": "decoded: 8000 x 5000",
    "WebP, 2.5 million empty chunks": "more than 20,000 chunks",
    "GIF, 10 million comment blocks": "more than 250,000 blocks",
    "TIFF strip that unpacks to 19 GB": "decoded: 100 x 100",
    "TIFF, tags of 5 million values": "damaged",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_bomb_costs_no_more_than_a_photo(name):
    came = cost("tests.picture.bombs:visit", BOMBS[name]())
    assert SENTENCES[name] in came.sentence
    assert came.cpu_seconds < 2
    assert came.peak_mb < 600
