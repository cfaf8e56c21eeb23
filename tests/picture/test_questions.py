"""One answer to each question that a picture asks, whoever decodes it."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

import core.picture.image
from core.errors import PictureRefused
from core.picture.image import Picture, decode_picture, kind_of, remarks
from core.picture.recipe import data_for_scripts, imread_recipe
from tests.picture.files import (
    bmp,
    chunk,
    encoded,
    heic,
    noise,
    over_white,
    png,
    rounded,
    smooth,
    tiff,
)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Decode here: a worker for each picture would take half a second; see test_walled."""
    monkeypatch.setattr(core.picture.image, "BEHIND_WALLS", frozenset())


def seen(data):
    return decode_picture(Picture("picture", data))


def as_rgb(image):
    return image[..., ::-1]


# --- the transparent colour of a PNG (PNG specification, 11.3.1.1) ---


def packed(bits, values):
    if bits == 16:
        return struct.pack(f">{len(values)}H", *values)
    return int("".join(f"{each:0{bits}b}" for each in values), 2).to_bytes(
        len(values) * bits // 8, "big"
    )


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_transparent_grey_of_every_depth_becomes_white(bits):
    most = 2**bits - 1
    clear, other = most // 3, most - 1 if most > 1 else 1
    row = packed(bits, [clear] * 8 + [other] * 8)
    data = png(bits, 0, [row] * 4, width=16, extra=chunk(b"tRNS", struct.pack(">H", clear)))
    grey = seen(data)[0, :, 0].tolist()
    assert grey == [255] * 8 + [round(other * 255 / most)] * 8
    assert kind_of(Picture("a", data)) == "alpha"


def test_of_sixteen_bits_the_last_one_counts():
    row = packed(16, [20000, 20001] * 8)
    data = png(16, 0, [row], width=16, extra=chunk(b"tRNS", struct.pack(">H", 20000)))
    assert seen(data)[0, :2, 0].tolist() == [255, round(20001 / 257)]


@pytest.mark.parametrize("bits", [8, 16])
def test_the_transparent_colour_of_every_depth_becomes_white(bits):
    scale = 1 if bits == 8 else 257
    row = packed(bits, [each * scale for each in (10, 20, 30, 10, 20, 31) * 4])
    shade = struct.pack(">HHH", 10 * scale, 20 * scale, 30 * scale)
    image = seen(png(bits, 2, [row], width=8, extra=chunk(b"tRNS", shade)))
    assert as_rgb(image)[0, :2].tolist() == [[255, 255, 255], [10, 20, 31]]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_every_palette_has_its_own_transparency(bits):
    values = [each % 2 for each in range(16)]
    table = chunk(b"PLTE", bytes((10, 20, 30, 40, 50, 60))) + chunk(b"tRNS", b"\0\x80")
    image = seen(png(bits, 3, [packed(bits, values)], width=16, extra=table))
    half = over_white(np.array([[40, 50, 60, 128]], np.uint8))[0].tolist()
    assert as_rgb(image)[0, :2].tolist() == [[255, 255, 255], half]


# --- the alpha of a BMP ---

MASKS = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
ORDERS = {"B, G, R, A": MASKS, "R, G, B, A": (0xFF, 0xFF00, 0xFF0000, 0xFF000000)}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("header", [56, 108, 124])
def test_a_bmp_whose_alpha_was_never_filled_is_opaque(header, order):
    pixels = noise(channels=4)
    pixels[..., 3] = 0
    data = bmp(pixels, header=header, masks=ORDERS[order])
    wanted = pixels[..., :3] if order == "B, G, R, A" else pixels[..., 2::-1]
    np.testing.assert_array_equal(seen(data), wanted)
    assert kind_of(Picture("a", data)) == "colour"
    assert not imread_recipe(Picture("a.bmp", data)).as_png


def test_one_opaque_pixel_of_a_bmp_makes_the_others_transparent():
    pixels = noise(channels=4)
    pixels[..., 3] = 0
    pixels[0, 0, 3] = 255
    image = seen(bmp(pixels, header=124, masks=MASKS))
    assert image[0, 0].tolist() == pixels[0, 0, :3].tolist()
    assert (image[0, 1:] == 255).all()
    assert (image[1:] == 255).all()


@pytest.mark.parametrize("header", [40, 52])
def test_a_bmp_without_a_mask_for_alpha_has_none(header):
    pixels = noise(channels=4)
    data = bmp(pixels, header=header, masks=MASKS[:3])
    np.testing.assert_array_equal(seen(data), pixels[..., :3])


