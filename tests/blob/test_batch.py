import cv2
import numpy as np
import pytest

from core.blob import batch as batches
from core.blob.batch import batch_times, decode_together, images_from_batch, make_batch
from core.blob.make import image_from_blob, make_blob
from core.blob.spec import PRESETS, BlobSpec
from core.errors import BlobImpossible
from core.picture.samples import sample_picture
from core.picture.size import Size

SIZES = [(40, 60), (70, 30), (33, 50), (5, 9)]


def noise(height, width, *channels, dtype=np.uint8):
    values = np.random.default_rng(height).integers(0, 256, (height, width, *channels))
    return values.astype(dtype)


def images(**options):
    return [noise(*size, 3, **options) for size in SIZES]


def specs():
    return list(each_spec())


def each_spec():
    numbers = {"mean": (1, 2, 3), "scalefactor": (0.5, 0.6, 0.7), "std": (1, 2, 4)}
    for fit in ("stretch", "crop", "letterbox"):
        for anchor in ("centre", "top-left"):
            for layout in ("NCHW", "NHWC"):
                shape = {"size": Size(50, 33), "fit": fit, "anchor": anchor, "layout": layout}
                shape |= {"pad_value": (1, 2, 3), "swap_rb": True}
                yield BlobSpec(**shape, **numbers)
                yield BlobSpec(**shape, ddepth="uint8")
    yield from (preset.spec for preset in PRESETS)


@pytest.mark.parametrize("spec", specs(), ids=str)
def test_a_batch_is_its_single_blobs_bit_for_bit(spec):
    batch, placements = make_batch(images(), spec)
    singles = [make_blob(image, spec) for image in images()]
    assert batch.dtype == singles[0][0].dtype
    np.testing.assert_array_equal(batch, np.concatenate([blob for blob, _ in singles]))
    assert placements == tuple(placement for _, placement in singles)
    assert not batch.flags.writeable


@pytest.mark.parametrize("spec", specs(), ids=str)
def test_the_pictures_come_back_out_of_a_batch(spec):
    batch, _ = make_batch(images(), spec)
    seen = images_from_batch(batch, spec)
    assert len(seen) == len(SIZES)
    for image, back in zip(images(), seen, strict=True):
        alone = image_from_blob(make_blob(image, spec)[0], spec)
        np.testing.assert_array_equal(back, alone)
        if spec.fit == "stretch" and spec.size:
            np.testing.assert_array_equal(back, cv2.resize(image, spec.size.cv2))


def test_pictures_of_one_size_need_none_in_the_spec():
    pair = [noise(8, 9, 3), noise(8, 9, 3)[::-1].copy()]
    batch, _ = make_batch(pair, BlobSpec())
    assert batch.shape == (2, 3, 8, 9)
    np.testing.assert_array_equal(images_from_batch(batch, BlobSpec()), pair)


@pytest.mark.parametrize("channels", [(), (1,)])
def test_grey_pictures_make_a_batch_too(channels):
    batch, _ = make_batch([noise(8, 9, *channels), noise(7, 6, 1)], BlobSpec(size=Size(9, 8)))
    assert batch.shape == (2, 1, 8, 9)
    seen = images_from_batch(batch, BlobSpec())
    np.testing.assert_array_equal(seen[0], np.repeat(noise(8, 9, 1), 3, axis=2))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_batch_leaves_the_callers_images_alone(layout, dtype):
    given, before = images(dtype=dtype), images(dtype=dtype)
    make_batch(given, BlobSpec(Size(9, 9), (0.5,) * 3, (1, 2, 3), (2, 2, 2), layout=layout))
    for image, same in zip(given, before, strict=True):
        np.testing.assert_array_equal(image, same)


IMPOSSIBLE = {
    "nothing": ([], BlobSpec(), "at least one picture"),
    "different sizes and none in the spec": (images(), BlobSpec(), "4 different ones"),
    "grey among colours": ([noise(9, 9), noise(9, 9, 3)], BlobSpec(size=Size(9, 9)), "1, 3"),
    "one that alone is refused": ([noise(9, 9, 2)], BlobSpec(), "1, 3 or 4 channels"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_impossible_batch_is_refused_with_a_sentence(name):
    given, spec, words = IMPOSSIBLE[name]
    with pytest.raises(BlobImpossible, match=words):
        make_batch(given, spec)


def test_a_batch_beyond_the_memory_is_refused_before_it_is_made():
    with pytest.raises(BlobImpossible, match=r"805 MB of float32; the limit is 256 MB"):
        make_batch(images(), BlobSpec(size=Size(4096, 4096)))


def test_batch_and_singles_are_timed_on_the_same_work(monkeypatch):
    made = []
    monkeypatch.setattr(batches, "make_batch", lambda _given, spec: made.append(("all", spec)))
    monkeypatch.setattr(batches, "make_blob", lambda _image, spec: made.append(("one", spec)))
    times = batch_times(images(), PRESETS[0].spec, repeats=2)
    assert [kind for kind, _ in made] == ["all", *["one"] * 4] * 2
    assert min(times.batch, times.singles) >= 0


def test_pictures_beyond_the_memory_are_refused_before_the_rest_is_decoded(monkeypatch):
    pictures = [sample_picture(name) for name in ("cat", "coffee", "cat", "cat")]
    shapes = [image.shape for image in decode_together(pictures)]
    assert shapes == [(300, 451, 3), (400, 600, 3), (300, 451, 3), (300, 451, 3)]
    monkeypatch.setattr(batches, "MAX_BATCH_PIXELS", 400_000)
    with pytest.raises(BlobImpossible, match="first 3 of these 4 pictures"):
        decode_together(pictures)
