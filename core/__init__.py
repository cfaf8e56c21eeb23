"""Blobscope's core: the pipeline from bytes to boxes, without a user interface.

The glossary. One word, one meaning, everywhere in the code:

picture      an encoded image file: its name, its bytes, their sha256 digest
digest       the sha256 (or sha1) of a file's bytes: its identity in caches and cards
sample       an included picture, a photo or a test chart, with its credit
image        uint8 (H, W, 3) pixels in OpenCV's order B, G, R
size         (width, height) in pixels, OpenCV's order; always a ``Size``
blob         float32 (N, C, H, W), the input of a net (or (N, H, W, C) where the layout says so)
plane        one channel of a blob, (H, W)
spec         how an image becomes a blob: scalefactor, mean, std, swap_rb, size, fit ...
preset       a spec with a name and a note on the nets it suits
fit          the resize mode: stretch, crop or letterbox; OpenCV's letterbox truncates the
             resized side, ``letterbox, rounded`` rounds it
placement    where the image lies in the blob, and the inverse mapping
stage        one step between image and blob, with its values
trace        all stages of one image on its way into the blob, in order
batch        several pictures in one blob, N x C x H x W, all with the same spec
recipe       how cv2.imread is to be asked so that it gives the pixels that Blobscope read
header       what a picture's file says of itself before any pixel is decoded
arithmetic   the numbers on the way of one single pixel from the picture into the blob
finding      what the checker says about a spec: what, why, numbers, and the spec that fixes it
mistake      a spec with a common preprocessing mistake
trial        a spec that was tried on a net whose own spec is unknown, and how it did
net          a loaded network
engine       runs a model on a blob; ``infer`` calls the engine of this process
opinion      a second one: the outputs of another engine, ONNX Runtime, for the same blob
scheduler    lets forwards run: at most one a core, or one on all cores for a lone caller
card         what we know about a network: files, spec, labels, licence, output layout
model        a card and its files: a folder under ``models/``
mirror       a folder or address that holds the models' files by name
outputs      the arrays that ``forward`` returned, by layer name
layout       of a blob, the order of its axes: NCHW or NHWC; of outputs, how a detector
             writes its boxes into rows (``ssd``, ``yolov8`` ...): core/results/layouts
match        an output layout whose shapes are those of outputs, and what speaks for and
             against it; the layout that alone fits is recognised
left out     what a row holds beside its box and scores, such as key points, and nobody reads
corners      of a box that is turned: its four corners; ``xyxy`` is the upright box around it
facts        of a net: what is known of it beside its outputs, such as its anchors
box coding   how a row's numbers become a box: offsets, distances, sigmoid and anchor ...
anchors      widths and heights from which a grid detector counts its boxes' sides; those
             of a YOLOv2 in cells, all others in pixels of the blob
head         one grid that a detector lays over the blob, and the raw rows it answers
stride       blob pixels from one cell of a head to the next
cell         one field of a head's grid, by column and row from 0; it answers B boxes
raw row      one box as a net's outputs hold it; its number says which head, cell and anchor
objectness   the confidence that a box contains any object, 0..1
origin       where a box came from: raw row, head, cell, anchor, and the steps to the box
step         one line of arithmetic: a name, a formula, and the formula with its numbers
logits       a classifier's scores before softmax; confidence comes after, 0..1
temperature  what logits are divided by before softmax; 1 leaves them as they are
detections   boxes with a class and a confidence, as parallel arrays
xyxy         a box as left, top, right, bottom; ``xywh`` as left, top, width, height;
             ``cxcywh`` as centre and width, height; the format is always in the name
class_id     the row number of a class in the labels; ``label`` is its text
group        a superclass of several labels: goldfish and eel are fish
confidence   the score of a class or box, 0..1; also its threshold
IoU          intersection over union of two boxes, 0..1
NMS          non-maximum suppression: of boxes that overlap, the most confident stays
style        how boxes are drawn: labels, colours, widths
outline      a frame to be drawn, with its words, its colour and its pattern
truth        the objects that people marked in a picture; a hit is a box that found one, a
             miss an object that no box found, a false alarm a box that found none
candidate    a box that NMS looks at: above the threshold, of a wanted class, among the
             most confident
shown        a picture at the size at which a screen shows it, and boxes moved onto it
NMS stages   the raw rows, and what each step of reading left of them
outcome      what became of a raw row: kept, suppressed, below confidence ...; of a box set
             against the truth: TP, FP, FN or ignored
ledger       the outcomes of all raw rows, each with the box that suppressed it
ghost        a box that is not kept, drawn dashed
misuse       a common wrong way to call NMS
render       to make a new picture of numbers; ``draw`` makes a new picture from a picture
provenance   the picture and the run of an answer, as in exported files
category     a class number in COCO files, which differs from class_id
road         the whole pipeline from a picture's bytes to boxes or a ranking
doubt        a reason to distrust an answer: labels that do not fit, another size than the
             net was made for, the same answer to every picture
run          the slow half of the pipeline, picture to outputs, and its results; it knows
             its card and its spec
result       the boxes decoded from a run at some thresholds; it knows both
ranking      the classes decoded from a run, the most likely first; it knows the run
answer       the result for one picture: the most likely classes, or the boxes
convention   how the nets of one family want their pixels: scalefactor, mean, std
view         a picture changed a little (mirrored, brightened, cropped), to see whether the
             answer stays
patch        a rectangle of whole pixels; in an occlusion map what hides a part of a picture
sweep        how a patch goes over a picture: in how many places, how wide, painted how
occlusion    hiding a part of a picture and asking the net again; the map of it says how
             much the confidence of what is watched falls for each place
video        an encoded video file, like a picture: its name and its bytes
frame        one image of a video or of the live camera, with its number and its time
frame range  which frames of a video are taken: from and to in seconds, and every n-th
encoder      writes frames into a video file: a recorded stream, an annotated video
camera       one that does not exist: it wanders over a photo and gives samples that move
annotated    the video that we write: a file that is deleted with its object
series       many images that are asked the same question one after the other
settled      of a series: the one output layout in which all of its images are read
question     what a series asks of each image: a model with its thresholds or its k
entry        of many pictures, what came of one file: an answer, or the reason why not
frame answer of a video, what the model said of one frame
job          long work on its own thread, for a limited time; its results are kept, and
             it can be stopped
worker       a process with limits in which a stranger's file is parsed; it holds one file
wall         what the system refuses a worker: memory, files, network ...
message      what goes between us and a worker: small values in JSON, and raw arrays
stream       a visitor's live video: frames come in, annotated frames go out
frame result what comes of one frame of a stream, and the copy it is drawn on
seen object  one object in a frame result: label, confidence, position
lease        permission to run a stream, for a time that can be extended; the number of
             slots is limited
video source a video instead of a camera, played in a loop

Imports point down only: ``docs/architecture.md`` has the floors, and ``tests/test_floors.py``
guards them.
"""
