// The boxes of one picture, filtered by the browser itself while a slider is dragged.
//
// Python sends bytes (see __init__.py) and is told of a slider when it is released, and of a
// box when it is chosen. The rule is in nms.js; here is what people see of it.

import { context2d, element, keyboardCanvas, part } from '../../browser/dom.js'
import { clipped } from '../../browser/numbers.js'
import { unpack } from '../../browser/payload.js'
import { filtered } from './nms.js'

/** @import { Mount } from '../../browser/dom.js' */
/** @import { Box, Candidates } from './nms.js' */

/** @typedef {{ colour: string, ink: string }} Colours of a frame, and of the text on it */
/** @typedef {Colours & { label: string, dash: number }} ClassLook */
/** @typedef {[number, number, number, number]} Rectangle left, top, width, height */

/**
 * How a box is drawn: core.render.boxes.BoxStyle.
 *
 * @typedef {object} Style
 * @property {boolean} boxes
 * @property {boolean} labels
 * @property {boolean} confidence
 * @property {boolean} numbers
 * @property {'class' | 'confidence'} colours
 * @property {number} line
 * @property {number} text
 */

/**
 * What Python packed.
 *
 * @typedef {object} OwnPart
 * @property {number} turn grows with each move of a slider that Python has followed
 * @property {number | null} chosen the raw row of the box to point out
 * @property {Style} style
 * @property {[number, number]} shown width and height of the JPEG's original
 * @property {number} threshold where the server's slider stands
 * @property {number} iou where the server's slider stands
 * @property {Record<string, ClassLook>} classes by class id
 * @property {Colours[]} ramp of the confidences 0.00, 0.01 ... 1.00
 * @property {number} most boxes that may be sent
 * @property {{ line: number, text: number }} pen for 1 pixel of the mean of the picture's sides
 * @property {Uint8Array<ArrayBuffer>} picture a JPEG
 * @property {number} drawn its checksum
 * @property {Int32Array} row of the raw output, by the candidate's index
 */

/** @typedef {OwnPart & Candidates} Sent */

/**
 * @typedef {object} Pen
 * @property {number} width of the canvas in CSS pixels
 * @property {number} height of the canvas in CSS pixels
 * @property {number} line
 * @property {number} text
 * @property {[number, number]} toScreen from a pixel of the picture to CSS pixels
 */

/** @typedef {{ text: string, colour: string, ink: string, at: Rectangle }} Label */

const MOST_LABELS = 80 // more would hide the picture
const DASHES = [[], [10, 5], [3, 3], [12, 3, 3, 3]] // times a line's width, over 2
const SENT_AFTER = 200 // milliseconds after a slider was released: a key may be pressed again
const SPOKEN_AFTER = 300

/** @type {WeakMap<HTMLElement, BoxCanvas>} */
const CANVASES = new WeakMap()

/** @param {Mount} mount */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = part(parentElement, '.boxes')
  const canvas = CANVASES.get(root) ?? new BoxCanvas(root)
  CANVASES.set(root, canvas)
  canvas.receive(data, setTriggerValue)
  return () => canvas.close()
}

/**
 * @param {Uint8Array} data
 * @returns {Sent}
 */
function unpacked(data) {
  const sent = unpack(data)
  sent.xyxy = new Float64Array(sent.xyxy.buffer)
  sent.near = sent.xyxy.map((/** @type {number} */ value) => clipped(value, -sent.reach, sent.reach))
  sent.corners &&= new Float64Array(sent.corners.buffer)
  sent.confidence = new Float32Array(sent.confidence.buffer)
  sent.classId = new Int32Array(sent.classId.buffer)
  sent.row = new Int32Array(sent.row.buffer)
  Object.keys(sent.classes).forEach((id, rank) => { sent.classes[id].dash = rank % DASHES.length })
  return sent
}

// ---------------------------------------------------------------- the canvas

