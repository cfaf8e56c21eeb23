"""The planes on the page are the blob of cv2."""

import numpy as np

from core.blob.make import make_blob
from core.blob.spec import PRESETS
from core.picture.image import decode_picture
from core.picture.samples import sample_picture, samples
from tests.pages.screen import metric, shown


def test_the_planes_on_the_blob_page_are_the_blob_of_cv2(visit, media):
    app = visit("blob", blob__scale="per plane", blob__colours="grey")
    image = decode_picture(sample_picture(samples()[0].name))
    blob, _ = make_blob(image, PRESETS[0].spec)
    for index, channel in enumerate("RGB"):
        plane = blob[0, index]
        seen = shown(app, media, f"Plane {channel}")[..., 0].astype(np.float64)
        grown = plane.repeat(seen.shape[0] // plane.shape[0], axis=0)
        grown = grown.repeat(seen.shape[1] // plane.shape[1], axis=1)
        value = (seen - 1) / 254 * (plane.max() - plane.min()) + plane.min()
        step = (plane.max() - plane.min()) / 254  # an eye sees 254 greys, not float32
        np.testing.assert_allclose(value, grown, atol=2 * step)
    assert metric(app, "Max difference to cv2.dnn") == "0"
