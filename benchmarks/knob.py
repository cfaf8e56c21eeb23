"""What a changed knob on the Blob page costs the server: 12-megapixel photo, 640 x 640 blob.

    python -m benchmarks.knob

The page is run as a visitor runs it, through app.py. "changed" turns a knob to a value it
never had, "again" draws the page with everything remembered; 150 ms are the promise. The
page is measured as it opens, with the last stage in the strip, and with the pixel
arithmetic open, which sends the browser every number of the blob.
"""

import statistics
import time

import cv2
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.picture.image import decode_picture
from core.picture.samples import sample_picture

ROUNDS = 9
TWELVE_MEGAPIXELS = (4000, 3000)


def large_photo() -> bytes:
    """Enlarge a sample to the size that phones take."""
    photo = cv2.resize(
        decode_picture(sample_picture("coffee")),
        TWELVE_MEGAPIXELS,
        interpolation=cv2.INTER_CUBIC,
    )
    return cv2.imencode(".jpg", photo)[1].tobytes()


def milliseconds(app: AppTest) -> float:
    """Run the page once more."""
    begin = time.perf_counter()
    app.run()
    assert not app.exception, app.exception
    assert not app.error, app.error[0].value
    return 1e3 * (time.perf_counter() - begin)


def measure(app: AppTest, title: str, *, first: int) -> None:
    """Turn a knob to new values, and print the median and the minimum of both."""
    changed, again = [], []
    for number in range(first, first + ROUNDS):
        app.text_input(key="blob.scalefactor").set_value(f"1/{number}")
        changed.append(milliseconds(app))
        again.append(milliseconds(app))
    for word, times in (("changed", changed), ("again", again)):
        print(
            f"{title:17} {word:8} median {statistics.median(times):5.0f} ms, "
            f"least {min(times):5.0f} ms"
        )


def main() -> None:
    """Print the times of the page in its three states."""
    app = AppTest.from_file("../app.py", default_timeout=60)
    app.query_params.update({"blob.width": "640", "blob.height": "640"})
    app.run()
    app.switch_page("pages/blob.py").run()
    app.segmented_control(key="picture").set_value("upload").run()
    app.file_uploader(key="picture.upload").upload("large.jpg", large_photo(), "image/jpeg")
    milliseconds(app)
    measure(app, "as it opens", first=200)
    app.pagination(key="blob.stage").set_value(8).run()
    measure(app, "last stage", first=300)
    app.session_state["blob.lab"] = True
    milliseconds(app)
    measure(app, "pixel arithmetic", first=400)
    st.cache_resource.clear()


if __name__ == "__main__":
    main()
