// The pixel lab: one point of a blob, seen in the source picture, in the fitted picture
// and in every plane at once, with the arithmetic that leads from one to the other.
//
// Python sends bytes (see __init__.py) and gets nothing back. The arithmetic is in
// arithmetic.js; here is what people see of it.

import { context2d, element, part } from '../../browser/dom.js'
import { clipped } from '../../browser/numbers.js'
import { unpack } from '../../browser/payload.js'
import {
  arithmetic, blobValue, digits, fittedPixel, lines, opening, positions, sourcePixel, steps,
  weight,
} from './arithmetic.js'

/** @import { Mount } from '../../browser/dom.js' */
/** @import { Arithmetic, Step, Traced } from './arithmetic.js' */

/** @typedef {[number, number]} Pair of an x and a y */
/** @typedef {[number, number, number]} Rgb */
/** @typedef {'source' | 'fitted' | 'plane'} Kind */

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

const WRITTEN_FROM = 36 // at this many CSS pixels a side, a pixel has room for its values
const GRID_FROM = 9
const SPOKEN_AFTER = 300 // ms without a move: a screen reader need not read every step

/** @type {WeakMap<HTMLElement, Lab>} */
const LABS = new WeakMap()

/** @param {Mount} mount */
export default function ({ data, parentElement }) {
  const root = part(parentElement, '.lab')
  const lab = LABS.get(root) ?? new Lab(root)
  LABS.set(root, lab)
  lab.receive(data)
  return () => lab.close()
}

/**
 * @param {Uint8Array} data
 * @returns {Sent}
 */
function unpacked(data) {
  const sent = unpack(data)
  if (sent.type === 'float32') sent.numbers = new Float32Array(sent.numbers.buffer)
  if (sent.columns) {
    sent.columns = new Int32Array(sent.columns.buffer)
    sent.columnOf = positions(sent.columns, sent.image[0])
    sent.rowOf = positions(new Int32Array(sent.rows.buffer), sent.image[1])
  }
  return sent
}

