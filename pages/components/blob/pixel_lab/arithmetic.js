// The arithmetic of one point of a blob: core/blob/arithmetic.py once more, to the last bit
// and to the last word. tests/js/test_arithmetic.py and tests/browser/test_pixel_lab.py
// compare both.

import { clipped } from '../../browser/numbers.js'

/**
 * A picture on its way into a blob, as Python packed it; see __init__.py.
 *
 * @typedef {object} Traced
 * @property {[number, number]} image width and height of the picture
 * @property {[number, number]} resized width and height after the resize
 * @property {[number, number]} blob width and height of the blob
 * @property {[number, number]} corner where the resized picture begins in the blob
 * @property {[number, number]} step pixels of the picture from one resized pixel to the next
 * @property {string[]} order the channels of the picture
 * @property {string[]} blobOrder the channels of the blob
 * @property {number[]} places
 * @property {'NCHW' | 'NHWC'} layout
 * @property {number[]} mean by channel, in the picture's order
 * @property {number[]} scale by channel, in the picture's order
 * @property {number[]} std by channel, in the picture's order
 * @property {number} weightOne what the weights of two neighbours add up to
 * @property {Uint8Array} source the picture, or the pixels that the blob depends on
 * @property {Uint8Array} fitted the fitted picture
 * @property {Uint8Array | Float32Array} numbers the blob
 * @property {Int32Array} [columns] of the picture that `source` holds, if not all
 * @property {Int32Array} [columnOf] by column of the picture: its place in `source`, or -1
 * @property {Int32Array} [rowOf] by row of the picture: its place in `source`, or -1
 */

/**
 * @typedef {object} SourcePixel
 * @property {number} x
 * @property {number} y
 * @property {number[]} values
 * @property {number} weightX
 * @property {number} weightY
 */

/**
 * Every number on the way of one pixel; by channel, in the picture's order.
 *
 * @typedef {object} Arithmetic
 * @property {number} x column in the blob
 * @property {number} y row in the blob
 * @property {boolean} inBar whether it lies in a letterbox bar
 * @property {SourcePixel[]} sources
 * @property {number[][]} shares what each source row adds to the resized pixel
 * @property {number[]} fitted
 * @property {number[]} centred
 * @property {number[]} scaled
 * @property {number[]} divided
 * @property {number[]} swapped in the blob's order
 * @property {number[][]} index of each value in the blob
 */

/**
 * @typedef {object} Cell
 * @property {string} letter of the channel
 * @property {number | string} value
 * @property {string} [how] the operation that led to it
 * @property {string} [words] the whole equation
 */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {Cell[]} cells
 * @property {string} [tail]
 * @property {number} [share] of a source pixel, in percent
 * @property {boolean} [reordered] whether the channels stand in the blob's order
 */

/**
 * Invert a list of indices: the position of each index in the list, or -1.
 *
 * @param {Int32Array} indices
 * @param {number} count
 */
export function positions(indices, count) {
  const found = new Int32Array(count).fill(-1)
  indices.forEach((index, place) => { found[index] = place })
  return found
}

/**
 * The channels of a pixel of the picture; null where only the small preview knows it.
 *
 * @param {Traced} traced
 * @param {number} x
 * @param {number} y
 */
export function sourcePixel({ image, order, source, columns, columnOf, rowOf }, x, y) {
  let at = y * image[0] + x
  if (columns && columnOf && rowOf) {
    if (columnOf[x] < 0 || rowOf[y] < 0) return null
    at = rowOf[y] * columns.length + columnOf[x]
  }
  return source.subarray(at * order.length, (at + 1) * order.length)
}

/**
 * @param {Traced} traced
 * @param {number} x
 * @param {number} y
 */
export function fittedPixel({ blob, order, fitted }, x, y) {
  const at = (y * blob[0] + x) * order.length
  return fitted.subarray(at, at + order.length)
}

/**
 * @param {Traced} traced
 * @param {number} channel
 * @param {number} x
 * @param {number} y
 */
export function blobIndex({ layout }, channel, x, y) {
  return layout === 'NCHW' ? [0, channel, y, x] : [0, y, x, channel]
}

