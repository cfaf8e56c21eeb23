"""Annotation files made to cost time or memory: as large as is taken, and full of little."""

from collections.abc import Callable

from core.picture.size import Size
from core.results.truth import MAX_ENTRIES, MAX_TRUTH_BYTES, read_truth

ROOM = MAX_TRUTH_BYTES - 1000


def visit(data: bytes) -> str:
    """Read the file for a picture, as a visit does; its first sign tells the kind."""
    ending = {b"<": "xml", b"{": "json", b"[": "json"}.get(data[:1], "txt")
    found = read_truth(
        f"bomb.{ending}", data, picture="street/caf\u00e9.jpg", size=Size(200, 100)
    )
    return f"read: {len(found)} objects"


def _filled(head: str, each: str, tail: str = "") -> bytes:
    """Repeat something until the file is as large as is taken."""
    return (head + each * ((ROOM - len(head + tail)) // len(each.encode())) + tail).encode()


def _images(name: str) -> bytes:
    """List as many images as are taken, none of them the picture's, each with this name."""
    entry = f'{{"id":%d,"file_name":"{name}"}}'
    count = min(MAX_ENTRIES - 10, ROOM // (len(entry.encode()) + 6))
    images = ",".join(entry % number for number in range(count))
    return f'{{"images":[{images}],"categories":[],"annotations":[]}}'.encode()


def _coco(annotation: str) -> tuple[str, str]:
    """Begin and end a file of one image around an annotation that goes on."""
    before = '{"images":[{"id":1}],"categories":[{"id":1,"name":"a"}],"annotations":['
    return f'{before}{{"image_id":1,"category_id":1,{annotation}', "}]}"


def _outline(each: str, end: str) -> bytes:
    head, tail = _coco('"segmentation":[[1,1')
    return _filled(head, each, end + tail)


def _attributes() -> bytes:
    names = " ".join(f"a{number}=''" for number in range(ROOM // 12))
    return f"<annotation {names}/>".encode()


BOMBS: dict[str, Callable[[], bytes]] = {
    "YOLO, a line of a million pairs": lambda: _filled("0", " 0.5 0.5"),
    "YOLO, lines of one number": lambda: _filled("", "0\n"),
    "YOLO, a number of 5 MB": lambda: _filled("0 0.", "5", " 0.5 0.5 0.5"),
    "VOC, a million elements": lambda: _filled("<annotation>", "<a/>", "</annotation>"),
    "VOC, a tower of elements": lambda: _filled("<annotation>", "<a>"),
    "VOC, 400,000 attributes": _attributes,
    "COCO, images of one letter": lambda: _images("a"),
    "COCO, images in folders": lambda: _images("a/b"),
    "COCO, names of 190 letters": lambda: _images("x" * 190),
    "COCO, names with a sign of no shape": lambda: _images("\u200d" + "x" * 190),
    "COCO, names of 120 accents": lambda: _images("\u00e9/" * 60),
    "COCO, names that grow by 18": lambda: _images("\u200d" + "\ufdfa" * 20),
    "COCO, names of web addresses": lambda: _images("%%e9" * 60),
    "COCO, an outline of a million points": lambda: _outline(",1,2", "]]"),
    "COCO, a million empty outlines": lambda: _outline("],[", "]]"),
    "COCO, empty annotations": lambda: _filled(
        '{"images":[{"id":1}],"categories":[],"annotations":[{}', ",{}", "]}"
    ),
    "JSON, a tower of brackets": lambda: _filled("[", "["),
    "JSON, a million empty lists": lambda: _filled("[[]", ",[]", "]"),
    "JSON, a number of 5 MB": lambda: _filled("[", "1", "]"),
}