@pytest.mark.parametrize(("masks", "most"), [((0x7C00, 0x3E0, 0x1F), 31)])
def test_five_bits_of_a_bmp_reach_from_black_to_white(masks, most):
    values = np.arange(most + 1, dtype=np.uint16)
    data = bmp((values * 0x421)[np.newaxis], header=40, masks=masks)
    wanted = np.rint(values * 255 / most)
    np.testing.assert_allclose(seen(data)[0, :, 0], wanted, atol=1)
    assert seen(data)[0, -1].tolist() == [255, 255, 255]


# --- which way is up ---

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-'
    b'rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_turns_no_picture_as_in_opencv_and_browsers(kind):
    data = encoded(smooth(), kind, xmp=XMP)
    assert Image.open(io.BytesIO(data)).getexif()[0x0112] == 6, "Pillow alone would turn it"
    assert seen(data).shape == (32, 48, 3)
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (32, 48, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "AVIF"])
def test_the_new_formats_stand_upright(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"tiffinfo": {274: orientation}} if kind == "TIFF" else {"exif": exif}
    data = encoded(smooth(), kind, **options)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(as_rgb(seen(data)), np.asarray(upright.convert("RGB")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_stands_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = smooth()
    upright.info["exif"] = exif.tobytes()
    wanted = np.asarray(ImageOps.exif_transpose(upright))
    difference = as_rgb(seen(heic(smooth(), exif=exif.tobytes()))).astype(int) - wanted
    assert np.abs(difference).mean() < 4


# --- TIFF, against what tifffile wrote ---

DEEP = {"dtype": np.uint16}
TIFFS = {
    "grey": (noise(channels=1), {"photometric": "minisblack"}),
    "white is zero": (255 - noise(channels=1), {"photometric": "miniswhite"}),
    "grey of 16 bits": (noise(channels=1, **DEEP), {"photometric": "minisblack"}),
    "big-endian grey of 16 bits": (
        noise(channels=1, **DEEP),
        {"photometric": "minisblack", "byteorder": ">"},
    ),
    "RGB": (noise(), {"photometric": "rgb"}),
    "big-endian RGB": (noise(), {"photometric": "rgb", "byteorder": ">"}),
    "RGB of 16 bits": (noise(**DEEP), {"photometric": "rgb"}),
    "RGB of 16 bits, Deflate, predictor": (
        noise(**DEEP),
        {"photometric": "rgb", "compression": "zlib", "predictor": True},
    ),
    "RGB, Deflate, predictor": (
        noise(),
        {"photometric": "rgb", "compression": "zlib", "predictor": True},
    ),
    "tiles": (noise(64, 96), {"photometric": "rgb", "tile": (32, 32)}),
    "alpha": (noise(channels=4), {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    "alpha of 16 bits": (
        noise(channels=4, **DEEP),
        {"photometric": "rgb", "extrasamples": ["unassalpha"]},
    ),
    "a fourth channel that is not alpha": (
        noise(channels=4),
        {"photometric": "rgb", "extrasamples": ["unspecified"]},
    ),
    "16 bits and a channel that is not alpha": (
        noise(channels=4, **DEEP),
        {"photometric": "rgb", "extrasamples": ["unspecified"]},
    ),
    "black and white": (noise(channels=1) > 127, {"photometric": "minisblack"}),
}


def _as_colour(name, array):
    if array.dtype == bool:
        array = array * np.uint8(255)
    white = np.iinfo(array.dtype).max
    if name == "white is zero":
        array = white - array
    if array.ndim == 2:
        array = np.repeat(array[..., np.newaxis], 3, axis=2)
    if array.shape[2] == 4:
        array = array[..., :3] if "not alpha" in name else over_white(array, white)
    return rounded(array) if white > 255 else array


@pytest.mark.parametrize("name", TIFFS)
def test_tiff_pixels_are_those_that_were_written(name):
    array, options = TIFFS[name]
    np.testing.assert_array_equal(as_rgb(seen(tiff(array, **options))), _as_colour(name, array))


def test_an_alpha_that_is_multiplied_already_is_not_multiplied_again():
    rgba = noise(channels=4)
    rgba[..., :3] = np.minimum(rgba[..., :3], rgba[..., 3:])
    data = tiff(rgba, photometric="rgb", extrasamples=["assocalpha"])
    wanted = rgba[..., :3].astype(int) + (255 - rgba[..., 3:].astype(int))
    np.testing.assert_allclose(as_rgb(seen(data)), wanted, atol=1)


REFUSED_TIFFS = {
    "floating-point": (noise(channels=1).astype(np.float32), {"photometric": "minisblack"}),
    "signed": (noise(channels=1).view(np.int8), {"photometric": "minisblack"}),
    "32 bits": (noise(channels=1).astype(np.uint32), {"photometric": "minisblack"}),
    "channels": (noise(channels=5), {"photometric": "rgb"}),
    "16 bits": (noise(channels=4, **DEEP), {"photometric": "separated"}),
}


@pytest.mark.parametrize("words", REFUSED_TIFFS)
def test_a_tiff_that_nobody_reads_right_is_refused_by_its_reason(words):
    array, options = REFUSED_TIFFS[words]
    with pytest.raises(PictureRefused, match=rf"kind that is not opened.*{words}.*PNG"):
        seen(tiff(array, **options))


def test_a_raw_photo_is_not_shown_as_its_preview():
    data = tiff(noise(), photometric="rgb", extratags=[(0xC612, 1, 4, b"\1\4\0\0", True)])
    with pytest.raises(PictureRefused, match=r"camera's raw file.*raw converter"):
        seen(data)


# --- GIF, AVIF, HEIC ---


def test_gif_shows_its_first_frame_and_says_that_there_are_more():
    frames = [smooth().quantize(16), ImageOps.invert(smooth()).quantize(16)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(as_rgb(seen(data)), np.asarray(frames[0].convert("RGB")))
    assert remarks(Picture("a.gif", data)) == (
        "a.gif holds more than one frame; the first one is used.",
    )


def test_a_transparent_gif_lies_over_white():
    image = smooth().quantize(16)
    data = encoded(image, "GIF", transparency=3)
    rgba = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert (rgba[..., 3] == 0).any()
    np.testing.assert_array_equal(as_rgb(seen(data)), over_white(rgba))


def test_a_frame_smaller_than_the_screen_lies_where_it_belongs():
    data = bytearray(encoded(smooth(8, 6).quantize(16), "GIF"))
    data[6:10] = struct.pack("<HH", 20, 12)
    at = data.index(b"\x2c\0\0\0\0")
    data[at + 1 : at + 5] = struct.pack("<HH", 5, 4)
    image = seen(bytes(data))
    wanted = np.full((12, 20, 3), 255, np.uint8)
    wanted[4:10, 5:13] = np.asarray(smooth(8, 6).quantize(16).convert("RGB"))
    np.testing.assert_array_equal(as_rgb(image), wanted)


def test_the_first_frame_of_a_webp_lies_where_it_belongs():
    frames = [smooth(), ImageOps.invert(smooth())]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    data = bytearray(data)
    canvas = data.index(b"VP8X") + 12
    data[canvas : canvas + 6] = (99).to_bytes(3, "little") + (79).to_bytes(3, "little")
    first = data.index(b"ANMF") + 8
    data[first : first + 6] = (5).to_bytes(3, "little") + (7).to_bytes(3, "little")
    wanted = np.full((80, 100, 3), 255, np.uint8)
    wanted[14:46, 10:58] = np.asarray(smooth())
    np.testing.assert_array_equal(as_rgb(seen(bytes(data))), wanted)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("kind", ["AVIF", "HEIC"])
def test_avif_and_heic_show_the_picture(kind, mode):
    image = smooth().convert(mode)
    if mode == "RGBA":
        image.putalpha(smooth().getchannel("R"))
    data = heic(image) if kind == "HEIC" else encoded(image, "AVIF", quality=90)
    rgba = np.asarray(image.convert("RGBA"))
    difference = as_rgb(seen(data)).astype(int) - over_white(rgba)
    assert np.abs(difference).mean() < 4


def test_heic_of_tiles_is_put_together():
    image = smooth(160, 96)
    difference = as_rgb(seen(heic(image, grid_tile_size=64))).astype(int) - np.asarray(image)
    assert np.abs(difference).mean() < 5


# --- what lacks its end ---


def test_zeros_in_place_of_the_end_marker_cost_no_pixel():
    whole = encoded(smooth(), "JPEG", quality=90)
    for data in (whole[:-2] + bytes(64), whole + bytes(64)):
        np.testing.assert_array_equal(seen(data), seen(whole))


@pytest.mark.parametrize("progressive", [False, True])
def test_half_a_jpeg_is_refused_whatever_fills_it_up(progressive):
    whole = encoded(smooth(), "JPEG", quality=90, progressive=progressive)
    for filling in (b"", bytes(len(whole)), b"\x55" * 9):
        with pytest.raises(PictureRefused):
            seen(whole[: len(whole) * 3 // 4] + filling)


def test_a_progressive_jpeg_without_its_last_scan_is_refused():
    whole = encoded(smooth(), "JPEG", progressive=True)
    with pytest.raises(PictureRefused):
        seen(whole[: whole.rindex(b"\xff\xc4", 0, whole.rindex(b"\xff\xda"))])


def test_a_gif_without_its_trailer_is_shown_with_a_word():
    whole = encoded(smooth().quantize(16), "GIF")
    np.testing.assert_array_equal(seen(whole[:-1]), seen(whole))
    assert "lacks its end marker" in remarks(Picture("a", whole[:-1]))[0]
    with pytest.raises(PictureRefused):
        seen(whole[:-3])


# --- rare kinds of JPEG, and files that are no pictures ---


def rare_jpeg(marker, bits=8):
    data = encoded(smooth(), "JPEG")
    at = data.index(b"\xff\xc0")
    return (
        data[: at + 1]
        + bytes([marker])
        + data[at + 2 : at + 4]
        + bytes([bits])
        + data[at + 5 :]
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (rare_jpeg(0xC3), "lossless JPEG"),
        (rare_jpeg(0xC9), "arithmetic coding"),
        (rare_jpeg(0xC5), "hierarchical JPEG"),
        (rare_jpeg(0xC1, bits=12), "12 bits a channel"),
        (b"\0\0\0\x18ftypmp42" + bytes(40), "Video page"),
        (b"\x1a\x45\xdf\xa3" + bytes(40), "Video page"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "JPEG 2000"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "JPEG XL"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(40), "raw converter"),
    ],
)
def test_what_stays_refused_names_its_format_and_the_way_out(data, words):
    with pytest.raises(PictureRefused, match=words) as caught:
        seen(data)
    assert any(cure in str(caught.value) for cure in ("PNG", "Video page"))


# --- the same pixels in the scripts that are taken home ---


def _exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


SCRIPTED = {
    "grey of 2 bits with a hole": png(
        2, 0, [b"\x1b"] * 3, width=4, extra=chunk(b"tRNS", b"\0\1")
    ),
    "16 bits with a hole": png(
        16, 2, [bytes(range(24))], width=4, extra=chunk(b"tRNS", bytes(range(6)))
    ),
    "alpha, turned": encoded(smooth().convert("RGBA"), "PNG", exif=_exif(6)),
    "turned behind its pixels": encoded(smooth(), "PNG")[:-12]
    + chunk(b"eXIf", _exif(6).tobytes()[6:])
    + chunk(b"IEND", b""),
    "XMP": encoded(smooth(), "JPEG", xmp=XMP),
    "no end": encoded(smooth(), "JPEG")[:-2],
    "BMP of 15 bits": bmp(
        noise(channels=1, dtype=np.uint16), header=40, masks=(0x7C00, 0x3E0, 0x1F)
    ),
    "BMP without alpha": bmp(
        noise(channels=4) & np.uint8([255, 255, 255, 0]), header=124, masks=MASKS
    ),
    "BMP with alpha": bmp(noise(channels=4), header=124, masks=MASKS),
    "CMYK": encoded(smooth().convert("CMYK"), "JPEG"),
    "animated PNG": encoded(smooth(), "PNG", save_all=True, append_images=[smooth().rotate(9)]),
    "animated WebP": encoded(
        smooth(), "WEBP", save_all=True, append_images=[smooth().rotate(9)], lossless=True
    ),
    "GIF": encoded(smooth().quantize(16), "GIF", transparency=2),
    "TIFF of 16 bits": tiff(noise(dtype=np.uint16), photometric="rgb"),
    "AVIF": encoded(smooth(), "AVIF", exif=_exif(8)),
    "HEIC": heic(smooth()),
}


@pytest.mark.parametrize("kind", SCRIPTED)
def test_a_script_reads_the_same_pixels(kind, tmp_path):
    picture = Picture("photo of mine.orig", SCRIPTED[kind])
    recipe = imread_recipe(picture)
    path = tmp_path / recipe.picture_name
    path.write_bytes(data_for_scripts(picture))
    names = {"cv2": cv2, "np": np, "path": str(path)}
    exec("\n".join(recipe.lines), names)
    np.testing.assert_array_equal(names["image"], decode_picture(picture))
    assert path.suffix == (".png" if recipe.as_png else ".orig")
