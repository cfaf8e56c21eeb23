"""The classes that Pascal VOC and COCO call by different names."""

from collections.abc import Mapping

COCO_NAMES: Mapping[str, str] = {
    "aeroplane": "airplane",
    "motorbike": "motorcycle",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
    "sofa": "couch",
    "tvmonitor": "tv",
}
"""VOC's name -> COCO's. Darknet's list of COCO's classes keeps VOC's six."""

VOC_NAMES: Mapping[str, str] = {coco: voc for voc, coco in COCO_NAMES.items()}
"""COCO's name -> VOC's."""
