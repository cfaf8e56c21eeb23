"""Blobscope's core: the road from bytes to boxes, without a user interface.

The glossary. One word, one meaning, everywhere in this house:

picture      an encoded file as somebody gave it: its name, its bytes, their sha256 digest
digest       the sha256 (or sha1) of a file's bytes: what caches and cards know it by
sample       a picture to begin with, a photo or a drawn card, and whom we thank for it
image        uint8 (H, W, 3) pixels in OpenCV's order B, G, R
size         (width, height) in pixels, OpenCV's order; always a ``Size``
blob         float32 (N, C, H, W), what a net eats (or (N, H, W, C) where the layout says so)
plane        one channel of a blob, (H, W)
spec         how an image becomes a blob: scalefactor, mean, std, swap_rb, size, fit ...
preset       a spec with a name and a word on which nets it fits
fit          stretch, crop or letterbox: what happens to the aspect ratio
placement    where the image landed in the blob, and the way back
stage        one step between image and blob, with the numbers it left behind
trace        all stages of one image on its way into the blob, in order
batch        several pictures in one blob, N x C x H x W, all with the same spec
reading      how cv2.imread is to be asked so that it gives the pixels that ``decode`` gives
arithmetic   the numbers on the way of one single pixel from the picture into the blob
finding      what the checker says about a spec: what, why, numbers, and the spec that mends it
mistake      a spec that somebody broke in a well-known way
trial        a spec that was tried on a net whose own spec is unknown, and how it did
net          a loaded network
engine       whatever can run a model on a blob; ``infer`` is the door to the process's own
opinion      a second one is what another engine, ONNX Runtime, answers to the same blob
scheduler    lets forwards run: at most one a core, or one on all cores for a lone caller
card         what we know about a network: files, spec, labels, licence, output layout
model        a card and its files: a folder under ``models/``
mirror       a folder or address that holds the models' files by name
outputs      the arrays that ``forward`` returned, by layer name
layout       of a blob, the order of its axes: NCHW or NHWC; of outputs, how a detector
             writes its boxes into rows (``ssd``, ``yolov8`` ...)
anchors      widths and heights from which a grid detector counts its boxes' sides; those
             of a YOLOv2 in cells, all others in pixels of the blob
head         one grid that a detector lays over the blob, and the raw rows it answers
stride       blob pixels from one cell of a head to the next
cell         one field of a head's grid, by column and row from 0; it answers B boxes
raw row      one box as a net's outputs hold it; its number says which head, cell and anchor
objectness   how sure a net is that there is anything at all in a box, 0..1
origin       where a box came from: raw row, head, cell, anchor, and the steps to the box
step         one line of arithmetic: a name, a formula, and the formula with its numbers
logits       a classifier's scores before softmax; confidence comes after, 0..1
temperature  what logits are divided by before softmax; 1 leaves them as they are
detections   boxes with a class and a confidence, as parallel arrays
xyxy         a box as left, top, right, bottom; ``xywh`` as left, top, width, height;
             ``cxcywh`` as centre and width, height; the format is always in the name
class_id     the row number of a class in the labels; ``label`` is its text
group        a coarse word for several labels: goldfish and eel are kinds of fish
confidence   how sure the net is, 0..1; also the threshold below which boxes are dropped
IoU          intersection over union of two boxes, 0..1
NMS          non-maximum suppression: of boxes that overlap, the most confident stays
style        what is drawn of a box, and how: words, colours, widths
outline      a frame to be drawn, with its words, its colour and its pattern
truth        the objects that people marked in a picture; a hit is a box that found one, a
             miss an object that no box found, a false alarm a box that found none
candidate    a box that NMS looks at: above the threshold, of a wanted class, among the
             most confident
NMS stages   the raw rows, and what each step of reading left of them
outcome      what became of a raw row: kept, suppressed, below confidence ...; of a box set
             against the truth: TP, FP, FN or ignored
ledger       the outcomes of all raw rows, each with the box that suppressed it
ghost        a box that is not kept, drawn dashed
misuse       a well-known wrong way to call NMS
render       to make a new picture of numbers; ``draw`` makes a new picture from a picture
provenance   picture, model and spec behind an answer, as exported files tell it
category     a class's number in COCO's files, which count otherwise than class_id does
road         the whole way from a picture's bytes to boxes or a ranking
run          the slow half of the road, picture to outputs, and what it leaves behind
answer       what a model says of one picture: its likeliest classes, or its boxes
convention   how the nets of one family want their pixels: scalefactor, mean, std
view         a picture changed a little (mirrored, brightened, cropped), to see whether the
             answer stays
patch        a rectangle of whole pixels; in an occlusion map what hides a part of a picture
sweep        how a patch goes over a picture: in how many places, how wide, painted how
occlusion    hiding a part of a picture and asking the net again; the map of it says how
             much the confidence of what is watched falls for each place
video        an encoded film as somebody gave it, like a picture: its name and its bytes
frame        one image of a video or of the live camera, with its number and its time
frame range  which frames of a video are taken: from and to in seconds, and every n-th
annotated    the video that we write: a file that goes when nobody holds it
series       many images that are asked the same question one after the other
question     what a series asks of each image: a model with its thresholds or its k
entry        of many pictures, what came of one file: an answer, or the reason why not
frame answer of a video, what the model said of one frame
job          long work on a thread of its own, for a limited time; what came is kept, and
             it can be stopped
stream       a visitor's live video: frames come in, annotated frames go out
frame result what comes of one frame of a stream, and the copy it is drawn on
seen object  one thing in a frame result: its label, the net's confidence, and where
lease        permission to run a stream, for a time that can be renewed; there are so many
             slots for streams
video source a video that stands in for a camera, played in a loop

Imports point down only:

errors, outputs < picture < blob < nets
                  picture < results
                  picture, blob, results < render
all of them < pipeline < answers < lab
                         answers < series < video < share
                                            video < live
errors < jobs

``nets`` and ``results`` do not know each other: a card names its output layout and
``pipeline`` picks the decoder. ``tests/test_floors.py`` guards this.
"""
