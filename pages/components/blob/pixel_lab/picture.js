// One picture of the pixel lab: the source, the fitted one or a plane, with its cross-hair.

import { context2d, element, keyboardCanvas } from '../../browser/dom.js'
import { clipped } from '../../browser/numbers.js'
import { blobValue, digits, fittedPixel, sourcePixel } from './arithmetic.js'
import { paintedBytes, paintedPlane, shade } from './painting.js'
import { pair } from './sent.js'

/** @import { Arithmetic } from './arithmetic.js' */
/** @import { Pair, Rgb, Sent } from './sent.js' */

/** @typedef {'source' | 'fitted' | 'plane'} Kind */

/**
 * What a picture asks of the lab that it is part of.
 *
 * @typedef {object} Viewed
 * @property {Sent} sent
 * @property {Pair} point the chosen pixel of the blob
 * @property {Arithmetic} found how its value came about
 * @property {number} zoom 0..1
 * @property {string} font
 * @property {() => void} draw all pictures once more
 * @property {(x: number, y: number) => number} shareOf a source pixel in the chosen one, 0..1
 */

const WRITTEN_FROM = 36 // at this many CSS pixels a side, a pixel has room for its values
const GRID_FROM = 9

// One canvas with its title and caption. Its own coordinates are continuous pixels of what
// it shows: pixel 0 reaches from 0 to 1. `origin` is what lies in the upper left corner.
export class Picture {
  /**
   * @param {Viewed} lab
   * @param {Kind} kind
   * @param {number} [channel] of a plane
   */
  constructor(lab, kind, channel = 0) {
    this.lab = lab
    this.kind = kind
    this.channel = channel
    /** @type {Pair} */
    this.origin = [0, 0]
    /** @type {Pair} */
    this.size = [1, 1]
    /** @type {HTMLCanvasElement | ImageBitmap | null} */
    this.bitmap = null
    /** @type {Uint8ClampedArray | null} the colours of a plane, read back when asked for */
    this.rgba = null
    /** @type {Uint8Array | null} the preview that is being decoded */
    this.asked = null
    this.title = element('span', 'title')
    this.note = element('span', 'note')
    this.canvas = keyboardCanvas('picture with a cross-hair', 'lab-hint')
    this.figure = element('figure', kind, element('figcaption', '', this.title, this.note),
      this.canvas)
    this.context = context2d(this.canvas)
  }

  /** @param {Sent} sent */
  receive(sent) {
    this.rgba = null
    this.asked = null
    const name = this.kind === 'plane'
      ? `plane ${sent.blobOrder[this.channel]}` : `${this.kind} picture`
    this.size = this.kind === 'source' ? sent.image : sent.blob
    this.title.textContent = name
    this.canvas.setAttribute('aria-label', `${name}, ${this.size[0]} by ${this.size[1]} pixels`)
    const depth = sent.order.length
    if (this.kind === 'source' && sent.preview) this.decode(sent.preview)
    else if (this.kind === 'source') this.bitmap = paintedBytes(sent.image, sent.source, depth)
    else if (this.kind === 'fitted') this.bitmap = paintedBytes(sent.blob, sent.fitted, depth)
    else this.bitmap = paintedPlane(sent, this.channel)
  }

  /** @param {Uint8Array<ArrayBuffer>} preview */
  decode(preview) {
    this.asked = preview // until it is loaded, the previous picture stays
    createImageBitmap(new Blob([preview], { type: 'image/jpeg' })).then((bitmap) => {
      if (this.asked !== preview) return
      this.bitmap = bitmap
      this.lab.draw()
    })
  }

  // CSS pixels a side of one pixel: everything at zoom 0, a readable pixel at zoom 1.
  get pixel() {
    const [width, height] = this.room
    const all = Math.min(width / this.size[0], height / this.size[1])
    const one = Math.max(all, clipped(width / 2.8, 62, 76))
    return all * (one / all) ** this.lab.zoom
  }

  /** @returns {Pair} */
  get room() {
    return [Math.max(1, this.canvas.clientWidth), Math.max(1, this.canvas.clientHeight)]
  }

  // Where the cross-hair is: in the source picture mostly between pixels.
  get cross() {
    const { sent, point } = this.lab
    return pair(point, this.kind !== 'source'
      ? (value) => value + 0.5
      : (value, axis) => (value - sent.corner[axis] + 0.5) * sent.step[axis])
  }

