"""The scripts run alone, as a visitor runs them, and answer what the app answers."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pytest

from core.blob.spec import BlobSpec
from core.errors import BlobscopeError
from core.nets import engine
from core.nets.card import ModelCard, ModelFile
from core.nets.catalog import card_named, catalog
from core.nets.downloads import file_paths
from core.nets.net import with_low_thresholds
from core.outputs import Outputs
from core.picture.image import Picture
from core.picture.samples import sample_picture
from core.picture.size import Size
from core.pipeline import Thresholds, detect, ranking, run_model
from core.results.decoders import decode_outputs, decoder_lines
from core.results.layout import NetFacts
from core.share.detections import box_rows, class_names
from core.share.inference_script import (
    classification_script,
    detection_script,
    script_zip,
)
from core.share.model_files import packable
from core.share.provenance import Provenance
from core.share.ranking import ranking_csv
from tests.models.cards import card_of
from tests.results.layout_samples import SAMPLES
from tests.shared import IMAGES, NETS
from tests.shelf import serving

# runs each script as its own program, one after the other: importing cv2 is what takes time
DRIVER = """
import json, os, runpy, sys
for folder, name in json.loads(sys.stdin.read()):
    os.chdir(folder)
    sys.argv = [name]
    runpy.run_path(name, run_name="__main__")
assert not [name for name in sys.modules if name.split(".")[0] in ("core", "PIL", "streamlit")]
"""
PIXEL = 1.5e-3  # both are rounded to a thousandth
SURE = 2e-5  # more threads change the last digits of a float
# by name: all jobs are done together, and a new model must not break the others' tests
CLASSIFIERS = (
    "starter-classifier-caffe",
    "starter-classifier-darknet",
    "starter-classifier-onnx",
    "starter-classifier-tensorflow",
    "tiny-dominant-colour",
)
OURS = ("starter-detector-darknet", "tiny-blob-detector")
SHARED_DETECTORS = (
    "yolo-fastest-1.1-coco",
    "yolox-nano-onnx",
    "yolox-nano-v5-layout",
    "yolox-nano-v8-layout",
    "opencv-face-detector-uint8-tf-ssd",
    "yufacedetectnet-v2-caffe-ssd",
)
KNOBS = {
    "as the card says": None,
    "soft": Thresholds(0.2, 0.3, soft=True),
    "soft, agnostic": Thresholds(0.2, 0.3, per_class=False, soft=True),
    "agnostic": Thresholds(0.1, 0.3, per_class=False),
    "two classes": Thresholds(0.1, 0.5, class_ids=frozenset({0, 3})),
    "all rows": Thresholds(0.0, 1.0),
    "none": Thresholds(1.0, 0.45),
}


@dataclass(frozen=True, eq=False)
class Job:
    provenance: Provenance
    thresholds: Thresholds


def job(name: str, picture: Picture, thresholds=None, **changes) -> Job:
    model = card_of(name) if name in SHARED_DETECTORS else card_named(name)
    spec = replace(model.blob, **changes)
    run = run_model(picture, model, spec)
    own = Thresholds(model.confidence, model.iou)
    return Job(Provenance(picture, run), thresholds or own)


def jobs() -> dict[str, Job]:
    bikes, shapes = sample_picture("motorcycle"), sample_picture("colour-bars")
    made = {
        f"{name}, {knobs}": job(name, bikes, KNOBS[knobs]) for name in OURS for knobs in KNOBS
    }
    for fit in ("crop", "letterbox", "letterbox, rounded"):
        made[f"tiny, {fit}"] = job("tiny-blob-detector", bikes, fit=fit)
    made["tiny, top-left"] = job(
        "tiny-blob-detector", shapes, fit="letterbox", anchor="top-left", pad_value=(9, 8, 7)
    )
    for name in CLASSIFIERS:
        made[name] = job(name, sample_picture("cat"))
    if NETS.is_dir():
        street = Picture("street0.jpg", (IMAGES / "street0.jpg").read_bytes())
        face = sample_picture("astronaut")
        for name in SHARED_DETECTORS:
            made[name] = job(name, face if "face" in name else street)
        made["squeezenet"] = job("squeezenet-v1.1-fp16-onnx", sample_picture("cat"))
        made["tiny-darknet"] = job("tiny-darknet-imagenet", sample_picture("cat"))
    return made


def files_of(model: ModelCard) -> list[Path]:
    paths = file_paths(model)
    return [path for path in (paths.model, paths.config) if path]


@pytest.fixture(scope="module")
def done_jobs():
    """Set every job up; the real nets lie where a machine keeps downloaded ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLOBSCOPE_MODELS", str(NETS))
        engine.engine.cache_clear()
        yield jobs()
        engine.engine.cache_clear()


