"""What a test reads off a page."""

import json
import struct

import cv2
import numpy as np


def shown(app, media, alt: str) -> np.ndarray:
    """Decode the picture with this description."""
    (image,) = (each for each in app.image if each.proto.imgs[0].alt == alt)
    name = image.proto.imgs[0].url.rsplit("/", 1)[-1]
    return cv2.imdecode(np.frombuffer(media[name], np.uint8), cv2.IMREAD_COLOR)


def metric(app, label: str) -> str:
    (value,) = (each.value for each in app.metric if each.label == label)
    return value


def table(app, column: str):
    """Return the one table that has this column."""
    (found,) = (each.value for each in app.dataframe if column in each.value)
    return found


def words(app) -> str:
    return "\n".join(each.value for each in (*app.markdown, *app.caption, *app.info))


def sentence(app) -> str:
    return " ".join(each.value for each in (*app.warning, *app.error))


def unpacked(data: bytes) -> tuple[dict, dict[str, bytes]]:
    """Take apart what ``pages.components.browser.payload`` packed."""
    (length,) = struct.unpack_from("<I", data)
    head, at, parts = json.loads(data[4 : 4 + length]), 4 + length, {}
    for name, size in head["parts"]:
        parts[name] = data[at : at + size]
        at += size
    assert at == len(data)
    return head, parts


def tab(visit, title, page="classification", **how):
    """Open a page with this tab below its answer."""
    return visit(page, **{f"{page}__more": title}, **how)
