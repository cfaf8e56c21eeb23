import cv2
import numpy as np
import pytest

from core.errors import CardInvalid, ModelUnreadable
from core.nets.card import ModelPaths
from core.nets.catalog import card_named
from core.nets.darknet_cfg import check_filters, read_heads, read_sections, write_sections
from core.nets.net import read_net, with_low_thresholds
from core.picture.image import decode_picture
from core.picture.samples import sample_picture
from tests.models.cards import card_of, paths_of
from tests.shared import NETS, needs_shared, where_present

YOLO = """
[net]
width=416

[convolutional]
filters=18
activation=linear

[yolo]
mask = 3,4 ; the large ones
anchors = 10,14,  23,27,  37,58,  81,82.5,  135,169,
classes=4  # cats and such
scale_x_y = 1.05
"""


def without(key: str) -> str:
    return "\n".join(line for line in YOLO.splitlines() if not line.startswith(key))


def test_a_head_has_the_anchors_of_its_mask_only():
    (head,) = read_heads(YOLO, name="a.cfg")
    assert head.kind == "yolo"
    assert head.anchors == ((81, 82.5), (135, 169))
    assert head.classes == 4
    assert head.scale_x_y == 1.05
    assert not head.new_coords


def test_what_a_cfg_leaves_out_has_darknets_default():
    (head,) = read_heads(without("scale_x_y"), name="a.cfg")
    assert head.scale_x_y == 1
    assert len(read_heads(without("mask"), name="a.cfg")[0].anchors) == 5


def test_a_region_section_has_no_mask():
    (head,) = read_heads("[region]\nanchors=1.08,1.19, 3.42,4.41\nclasses=20", name="a.cfg")
    assert head.kind == "region"
    assert head.anchors == ((1.08, 1.19), (3.42, 4.41))


def test_the_starter_detector_has_three_heads_of_three_anchors():
    folder = card_named("starter-detector-darknet").folder
    heads = read_heads((folder / "starter-detector.cfg").read_text(), name="starter")
    assert [head.anchors[0] for head in heads] == [(174, 264), (86, 78), (13, 17)]
    assert all(head.new_coords and head.scale_x_y == 2 for head in heads)


@needs_shared
@pytest.mark.parametrize("name", where_present("yolo-fastest-1.1", "yolo-fastest-1.1-xl"))
def test_a_real_cfg_names_its_anchors_once_and_masks_them_for_each_head(name):
    text = (NETS / f"{name}-coco" / f"{name}.cfg").read_text()
    heads = read_heads(text, name=name)
    assert heads[0].anchors == ((115, 73), (119, 199), (242, 238))
    assert heads[1].anchors == ((12, 18), (37, 49), (52, 132))
    assert all(head.classes == 80 for head in heads)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param(without("anchors"), "anchors is missing", id="no anchors"),
        pytest.param(without("classes"), "classes is missing", id="no classes"),
        pytest.param(YOLO.replace("135,169,", "135"), "pairs", id="half a pair"),
        pytest.param(YOLO.replace("82.5", "-82"), "above 0", id="an anchor below 0"),
        pytest.param(YOLO.replace("82.5", "nan"), "above 0", id="an anchor that is no number"),
        pytest.param(YOLO.replace("82.5", "wide"), "must be numbers", id="a word"),
        pytest.param(YOLO.replace("3,4 ;", "3,5 ;"), "from 0 to 4", id="a mask beyond"),
        pytest.param(YOLO.replace("3,4 ;", "3,nan ;"), "from 0 to 4", id="a mask of no number"),
        pytest.param(YOLO.replace("=4", "=4.5"), "whole number", id="half a class"),
        pytest.param(YOLO.replace("1.05", "0"), "scale_x_y", id="no room for centres"),
    ],
)
def test_a_broken_cfg_gets_a_sentence_that_names_file_section_and_key(broken, said):
    with pytest.raises(CardInvalid, match=rf"a\.cfg: \[yolo\].*{said}"):
        read_heads(broken, name="a.cfg")