  /**
   * The blob's pixel under a place on the screen.
   *
   * @param {MouseEvent} event
   */
  pointAt(event) {
    const { sent } = this.lab
    const frame = this.canvas.getBoundingClientRect()
    const at = [event.clientX - frame.left - this.canvas.clientLeft,
      event.clientY - frame.top - this.canvas.clientTop]
    return pair(at, (value, axis) => {
      const here = this.origin[axis] + value / this.pixel
      const blob = this.kind === 'source' ? here / sent.step[axis] + sent.corner[axis] : here
      return clipped(Math.floor(blob), 0, sent.blob[axis] - 1)
    })
  }

  // Where on the canvas the cross-hair is, 0..1.
  get relative() {
    return pair(this.cross, (value, axis) =>
      ((value - this.origin[axis]) * this.pixel) / this.room[axis])
  }

  /**
   * Scroll so that the cross-hair is there, or as near as the picture's edges allow.
   *
   * @param {Pair} relative 0..1
   */
  scrollTo(relative) {
    this.origin = pair(this.cross, (value, axis) => {
      const shown = this.room[axis] / this.pixel
      const spare = this.size[axis] - shown
      return spare <= 0 ? spare / 2 : clipped(value - relative[axis] * shown, 0, spare)
    })
  }

  draw() {
    const { canvas, context, room, pixel } = this
    const density = window.devicePixelRatio || 1
    const [width, height] = room.map((side) => Math.round(side * density))
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
    }
    context.setTransform(density, 0, 0, density, 0, 0)
    context.clearRect(0, 0, ...room)
    const [left, top] = this.onCanvas([0, 0])
    const [across, down] = this.size.map((side) => side * pixel)
    context.imageSmoothingEnabled = pixel < 1
      || (this.kind === 'source' && Boolean(this.lab.sent.preview))
    context.imageSmoothingQuality = 'high'
    if (this.bitmap) context.drawImage(this.bitmap, left, top, across, down)
    if (this.kind === 'source') this.shadeWhatIsCut()
    if (pixel >= GRID_FROM) this.drawPixels()
    this.drawCross()
  }

  /** @param {Pair} place */
  onCanvas(place) {
    return pair(place, (value, axis) => (value - this.origin[axis]) * this.pixel)
  }

  // First and one behind the last pixel that can be seen.
  get visible() {
    return [0, 1].map((axis) => [
      clipped(Math.floor(this.origin[axis]), 0, this.size[axis]),
      clipped(Math.ceil(this.origin[axis] + this.room[axis] / this.pixel), 0, this.size[axis]),
    ])
  }

  shadeWhatIsCut() {
    const { sent } = this.lab
    if (!sent.cropped) return
    const kept = [0, 1].map((end) => this.onCanvas(
      pair(sent.blob, (side, axis) => (end * side - sent.corner[axis]) * sent.step[axis])))
    this.context.fillStyle = 'rgba(0, 0, 0, 0.6)'
    this.context.beginPath()
    const whole = [this.onCanvas([0, 0]), this.onCanvas(this.size)]
    for (const [[left, top], [right, bottom]] of [whole, kept]) {
      this.context.rect(left, top, right - left, bottom - top)
    }
    this.context.fill('evenodd')
  }

  // Pixels large enough to be told apart: their exact colours, edges and numbers.
  drawPixels() {
    const { context, pixel, lab } = this
    const [[left, right], [top, bottom]] = this.visible
    context.strokeStyle = 'rgba(128, 128, 128, 0.35)'
    context.lineWidth = 1
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const [atX, atY] = this.onCanvas([x, y])
        const colour = this.colourAt(x, y)
        if (!colour) continue
        if (this.kind === 'source' && lab.sent.preview) {
          context.fillStyle = `rgb(${colour.join(' ')})`
          context.fillRect(atX, atY, pixel + 0.5, pixel + 0.5)
        }
        context.strokeRect(atX, atY, pixel, pixel)
        if (pixel >= WRITTEN_FROM) this.write(this.wordsAt(x, y), colour, atX, atY)
      }
    }
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Rgb | null}
   */
  colourAt(x, y) {
    if (this.kind === 'plane') {
      const at = 4 * (y * this.size[0] + x)
      this.rgba ??= context2d(/** @type {HTMLCanvasElement} */ (this.bitmap))
        .getImageData(0, 0, ...this.size).data
      return [this.rgba[at], this.rgba[at + 1], this.rgba[at + 2]]
    }
    const pixel = this.bytesAt(x, y)
    return pixel && shade(pixel)
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  bytesAt(x, y) {
    const { sent } = this.lab
    return this.kind === 'source' ? sourcePixel(sent, x, y) : fittedPixel(sent, x, y)
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  wordsAt(x, y) {
    const { sent } = this.lab
    if (this.kind === 'plane') return [this.short(blobValue(sent, this.channel, x, y))]
    const pixel = this.bytesAt(x, y)
    const words = sent.order.map((letter, channel) => `${letter} ${pixel?.[channel]}`)
    const share = this.kind === 'source' ? this.lab.shareOf(x, y) : 0
    return share ? [...words, `${Math.round(100 * share)} %`] : words
  }

  /**
   * Exact where it fits, else the leading digits.
   *
   * @param {number} value
   */
  short(value) {
    const exact = digits(value)
    const room = this.lettersAcross
    if (exact.length <= room) return exact
    return [5, 4, 3, 2, 1].map((count) => String(Number(value.toPrecision(count))))
      .find((text) => text.length <= room) ?? exact
  }

  // How many letters of at least 8 CSS pixels a pixel has room for; 11 write any float32.
  get lettersAcross() {
    return clipped(Math.floor((this.pixel - 4) / (0.61 * 8)), 5, 11)
  }

  /**
   * @param {string[]} words
   * @param {Rgb} colour of the pixel
   * @param {number} atX
   * @param {number} atY
   */
  write(words, colour, atX, atY) {
    const { context, pixel } = this
    const across = Math.max(this.kind === 'plane' ? this.lettersAcross : 5,
      ...words.map((word) => word.length))
    const down = this.kind === 'source' ? 4 : words.length
    const size = Math.min(13, (pixel - 4) / (0.61 * across), (pixel - 4) / (1.15 * down))
    const [red, green, blue] = colour
    context.fillStyle = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? '#000' : '#fff'
    context.font = `${size}px ${this.lab.font}`
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    words.forEach((word, row) => {
      const below = (row - (words.length - 1) / 2) * size * 1.15
      context.fillText(word, atX + pixel / 2, atY + pixel / 2 + below)
    })
  }

  drawCross() {
    const { found } = this.lab
    if (this.kind === 'source' && found.inBar) return
    const cross = this.onCanvas(this.cross)
    /** @type {Pair[]} */
    const boxes = this.kind === 'source'
      ? found.sources.map(({ x, y }) => [x, y])
      : [[found.x, found.y]]
    const gap = Math.max(5, this.pixel * (this.kind === 'source' ? 1 : 0.5))
    this.stroke('rgba(0, 0, 0, 0.7)', 3, cross, boxes, gap)
    this.stroke('#fff', 1.25, cross, boxes, gap)
  }

  /**
   * @param {string} colour
   * @param {number} width
   * @param {Pair} cross
   * @param {Pair[]} boxes pixels to frame
   * @param {number} gap between the cross-hair and its arms
   */
  stroke(colour, width, [x, y], boxes, gap) {
    const { context, pixel, room } = this
    context.strokeStyle = colour
    context.lineWidth = width
    context.beginPath()
    /** @type {[Pair, Pair][]} */
    const arms = [[[0, y], [x - gap, y]], [[x + gap, y], [room[0], y]],
      [[x, 0], [x, y - gap]], [[x, y + gap], [x, room[1]]]]
    for (const [from, to] of pixel < WRITTEN_FROM ? arms : []) {
      if (to[0] < from[0] || to[1] < from[1]) continue
      context.moveTo(...from)
      context.lineTo(...to)
    }
    for (const box of pixel < 4 ? [] : boxes) context.rect(...this.onCanvas(box), pixel, pixel)
    if (this.kind === 'source' && pixel >= GRID_FROM) { // where between them the point lies
      context.moveTo(x + 3, y)
      context.arc(x, y, 3, 0, 2 * Math.PI)
    }
    context.stroke()
  }

  /** @param {Arithmetic} found */
  describe(found) {
    const size = this.size.join(' x ')
    /** @type {(x: number | string, y: number | string) => string} */
    const at = (x, y) => `x\u00a0${x},\u00a0y\u00a0${y}` // the two stay on one line
    if (this.kind === 'plane') {
      const index = found.index[this.channel].join(',')
      this.note.textContent = `[${index}] =\u00a0${digits(found.swapped[this.channel])}`
    } else if (this.kind === 'fitted') {
      this.note.textContent = `${size} · ${at(found.x, found.y)}`
    } else {
      const [x, y] = this.cross.map((value) => (value - 0.5).toFixed(2))
      this.note.textContent = `${size} · ${found.inBar ? 'not in it' : at(x, y)}`
    }
  }
}
