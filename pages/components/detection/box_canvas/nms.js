// Non-maximum suppression in the browser: the rule of core/results/detections.py and
// core/pipeline.py once more, in the same order of operations and the same precision.
// tests/js/test_nms.py and tests/browser/test_box_canvas.py compare both.

import { clipped } from '../../browser/numbers.js'

/**
 * The boxes that NMS may look at, by falling confidence, and how they reach the picture.
 *
 * @typedef {object} Candidates
 * @property {Float64Array} xyxy four numbers a box, in pixels of the blob
 * @property {Float64Array} near the same, no further from 0 than core's REACH
 * @property {Float64Array} [corners] eight numbers a box, where boxes are turned
 * @property {Float32Array} confidence
 * @property {Int32Array} classId
 * @property {boolean} perClass whether only boxes of one class suppress each other
 * @property {boolean} soft Soft-NMS instead of NMS
 * @property {number} floor the confidence below which Soft-NMS ends
 * @property {[number, number]} offset of the picture in the blob, x and y
 * @property {[number, number]} scale from the picture to the blob, x and y
 * @property {[number, number]} image width and height of the picture
 */

/**
 * A candidate that NMS keeps or suppresses.
 *
 * @typedef {object} Verdict
 * @property {number} index among the candidates
 * @property {number} confidence after NMS
 * @property {number} [suppressedBy] index of the box that suppresses it
 * @property {number} [iou] of both
 */

/**
 * Where a box lies on the picture, and the number it has there.
 *
 * @typedef {object} Placed
 * @property {number[]} xyxy in pixels of the picture, ending at its edges
 * @property {number[]} [corners] x and y of four corners, where boxes are turned
 * @property {number} [number] of a kept box, from 1
 * @property {number} [by] number of the kept box that suppresses this one
 */

/** @typedef {Verdict & Placed} Box */

/** @typedef {{ kept: Verdict[], suppressed: Verdict[] }} Verdicts */

/**
 * Filter the candidates: how many pass the threshold, what NMS keeps of them, by
 * confidence, and which box suppresses which.
 *
 * @param {Candidates} candidates
 * @param {number} threshold of the confidence
 * @param {number} maxIou
 * @returns {{ count: number, kept: Box[], suppressed: Box[] }}
 */
export function filtered(candidates, threshold, maxIou) {
  const limit = Math.fround(threshold)
  const { confidence } = candidates
  let count = 0
  while (count < confidence.length && confidence[count] > limit) count += 1
  const { kept, suppressed } = candidates.soft
    ? softNms(candidates, count, limit, maxIou) : hardNms(candidates, count, maxIou)
  const inside = placed(candidates, kept)
    .filter(({ xyxy }) => xyxy[2] - xyxy[0] > 0 && xyxy[3] - xyxy[1] > 0)
    .map((box, place) => ({ ...box, number: place + 1 }))
  const numberOf = new Map(inside.map((box) => [box.index, box.number]))
  const ghosts = placed(candidates, suppressed)
    .map((box) => ({ ...box, by: numberOf.get(box.suppressedBy ?? -1) }))
  return { count, kept: inside, suppressed: ghosts }
}

/**
 * NMS as cv2.dnn.NMSBoxes does it: a box is kept unless a kept box of higher confidence
 * overlaps it by more than the threshold.
 *
 * @param {Pick<Candidates, 'near' | 'confidence' | 'classId' | 'perClass'>} candidates
 * @param {number} count how many of them pass the confidence threshold
 * @param {number} maxIou
 * @returns {Verdicts}
 */
