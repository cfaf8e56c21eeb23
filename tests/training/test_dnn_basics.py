"""The first tutorial runs alone and says what it promises."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from skimage import data

TUTORIAL = Path(__file__).parents[2] / "tutorials" / "01_dnn_basics.py"


@pytest.fixture(scope="module")
def told():
    return runpy.run_path(str(TUTORIAL))


def test_four_formats_are_loaded_and_agree(told):
    assert set(told["nets"]) == {"ONNX", "Caffe", "TensorFlow", "Darknet"}
    assert told["apart"] < 1e-4


def test_the_blob_by_hand_is_cv2s_blob(told):
    assert abs(told["by_hand"] - told["blob"]).max() < 1e-6


def test_the_cat_is_a_cat_for_both_nets(told):
    assert told["top_five"][0][0] in ("tabby cat", "Egyptian cat", "Persian cat")
    assert told["found"][0][0] == "cat"


def test_boxes_and_suppression_by_hand_are_cv2s(told):
    assert told["yolo_apart"] < 1e-5
    assert told["from_cv2"] == told["kept"]


def test_the_picture_is_drawn_on_as_a_copy(told):
    assert (told["image"][..., ::-1] == data.chelsea()).all()
    assert (told["drawn"] != told["image"]).any()


def test_it_runs_as_a_script_from_anywhere_with_numpy_and_cv2_alone(tmp_path):
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0]); "
        "print({'skimage', 'streamlit', 'core'} & set(sys.modules))"
    )
    photo = Path(data.__file__).parent / "astronaut.png"
    done = subprocess.run(
        [sys.executable, "-c", code, str(TUTORIAL), str(photo)],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "astronaut.png" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"
