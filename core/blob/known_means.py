"""The means that well-known nets were trained with, as blue, green, red of 0..255."""

CAFFE_MEAN: tuple[float, float, float] = (104.0, 117.0, 123.0)
"""Of ImageNet, rounded, as BVLC's reference nets and VGG subtract it."""

TORCHVISION_MEAN: tuple[float, float, float] = (103.53, 116.28, 123.675)
"""Of ImageNet: torchvision's 0.406, 0.456 and 0.485 times 255."""

TORCHVISION_STD: tuple[float, float, float] = (0.225, 0.224, 0.229)
"""What torchvision divides by, after it has scaled to 0..1."""

MOBILENET_MEAN: tuple[float, float, float] = (103.94, 116.78, 123.68)
"""Of ImageNet, as MobileNet's Caffe files subtract it."""

FACE_DETECTOR_MEAN: tuple[float, float, float] = (104.0, 177.0, 123.0)
"""Of OpenCV's SSD face detector: 177, not 117."""
