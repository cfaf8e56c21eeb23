"""Every kind of picture opens as a person would see it; everything else gets a sentence."""

import contextlib
import io
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage
from PIL import Image, ImageOps

from core.errors import PictureRefused
from core.picture.image import Picture, decode_picture, kind_of, remarks
from core.picture.pixels import STRIP_PIXELS
from tests.picture.files import chunk, encoded, noise, smooth
from tests.shared import IMAGES, where_present

counts_memory = pytest.mark.skipif(
    sys.platform != "linux", reason="ru_maxrss counts in other units elsewhere"
)


def as_png(array):
    return cv2.imencode(".png", array)[1].tobytes()


def seen(data):
    return decode_picture(Picture("picture", data))


def as_rgb(image):
    return image[..., ::-1]


def refusal(data, name="holiday.jpg"):
    with pytest.raises(PictureRefused) as caught:
        decode_picture(Picture(name, data))
    sentence = str(caught.value)
    assert sentence.startswith(name)
    assert sentence.endswith(".")
    return sentence


def over_white(rgba, white=255):
    """The formula in exact fractions, as slow as it likes."""
    colour, alpha = rgba[..., :3].astype(object), rgba[..., 3:].astype(object)
    laid = (2 * (colour * alpha + white * (white - alpha)) + white) // (2 * white)
    return laid.astype(np.int64)


PILLOW_FILES = {
    "JPEG": encoded(smooth(), "JPEG"),
    "progressive JPEG": encoded(smooth(), "JPEG", progressive=True),
    "grey JPEG": encoded(smooth().convert("L"), "JPEG"),
    "PNG": encoded(smooth(), "PNG"),
    "grey PNG": encoded(smooth().convert("L"), "PNG"),
    "black and white PNG": encoded(smooth().convert("1"), "PNG"),
    "palette PNG": encoded(smooth().quantize(16), "PNG"),
    "2-bit palette PNG": encoded(smooth().quantize(4), "PNG", bits=2),
    "WebP": encoded(smooth(), "WEBP"),
    "lossless WebP": encoded(smooth(), "WEBP", lossless=True),
    "BMP": encoded(smooth(), "BMP"),
    "grey BMP": encoded(smooth().convert("L"), "BMP"),
    "palette BMP": encoded(smooth().quantize(16), "BMP"),
    "1-bit BMP": encoded(smooth().convert("1"), "BMP"),
}