class BoxCanvas {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    this.turn = 0
    this.moving = false
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.speech = undefined
    /** @type {number | null} */
    this.asked = null
    /** @type {number | null} the index of the box under the pointer or the keys */
    this.pointed = null
    /** @type {number | null} the raw row of the box that was chosen */
    this.chosen = null
    /** @type {Uint8Array | null} */
    this.data = null
    /** @type {Mount['setTriggerValue']} */
    this.send = () => {}
    /** @type {ImageBitmap | null} */
    this.bitmap = null
    /** @type {number | null} */
    this.drawn = null
    /** @type {Sent} */
    this.sent = /** @type {any} */ (null) // until receive(), which comes before all else
    /** @type {ReturnType<typeof filtered>} */
    this.found = { count: 0, kept: [], suppressed: [] }
    this.threshold = slider('Confidence threshold', () => this.onInput(), () => this.onChange())
    this.iou = slider('NMS IoU threshold', () => this.onInput(), () => this.onChange())
    this.ghosts = element('input')
    this.ghosts.type = 'checkbox'
    this.ghosts.onchange = () => this.refilter()
    this.count = element('p', 'count')
    this.canvas = keyboardCanvas('picture with boxes', 'boxes-hint')
    this.context = context2d(this.canvas)
    this.told = element('p', 'told')
    this.spoken = element('output', 'spoken')
    this.spoken.setAttribute('aria-live', 'polite')
    this.hint = element('p', 'hint')
    this.hint.id = 'boxes-hint'
    this.listen()
    const ghosts = element('label', 'ghosts', this.ghosts, 'Show suppressed boxes')
    this.root.replaceChildren(
      element('div', 'bar', this.threshold.row, this.iou.row),
      element('div', 'line', this.count, ghosts),
      this.canvas, this.told, this.spoken, this.hint)
    this.observer = new ResizeObserver(() => this.draw())
    this.observer.observe(this.canvas)
  }

  listen() {
    const { canvas } = this
    canvas.onpointermove = (event) => this.point(this.boxAt(event))
    canvas.onpointerleave = () => this.point(null)
    canvas.onclick = (event) => {
      this.point(this.boxAt(event))
      this.choose()
    }
    canvas.onkeydown = (event) => this.onKey(event)
    canvas.onblur = () => this.point(null)
  }

  /**
   * @param {Uint8Array} data
   * @param {Mount['setTriggerValue']} setTriggerValue
   */
  receive(data, setTriggerValue) {
    this.send = setTriggerValue
    if (data === this.data) return
    this.data = data
    this.sent = unpacked(data)
    this.chosen = this.sent.chosen
    const asked = this.moving || this.timer || this.sent.turn < this.turn
    if (!asked) { // else the server answers for the previous slider positions
      this.threshold.put(this.sent.threshold)
      this.iou.put(this.sent.iou)
    }
    this.hint.textContent = hint(this.sent)
    const [width, height] = this.sent.shown
    this.canvas.style.aspectRatio = `${width} / ${height}`
    this.root.style.setProperty('--ratio', String(width / height))
    this.decode()
    this.refilter()
  }

  decode() {
    const { drawn, picture } = this.sent
    if (drawn === this.drawn) return
    this.drawn = drawn // until it is loaded, the previous picture stays
    createImageBitmap(new Blob([picture], { type: 'image/jpeg' })).then((bitmap) => {
      if (drawn !== this.drawn) return
      this.bitmap = bitmap
      this.draw()
    })
  }

  onInput() {
    this.moving = true
    clearTimeout(this.timer)
    this.timer = undefined
    this.refilter()
  }

  onChange() {
    this.moving = false
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.timer = undefined
      this.turn = Math.max(this.turn, this.sent.turn) + 1
      this.send('knobs', {
        confidence: this.threshold.value, iou: this.iou.value, turn: this.turn,
      })
    }, SENT_AFTER)
  }

  refilter() {
    this.found = filtered(this.sent, this.threshold.value, this.iou.value)
    const { kept, suppressed, count } = this.found
    this.threshold.tell(`confidence > ${this.threshold.value.toFixed(2)}`)
    this.iou.tell(`IoU \u2264 ${this.iou.value.toFixed(2)}`)
    this.count.replaceChildren(element('strong', '', `${kept.length} of ${count} boxes kept`),
      ` \u00b7 ${this.sent.soft ? 'soft' : 'hard'} NMS, ${
        this.sent.perClass ? 'per class' : 'class-agnostic'}: ${suppressed.length} suppressed`)
    this.canvas.setAttribute('aria-label', `Detections on the picture: ${kept.length}`)
    this.canvas.dataset.kept = kept
      .map((box) => `${this.sent.row[box.index]}:${box.confidence}`).join(' ')
    if (!this.all.some((box) => box.index === this.pointed)) this.pointed = null
    this.say()
    this.draw()
  }

  // What can be pointed at: the kept boxes, then the suppressed ones, if they are shown.
  get all() {
    return this.ghosts.checked ? [...this.found.kept, ...this.found.suppressed] : this.found.kept
  }

  /**
   * The index of the smallest box under the pointer; kept ones first.
   *
   * @param {MouseEvent} event
   */
  boxAt(event) {
    const frame = this.canvas.getBoundingClientRect()
    const x = ((event.clientX - frame.left) / frame.width) * this.sent.image[0]
    const y = ((event.clientY - frame.top) / frame.height) * this.sent.image[1]
    /** @type {(box: Box) => number} */
    const size = ({ xyxy }) => (xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1])
    /** @type {(boxes: Box[]) => Box | null} */
    const under = (boxes) => boxes
      .filter(({ xyxy }) => xyxy[0] <= x && x < xyxy[2] && xyxy[1] <= y && y < xyxy[3])
      .reduce((/** @type {Box | null} */ best, box) => (
        best && size(best) <= size(box) ? best : box), null)
    return (under(this.found.kept) ?? under(this.all))?.index ?? null
  }

  /** @param {number | null} index */
  point(index) {
    this.canvas.style.cursor = index === null ? '' : 'pointer'
    if (index === this.pointed) return
    this.pointed = index
    this.say()
    this.draw()
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { all } = this
    const at = all.findIndex((box) => box.index === this.pointed)
    const go = /** @type {Record<string, number>} */ ({
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at < 0 ? all.length - 1 : at - 1,
      ArrowUp: at < 0 ? all.length - 1 : at - 1,
      Home: 0,
      End: all.length - 1,
    })[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Enter' || event.key === ' ') this.choose()
    else if (event.key === 'Escape') this.point(null)
    else if (go !== undefined && all.length) this.point(all[(go + all.length) % all.length].index)
    else return
    event.preventDefault()
  }

  choose() {
    const box = this.found.kept.find((each) => each.index === this.pointed)
    if (!box) return
    this.chosen = this.sent.row[box.index]
    this.send('chosen', this.chosen)
    this.say()
    this.draw()
  }

  say() {
    const box = this.all.find((each) => each.index === this.pointed)
    const chosen = this.found.kept.find((each) => this.sent.row[each.index] === this.chosen)
    const words = box ? describe(this.sent, box) : ''
    this.told.textContent = words
      || (chosen ? `selected: ${describe(this.sent, chosen)}` : 'no box selected')
    clearTimeout(this.speech)
    this.speech = setTimeout(() => { this.spoken.textContent = words }, SPOKEN_AFTER)
  }

  draw() {
    if (this.asked) return
    this.asked = requestAnimationFrame(() => {
      this.asked = null
      if (this.bitmap) this.paint(this.bitmap)
    })
  }

  /** @param {ImageBitmap} bitmap */
  paint(bitmap) {
    const { canvas, context, sent, found } = this
    const [width, height] = [canvas.clientWidth, canvas.clientHeight]
    const density = window.devicePixelRatio || 1
    canvas.width = Math.round(width * density)
    canvas.height = Math.round(height * density)
    context.scale(density, density)
    context.imageSmoothingQuality = 'high'
    context.drawImage(bitmap, 0, 0, width, height)
    const side = (width + height) / 2
    /** @type {Pen} */
    const pen = {
      width,
      height,
      line: Math.max(2, side * sent.pen.line) * sent.style.line,
      text: clipped(side * sent.pen.text, 11, 15) * sent.style.text,
      toScreen: [width / sent.image[0], height / sent.image[1]],
    }
    if (this.ghosts.checked) for (const box of found.suppressed) this.frameGhost(box, pen)
    const labels = this.labels(pen)
    if (sent.style.boxes) for (const box of [...found.kept].reverse()) this.frame(box, pen)
    for (const label of labels.reverse()) plate(context, label, pen)
    this.emphasise(pen)
  }

  /**
   * @param {Box} box
   * @returns {ClassLook}
   */
  look({ index, confidence }) {
    const ofClass = this.sent.classes[this.sent.classId[index]]
    const byConfidence = this.sent.ramp[Math.round(clipped(confidence, 0, 1) * 100)]
    return this.sent.style.colours === 'confidence' ? { ...ofClass, ...byConfidence } : ofClass
  }

  /**
   * @param {Box} box
   * @param {Pen} pen
   */
  frame(box, pen) {
    const { colour, dash } = this.look(box)
    const { context } = this
    const dashes = DASHES[dash].map((length) => (length * pen.line) / 2)
    stroke(context, box, pen, pen.line + 1.5, 'rgb(0 0 0 / 0.45)', [])
    stroke(context, box, pen, pen.line, colour, dashes)
  }

  /**
   * @param {Box} box
   * @param {Pen} pen
   */
  frameGhost(box, pen) {
    stroke(this.context, box, pen, 2.5, 'rgb(0 0 0 / 0.5)', [])
    stroke(this.context, box, pen, 1.25, '#fff', [2, 4])
  }

  /** @param {Pen} pen */
  emphasise(pen) {
    const { context, sent } = this
    const chosen = this.found.kept.find((box) => sent.row[box.index] === this.chosen)
    if (chosen) {
      stroke(context, chosen, pen, pen.line + 5, '#000', [], true)
      stroke(context, chosen, pen, pen.line + 2, '#fff', [], true)
      stroke(context, chosen, pen, pen.line, this.look(chosen).colour, [], true)
    }
    const pointed = this.all.find((box) => box.index === this.pointed)
    if (!pointed) return
    const [left, top, right, bottom] = onScreen(pointed, pen)
    context.fillStyle = 'rgb(255 255 255 / 0.22)'
    context.fillRect(left, top, right - left, bottom - top)
    stroke(context, pointed, pen, pen.line + 2, '#fff', [])
    const by = this.found.kept.find((box) => box.number === pointed.by)
    if (by) stroke(context, by, pen, pen.line + 2, '#fff', [6, 4])
  }

  /**
   * @param {Pen} pen
   * @returns {Label[]}
   */
  labels(pen) {
    const { style } = this.sent
    this.context.font = `600 ${pen.text}px ${getComputedStyle(this.canvas).fontFamily}`
    /** @type {Rectangle[]} */
    const taken = []
    return this.found.kept.slice(0, MOST_LABELS).flatMap((box) => {
      const { label, colour, ink } = this.look(box)
      const text = [style.numbers && `#${box.number}`, style.labels && label,
        style.confidence && box.confidence.toFixed(2)].filter(Boolean).join(' ')
      if (!text) return []
      const [width, height] = [this.context.measureText(text).width + 8, pen.text * 1.4]
      const [x, y] = placeFor(width, height, onScreen(box, pen), taken, pen)
      /** @type {Rectangle} */
      const at = [x, y, width, height]
      taken.push(at)
      return { text, colour, ink, at }
    })
  }

  close() {
    this.observer.disconnect()
    clearTimeout(this.timer)
    clearTimeout(this.speech)
    if (this.asked !== null) cancelAnimationFrame(this.asked)
  }
}

