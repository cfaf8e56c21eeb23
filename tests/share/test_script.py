"""The scripts run alone, as a visitor runs them, and make the blob to the last byte."""

import io
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from core.blob.batch import make_batch
from core.blob.make import make_blob
from core.blob.spec import PRESETS, BlobSpec
from core.nets.catalog import catalog
from core.picture.image import Picture, decode_picture
from core.picture.recipe import ImreadRecipe, data_for_scripts, imread_recipe
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.share.arrays import npy
from core.share.script import batch_lines, blob_lines, script

# runs each script as its own program, one after the other: importing cv2 is what takes time
DRIVER = """
import json, os, runpy, sys
for folder, picture in json.loads(sys.stdin.read()):
    os.chdir(folder)
    sys.argv = ["script.py", *picture]
    runpy.run_path("script.py", run_name="__main__")
assert not [name for name in sys.modules if name.split(".")[0] in ("core", "PIL", "streamlit")]
"""

SCALES = (1 / 58.395, 1 / 57.12, 1 / 57.375)
WIDE, TALL = Size(96, 40), Size(33, 70)
SPECS = {
    **{preset.name: preset.spec for preset in PRESETS},
    **{card.name: card.blob for card in catalog()},
    "own size": BlobSpec(scalefactor=(0.017,) * 3),
    "own size letterbox": BlobSpec(fit="letterbox", anchor="top-left", scalefactor=(0.1,) * 3),
    "own size NHWC crop": BlobSpec(fit="crop", layout="NHWC"),
    "letterbox": BlobSpec(
        size=WIDE, fit="letterbox", pad_value=(1.0, 2.5, 3.0), mean=(9, 8, 7)
    ),
    "rounded": BlobSpec(size=TALL, fit="letterbox, rounded", pad_value=(1, 2, 3)),
    "rounded top-left": BlobSpec(size=WIDE, fit="letterbox, rounded", anchor="top-left"),
    "top-left": BlobSpec(size=TALL, fit="letterbox", anchor="top-left", pad_value=(1, 2, 3)),
    "top-left NHWC": BlobSpec(
        size=WIDE,
        fit="letterbox",
        anchor="top-left",
        layout="NHWC",
        std=(3, 2, 1),
        swap_rb=True,
    ),
    "std": BlobSpec(size=TALL, mean=(1, 2, 3), std=(0.229, 0.224, 0.225), swap_rb=True),
    "a scale for each channel": BlobSpec(size=WIDE, scalefactor=SCALES, fit="crop"),
    "a scale for each channel, NHWC": BlobSpec(
        size=WIDE, scalefactor=SCALES, mean=(123.675, 116.28, 103.53), layout="NHWC"
    ),
    "grey": BlobSpec(
        size=TALL,
        channels=1,
        swap_rb=True,
        mean=(127.5,) * 3,
        scalefactor=(0.01,) * 3,
        std=(0.5,) * 3,
    ),
    "grey letterbox": BlobSpec(size=WIDE, channels=1, fit="letterbox", pad_value=(9.0,) * 3),
    "grey top-left NHWC": BlobSpec(
        size=TALL, channels=1, fit="letterbox", anchor="top-left", layout="NHWC"
    ),
    "bytes": BlobSpec(size=WIDE, ddepth="uint8", swap_rb=True),
    "bytes NHWC letterbox": BlobSpec(size=TALL, ddepth="uint8", layout="NHWC", fit="letterbox"),
    "ugly numbers": BlobSpec(scalefactor=(-1e-30,) * 3, mean=(-0.1, 1e30, 7), std=(1e-3, 1, 9)),
}


def noise(*shape, dtype=np.uint8):
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype)
    return cv2.GaussianBlur(pixels, (5, 5), 0)


def encoded(extension, pixels):
    return Picture(f"noise{extension}", cv2.imencode(extension, pixels)[1].tobytes())


def pillow(extension, pixels, **options):
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, **options)
    return Picture(f"noise{extension}", file.getvalue())


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return pillow(".jpg", noise(30, 50, 3), format="JPEG", exif=exif)


PICTURES = {
    "photo.png": sample_picture("cat"),
    "photo.jpg": sample_picture("rocket"),
    "turned.jpg": turned(6),
    "mirrored.jpg": turned(5),
    "grey.jpg": pillow(".jpg", noise(30, 50), format="JPEG"),
    "cmyk.jpg": pillow(".jpg", Image.fromarray(noise(30, 50, 4), "CMYK"), format="JPEG"),
    "grey.png": encoded(".png", noise(30, 50)),
    "palette.png": pillow(".png", Image.fromarray(noise(30, 50, 3)).quantize(16), format="PNG"),
    "photo.webp": pillow(".webp", noise(30, 50, 3), format="WEBP"),
    "photo.bmp": encoded(".bmp", noise(30, 50, 3)),
    "deep.png": encoded(".png", noise(30, 50, 3, dtype=np.uint16)),
    "deep-grey.png": encoded(".png", noise(30, 50, dtype=np.uint16)),
    "alpha.png": encoded(".png", noise(30, 50, 4)),
    "deep-alpha.png": encoded(".png", noise(30, 50, 4, dtype=np.uint16)),
    "alpha.webp": pillow(".webp", noise(30, 50, 4), format="WEBP", lossless=True),
    'a "quoted" \\ "".png': encoded(".png", noise(30, 50, 3)),
}