WRITTEN = {
    "as usual": "[yolo]",
    "spaces inside": "[ yolo ]",
    "spaces around": "  [yolo]\t",
    "a comment": "[yolo] # head",
    "another comment": "[yolo] ; head",
    "a comment without a space": "[yolo];head",
    "words behind": "[yolo] head",
    "Windows": "[yolo]\r",
}


@pytest.mark.parametrize("line", WRITTEN.values(), ids=WRITTEN)
def test_a_section_is_found_however_its_line_is_written(line):
    text = YOLO.replace("[yolo]", line)
    assert read_heads(text, name="a.cfg") == read_heads(YOLO, name="a.cfg")
    assert read_sections(write_sections(read_sections(text))) == read_sections(YOLO)
    lowered = with_low_thresholds(text.encode()).decode()
    assert lowered == with_low_thresholds(YOLO.encode()).decode()
    assert "[yolo]\nthresh=0.001\n" in lowered


@pytest.mark.parametrize("line", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize(
    "name", ["starter-detector-darknet", *where_present("yolo-fastest-1.1-coco")]
)
def test_opencv_answers_the_same_however_the_lines_are_written(name, line, tmp_path):
    """Spaces, comments and keys that only trainers read change nothing."""
    model = card_of(name)
    paths = paths_of(model)
    text = paths.config.read_text(encoding="latin-1")
    changed = text.replace(
        "[yolo]", f"{line}\ncounters_per_class=1,2 # seen\nnms_kind=greedynms"
    )
    changed = changed.replace("[net]", "[ net ] ; first", 1)
    changed = changed.replace("classes=", "classes = ").replace("\nanchors", " # all\nanchors")
    config = tmp_path / "changed.cfg"
    config.write_text(changed, encoding="latin-1")
    answers = []
    image = decode_picture(sample_picture("motorcycle"))
    blob = cv2.dnn.blobFromImage(image, 1 / 255, (160, 160), swapRB=True)
    for net in (read_net(model, paths), read_net(model, ModelPaths(paths.model, config))):
        net.setInput(blob)
        answers.append(net.forward(net.getUnconnectedOutLayersNames()))
    for usual, other in zip(*answers, strict=True):
        np.testing.assert_array_equal(usual, other)
    assert (answers[0][0][:, 5:] > 0).any()


def with_filters(filters, classes, kind="yolo", mask="mask=0,1,2"):
    return (
        f"[net]\n[convolutional]\nfilters={filters}\n[{kind}]\n{mask}\nclasses={classes}\n"
        "anchors=1,2,3,4,5,6"
    )


@pytest.mark.parametrize(
    "text",
    [
        with_filters(255, 80),
        with_filters(18, 1),
        with_filters(50, 20, mask="mask=1,2"),
        with_filters(75, 20, kind="region", mask="num=3"),
        with_filters(75, 20, mask=""),
        "[net]\n[shortcut]\nfrom=-3\n[yolo]\nclasses=9\nanchors=1,2",
    ],
)
def test_filters_that_fit_their_classes_pass(text):
    check_filters(text, name="a.cfg")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (with_filters(255, 20), r"\[yolo\].*classes=20.*3 x \(20 \+ 5\) = 75, not 255"),
        (with_filters(18, 2), r"3 x \(2 \+ 5\) = 21, not 18"),
        (with_filters(75, 20, mask="mask=1"), r"1 x \(20 \+ 5\) = 25, not 75"),
        (with_filters(125, 80, kind="region", mask=""), r"\[region\].*= 255, not 125"),
        (with_filters("255 # was 75", "20 # edited"), "= 75, not 255"),
    ],
)
def test_classes_that_were_edited_without_their_filters_are_named(text, says, tmp_path):
    with pytest.raises(CardInvalid, match=says):
        check_filters(text, name="a.cfg")
    config, weights = tmp_path / "a.cfg", tmp_path / "a.weights"
    config.write_text(text)
    weights.write_bytes(bytes(64))
    model = card_named("starter-detector-darknet")
    with pytest.raises(ModelUnreadable, match=says):
        read_net(model, ModelPaths(weights, config))