// ---------------------------------------------------------------- words and lines

/**
 * @param {Sent} sent
 * @param {Box} box
 */
function describe(sent, box) {
  const [left, top, right, bottom] = box.xyxy.map((value) => value.toFixed(0))
  const raw = sent.confidence[box.index]
  const size = `${(box.xyxy[2] - box.xyxy[0]).toFixed(0)} x ${
    (box.xyxy[3] - box.xyxy[1]).toFixed(0)}`
  const name = sent.classes[sent.classId[box.index]].label
  const place = `left ${left}, top ${top}, right ${right}, bottom ${bottom} (${size})`
  if (box.suppressedBy !== undefined) {
    const by = box.by ? `#${box.by}` : `raw prediction ${sent.row[box.suppressedBy]}`
    const how = sent.soft ? 'suppressed (Soft-NMS) by' : 'suppressed by'
    return `${name} ${raw.toFixed(2)}, ${how} ${by} with IoU ${(box.iou ?? 0).toFixed(2)}: ${place}`
  }
  const from = raw === box.confidence ? '' : `, softened from ${raw.toFixed(2)}`
  return `#${box.number} ${name} ${box.confidence.toFixed(2)}${from}: ${place}, raw prediction ${
    sent.row[box.index]}`
}

/** @param {Sent} sent */
function hint(sent) {
  const here = sent.row.length
  const all = here === sent.most
    ? `the ${here.toLocaleString('en')} boxes with the highest confidence` : 'all candidate boxes'
  return `Drag the sliders: your browser filters ${all} by the rule of cv2.dnn. Release a slider `
    + 'to update the numbers below. Click a box to select it. Keyboard: arrow keys move from box '
    + 'to box, Enter selects.'
}