def jobs():
    simple = BlobSpec(size=Size(20, 20))
    small = Picture("small.png", encoded(".png", noise(61, 83, 3)).data)
    yield from ((picture, name, simple) for name, picture in PICTURES.items())
    yield from ((small, "small.png", spec) for spec in SPECS.values())
    yield from (
        (PICTURES["photo.png"], "photo.png", spec)
        for spec in dict.fromkeys(SPECS.values())
        if spec.size
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run all scripts in one bare interpreter; (picture name, spec) -> the bytes written."""
    folders, runs = {}, []
    for picture, name, spec in jobs():
        folder = tmp_path_factory.mktemp("script")
        named = Picture(name, picture.data)
        recipe = imread_recipe(named)
        (folder / recipe.picture_name).write_bytes(data_for_scripts(named))
        code = script(spec, recipe)
        (folder / "script.py").write_text(code, encoding="utf-8")
        folders[name, spec] = folder
        runs.append((str(folder), [] if len(runs) % 2 else [recipe.picture_name]))
    bare = [sys.executable, "-I", "-W", "error", "-c", DRIVER]
    subprocess.run(
        bare,
        input=json.dumps(runs),
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=300,
    )
    return {job: (folder / "blob.npy").read_bytes() for job, folder in folders.items()}


@pytest.mark.parametrize("name", SPECS)
def test_the_script_of_every_spec_writes_the_blob_to_the_last_byte(name, made):
    spec = SPECS[name]
    picture = Picture("small.png", encoded(".png", noise(61, 83, 3)).data)
    assert made["small.png", spec] == npy(make_blob(decode_picture(picture), spec)[0])
    if spec.size:
        photo = decode_picture(PICTURES["photo.png"])
        assert made["photo.png", spec] == npy(make_blob(photo, spec)[0])


@pytest.mark.parametrize("name", PICTURES)
def test_the_script_reads_every_kind_of_picture_as_blobscope_does(name, made):
    spec = BlobSpec(size=Size(20, 20))
    assert made[name, spec] == npy(make_blob(decode_picture(PICTURES[name]), spec)[0])


def test_the_script_runs_from_the_command_line_on_the_picture_it_is_given(tmp_path):
    (tmp_path / "script.py").write_text(script(PRESETS[0].spec, ImreadRecipe("elsewhere.png")))
    (tmp_path / "mine.png").write_bytes(sample_picture("coffee").data)
    subprocess.run(
        [sys.executable, "-I", "script.py", "mine.png"], cwd=tmp_path, check=True, timeout=60
    )
    blob, _ = make_blob(decode_picture(sample_picture("coffee")), PRESETS[0].spec)
    assert (tmp_path / "blob.npy").read_bytes() == npy(blob)


def test_a_name_that_looks_like_code_stays_a_name():
    evil = 'x.png"\nimport os\nos.system("boom")\n# """ \u202e'
    names = [
        line for line in script(BlobSpec(), ImreadRecipe(evil)).splitlines() if "boom" in line
    ]
    assert len(names) == 1
    assert names[0].startswith("path = ")
    compile(script(BlobSpec(), ImreadRecipe(evil)), "script.py", "exec")


def test_a_preset_needs_one_call_and_no_argument_it_does_not_change():
    assert blob_lines(PRESETS[1].spec) == (
        "blob = cv2.dnn.blobFromImage(image, size=(300, 300), mean=(104, 177, 123))",
    )


@pytest.mark.parametrize("name", SPECS)
def test_scripts_are_short(name):
    assert len(script(SPECS[name]).splitlines()) <= 26


@pytest.mark.parametrize("name", SPECS)
def test_the_lines_for_several_pictures_make_the_batch_and_take_it_apart(name):
    sizes = [(61, 83), (61, 83)] if SPECS[name].size is None else [(61, 83), (40, 33)]
    images = [noise(*size, 3) for size in sizes]
    names = {"cv2": cv2, "np": np, "images": list(images)}
    exec("\n".join(batch_lines(SPECS[name])), names)
    expected, _ = make_batch(images, SPECS[name])
    assert npy(names["blob"]) == npy(expected)
    last = expected if SPECS[name].layout == "NHWC" else expected.transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(np.reshape(names["parts"], last.shape), last)