export function hardNms({ near, confidence, classId, perClass }, count, maxIou) {
  const limit = Math.fround(maxIou)
  /** @type {Verdict[]} */
  const kept = []
  /** @type {Verdict[]} */
  const suppressed = []
  for (let index = 0; index < count; index += 1) {
    /** @type {Verdict} */
    let box = { index, confidence: confidence[index] }
    for (const { index: other } of kept) {
      if (perClass && classId[other] !== classId[index]) continue
      const distance = Math.fround(1 - iou(near, other, index)) // cv2 rounds both ways
      const overlap = Math.fround(1 - distance)
      if (overlap > limit) {
        box = { ...box, suppressedBy: other, iou: overlap }
        break
      }
    }
    (box.suppressedBy === undefined ? kept : suppressed).push(box)
  }
  return { kept, suppressed }
}

/**
 * Soft-NMS as Detections.softened("linear") does it: the best box lowers the confidence of
 * its neighbours, repeatedly.
 *
 * @param {Pick<Candidates, 'xyxy' | 'confidence' | 'classId' | 'perClass' | 'floor'>} candidates
 * @param {number} count how many of them pass the confidence threshold
 * @param {number} limit the confidence threshold, a float32
 * @param {number} maxIou
 * @returns {Verdicts}
 */
export function softNms({ xyxy, confidence, classId, perClass, floor }, count, limit, maxIou) {
  const left = Float64Array.from(confidence.subarray(0, count))
  /** @type {Map<number, Verdict>} */
  const suppressed = new Map()
  /** @type {Verdict[]} */
  const kept = []
  for (;;) {
    let best = -1
    for (let i = 0; i < count; i += 1) if (best < 0 || left[i] > left[best]) best = i
    if (best < 0 || !(left[best] >= floor)) break
    const lowered = Math.fround(left[best])
    if (lowered > limit) kept.push({ index: best, confidence: lowered })
    left[best] = -1 // picked: never picked again
    for (let i = 0; i < count; i += 1) {
      if (left[i] < 0 || (perClass && classId[i] !== classId[best])) continue
      const overlap = iou(xyxy, best, i)
      if (!(overlap > maxIou)) continue
      left[i] *= 1 - overlap
      if (Math.fround(left[i]) <= limit && !suppressed.has(i)) {
        suppressed.set(i, { index: i, confidence: confidence[i], suppressedBy: best, iou: overlap })
      }
    }
  }
  return { kept, suppressed: [...suppressed.values()] }
}

/**
 * Intersection over union, in the order of operations of core/results/boxes.py.
 *
 * @param {Float64Array} xyxy four numbers a box
 * @param {number} a the index of a box
 * @param {number} b the index of another
 */
export function iou(xyxy, a, b) {
  const [p, q] = [4 * a, 4 * b]
  const width = Math.max(0, Math.min(xyxy[p + 2], xyxy[q + 2]) - Math.max(xyxy[p], xyxy[q]))
  const height = Math.max(0,
    Math.min(xyxy[p + 3], xyxy[q + 3]) - Math.max(xyxy[p + 1], xyxy[q + 1]))
  const shared = width * height
  const union = area(xyxy, p) + area(xyxy, q) - shared
  return union > 0 ? shared / union : 0
}

/**
 * @param {Float64Array} xyxy
 * @param {number} at where the four numbers of the box begin
 */
function area(xyxy, at) {
  return Math.max(0, xyxy[at + 2] - xyxy[at]) * Math.max(0, xyxy[at + 3] - xyxy[at + 1])
}

/**
 * Bring boxes from the blob to the picture.
 *
 * @param {Candidates} candidates
 * @param {Verdict[]} verdicts
 * @returns {Box[]}
 */
function placed({ xyxy, corners, offset, scale, image }, verdicts) {
  /** @type {(value: number, side: number) => number} */
  const onImage = (value, side) => (value - offset[side % 2]) / scale[side % 2]
  return verdicts.map((verdict) => {
    const { index } = verdict
    const box = { ...verdict, xyxy: Array.from(xyxy.subarray(4 * index, 4 * index + 4),
      (value, side) => clipped(onImage(value, side), 0, image[side % 2])) }
    return corners
      ? { ...box, corners: Array.from(corners.subarray(8 * index, 8 * index + 8), onImage) } : box
  })
}