// ---------------------------------------------------------------- the pictures

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
function paintedBytes(size, bytes, depth) {
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
function paintedPlane(sent, channel) {
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
function shade(pixel) {
  return pixel.length > 1 ? [pixel[2], pixel[1], pixel[0]] : [pixel[0], pixel[0], pixel[0]]
}

/**
 * @param {number[]} values of x and y
 * @param {(value: number, axis: number) => number} change
 */
function pair(values, change) {
  return /** @type {Pair} */ (values.map(change))
}

// One canvas with its title and caption. Its own coordinates are continuous pixels of what
// it shows: pixel 0 reaches from 0 to 1. `origin` is what lies in the upper left corner.
class Picture {
  /**
   * @param {Lab} lab
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
    this.canvas = element('canvas')
    this.canvas.tabIndex = 0
    this.canvas.setAttribute('role', 'application')
    this.canvas.setAttribute('aria-roledescription', 'picture with a cross-hair')
    this.canvas.setAttribute('aria-describedby', 'lab-hint')
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

// ---------------------------------------------------------------- the lab

class Lab {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    this.zoom = 0
    this.pinned = false
    this.font = 'monospace'
    /** @type {Picture[]} */
    this.pictures = []
    /** @type {{ from: Pair, origin: Pair, far: boolean } | null} */
    this.drag = null
    /** @type {number | null} */
    this.asked = null
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {Uint8Array | null} */
    this.data = null
    // until receive(), which comes before all else:
    /** @type {Sent} */
    this.sent = /** @type {any} */ (null)
    /** @type {Pair} */
    this.point = /** @type {any} */ (null)
    /** @type {Arithmetic} */
    this.found = /** @type {any} */ (null)
    this.slider = element('input')
    Object.assign(this.slider, { type: 'range', min: 0, max: 100, value: 0, step: 1 })
    this.slider.oninput = () => this.zoomTo(Number(this.slider.value) / 100)
    this.slider.setAttribute('aria-label', 'zoom')
    /** @type {(text: string, label: string, act: () => void) => HTMLButtonElement} */
    const button = (text, label, act) => {
      const made = element('button', '', text)
      made.type = 'button'
      made.setAttribute('aria-label', label)
      made.onclick = act
      return made
    }
    this.pin = element('span', 'pin')
    this.hint = element('p', 'hint', 'Hover, touch or use the arrow keys (Shift: ten at once). ',
      'Click to pin the point, Esc to release it. Zoom with + and -, or with the wheel after a ',
      'click on a picture; then drag to pan.')
    this.hint.id = 'lab-hint'
    const bar = element('div', 'bar', button('\u2212', 'zoom out', () => this.zoomTo(this.zoom - 0.1)),
      this.slider, button('+', 'zoom in', () => this.zoomTo(this.zoom + 0.1)),
      button('all', 'show all', () => this.zoomTo(0)),
      button('pixels', 'show single pixels', () => this.zoomTo(1)), this.pin)
    this.gallery = element('div', 'gallery')
    this.table = element('table')
    this.opening = element('p', 'opening')
    this.spoken = element('p', 'spoken')
    this.spoken.setAttribute('role', 'status')
    this.spoken.setAttribute('aria-live', 'polite')
    const why = element('p', 'why', 'The weights are those of cv2.resize with INTER_LINEAR, in ',
      '2048ths: column weight times row weight. For uint8, cv2 truncates the sum of each row ',
      'to quarters before rounding, so 27.7 can become 27. From the mean on, all values are ',
      'exact float32. ')
    this.partly = element('span')
    why.append(this.partly)
    const panel = element('div', 'panel', this.opening, this.table, why, this.spoken)
    this.legend = element('p', 'legend')
    this.root.replaceChildren(element('div', 'bench', bar, this.gallery, panel))
    this.observer = new ResizeObserver(() => this.rearrange())
  }

  /** @param {Uint8Array} data */
  receive(data) {
    if (data === this.data) {
      this.draw()
      return
    }
    this.data = data
    this.sent = unpacked(data)
    this.font = getComputedStyle(this.root).getPropertyValue('--st-code-font') || 'monospace'
    if (this.pictures.length !== this.sent.blobOrder.length + 2) this.hang()
    for (const picture of this.pictures) picture.receive(this.sent)
    const [width, height] = this.sent.blob
    this.root.style.setProperty('--ratio', String(clipped(width / height, 0.6, 1.9)))
    const middle = pair(this.sent.blob, (side) => Math.floor(side / 2))
    this.point = pair(this.point ?? middle,
      (value, axis) => clipped(value, 0, this.sent.blob[axis] - 1))
    this.partly.textContent = this.sent.columns
      ? 'This picture is large: only the pixels that the blob depends on are shown exactly.' : ''
    this.tellScale()
    this.rearrange()
    this.tell()
  }

  tellScale() {
    const { low, high, colours } = this.sent
    const stops = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => 3 * Math.round(1 + (i / 8) * 254))
    const ramp = element('span', 'ramp')
    const codes = stops.map((at) => `rgb(${colours.subarray(at, at + 3).join(' ')})`)
    ramp.style.background = `linear-gradient(90deg, ${codes.join(', ')})`
    this.legend.replaceChildren('planes: ', digits(Math.fround(low)), ramp,
      digits(Math.fround(high)))
  }

  /**
   * How much of a source pixel is in the chosen one, 0..1; a row at the edge may count twice.
   *
   * @param {number} x
   * @param {number} y
   */
  shareOf(x, y) {
    return this.found.sources.reduce((sum, pixel) => (
      pixel.x === x && pixel.y === y ? sum + weight(this.sent, pixel) : sum), 0)
  }

  // Create the pictures; a blob has as many planes as the picture has channels.
  hang() {
    const channels = this.sent.blobOrder.map((_, channel) => channel)
    this.pictures = [new Picture(this, 'source'), new Picture(this, 'fitted'),
      ...channels.map((channel) => new Picture(this, 'plane', channel))]
    const figures = this.pictures.map((picture) => picture.figure)
    this.gallery.replaceChildren(...figures, this.hint, this.legend)
    this.observer.disconnect()
    for (const picture of this.pictures) {
      this.listen(picture)
      this.observer.observe(picture.canvas)
    }
  }

  /** @param {Picture} picture */
  listen(picture) {
    const { canvas } = picture
    canvas.onpointermove = (event) => this.onMove(picture, event)
    canvas.onpointerdown = (event) => {
      if (event.button) return
      canvas.setPointerCapture(event.pointerId)
      this.drag = { from: [event.clientX, event.clientY], origin: picture.origin, far: false }
    }
    canvas.onpointerup = (event) => this.onUp(picture, event)
    canvas.onpointercancel = () => { this.drag = null }
    canvas.onkeydown = (event) => this.onKey(picture, event)
    canvas.addEventListener('wheel', (event) => {
      // the wheel scrolls the page until a picture is clicked; browsers report a pinch as Ctrl
      const { activeElement } = /** @type {Document | ShadowRoot} */ (canvas.getRootNode())
      if (!event.ctrlKey && activeElement !== canvas) return
      event.preventDefault()
      this.zoomTo(this.zoom - Math.sign(event.deltaY) * 0.07)
    }, { passive: false })
  }

  /**
   * @param {Picture} picture
   * @param {PointerEvent} event
   */
  onMove(picture, event) {
    const { drag } = this
    if (drag && this.zoom > 0) {
      /** @type {Pair} */
      const moved = [event.clientX - drag.from[0], event.clientY - drag.from[1]]
      drag.far ||= Math.hypot(...moved) > 4
      if (drag.far) {
        this.dragged(picture, drag.origin, moved)
        return
      }
    }
    if (this.pinned && !(drag && event.pointerType !== 'mouse')) return
    const point = picture.pointAt(event)
    if (point.some((value, axis) => value !== this.point[axis])) this.moveTo(point, picture)
  }

  /**
   * @param {Picture} picture
   * @param {Pair} origin of the picture when the drag began
   * @param {Pair} moved CSS pixels since then
   */
  dragged(picture, origin, moved) {
    picture.origin = pair(origin, (value, axis) => {
      const spare = picture.size[axis] - picture.room[axis] / picture.pixel
      return spare <= 0 ? spare / 2 : clipped(value - moved[axis] / picture.pixel, 0, spare)
    })
    this.follow(picture)
    this.draw()
  }

  /**
   * @param {Picture} picture
   * @param {PointerEvent} event
   */
  onUp(picture, event) {
    const clicked = this.drag && !this.drag.far
    this.drag = null
    if (!clicked) return
    const point = picture.pointAt(event)
    const same = point.every((value, axis) => value === this.point[axis])
    this.setPinned(event.pointerType === 'mouse' && !(this.pinned && same))
    this.moveTo(point, picture)
  }

  /** @param {boolean} pinned */
  setPinned(pinned) {
    this.pinned = pinned
    this.pin.textContent = pinned ? 'pinned' : ''
  }

  /**
   * @param {Picture} picture
   * @param {KeyboardEvent} event
   */
  onKey(picture, event) {
    const far = event.shiftKey ? 10 : 1
    const act = /** @type {Record<string, () => void>} */ ({
      ArrowLeft: () => this.step(picture, [-far, 0]),
      ArrowRight: () => this.step(picture, [far, 0]),
      ArrowUp: () => this.step(picture, [0, -far]),
      ArrowDown: () => this.step(picture, [0, far]),
      '+': () => this.zoomTo(this.zoom + 0.1),
      '=': () => this.zoomTo(this.zoom + 0.1),
      '-': () => this.zoomTo(this.zoom - 0.1),
      0: () => this.zoomTo(0),
      1: () => this.zoomTo(1),
      Escape: () => this.setPinned(false),
    })[event.key]
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act()
  }

  /**
   * @param {Picture} picture
   * @param {Pair} by
   */
  step(picture, by) {
    const point = pair(this.point, (value, axis) =>
      clipped(value + by[axis], 0, this.sent.blob[axis] - 1))
    this.point = point
    picture.scrollTo(pair(picture.relative, (value) => clipped(value, 0.15, 0.85)))
    this.moveTo(point, picture)
  }

  /**
   * Move the cross-hair; the picture it is moved in stays as it is, the others follow.
   *
   * @param {Pair} point
   * @param {Picture} picture
   */
  moveTo(point, picture) {
    this.point = point
    this.follow(picture)
    this.draw()
    this.tell()
  }

  /**
   * In all pictures the cross-hair comes to the same place of the canvas, if it can.
   *
   * @param {Picture} leader
   */
  follow(leader) {
    const relative = pair(leader.relative, (value) => clipped(value, 0, 1))
    for (const picture of this.pictures) if (picture !== leader) picture.scrollTo(relative)
  }

  /** @param {number} zoom 0..1 */
  zoomTo(zoom) {
    const places = this.pictures.map((picture) =>
      pair(picture.relative, (value) => clipped(value, 0.15, 0.85)))
    this.zoom = clipped(Math.round(zoom * 100) / 100, 0, 1)
    this.slider.value = String(this.zoom * 100)
    this.root.classList.toggle('zoomed', this.zoom > 0)
    this.pictures.forEach((picture, i) => picture.scrollTo(places[i]))
    this.draw()
  }

  rearrange() {
    if (!this.sent) return
    for (const picture of this.pictures) picture.scrollTo([0.5, 0.5])
    this.draw()
  }

  draw() {
    if (this.asked) return
    this.asked = requestAnimationFrame(() => {
      this.asked = null
      for (const picture of this.pictures) picture.draw()
    })
  }

  tell() {
    this.found = arithmetic(this.sent, ...this.point)
    for (const picture of this.pictures) picture.describe(this.found)
    this.opening.textContent = opening(this.found)
    this.table.replaceChildren(...tabulated(this.sent, this.found))
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.spoken.textContent = lines(this.sent, this.found).join('\n')
    }, SPOKEN_AFTER)
  }

  close() {
    this.observer.disconnect()
    clearTimeout(this.timer)
    if (this.asked !== null) cancelAnimationFrame(this.asked)
  }
}