/**
 * @param {Box} box
 * @param {Pen} pen
 * @returns {number[]} left, top, right, bottom in CSS pixels of the canvas
 */
function onScreen({ xyxy }, { toScreen }) {
  return xyxy.map((value, side) => value * toScreen[side % 2])
}

/**
 * Draw a box so that its line lies inside it, or outside if `outwards`: it then never
 * leaves the picture. A turned box is drawn by its corners.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {Pen} pen
 * @param {number} width
 * @param {string} colour
 * @param {number[]} dashes
 * @param {boolean} [outwards]
 */
function stroke(context, box, pen, width, colour, dashes, outwards = false) {
  context.lineWidth = width
  context.strokeStyle = colour
  context.setLineDash(dashes)
  if (box.corners) strokeCorners(context, box.corners, pen)
  else {
    const [left, top, right, bottom] = onScreen(box, pen)
    const inset = outwards ? 0 : pen.line / 2
    context.strokeRect(left + inset, top + inset,
      Math.max(1, right - left - 2 * inset), Math.max(1, bottom - top - 2 * inset))
  }
  context.setLineDash([])
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number[]} corners
 * @param {Pen} pen
 */
function strokeCorners(context, corners, { toScreen }) {
  context.beginPath()
  for (let at = 0; at < corners.length; at += 2) {
    context.lineTo(corners[at] * toScreen[0], corners[at + 1] * toScreen[1])
  }
  context.closePath()
  context.stroke()
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Label} label
 * @param {Pen} pen
 */
