import assert from 'node:assert/strict'
import test from 'node:test'

import { filtered, hardNms, iou, softNms } from '../../pages/components/detection/box_canvas/nms.js'
import { cases } from './cases.js'

const FAR = 1e6

// Candidates of 100 x 80 pixels of the blob, which is the picture.
function candidates(boxes, confidence, more = {}) {
  const xyxy = Float64Array.from(boxes.flat())
  return {
    xyxy,
    near: xyxy.map((value) => Math.min(FAR, Math.max(-FAR, value))),
    confidence: Float32Array.from(confidence),
    classId: Int32Array.from(boxes.map(() => 0)),
    perClass: true,
    soft: false,
    floor: 0.001,
    offset: [0, 0],
    scale: [1, 1],
    image: [100, 80],
    ...more,
  }
}

const indices = (boxes) => boxes.map((box) => box.index)

test('two boxes that are one overlap wholly, neighbours not at all', () => {
  const xyxy = Float64Array.of(0, 0, 10, 10, 0, 0, 10, 10, 10, 0, 20, 10, 5, 0, 15, 10)
  assert.equal(iou(xyxy, 0, 1), 1)
  assert.equal(iou(xyxy, 0, 2), 0)
  assert.equal(iou(xyxy, 0, 3), 50 / 150)
})

test('a box without an area overlaps nothing, not even itself', () => {
  assert.equal(iou(Float64Array.of(3, 3, 3, 9, 3, 3, 3, 9), 0, 1), 0)
})

test('a box is suppressed by the first kept box that overlaps it more, and says so', () => {
  const boxes = candidates([[0, 0, 10, 10], [1, 0, 11, 10], [40, 0, 50, 10]], [0.9, 0.8, 0.7])
  const { kept, suppressed } = hardNms(boxes, 3, 0.5)
  assert.deepEqual(indices(kept), [0, 2])
  assert.equal(suppressed[0].suppressedBy, 0)
  assert.equal(suppressed[0].iou, Math.fround(1 - Math.fround(1 - 90 / 110)))
})

test('an overlap of just the threshold is allowed', () => {
  const boxes = candidates([[0, 0, 10, 10], [0, 0, 10, 5]], [0.9, 0.8])
  assert.deepEqual(indices(hardNms(boxes, 2, 0.5).kept), [0, 1])
  assert.deepEqual(indices(hardNms(boxes, 2, 0.49).kept), [0])
})

test('classes suppress each other only if they are asked to', () => {
  const boxes = candidates([[0, 0, 10, 10], [1, 0, 11, 10]], [0.9, 0.8], { classId: Int32Array.of(0, 1) })
  assert.equal(hardNms(boxes, 2, 0.5).kept.length, 2)
  assert.equal(hardNms({ ...boxes, perClass: false }, 2, 0.5).kept.length, 1)
})

test('Soft-NMS lowers the confidence of a neighbour by the overlap', () => {
  const boxes = candidates([[0, 0, 10, 10], [5, 0, 15, 10]], [0.9, 0.6])
  const { kept, suppressed } = softNms(boxes, 2, 0.25, 0.3)
  assert.deepEqual(kept.map((box) => box.confidence),
    [Math.fround(0.9), Math.fround(Math.fround(0.6) * (1 - 50 / 150))])
  assert.deepEqual(suppressed, [])
  assert.equal(softNms(boxes, 2, 0.45, 0.3).suppressed[0].suppressedBy, 0)
})

test('boxes come to the picture, end at its edges, and get numbers', () => {
  const boxes = candidates([[10, 10, 50, 50], [-90, 0, 4, 4], [20, 20, 300, 300]], [0.9, 0.8, 0.7],
    { offset: [5, 10], scale: [0.5, 0.5] })
  const { count, kept } = filtered(boxes, 0.25, 0.9)
  assert.equal(count, 3)
  assert.deepEqual(kept.map(({ index, number, xyxy }) => [index, number, xyxy]),
    [[0, 1, [10, 0, 90, 80]], [2, 2, [30, 20, 100, 80]]])
})

test('what lies outside the picture is not kept and takes no number', () => {
  const boxes = candidates([[-50, 0, -10, 10], [0, 0, 10, 10]], [0.9, 0.8])
  assert.deepEqual(filtered(boxes, 0, 0.5).kept.map(({ index, number }) => [index, number]), [[1, 1]])
})

test('a suppressed box names the number of the box that suppresses it', () => {
  const boxes = candidates([[0, 0, 10, 10], [30, 0, 40, 10], [30, 0, 40, 11]], [0.9, 0.8, 0.7])
  assert.deepEqual(filtered(boxes, 0.1, 0.5).suppressed.map((box) => box.by), [2])
})

test('turned boxes bring their corners along, beyond the edges of the picture', () => {
  const corners = Float64Array.of(5, -5, 15, 5, 5, 15, -5, 5)
  const [box] = filtered(candidates([[-5, -5, 15, 15]], [0.9], { corners, scale: [2, 1] }), 0, 1).kept
  assert.deepEqual(box.xyxy, [0, 0, 7.5, 15])
  assert.deepEqual(box.corners, [2.5, -5, 7.5, 5, 2.5, 15, -2.5, 5])
})

test('the confidence threshold is a float32, and strict', () => {
  const boxes = candidates([[0, 0, 10, 10], [30, 0, 40, 10]], [0.5, 0.1])
  assert.equal(filtered(boxes, 0.5, 0.5).count, 0)
  assert.equal(filtered(boxes, 0.1, 0.5).count, 1) // 0.1 as float32 is more than 0.1
})

test('core keeps the same boxes with the same confidence', { skip: !cases && 'no cases given' }, () => {
  for (const { boxes, confidence, classId, threshold, maxIou, kept, ...rule } of cases) {
    const given = candidates(boxes, confidence, { ...rule, classId: Int32Array.from(classId) })
    const found = filtered(given, threshold, maxIou).kept
    assert.deepEqual(found.map((box) => [box.index, box.confidence, box.xyxy]), kept,
      JSON.stringify({ boxes, confidence, classId, threshold, maxIou, ...rule }))
  }
})
