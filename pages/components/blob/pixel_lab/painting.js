// Bytes and blob values as colours.

import { context2d, element } from '../../browser/dom.js'
import { clipped } from '../../browser/numbers.js'
import { blobValue } from './arithmetic.js'

/** @import { Pair, Rgb, Sent } from './sent.js' */

/**
 * Make a canvas of a picture's own size.
 *
 * @param {Pair} size
 * @param {(i: number, colour: Rgb) => void} paint sets red, green, blue of pixel i
 */
function painted([width, height], paint) {
  const canvas = element('canvas')
  canvas.width = width
  canvas.height = height
  const pixels = new ImageData(width, height)
  pixels.data.fill(255)
  /** @type {Rgb} */
  const colour = [0, 0, 0]
  for (let i = 0, at = 0; i < width * height; i += 1, at += 4) {
    paint(i, colour)
    pixels.data[at] = colour[0]
    pixels.data[at + 1] = colour[1]
    pixels.data[at + 2] = colour[2]
  }
  context2d(canvas).putImageData(pixels, 0, 0)
  return canvas
}

/**
 * @param {Pair} size
 * @param {Uint8Array} bytes B, G, R of each pixel, or its grey
 * @param {number} depth how many bytes a pixel has
 */
export function paintedBytes(size, bytes, depth) {
  const [red, green] = depth > 1 ? [2, 1] : [0, 0]
  return painted(size, (i, colour) => {
    colour[0] = bytes[depth * i + red]
    colour[1] = bytes[depth * i + green]
    colour[2] = bytes[depth * i]
  })
}

/**
 * As core/render/planes.py colours them: place 1 is low, 255 is high, 128 the middle.
 *
 * @param {Sent} sent
 * @param {number} channel
 */
export function paintedPlane(sent, channel) {
  const factor = sent.high > sent.low ? 254 / (sent.high - sent.low) : 0
  const shift = factor ? 1 - sent.low * factor : 128
  const [width] = sent.blob
  return painted(sent.blob, (i, colour) => {
    const value = blobValue(sent, channel, i % width, Math.floor(i / width))
    const at = 3 * clipped(Math.round(value * factor + shift), 0, 255)
    colour[0] = sent.colours[at]
    colour[1] = sent.colours[at + 1]
    colour[2] = sent.colours[at + 2]
  })
}

/**
 * Red, green, blue of a pixel in B, G, R, or of a grey one.
 *
 * @param {Uint8Array} pixel
 * @returns {Rgb}
 */
export function shade(pixel) {
  return pixel.length > 1 ? [pixel[2], pixel[1], pixel[0]] : [pixel[0], pixel[0], pixel[0]]
}