/**
 * @param {Traced} traced
 * @param {number} channel
 * @param {number} x
 * @param {number} y
 */
export function blobValue({ blob: [width, height], blobOrder, layout, numbers }, channel, x, y) {
  return layout === 'NCHW'
    ? numbers[(channel * height + y) * width + x]
    : numbers[(y * width + x) * blobOrder.length + channel]
}

/**
 * The neighbours along one axis, as index and weight; see neighbours_across and _down.
 *
 * @param {number} resized
 * @param {number} step
 * @param {number} count pixels along this axis of the picture
 * @param {number} one what the weights add up to
 * @param {boolean} across
 */
export function neighbours(resized, step, count, one, across) {
  const at = Math.fround((resized + 0.5) * step - 0.5)
  let first = Math.floor(at)
  let part = Math.fround(at - first)
  if (across && (first < 0 || first >= count - 1)) {
    first = clipped(first, 0, count - 1)
    part = 0
  }
  return [
    [clipped(first, 0, count - 1), toEven(Math.fround(1 - part) * one)],
    [clipped(first + 1, 0, count - 1), toEven(part * one)],
  ].filter(([, weight]) => weight > 0)
}

/**
 * @param {Traced} traced
 * @param {number} x column in the blob
 * @param {number} y row in the blob
 * @returns {Arithmetic}
 */
export function arithmetic(traced, x, y) {
  const { corner, resized, mean, scale, std, places } = traced
  const [column, row] = [x - corner[0], y - corner[1]]
  const inBar = column < 0 || row < 0 || column >= resized[0] || row >= resized[1]
  const blended = inBar ? { sources: [], shares: [] } : blend(traced, column, row)
  const fitted = [...fittedPixel(traced, x, y)]
  const centred = fitted.map((value, i) => Math.fround(value - mean[i]))
  const scaled = centred.map((value, i) => Math.fround(value * scale[i]))
  const divided = scaled.map((value, i) => Math.fround(value / std[i]))
  const index = places.map((_, channel) => blobIndex(traced, channel, x, y))
  const swapped = places.map((_, channel) => blobValue(traced, channel, x, y))
  return { x, y, inBar, ...blended, fitted, centred, scaled, divided, swapped, index }
}

/**
 * The pixels of the picture that a resized pixel is made of, and what each row adds.
 *
 * @param {Traced} traced
 * @param {number} column of the resized picture
 * @param {number} row of the resized picture
 */
function blend(traced, column, row) {
  const { step, image, weightOne } = traced
  /** @type {SourcePixel[]} */
  const sources = []
  /** @type {number[][]} */
  const shares = []
  const across = neighbours(column, step[0], image[0], weightOne, true)
  for (const [y, weightY] of neighbours(row, step[1], image[1], weightOne, false)) {
    const sums = traced.order.map(() => 0)
    for (const [x, weightX] of across) {
      const values = [...sourcePixel(traced, x, y) ?? []]
      values.forEach((value, channel) => { sums[channel] += value * weightX })
      sources.push({ x, y, values, weightX, weightY })
    }
    shares.push(sums.map((sum) => (((sum >> 4) * weightY) >> 16) / 4))
  }
  return { sources, shares }
}

/**
 * How much of a source pixel is in the point, 0..1.
 *
 * @param {Traced} traced
 * @param {SourcePixel} pixel
 */
export function weight({ weightOne }, { weightX, weightY }) {
  return (weightX * weightY) / weightOne ** 2
}

/**
 * The steps between the first and the last line: a name, and a cell for each channel.
 *
 * @param {Traced} traced
 * @param {Arithmetic} found
 * @returns {Step[]}
 */
