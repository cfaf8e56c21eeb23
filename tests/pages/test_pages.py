"""What a visitor is promised, page by page."""

from threading import Timer

import cv2
import numpy as np
import pytest

from core.blob.make import make_blob
from core.blob.spec import PRESETS
from core.errors import DownloadFailed
from core.nets import engine
from core.nets.catalog import card_named, cards, catalog
from core.nets.downloads import download, present, running, start_download
from core.picture.image import decode_picture
from core.picture.samples import sample_picture, samples
from tests.shared import NETS, needs_shared
from tests.shelf import serving

PAGES = ("home", "blob", "classification", "detection", "experiments")


def shown(app, media, alt: str) -> np.ndarray:
    """Decode the picture with this description."""
    (image,) = (each for each in app.image if each.proto.imgs[0].alt == alt)
    name = image.proto.imgs[0].url.rsplit("/", 1)[-1]
    return cv2.imdecode(np.frombuffer(media[name], np.uint8), cv2.IMREAD_COLOR)


def metric(app, label: str) -> str:
    (value,) = (each.value for each in app.metric if each.label == label)
    return value


def photo() -> bytes:
    picture = np.zeros((60, 90, 3), np.uint8)
    picture[:, 30:] = (0, 0, 255)
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_a_result_with_no_download_and_no_click(page, visit):
    app = visit(page)
    assert len(app.title) == 1
    assert len(app.image) >= 2
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("sample", [sample.name for sample in samples()])
def test_every_page_takes_every_sample(page, sample, visit):
    assert not visit(page, sample=sample).error


@pytest.mark.parametrize("page", PAGES)
def test_an_upload_is_used_on_this_page_and_kept_on_the_next(page, visit):
    app = visit(page, source="upload")
    app.file_uploader(key="picture.upload").upload("mine.png", photo(), "image/png")
    assert not app.run().error
    other = "blob" if page != "blob" else "classification"
    app.switch_page(f"pages/{other}.py").run()
    app.segmented_control(key="picture").set_value("upload").run()  # a browser remembers it
    assert any("Kept from before: mine" in each.value for each in app.caption)
    assert any("90 x 60" in str(each.captions) for each in app.image)


def test_of_several_uploads_the_visitor_chooses_one(visit):
    app = visit("blob", source="upload")
    uploader = app.file_uploader(key="picture.upload")
    uploader.upload("red.png", photo(), "image/png")
    tall = cv2.imencode(".png", np.zeros((80, 20, 3), np.uint8))[1].tobytes()
    uploader.upload("tall.png", tall, "image/png")
    app.run()
    app.selectbox(key="picture.number").select_index(1).run()
    assert any("20 x 80" in str(each.captions) for each in app.image)


def test_a_snapshot_is_a_picture_like_any_other(visit):
    app = visit("classification", source="camera")
    frame = cv2.imencode(".jpg", np.zeros((60, 90, 3), np.uint8))[1].tobytes()
    app.camera_input[0].upload("snapshot.jpg", frame, "image/jpeg").run()
    assert not app.error
    assert any("90 x 60" in str(each.captions) for each in app.image)


@pytest.mark.parametrize("page", PAGES)
def test_a_file_that_is_no_picture_gets_a_sentence_and_the_page_lives(page, visit):
    app = visit(page, source="upload")
    uploader = app.file_uploader(key="picture.upload")
    uploader.upload("![x](http://evil).png", b"<svg></svg>", "image/png").run()
    (error,) = (each.value for each in app.error)
    assert "SVG" in error
    assert "![x](" not in error  # an upload's name never becomes a picture or a link
    uploader = app.file_uploader(key="picture.upload")
    uploader.clear().upload("mine.png", photo(), "image/png").run()
    assert not app.error


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
    assert metric(app, "difference to cv2.dnn") == "0"


@pytest.mark.parametrize("title", [preset.title for preset in PRESETS])
def test_a_preset_turns_every_knob(title, visit):
    app = visit("blob")
    app.selectbox(key="blob.preset").set_value(title).run()
    spec = next(preset.spec for preset in PRESETS if preset.title == title)
    shape = f"1 x 3 x {spec.size.height} x {spec.size.width}"
    assert metric(app, "shape N x C x H x W") == shape
    assert app.toggle(key="blob.swapRB").value == spec.swap_rb
    assert metric(app, "difference to cv2.dnn") == "0"


@pytest.mark.parametrize("model", catalog(), ids=lambda model: model.name)
def test_the_preset_of_every_card_makes_that_cards_blob(model, visit):
    app = visit("blob")
    app.selectbox(key="blob.preset").set_value(model.title).run()
    assert not app.error
    image = decode_picture(sample_picture(samples()[0].name))
    blob, _ = make_blob(image, model.blob)
    assert metric(app, "shape N x C x H x W") == " x ".join(map(str, blob.shape))
    table = app.dataframe[0].value
    np.testing.assert_allclose(table["max"], blob.max(axis=(0, 2, 3)), rtol=1e-6)


def test_a_link_restores_the_knobs(visit):
    app = visit(
        "blob",
        sample="coffee",
        blob__width="320",
        blob__height="200",
        blob__fit="letterbox",
        blob__mean="104, 117, 123",
        blob__scalefactor="0.017",
        blob__layout="NHWC",
    )
    assert metric(app, "shape N x H x W x C") == "1 x 200 x 320 x 3"
    assert app.text_input(key="blob.mean").value == "104, 117, 123"
    assert app.segmented_control(key="blob.fit").value == "letterbox"
    assert any("600 x 400" in str(each.captions) for each in app.image)


