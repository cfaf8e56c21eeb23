import pytest

from core.errors import CardInvalid
from core.nets.catalog import card_named
from core.nets.darknet_cfg import read_heads
from tests.shared import NETS, needs_shared

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
@pytest.mark.parametrize("name", ["yolo-fastest-1.1", "yolo-fastest-1.1-xl"])
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