@pytest.fixture(scope="module")
def made(done_jobs, tmp_path_factory) -> dict[str, Path]:
    """Run all scripts in one bare interpreter; gives the folder of each."""
    folders, runs = {}, []
    for name, each in done_jobs.items():
        folder = folders[name] = tmp_path_factory.mktemp("script")
        (folder / each.provenance.picture.name).write_bytes(each.provenance.picture.data)
        (folder / "classes.txt").write_text(class_names(each.provenance.card), encoding="utf-8")
        for path in files_of(each.provenance.card):
            (folder / path.name).symlink_to(path)
        file = "classify.py" if each.provenance.card.task == "classification" else "detect.py"
        (folder / file).write_text(script_of(each), encoding="utf-8")
        runs.append((str(folder), file))
    subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", DRIVER],
        input=json.dumps(runs),
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=300,
    )
    return folders


def script_of(each: Job) -> str:
    if each.provenance.card.task == "classification":
        return classification_script(each.provenance, 5)
    return detection_script(each.provenance, each.thresholds)


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))


def test_every_script_finds_the_boxes_of_the_app(done_jobs, made):
    seen = []
    for name, each in done_jobs.items():
        if each.provenance.card.task != "detection":
            continue
        kept = detect(each.provenance.run, each.thresholds).kept
        wanted, got = box_rows(kept, each.provenance.card), rows(made[name] / "detections.csv")
        assert [row["label"] for row in got] == [row["label"] for row in wanted], name
        assert [int(row["class_id"]) for row in got] == [row["class_id"] for row in wanted]
        for column in ("x_min", "y_min", "x_max", "y_max", "confidence"):
            ours, theirs = ([float(row[column]) for row in both] for both in (wanted, got))
            close = SURE if column == "confidence" else PIXEL
            np.testing.assert_allclose(theirs, ours, rtol=0, atol=close, err_msg=name)
        assert (made[name] / "detections.png").is_file()
        seen.append(len(wanted))
    assert max(seen) > 100
    assert seen.count(0) <= 4, "most jobs must find something, or this proves nothing"


def test_every_script_ranks_the_classes_as_the_app_does(done_jobs, made):
    classifiers = [
        n for n, j in done_jobs.items() if j.provenance.card.task == "classification"
    ]
    assert {
        "starter-classifier-" + each for each in ("caffe", "darknet", "onnx", "tensorflow")
    } <= {*classifiers}
    for name in classifiers:
        each = done_jobs[name]
        wanted = list(
            csv.DictReader(io.StringIO(ranking_csv(ranking(each.provenance.run, 5).best)))
        )
        got = rows(made[name] / "ranking.csv")
        assert [(r["class_id"], r["label"]) for r in got] == [
            (r["class_id"], r["label"]) for r in wanted
        ]
        np.testing.assert_allclose(
            [float(r["confidence"]) for r in got],
            [float(r["confidence"]) for r in wanted],
            atol=SURE,
        )


def test_the_script_lets_all_rows_through_as_blobscope_does(done_jobs):
    """Darknet's files bring thresholds of their own, which would hide rows."""
    cfg = "[net]\nthresh_of_mine=1\n[yolo]\nthresh = .6\nignore_thresh=.7\nnms_threshold=0.4\n"
    cfg = cfg.replace(" = ", "=")
    names = {"re": re, "cfg": cfg + "[convolutional]\n[ yolo ] ; two\nclasses=3\n"}
    wanted = with_low_thresholds(names["cfg"].encode()).decode().split()
    lines = script_of(done_jobs["starter-detector-darknet, none"]).splitlines()
    kept = ("cfg = re.sub", "head = ")
    exec("\n".join(line for line in lines if line.startswith(kept)), names)
    assert names["cfg"].split() == wanted
    assert "thresh=0.001" in wanted


@pytest.mark.parametrize(
    "model", [each for each in catalog() if each.shipped], ids=lambda each: each.name
)
def test_each_shipped_model_gets_a_script_or_a_sentence(model):
    picture = sample_picture("cat")
    try:
        provenance = Provenance(picture, run_model(picture, model))
        if model.task == "classification":
            code = classification_script(provenance, 3)
        else:
            code = detection_script(provenance, Thresholds())
    except BlobscopeError as error:
        code, sentence = "", str(error)
    else:
        sentence = "A script."
    compile(code, "script.py", "exec")
    assert sentence.endswith(".")


def test_scripts_are_short_and_no_line_is_wide(done_jobs):
    for name, each in done_jobs.items():
        lines = script_of(each).splitlines()
        assert len(lines) <= 120, name
        code = [
            line for line in lines if not line.startswith(("#", "    net = ", "        'http"))
        ]
        assert max(map(len, code)) <= 100, name