def test_knobs_that_opencv_would_refuse_get_a_sentence_and_stay(visit):
    app = visit("blob")
    app.text_input(key="blob.std").set_value("0").run()
    assert "above 0" in app.error[0].value
    app.text_input(key="blob.std").set_value("a half").run()
    assert "fraction" in app.error[0].value
    app.text_input(key="blob.std").set_value("0.5").run()
    assert not app.error


@needs_shared
def test_classification_names_the_cat_and_its_confidence(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = visit("classification", classification__model="SqueezeNet v1.1")
    assert any("cat" in each.value and "%" in each.value for each in app.markdown)
    table = app.dataframe[0].value
    assert table["label"][0] == "Egyptian cat"
    assert table["confidence"].is_monotonic_decreasing
    app.slider(key="classification.k").set_value(8).run()
    assert len(app.dataframe[0].value) == 8


@needs_shared
def test_limits_that_shrink_take_their_values_along(visit):
    download(card_named("squeezenet-v1.1-fp16-onnx"))
    app = visit("classification", classification__model="SqueezeNet v1.1")
    app.slider(key="classification.k").set_value(20).run()
    app.selectbox(key="classification.model").set_value("Dominant colour").run()
    assert not app.exception
    assert len(app.dataframe[0].value) == 12
    app = visit("blob")
    app.number_input(key="blob.x").set_value(200).run()
    app.number_input(key="blob.width").set_value(64).run()
    assert not app.exception
    assert app.number_input(key="blob.x").value < 64


@needs_shared
def test_moving_a_slider_does_not_run_the_net(visit, monkeypatch):
    download(card_named("yolo-fastest-1.1-coco"))
    forwards = []
    local = engine.LocalEngine()

    class Counting:
        def infer(self, model, blob):
            forwards.append(model.name)
            return local.infer(model, blob)

    monkeypatch.setattr(engine, "engine", Counting)
    app = visit("detection", sample="motorcycle", detection__model="YOLO-Fastest 1.1")
    assert forwards.count("yolo-fastest-1.1-coco") > 0
    before = len(forwards)
    kept = int(metric(app, "kept after NMS"))
    app.slider(key="detection.yolo-fastest-1.1-coco.confidence").set_value(0.02).run()
    more = int(metric(app, "kept after NMS"))
    app.slider(key="detection.yolo-fastest-1.1-coco.iou").set_value(0.9).run()
    app.segmented_control(key="detection.nms").set_value("agnostic").run()
    app.segmented_control(key="detection.method").set_value("soft").run()
    app.multiselect(key="detection.yolo-fastest-1.1-coco.classes").set_value(["cat"]).run()
    assert not app.error
    assert more > kept >= 1
    assert len(forwards) == before


@needs_shared
def test_the_table_lists_what_the_picture_shows(visit):
    download(card_named("yolo-fastest-1.1-coco"))
    app = visit("detection", sample="motorcycle", detection__model="YOLO-Fastest 1.1")
    table = app.dataframe[0].value
    assert len(table) == int(metric(app, "kept after NMS"))
    assert table["label"][0] == "motorbike"
    (alt,) = (
        each.proto.imgs[0].alt
        for each in app.image
        if each.proto.imgs[0].alt.startswith("Result")
    )
    assert alt == "Result: " + ", ".join(table["label"])
    raw, confident = metric(app, "raw rows"), metric(app, "above confidence")
    assert int(raw.replace(",", "")) >= int(confident) >= len(table)


@needs_shared
def test_a_model_that_is_not_here_is_fetched_when_the_visitor_asks(visit):
    model = card_named("yolo-fastest-1.1-coco")
    app = visit("detection", detection__model=model.title)
    assert not present(model)
    assert not app.metric  # nothing ran
    app.button(key="detection.fetch").click().run()
    assert present(model)
    assert not app.error
    assert metric(app, "raw rows") == "1,500"


@needs_shared
def test_a_download_that_runs_needs_no_second_click(visit, monkeypatch):
    model = card_named("yolo-fastest-1.1-coco")
    with serving() as shelf:
        for file in model.files:
            path = f"{model.name}/{file.name}"
            shelf.files[f"/{path}"] = (NETS / path).read_bytes()
        shelf.moods = ["held"]
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("BLOBSCOPE_MIRROR", shelf.address)
        app = visit("detection")
        transfer = start_download(model)
        app.selectbox(key="detection.model").set_value(model.title)
        Timer(1, shelf.gate.set).start()
        app.run()
        assert transfer.wait(0)
        assert not app.error
        assert any("on this machine" in each.value for each in app.caption)
        assert metric(app, "raw rows") == "1,500"
        assert set(shelf.gets.values()) == {1}


def test_a_model_that_cannot_be_reached_gets_one_sentence(visit, monkeypatch, tmp_path):
    monkeypatch.setenv("BLOBSCOPE_MIRROR", str(tmp_path))
    app = visit("detection", detection__model="YOLO-Fastest 1.1")
    app.button(key="detection.fetch").click().run()
    assert "could not be reached" in app.error[0].value
    app.button(key="detection.fetch").click().run()  # it is there for the next try
    assert "could not be reached" in app.error[0].value
    with pytest.raises(DownloadFailed):
        download(card_named("yolo-fastest-1.1-coco"))
    assert running(card_named("yolo-fastest-1.1-coco")) is None


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_links_name_models_by_titles_so_titles_are_unique(task):
    titles = [model.title for model in cards(task)]
    assert len(set(titles)) == len(titles)
