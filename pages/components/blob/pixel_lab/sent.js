// What Python packed for the pixel lab (see __init__.py), and pairs of x and y.

import { unpack } from '../../browser/payload.js'
import { positions } from './arithmetic.js'

/** @import { Traced } from './arithmetic.js' */

/** @typedef {[number, number]} Pair of an x and a y */
/** @typedef {[number, number, number]} Rgb */

/**
 * What Python packed.
 *
 * @typedef {object} OwnPart
 * @property {boolean} cropped whether the fit cuts some of the picture away
 * @property {number} low the value that gets the first colour
 * @property {number} high the value that gets the last colour
 * @property {Uint8Array} colours red, green, blue of 256 colours for the planes
 * @property {Uint8Array<ArrayBuffer>} [preview] a JPEG of a large picture
 */

/** @typedef {OwnPart & Traced} Sent */

/**
 * @param {Uint8Array} data
 * @returns {Sent}
 */
export function unpacked(data) {
  const sent = unpack(data)
  if (sent.type === 'float32') sent.numbers = new Float32Array(sent.numbers.buffer)
  if (sent.columns) {
    sent.columns = new Int32Array(sent.columns.buffer)
    sent.columnOf = positions(sent.columns, sent.image[0])
    sent.rowOf = positions(new Int32Array(sent.rows.buffer), sent.image[1])
  }
  return sent
}

/**
 * @param {number[]} values of x and y
 * @param {(value: number, axis: number) => number} change
 */
export function pair(values, change) {
  return /** @type {Pair} */ (values.map(change))
}
