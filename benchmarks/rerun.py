"""What a result page costs when it is drawn once more: 12-megapixel photo, outputs cached.

    python -m benchmarks.rerun          (real nets too, where their files are; see README)

The pages are run as a visitor runs them, through app.py: "slider" moves a threshold, "again"
changes nothing. The issue allows 60 ms. On a busy machine, the processor's time is the
one to look at.
"""

import statistics
import time

import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks.knob import large_photo
from core.nets.card import ModelCard
from core.nets.catalog import card_named
from core.nets.downloads import present

ROUNDS = 25
PAGES = (
    (
        "classification",
        "classification.k",
        ("starter-classifier-onnx", "squeezenet-v1.1-fp16-onnx"),
    ),
    (
        "detection",
        "detection.{model}.confidence",
        ("starter-detector-darknet", "yolo-fastest-1.1-coco", "yolox-nano-onnx"),
    ),
)


def milliseconds(app: AppTest) -> tuple[float, float]:
    """Run the page once more; return the time on the clock and that of the processor."""
    begin = time.perf_counter(), time.process_time()
    app.run()
    end = time.perf_counter(), time.process_time()
    assert not app.exception, app.exception
    assert not app.error, app.error[0].value
    return 1e3 * (end[0] - begin[0]), 1e3 * (end[1] - begin[1])


def measure(page: str, slider: str, model: ModelCard) -> None:
    """Print the medians of both."""
    app = AppTest.from_file("../app.py", default_timeout=60)
    app.query_params.update({f"{page}.model": model.title})
    app.run()
    app.switch_page(f"pages/{page}.py").run()
    app.segmented_control(key="picture").set_value("upload").run()
    app.file_uploader(key="picture.upload").upload("large.jpg", large_photo(), "image/jpeg")
    milliseconds(app)
    moved, again = [], []
    for number in range(ROUNDS):
        knob = app.slider(key=slider.format(model=model.name))
        knob.set_value(knob.value + knob.step * (1 if number % 2 else -1))
        moved.append(milliseconds(app))
        again.append(milliseconds(app))
    for word, times in (("slider", moved), ("again", again)):
        clock, processor = (statistics.median(each) for each in zip(*times, strict=True))
        print(
            f"{page:15} {model.name:27} {word:7} median {clock:5.1f} ms, "
            f"of the processor {processor:5.1f} ms"
        )
    st.cache_resource.clear()


def main() -> None:
    """Measure every page with each model whose files are here."""
    # an AppTest's server is a mock; asking it for the visitor's address takes 6 ms
    type(st.context).ip_address = None  # type: ignore[method-assign, assignment]
    for page, slider, names in PAGES:
        for model in map(card_named, names):
            if present(model):
                measure(page, slider, model)


if __name__ == "__main__":
    main()