// ---------------------------------------------------------------- the table

/**
 * The children of the table.
 *
 * @param {Sent} sent
 * @param {Arithmetic} found
 */
function tabulated(sent, found) {
  const body = element('tbody')
  for (const row of steps(sent, found)) {
    if (row.reordered) body.append(header(sent.blobOrder, row.name))
    body.append(tableRow(row))
  }
  const index = element('tr', 'index', heading('row', 'index in the blob'),
    ...found.index.map((each) => element('td', '', `[${each.join(',')}]`)))
  body.append(index)
  return [element('thead', '', header(sent.order, 'step')), body]
}

/**
 * @param {string[]} letters
 * @param {string} first
 */
function header(letters, first) {
  return element('tr', 'letters', heading('col', first), ...letters.map((letter) => {
    const cell = heading('col', letter)
    cell.classList.add(letter)
    return cell
  }))
}

/** @param {Step} step */
function tableRow({ name, cells, tail, share, reordered }) {
  const first = heading('row', reordered ? 'value in the blob' : name.replace('pixel ', ''))
  if (tail) {
    first.prepend(element('span', 'word', 'pixel '))
    const [weights, percent] = tail.replace('weight ', '').split(' = ')
    first.append(element('span', 'percent', percent), element('small', '', weights))
    first.style.setProperty('--share', `${share}%`)
    first.classList.add('weighed')
  }
  return element('tr', reordered ? 'result' : '', first, ...cells.map(({ how, value }) =>
    element('td', '', ...(how ? [element('small', '', how)] : []), String(value))))
}

/**
 * @param {'row' | 'col'} scope
 * @param {string} text
 */
function heading(scope, text) {
  const made = element('th', '', text)
  made.scope = scope
  return made
}