CELLS = 12 * 8 + 6 * 4 + 3 * 2
RANDOM_SHAPES = {
    "darknet": [(6, 12), (24, 12)],
    "ssd": [(1, 1, 9, 7)],
    "yolov5": [(1, 3 * CELLS, 12)],
    "yolox": [(1, CELLS, 12)],
    "yolov8": [(1, 11, CELLS)],
    "end-to-end": [(1, 9, 6)],
    "yolov2": [(1, 2 * 12, 2, 3)],
}


def random_outputs(layout: str) -> tuple[Outputs, Size]:
    """Outputs of a net that knows seven classes and sees 96 x 64 pixels."""
    size, random = Size(96, 64), np.random.default_rng(3)
    arrays = [random.normal(size=shape).astype(np.float32) for shape in RANDOM_SHAPES[layout]]
    if layout == "end-to-end":
        arrays[0][..., 5] = random.integers(0, 7, 9)
    if layout == "ssd":
        arrays[0][..., 0], arrays[0][..., 1] = [0] * 6 + [-1] * 3, random.integers(0, 7, 9)
    return Outputs({f"out{number}": array for number, array in enumerate(arrays)}), size


@pytest.mark.parametrize("layout", RANDOM_SHAPES)
def test_the_lines_decode_whatever_a_net_answers_as_the_decoder_does(layout):
    outputs, size = random_outputs(layout)
    anchors = ((1.5, 2.0), (0.5, 3.25))
    expected = decode_outputs(outputs, NetFacts(size, anchors), layout)
    names = {"np": np, "outputs": dict(outputs), "into": np.array(size.cv2)}
    exec("\n".join(decoder_lines(outputs, NetFacts(size, anchors), layout)), names)
    np.testing.assert_allclose(names["xyxy"], expected.xyxy, rtol=1e-6)
    np.testing.assert_allclose(names["confidences"], expected.confidence, rtol=1e-6)
    assert names["class_ids"].tolist() == expected.class_id.tolist()


@pytest.mark.parametrize("layout", ["yolov5", "yolov8"])
def test_the_numbers_of_masks_are_no_classes_in_the_script_either(layout):
    outputs, size = random_outputs(layout)
    with_masks = Outputs({**outputs, "masks": np.zeros((1, 3, 8, 8), np.float32)})
    expected = decode_outputs(with_masks, NetFacts(size), layout)
    names = {"np": np, "outputs": dict(outputs), "into": np.array(size.cv2)}
    exec("\n".join(decoder_lines(with_masks, NetFacts(size), layout)), names)
    assert names["class_ids"].tolist() == expected.class_id.tolist()
    assert max(names["class_ids"]) <= 3


def test_a_layout_on_auto_becomes_the_one_that_was_recognised():
    sample = SAMPLES["yolov8"]
    lines = decoder_lines(sample.outputs, sample.net_facts, "auto")
    assert lines == decoder_lines(sample.outputs, sample.net_facts, "yolov8")


def test_names_that_look_like_code_stay_names(done_jobs):
    honest = done_jobs["tiny-blob-detector, two classes"]
    evil = 'x"\nimport os\nos.system("boom") # \u2028\u202e'
    odd = replace(honest.provenance.card, title=evil, labels=(evil,) * 7)
    renamed = replace(honest.provenance.picture, name=evil)
    provenance = Provenance(renamed, replace(honest.provenance.run, card=odd))
    code = detection_script(provenance, honest.thresholds)
    compile(code, "detect.py", "exec")
    said = [line for line in code.splitlines() if "boom" in line]
    assert len(said) == 3, "the picture's name, the title and the classes, a line each"
    assert all(line.startswith(("#", "path = ", "sure = ")) for line in said)