export function steps(traced, found) {
  const { order, blobOrder, mean, scale, std } = traced
  /** @type {(values: (number | string)[]) => Cell[]} */
  const plain = (values) => values.map((value, i) => ({ letter: order[i], value }))
  /** @type {(before: number[], sign: string, operand: number[], after: number[]) => Cell[]} */
  const worked = (before, sign, operand, after) => after.map((value, i) => ({
    letter: order[i],
    how: `${sign} ${digits(operand[i])}`,
    words: `${digits(before[i])} ${sign} ${digits(operand[i])} = ${digits(value)}`,
    value: digits(value),
  }))
  const last = found.swapped.map((value, i) => ({ letter: blobOrder[i], value: digits(value) }))
  const swapped = String(order) === String(blobOrder) ? 'no swap' : 'after the swap'
  return [
    ...blending(traced, found),
    { name: 'fitted', cells: plain(found.fitted) },
    { name: 'minus mean', cells: worked(found.fitted, '-', mean, found.centred) },
    { name: 'times scalefactor', cells: worked(found.centred, '*', scale, found.scaled) },
    { name: 'divided by std', cells: worked(found.scaled, '/', std, found.divided) },
    { name: swapped, cells: last, reordered: true },
  ]
}

/**
 * The steps from the pixels of the picture to the resized pixel.
 *
 * @param {Traced} traced
 * @param {Arithmetic} found
 * @returns {Step[]}
 */
function blending(traced, { sources, shares }) {
  const { order, weightOne } = traced
  /** @type {Step[]} */
  const rows = sources.map((pixel) => {
    const share = 100 * weight(traced, pixel)
    return {
      name: `pixel (${pixel.x}, ${pixel.y})`,
      cells: pixel.values.map((value, i) => ({ letter: order[i], value })),
      tail: `weight ${pixel.weightX}/${weightOne} * ${pixel.weightY}/${weightOne} = ${
        hundredths(share)} %`,
      share,
    }
  })
  if (rows.length < 2) return rows
  const sums = order.map((letter, i) => ({ letter, value: hundredths(sources.reduce(
    (sum, pixel) => sum + weight(traced, pixel) * pixel.values[i], 0)) }))
  const rounded = order.map((letter, i) => {
    const how = shares.map((share) => digits(share[i])).join(' + ')
    const value = Math.floor(shares.reduce((sum, share) => sum + share[i], 0) + 0.5)
    return { letter, how, words: `${how} → ${value}`, value }
  })
  return [...rows, { name: 'weighted sum', cells: sums },
    { name: 'in quarters, rounded', cells: rounded }]
}

/** @param {Arithmetic} found */
export function opening({ x, y, inBar, sources }) {
  if (inBar) return `blob x ${x}, y ${y} lies in a letterbox bar: no pixel of the picture`
  return sources.length === 1
    ? `blob x ${x}, y ${y} is made of 1 pixel of the picture, as it is`
    : `blob x ${x}, y ${y} is made of ${sources.length} pixels of the picture`
}

/**
 * The whole arithmetic in words, as Arithmetic.lines in Python.
 *
 * @param {Traced} traced
 * @param {Arithmetic} found
 */
export function lines(traced, found) {
  return [
    opening(found),
    ...steps(traced, found).map(({ name, cells, tail }) => {
      const named = cells.map((cell) => `${cell.letter} ${cell.words ?? cell.value}`).join(', ')
      return `${name}: ${named}${tail ? `; ${tail}` : ''}`
    }),
    ...found.index.map((index, i) =>
      `blob[${index.join(', ')}] = ${digits(found.swapped[i])} (${traced.blobOrder[i]})`),
  ]
}

/**
 * The fewest digits that give the number back, as float32 where it is one.
 *
 * @param {number} value
 */
export function digits(value) {
  if (Math.fround(value) !== value || !Number.isFinite(value)) return String(value)
  let written = 0
  for (let count = 1; count <= 9; count += 1) {
    written = Number(value.toPrecision(count))
    if (Math.fround(written) === value) break
  }
  return String(written)
}

/** @param {number} value */
export function hundredths(value) {
  return (Math.floor(value * 100 + 0.5) / 100).toFixed(2)
}

/**
 * The nearest whole number; of two, the even one.
 *
 * @param {number} value
 */
export function toEven(value) {
  const rounded = Math.round(value)
  return value % 1 === 0.5 && rounded % 2 ? rounded - 1 : rounded
}