function plate(context, { text, colour, ink, at }, pen) {
  const [x, y, , height] = at
  context.fillStyle = colour
  context.fillRect(...at)
  context.fillStyle = ink
  context.textBaseline = 'middle'
  context.fillText(text, x + 4, y + height / 2 + pen.text * 0.05)
}

/**
 * Above the box, else in it, else below: the first position without another label.
 *
 * @param {number} width
 * @param {number} height
 * @param {number[]} box
 * @param {Rectangle[]} taken
 * @param {Pen} pen
 */
function placeFor(width, height, [left, top, right, bottom], taken, pen) {
  const corners = [[left, top - height], [left, top], [right - width, top - height],
    [right - width, top], [left, bottom], [left, bottom - height], [right - width, bottom]]
  const wished = corners.map(([x, y]) => [
    clipped(x, 0, Math.max(0, pen.width - width)), clipped(y, 0, Math.max(0, pen.height - height))])
  const free = wished.find(([x, y]) => taken.every(([otherX, otherY, otherWidth, otherHeight]) =>
    x >= otherX + otherWidth || otherX >= x + width
    || y >= otherY + otherHeight || otherY >= y + height))
  return free ?? wished[0]
}

// ---------------------------------------------------------------- elements

/**
 * @param {string} name
 * @param {() => void} onInput while it is dragged
 * @param {() => void} onChange when it is released
 */
function slider(name, onInput, onChange) {
  const input = element('input')
  const output = element('span', 'value')
  Object.assign(input, { type: 'range', min: 0, max: 1, step: 0.01 })
  Object.assign(input, { oninput: onInput, onchange: onChange, ariaLabel: name })
  return {
    row: element('label', 'knob', element('span', 'name', name), input, output),
    get value() { return Number(input.value) },
    /** @param {number} value */
    put(value) { input.value = String(value) },
    /** @param {string} text */
    tell(text) {
      output.textContent = text
      input.setAttribute('aria-valuetext', text)
    },
  }
}