def test_the_zip_runs_where_it_is_unpacked(done_jobs, tmp_path):
    each = done_jobs["starter-classifier-onnx"]
    renamed = replace(each.provenance.picture, name="../my <photo>.png")
    provenance = replace(each.provenance, picture=renamed)
    code = classification_script(provenance, 3)
    packed = script_zip(code, "classify.py", renamed, provenance.card)
    assert packed == script_zip(code, "classify.py", renamed, provenance.card)
    ZipFile(io.BytesIO(packed)).extractall(tmp_path)
    said = subprocess.run(
        [sys.executable, "-I", "classify.py"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    best = ranking(each.provenance.run, 3).best
    assert [line.rpartition(" ")[0] for line in said.splitlines()] == [b.label for b in best]


def test_the_zip_holds_no_files_of_other_peoples_models():
    code, model = "# nothing", card_named("yolox-nano-onnx")
    packed = script_zip(code, "detect.py", sample_picture("cat"), model)
    assert set(ZipFile(io.BytesIO(packed)).namelist()) == {
        "detect.py",
        "chelsea.png",
        "classes.txt",
    }


def lonely(each, folder, file, *, version="4.14.0", words=(), **card):
    """Run a script in a folder that lacks its model's files; gives what it said at the end."""
    model = replace(each.provenance.card, files=(file,), **card)
    provenance = replace(each.provenance, run=replace(each.provenance.run, card=model))
    code = detection_script(provenance, each.thresholds)
    (folder / each.provenance.picture.name).write_bytes(each.provenance.picture.data)
    (folder / "classes.txt").write_text(class_names(model), encoding="utf-8")
    (folder / "cv2.py").write_text(f"__version__ = {version!r}")  # it ends before it asks more
    (folder / "detect.py").write_text(code.replace("import numpy as np", "np = None"))
    ran = subprocess.run(
        [sys.executable, "detect.py", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_script_without_its_models_files_ends_in_a_sentence(done_jobs, tmp_path):
    each, file = done_jobs["tiny-blob-detector, none"], card_named("yolox-nano-onnx").files[0]
    code, said = lonely(each, tmp_path, file)
    assert code == 1
    assert said.strip() == (
        f"{file.name} ({file.size:,} bytes, {file.digest}) is not in this folder. Run again "
        f"with --download, or fetch {file.address}."
    )
    assert "Traceback" not in said


def test_a_script_fetches_its_models_files_when_asked_and_checks_them(done_jobs, tmp_path):
    each = done_jobs["tiny-blob-detector, none"]
    data = files_of(each.provenance.card)[0].read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with serving() as shelf:
        shelf.files = {"/net.onnx": data, "/other.onnx": b"something else"}
        good = ModelFile("net.onnx", len(data), digest, f"{shelf.address}/net.onnx")
        bad = replace(good, address=f"{shelf.address}/other.onnx")
        code, said = lonely(each, tmp_path, bad, words=["--download"])
        assert code == 1
        assert "sent something else than net.onnx" in said
        assert not (tmp_path / "net.onnx").exists()
        _, said = lonely(each, tmp_path, good, words=["--download"])
        assert f"Fetching net.onnx ({len(data):,} bytes, {digest})" in said
        assert (tmp_path / "net.onnx").read_bytes() == data


@pytest.mark.parametrize("name", ["starter-detector-darknet, none", "starter-classifier-caffe"])
def test_on_opencv_5_a_dropped_format_gets_a_sentence_with_a_pin(name, done_jobs):
    code = script_of(done_jobs[name])
    start = code.index("if int(cv2")
    lines = code[start : code.index("\nlabels =", start)]
    framework = "Darknet" if "darknet" in name else "Caffe"
    wanted = f"OpenCV 5.0.0 does not read {framework} nets any more.*headless==4\\.14"
    with pytest.raises(SystemExit, match=wanted):
        exec(lines, {"cv2": SimpleNamespace(__version__="5.0.0"), "sys": sys})
    exec(lines, {"cv2": SimpleNamespace(__version__="4.14.0"), "sys": sys})


def test_nets_that_opencv_5_reads_are_not_stopped_there(done_jobs):
    assert "if int(cv2.__version__" not in script_of(done_jobs["tiny-blob-detector, none"])


def test_the_zip_takes_other_peoples_files_along_with_licence_and_source(tmp_path):
    model = replace(card_named("tiny-blob-detector"), folder=tmp_path, licence="MIT, A. Nother")
    for file in model.files:
        source = card_named("tiny-blob-detector").folder / file.name
        (tmp_path / file.name).write_bytes(source.read_bytes())
    (tmp_path / "LICENSE.txt").write_text("the whole licence")
    packed = script_zip("# nothing", "detect.py", sample_picture("cat"), model, with_files=True)
    archive = ZipFile(io.BytesIO(packed))
    assert {"blobs.onnx", "LICENSE.txt", "LICENCE-AND-SOURCE.txt"} <= set(archive.namelist())
    about = archive.read("LICENCE-AND-SOURCE.txt").decode()
    assert "Licence: MIT, A. Nother" in about
    assert f"Source: {model.source}" in about
    assert model.files[0].digest in about
    assert packable(model) == sum(file.size for file in model.files)
    assert packable(card_named("resnet18-v1-onnx")) == 0  # not on this machine


def test_a_net_without_a_size_of_its_own_takes_the_pictures(done_jobs):
    each = done_jobs["tiny-blob-detector, none"]
    run = replace(each.provenance.run, spec=BlobSpec())
    code = detection_script(replace(each.provenance, run=run), each.thresholds)
    assert "into = whole" in code
