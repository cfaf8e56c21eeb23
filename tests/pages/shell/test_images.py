"""Pictures reach the browser as they were encoded."""

import cv2
import numpy as np
from streamlit.testing.v1 import AppTest

from core.blob.make import image_from_blob, make_blob
from core.blob.spec import BlobSpec
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.render.encode import jpeg
from tests.pages.screen import shown


def script(image, encoded, picture, blob, spec):
    from pages.components.shell.images import show_exact, show_jpeg, show_seen

    show_exact(image, alt="exact")
    show_jpeg(encoded, alt="encoded")
    show_seen(picture, blob, spec)


def test_nothing_is_encoded_twice_and_exact_pixels_stay(media):
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    picture = sample_picture("cat")
    photo, spec = decode_picture(picture), BlobSpec(Size(64, 64))
    blob, _ = make_blob(photo, spec)
    encoded = jpeg(photo)
    given = (image, encoded, picture, blob, spec)
    app = AppTest.from_function(script, args=given, default_timeout=60).run()
    assert not app.exception
    np.testing.assert_array_equal(shown(app, media, "exact"), image)
    assert encoded in media.values()
    seen = shown(app, media, "What the net sees")
    size = seen.shape[1::-1]
    wanted = cv2.resize(image_from_blob(blob, spec), size, interpolation=cv2.INTER_NEAREST)
    np.testing.assert_array_equal(seen, wanted)