@pytest.mark.parametrize("kind", PILLOW_FILES)
def test_pixels_are_those_that_pillow_reads(kind):
    data = PILLOW_FILES[kind]
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    image = seen(data)
    np.testing.assert_array_equal(as_rgb(image), expected)
    assert (image.dtype, image.shape) == (np.uint8, (32, 48, 3))
    assert image.flags.c_contiguous
    assert not image.flags.writeable


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_stands_upright_as_its_exif_says(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(smooth(), kind, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(as_rgb(seen(data)), np.asarray(upright.convert("RGB")))


def test_exif_behind_the_pixels_of_a_png_is_found():
    data = encoded(smooth(), "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    assert seen(data[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + data[-12:]).shape == (
        48,
        32,
        3,
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_does_not_cost_the_picture(kind):
    data = encoded(smooth(), kind, exif=b"Exif\0\0garbage")
    assert seen(data).shape == (32, 48, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_laid_over_white(kind):
    rgba = noise(channels=4)
    data = encoded(Image.fromarray(rgba), kind, lossless=True, exact=True)
    np.testing.assert_array_equal(as_rgb(seen(data)), over_white(rgba))


def test_every_alpha_over_every_grey_is_rounded_right():
    grey, alpha = np.mgrid[:256, :256].astype(np.uint8)
    rgba = np.stack([grey, grey, grey, alpha], axis=-1)
    np.testing.assert_array_equal(seen(as_png(rgba)), over_white(rgba))


HOLES = {
    "palette": (smooth().quantize(16), 3),
    "grey": (smooth().convert("L"), smooth().convert("L").getpixel((4, 4))),
    "RGB": (smooth(), smooth().getpixel((4, 4))),
}


@pytest.mark.parametrize("kind", HOLES)
def test_the_transparent_colour_of_a_png_becomes_white(kind):
    image, colour = HOLES[kind]
    data = encoded(image, "PNG", transparency=colour)
    rgba = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert (rgba[..., 3] == 0).any()
    np.testing.assert_array_equal(as_rgb(seen(data)), over_white(rgba))


def test_grey_with_alpha_is_laid_over_white():
    image = Image.merge("LA", [smooth().convert("L"), smooth().getchannel("R")])
    expected = over_white(np.asarray(image.convert("RGBA")))
    np.testing.assert_array_equal(as_rgb(seen(encoded(image, "PNG"))), expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_rounded_to_eight(channels):
    wide = noise(300, 300, channels, np.uint16)
    expected = (wide.astype(np.int64) * 255 * 2 + 65535) // (2 * 65535)
    if channels == 1:
        expected = np.repeat(expected[..., np.newaxis], 3, axis=2)
    np.testing.assert_array_equal(seen(as_png(wide)), expected)


def test_every_sixteen_bit_value_is_rounded_right():
    wide = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    expected = (np.arange(65536) * 2 + 257) // (2 * 257)
    np.testing.assert_array_equal(seen(as_png(wide))[..., 0].ravel(), expected)


def test_sixteen_bits_with_alpha_are_laid_over_white_before_rounding():
    wide = noise(channels=4, dtype=np.uint16)
    wide[0, :6, 3] = (0, 65535, 0, 65535, 1, 65534)
    laid = over_white(wide, white=65535)
    np.testing.assert_array_equal(seen(as_png(wide)), (laid * 2 + 257) // (2 * 257))


def test_cmyk_jpeg_shows_the_colours_of_its_picture():
    data = encoded(smooth().convert("CMYK"), "JPEG", quality=98)
    assert Image.open(io.BytesIO(data)).mode == "CMYK"
    difference = as_rgb(seen(data)).astype(int) - np.asarray(smooth())
    assert np.abs(difference).mean() < 3
    pillow = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_allclose(as_rgb(seen(data)), pillow, atol=2)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_first_frame_of_an_animation_is_taken(kind):
    frames = [smooth(), ImageOps.invert(smooth())]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    np.testing.assert_array_equal(as_rgb(seen(data)), np.asarray(smooth()))


def test_still_picture_before_an_animated_png_is_taken():
    frames = [ImageOps.invert(smooth()), smooth().rotate(180)]
    data = encoded(smooth(), "PNG", save_all=True, append_images=frames, default_image=True)
    np.testing.assert_array_equal(as_rgb(seen(data)), np.asarray(smooth()))


def test_phone_jpeg_with_a_second_picture_inside_opens():
    data = encoded(smooth(), "MPO", save_all=True, append_images=[smooth().rotate(90)])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert seen(data).shape == (32, 48, 3)


def test_bytes_behind_the_picture_do_no_harm():
    for kind in ("JPEG", "PNG", "BMP"):
        assert seen(encoded(smooth(), kind) + b"PK\x03\x04" * 50).shape == (32, 48, 3)


def test_format_is_told_by_the_bytes_not_by_the_name():
    data = encoded(smooth(), "PNG")
    assert decode_picture(Picture("wrong.jpg", data)).shape == (32, 48, 3)


def test_smallest_picture_opens():
    assert seen(as_png(noise(1, 1))).shape == (1, 1, 3)


@pytest.mark.parametrize(
    "kind",
    ["JPEG", "progressive JPEG", "grey JPEG", "PNG", "palette PNG", "WebP", "BMP"],
)
def test_picture_cut_off_anywhere_is_refused(kind):
    data = PILLOW_FILES[kind]
    pixels_end = len(data) - END_MARKERS.get(kind.split()[-1], 0)
    lengths = {*range(0, pixels_end, max(1, pixels_end // 100))}
    for length in sorted(lengths | {*range(pixels_end - 9, pixels_end)}):
        refusal(data[:length])


END_MARKERS = {"JPEG": 2, "PNG": 12}


@pytest.mark.parametrize("kind", [kind for kind in PILLOW_FILES if kind[-4:] in "JPEG PNG"])
def test_a_missing_end_marker_costs_no_pixel_and_gets_a_word(kind):
    data = PILLOW_FILES[kind]
    whole = seen(data)
    assert remarks(Picture("whole", data)) == ()
    for left in range(END_MARKERS[kind.split()[-1]]):
        cut = Picture("cut", data[: len(data) - END_MARKERS[kind.split()[-1]] + left])
        np.testing.assert_array_equal(decode_picture(cut), whole)
        assert remarks(cut)[0].startswith("cut lacks its end marker")


@pytest.mark.parametrize(
    "path",
    [
        *(Path(skimage.data_dir) / name for name in ("rocket.jpg", "coffee.png")),
        *where_present(
            *(IMAGES / name for name in ("dog.jpg", "street0.jpg", "astronaut.png"))
        ),
    ],
    ids=lambda path: path.name,
)
def test_real_photo_is_what_cv2_reads_and_is_refused_when_cut(path):
    data = path.read_bytes()
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(seen(data), expected)
    for share in (0.001, 0.02, 0.3, 0.5, 0.9, 0.99, 0.9999):
        refusal(data[: int(len(data) * share)])


def test_damaged_pixels_are_refused_with_a_sentence():
    data = bytearray(PILLOW_FILES["PNG"])
    data[len(data) // 2] ^= 255
    assert "damaged or was cut off" in refusal(bytes(data))


STRANGERS = {
    "JPEG 2000": (encoded(smooth(), "JPEG2000"), "is a JPEG 2000"),
    "BigTIFF": (b"II+\0" + bytes(40), "is a BigTIFF"),
    "PDF": (encoded(smooth(), "PDF"), "is a PDF"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG"),
    "text": ("Grüße, no picture,\r\n\tjust words\n".encode(), "is a text file"),
    "ICO": (encoded(smooth(), "ICO"), "is an icon"),
    "Netpbm": (encoded(smooth(), "PPM"), "is a Netpbm picture"),
    "zip": (b"PK\x03\x04" + bytes(40), "is a zip archive"),
    "random": (bytes(range(128, 256)), "not a picture that Blobscope knows"),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_file_of_another_kind_is_refused_by_its_name(kind):
    data, words = STRANGERS[kind]
    sentence = refusal(data)
    assert words in sentence
    assert "opens JPEG, PNG, WebP, BMP, GIF, TIFF, AVIF and HEIC pictures: save" in sentence


def test_empty_file_is_refused():
    assert "0 bytes" in refusal(b"")


def test_heavy_file_is_refused_by_its_weight():
    assert "20.0 MB; the limit is 20 MB" in refusal(b"\xff\xd8\xff" + bytes(20 * 10**6))


def png_header(width, height):
    """A PNG that promises a size and holds a line of pixels."""
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(100))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


BOMBS = {
    "just too many": ((8000, 5001), "40.0 million; the limit is 40 million"),
    "too wide": ((16385, 10), "16385 x 10 pixels; the limit is 16384"),
    "too high": ((10, 20000), "the limit is 16384"),
    "warned of by Pillow": ((12000, 12000), "the limit"),
    "refused by Pillow": ((30000, 30000), "the limit is 40 million"),
    "longer than memory": ((2**31 - 1, 2**31 - 1), "the limit is 40 million"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bomb_is_refused_by_its_header(kind):
    size, words = BOMBS[kind]
    assert words in refusal(png_header(*size))


@pytest.mark.parametrize("size", [(0, 10), (10, 0)])
def test_picture_without_pixels_is_refused(size):
    refusal(png_header(*size))


@counts_memory
def test_real_bomb_costs_next_to_no_memory():
    side = 12000
    row = zlib.compressobj()
    packed = b"".join(row.compress(bytes(side * 3 + 1)) for _ in range(side)) + row.flush()
    head = png_header(side, side)
    bomb = head[:33] + chunk(b"IDAT", packed) + head[-12:]
    assert "limit" in refusal_without_memory(bomb)


@counts_memory
def test_png_that_lies_about_its_lengths_costs_next_to_no_memory():
    honest = PILLOW_FILES["PNG"]
    at = honest.index(b"IDAT") - 4
    refusal_without_memory(honest[:at] + b"\x7f\xff\xff\xff" + honest[at + 4 :])


@counts_memory
def test_png_with_two_headers_costs_next_to_no_memory():
    honest = PILLOW_FILES["PNG"]
    huge = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    refusal_without_memory(honest[:8] + chunk(b"IHDR", huge) + honest[8:])


def refusal_without_memory(data):
    import resource  # Unix only

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sentence = refusal(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    return sentence


STRIPS = 4096, 3 * STRIP_PIXELS // 4096 + 7  # width and height: three strips and a bit


def wide_rgba(dtype):
    y, x = np.mgrid[: STRIPS[1], : STRIPS[0]]
    return np.stack([x * 5, y * 7, x + y, 3 * x + y], axis=-1).astype(dtype)


def test_sixteen_bits_and_alpha_show_no_seams_between_strips():
    wide = wide_rgba(np.uint16) * np.uint16(13)
    pixels, alpha = wide[..., :3].astype(np.int64), wide[..., 3:].astype(np.int64)
    laid = (pixels * alpha + 65535 * (65535 - alpha) + 32767) // 65535
    np.testing.assert_array_equal(seen(as_png(wide)), (laid * 2 + 257) // (2 * 257))


@pytest.mark.parametrize("kind", ["BMP", "palette PNG", "animated PNG"])
def test_what_pillow_reads_shows_no_seams_between_strips(kind):
    image = Image.fromarray(wide_rgba(np.uint8)[..., :3])
    if kind == "BMP":
        data = encoded(image, "BMP")
    elif kind == "palette PNG":
        data = encoded(image.quantize(16), "PNG", transparency=3, compress_level=1)
    else:
        options = {"save_all": True, "append_images": [Image.new("RGB", STRIPS)]}
        data = encoded(image, "PNG", compress_level=1, **options)
    whole = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    holes = whole[..., 3] == 0
    assert holes.any() == (kind == "palette PNG")
    np.testing.assert_array_equal(
        as_rgb(seen(data)), np.where(holes[..., np.newaxis], 255, whole[..., :3])
    )


def in_own_process(code, data, tmp_path):
    """Run ``code`` on a picture in a process whose memory nobody else has stretched."""
    (tmp_path / "picture").write_bytes(data)
    setting = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from core.errors import PictureRefused\n"
        "from core.picture.image import Picture, decode_picture\n"
        "picture = Picture('big.png', Path(sys.argv[1]).read_bytes())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", setting + code, str(tmp_path / "picture")],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


GROWTH = """
def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = most()
decode_picture(picture)
print(most() - before)
"""
CROWD = """
from concurrent.futures import ThreadPoolExecutor
def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = most()
with ThreadPoolExecutor(6) as pool:
    for _ in range(6):
        pool.submit(lambda: decode_picture(picture).shape)
print(most() - before)
"""
NO_MEMORY = """
used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 10**7,) * 2)
try:
    decode_picture(picture)
except PictureRefused as error:
    print(error)
"""
SIDE = 3000  # 9 million pixels


@counts_memory
def test_sixteen_bits_with_alpha_cost_little_more_than_their_pixels(tmp_path):
    """They once cost 29 bytes a pixel: 1.2 GB for a file of 0.3 MB."""
    wide = np.full((SIDE, SIDE, 4), 30000, np.uint16)
    grown = int(in_own_process(GROWTH, as_png(wide), tmp_path)) * 1024
    assert grown < (8 + 3 + 4) * SIDE**2  # the file's, ours, and a strip


@counts_memory
def test_six_visitors_with_big_pictures_need_no_more_memory_than_two(tmp_path):
    wide = np.full((SIDE, SIDE, 4), 30000, np.uint16)
    grown = int(in_own_process(CROWD, as_png(wide), tmp_path)) * 1024
    assert grown < 3 * 15 * SIDE**2


@counts_memory
@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_too_little_memory_is_not_called_a_damaged_picture(kind, tmp_path):
    data = encoded(Image.new("RGB", (SIDE, SIDE)), kind)
    if kind == "BMP":
        data = encoded(Image.new("P", (SIDE, SIDE)), kind)
    sentence = in_own_process(NO_MEMORY, data, tmp_path)
    assert "not enough memory just now for the 3000 x 3000 pixels of big.png" in sentence


def with_scans(count, hidden=b""):
    """A progressive JPEG that repeats its last scan."""
    data = encoded(smooth().convert("L"), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xc4", 0, data.rindex(b"\xff\xda")) : -2]
    return data[:-2] + hidden + last * (count - data.count(b"\xff\xda")) + data[-2:]


def test_jpeg_that_would_paint_for_hours_is_refused():
    assert seen(with_scans(100)).shape == (32, 48, 3)
    assert "in 101 scans or more" in refusal(with_scans(101))
    assert "in 101 scans or more" in refusal(with_scans(5000))


HIDDEN = {"end inside a comment": b"\xff\xfe\x00\x04\xff\xd9", "marker alone": b"\xff\x01"}


@pytest.mark.parametrize("kind", HIDDEN)
def test_scans_cannot_be_hidden(kind):
    assert "in 101 scans or more" in refusal(with_scans(101, hidden=HIDDEN[kind]))


def test_scan_markers_in_a_preview_or_behind_the_end_do_not_count():
    exif = b"Exif\0\0" + b"\xff\xda" * 500
    preview = encoded(smooth(), "JPEG", exif=exif)
    assert seen(preview + b"\xff\xda" * 500).shape == (32, 48, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "BMP"])
def test_damaged_bytes_give_an_image_or_a_sentence(kind):
    rng = np.random.default_rng(7)
    original = np.frombuffer(PILLOW_FILES[kind], np.uint8)
    for _ in range(150):
        damaged = original.copy()
        at = rng.integers(0, len(damaged), rng.integers(1, 12))
        damaged[at] = rng.integers(0, 256, len(at))
        # any other error would fail the test
        with contextlib.suppress(PictureRefused):
            assert seen(damaged.tobytes()).ndim == 3


def test_threads_decode_side_by_side():
    files = [as_png(noise(60, 80 + number)) for number in range(4)]
    widths = []

    def work(data):
        widths.extend(seen(data).shape[1] for _ in range(20))

    threads = [threading.Thread(target=work, args=(data,)) for data in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(widths) == sorted([80, 81, 82, 83] * 20)


def test_digest_is_the_sha256_of_the_bytes():
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Picture("a", b"").digest == empty
    assert Picture("a", b"1").digest != Picture("a", b"2").digest


def test_picture_does_not_print_its_bytes():
    assert repr(Picture("cat.png", bytes(9999))) == "Picture(name='cat.png')"


KINDS = {
    "RGB": "colour",
    "P": "colour",
    "L": "grey",
    "1": "grey",
    "I;16": "grey",
} | dict.fromkeys(("RGBA", "LA"), "alpha")


@pytest.mark.parametrize("mode", KINDS)
def test_the_header_tells_colour_grey_and_alpha_apart(mode):
    file = io.BytesIO()
    Image.new(mode, (4, 4)).save(file, "PNG")
    assert kind_of(Picture("a.png", file.getvalue())) == KINDS[mode]
