// The boxes of one picture, filtered by the browser itself while a slider is dragged.
//
// Python sends bytes (see __init__.py) and hears of a slider when it is let go, and of a
// box when it is chosen. What is computed here is the rule of core/results/detections.py and
// core/pipeline.py once more; tests/browser/test_box_canvas.py compares the boxes.

const REACH = 1e6 // core.results.detections.REACH
const FLOOR = 0.001 // soft NMS ends here, as in Detections.softened
const LINE = 0.0045 // of the mean of the picture's sides, as in core/render/boxes.py
const TEXT = 0.028
const MOST_LABELS = 80 // more would hide the picture
const DASHES = [[], [10, 5], [3, 3], [12, 3, 3, 3]] // times a line's width, over 2
const SENT_AFTER = 200 // milliseconds after a slider was let go: a key may be pressed again
const SPOKEN_AFTER = 300

const CANVASES = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.boxes')
  if (!CANVASES.has(root)) CANVASES.set(root, new BoxCanvas(root))
  CANVASES.get(root).receive(data, setTriggerValue)
  return () => CANVASES.get(root).close()
}

// ---------------------------------------------------------------- what Python sent

function unpacked(data) {
  const sent = unpack(data)
  sent.xyxy = new Float64Array(sent.xyxy.buffer)
  sent.near = sent.xyxy.map((value) => clipped(value, -REACH, REACH))
  sent.confidence = new Float32Array(sent.confidence.buffer)
  sent.classId = new Int32Array(sent.classId.buffer)
  sent.row = new Int32Array(sent.row.buffer)
  Object.keys(sent.classes).forEach((id, rank) => { sent.classes[id].dash = rank % DASHES.length })
  return sent
}

// ---------------------------------------------------------------- the rule

// What is kept at these thresholds, the surest first, and what NMS lost to which box.
function filtered(sent, threshold, iou) {
  const limit = Math.fround(threshold)
  let count = 0
  while (count < sent.confidence.length && sent.confidence[count] > limit) count += 1
  const { kept, lost } = sent.soft ? softly(sent, count, limit, iou) : hardly(sent, count, iou)
  const placed = kept.map((box) => ({ ...box, xyxy: onImage(sent, box.index) }))
  const inside = placed.filter(({ xyxy }) => xyxy[2] - xyxy[0] > 0 && xyxy[3] - xyxy[1] > 0)
  inside.forEach((box, place) => { box.number = place + 1 })
  const numberOf = new Map(inside.map((box) => [box.index, box.number]))
  const ghosts = lost.map((box) => (
    { ...box, xyxy: onImage(sent, box.index), by: numberOf.get(box.remover) }))
  return { count, kept: inside, lost: ghosts }
}

// As cv2.dnn.NMSBoxes: a box stays if no surer box that stays overlaps it more than the IoU.
function hardly(sent, count, iou) {
  const limit = Math.fround(iou)
  const kept = []
  const lost = []
  for (let index = 0; index < count; index += 1) {
    const confidence = sent.confidence[index]
    let box = { index, confidence }
    for (const { index: surer } of kept) {
      if (sent.perClass && sent.classId[surer] !== sent.classId[index]) continue
      const distance = Math.fround(1 - overlap(sent.near, surer, index))
      const share = Math.fround(1 - distance)
      if (share > limit) {
        box = { index, confidence, remover: surer, share }
        break
      }
    }
    (box.share === undefined ? kept : lost).push(box)
  }
  return { kept, lost }
}

// As Detections.softened: the surest takes from its neighbours' confidence, and again.
function softly(sent, count, limit, iou) {
  const left = Float64Array.from(sent.confidence.subarray(0, count))
  const removers = new Map()
  const kept = []
  for (;;) {
    let best = -1
    for (let i = 0; i < count; i += 1) if (best < 0 || left[i] > left[best]) best = i
    if (best < 0 || !(left[best] >= FLOOR)) break
    const confidence = Math.fround(left[best])
    if (confidence > limit) kept.push({ index: best, confidence })
    left[best] = -1 // picked: never again the surest
    for (let i = 0; i < count; i += 1) {
      if (left[i] < 0 || (sent.perClass && sent.classId[i] !== sent.classId[best])) continue
      const share = overlap(sent.xyxy, best, i)
      if (!(share > iou)) continue
      left[i] *= 1 - share
      if (Math.fround(left[i]) <= limit && !removers.has(i)) {
        removers.set(i, { index: i, confidence: sent.confidence[i], remover: best, share })
      }
    }
  }
  return { kept, lost: [...removers.values()] }
}

// Intersection over union, in the order of operations of core/results/boxes.py.
function overlap(xyxy, a, b) {
  const [p, q] = [4 * a, 4 * b]
  const width = Math.max(0, Math.min(xyxy[p + 2], xyxy[q + 2]) - Math.max(xyxy[p], xyxy[q]))
  const height = Math.max(0,
    Math.min(xyxy[p + 3], xyxy[q + 3]) - Math.max(xyxy[p + 1], xyxy[q + 1]))
  const shared = width * height
  const union = area(xyxy, p) + area(xyxy, q) - shared
  return union > 0 ? shared / union : 0
}

function area(xyxy, at) {
  return Math.max(0, xyxy[at + 2] - xyxy[at]) * Math.max(0, xyxy[at + 3] - xyxy[at + 1])
}

// From the blob to the picture, ending at its edges.
function onImage(sent, index) {
  return [0, 1, 2, 3].map((side) => {
    const axis = side % 2
    const value = (sent.xyxy[4 * index + side] - sent.offset[axis]) / sent.scale[axis]
    return clipped(value, 0, sent.image[axis])
  })
}

function clipped(value, low, high) {
  return Math.min(high, Math.max(low, value))
}

// ---------------------------------------------------------------- the canvas

class BoxCanvas {
  constructor(root) {
    this.root = root
    this.turn = 0
    this.pointed = null // the index of the box under the pointer or the keys
    this.build()
    this.observer = new ResizeObserver(() => this.draw())
    this.observer.observe(this.canvas)
  }

  build() {
    this.threshold = slider('Surer than', () => this.onInput(), () => this.onChange())
    this.iou = slider('Overlap up to', () => this.onInput(), () => this.onChange())
    this.ghosts = element('input')
    this.ghosts.type = 'checkbox'
    this.ghosts.onchange = () => this.refilter()
    const ghosts = element('label', 'ghosts', this.ghosts, 'show what NMS removes')
    this.count = element('p', 'count')
    this.canvas = element('canvas')
    this.canvas.tabIndex = 0
    this.canvas.setAttribute('role', 'application')
    this.canvas.setAttribute('aria-roledescription', 'picture with boxes')
    this.canvas.setAttribute('aria-describedby', 'boxes-hint')
    this.context = this.canvas.getContext('2d')
    this.told = element('p', 'told')
    this.spoken = element('output', 'spoken')
    this.spoken.setAttribute('aria-live', 'polite')
    this.hint = element('p', 'hint')
    this.hint.id = 'boxes-hint'
    this.listen()
    this.root.replaceChildren(
      element('div', 'bar', this.threshold.row, this.iou.row),
      element('div', 'line', this.count, ghosts),
      this.canvas, this.told, this.spoken, this.hint)
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

  receive(data, setTriggerValue) {
    this.send = setTriggerValue
    if (data === this.data) return
    this.data = data
    this.sent = unpacked(data)
    this.chosen = this.sent.chosen
    const asked = this.moving || this.timer || this.sent.turn < this.turn
    if (!asked) { // else the server answers to where the sliders were before
      this.threshold.put(this.sent.threshold)
      this.iou.put(this.sent.iou)
    }
    this.hint.textContent = hint(this.sent)
    const [width, height] = this.sent.shown
    this.canvas.style.aspectRatio = `${width} / ${height}`
    this.root.style.setProperty('--ratio', width / height)
    this.decode()
    this.refilter()
  }

  decode() {
    const { drawn, picture } = this.sent
    if (drawn === this.drawn) return
    this.drawn = drawn // until it is there, the picture before stays
    createImageBitmap(new Blob([picture], { type: 'image/jpeg' })).then((bitmap) => {
      if (drawn !== this.drawn) return
      this.bitmap = bitmap
      this.draw()
    })
  }

  onInput() {
    this.moving = true
    clearTimeout(this.timer)
    this.timer = null
    this.refilter()
  }

  onChange() {
    this.moving = false
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.timer = null
      this.turn = Math.max(this.turn, this.sent.turn) + 1
      this.send('knobs', {
        confidence: this.threshold.value, iou: this.iou.value, turn: this.turn,
      })
    }, SENT_AFTER)
  }

  refilter() {
    this.found = filtered(this.sent, this.threshold.value, this.iou.value)
    const { kept, lost, count } = this.found
    this.threshold.tell(`confidence > ${this.threshold.value.toFixed(2)}`)
    this.iou.tell(`IoU \u2264 ${this.iou.value.toFixed(2)}`)
    this.count.replaceChildren(element('strong', '', `${kept.length} of ${count} kept`),
      ` \u00b7 ${this.sent.soft ? 'soft' : 'hard'} NMS, ${
        this.sent.perClass ? 'per class' : 'agnostic'}, removes ${lost.length}`)
    this.canvas.setAttribute('aria-label', `Boxes on the picture: ${kept.length} kept`)
    this.canvas.dataset.kept = kept
      .map((box) => `${this.sent.row[box.index]}:${box.confidence}`).join(' ')
    if (!this.all.some((box) => box.index === this.pointed)) this.pointed = null
    this.say()
    this.draw()
  }

  // What can be pointed at: the kept boxes, then those that NMS lost, if they are shown.
  get all() {
    return this.ghosts.checked ? [...this.found.kept, ...this.found.lost] : this.found.kept
  }

  // The smallest box under the pointer; kept ones first.
  boxAt(event) {
    const frame = this.canvas.getBoundingClientRect()
    const x = ((event.clientX - frame.left) / frame.width) * this.sent.image[0]
    const y = ((event.clientY - frame.top) / frame.height) * this.sent.image[1]
    const size = ({ xyxy }) => (xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1])
    const under = (boxes) => boxes
      .filter(({ xyxy }) => xyxy[0] <= x && x < xyxy[2] && xyxy[1] <= y && y < xyxy[3])
      .reduce((best, box) => (best && size(best) <= size(box) ? best : box), null)
    return (under(this.found.kept) ?? under(this.all))?.index ?? null
  }

  point(index) {
    this.canvas.style.cursor = index === null ? '' : 'pointer'
    if (index === this.pointed) return
    this.pointed = index
    this.say()
    this.draw()
  }

  onKey(event) {
    const { all } = this
    const at = all.findIndex((box) => box.index === this.pointed)
    const go = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at < 0 ? all.length - 1 : at - 1,
      ArrowUp: at < 0 ? all.length - 1 : at - 1,
      Home: 0,
      End: all.length - 1,
    }[event.key]
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
      || (chosen ? `chosen: ${describe(this.sent, chosen)}` : 'no box is pointed at')
    clearTimeout(this.speech)
    this.speech = setTimeout(() => { this.spoken.textContent = words }, SPOKEN_AFTER)
  }

  draw() {
    if (this.asked) return
    this.asked = requestAnimationFrame(() => {
      this.asked = null
      if (this.bitmap && this.found) this.paint()
    })
  }

  paint() {
    const { canvas, context, sent, found } = this
    const [width, height] = [canvas.clientWidth, canvas.clientHeight]
    const density = window.devicePixelRatio || 1
    canvas.width = Math.round(width * density)
    canvas.height = Math.round(height * density)
    context.scale(density, density)
    context.imageSmoothingQuality = 'high'
    context.drawImage(this.bitmap, 0, 0, width, height)
    const side = (width + height) / 2
    const pen = {
      width,
      height,
      line: Math.max(2, side * LINE) * sent.style.line,
      text: clipped(side * TEXT, 11, 15) * sent.style.text,
      toScreen: [width / sent.image[0], height / sent.image[1]],
    }
    if (this.ghosts.checked) for (const box of found.lost) this.frameGhost(box, pen)
    const labels = this.labels(pen)
    if (sent.style.boxes) for (const box of [...found.kept].reverse()) this.frame(box, pen)
    for (const label of labels.reverse()) plate(context, label, pen)
    this.emphasise(pen)
  }

  look({ index, confidence }) {
    const ofClass = this.sent.classes[this.sent.classId[index]]
    const byConfidence = this.sent.ramp[Math.round(clipped(confidence, 0, 1) * 100)]
    return this.sent.style.colours === 'confidence' ? { ...ofClass, ...byConfidence } : ofClass
  }

  frame(box, pen) {
    const { colour, dash } = this.look(box)
    const { context } = this
    const dashes = DASHES[dash].map((length) => (length * pen.line) / 2)
    stroke(context, box, pen, pen.line + 1.5, 'rgb(0 0 0 / 0.45)', [])
    stroke(context, box, pen, pen.line, colour, dashes)
  }

  frameGhost(box, pen) {
    stroke(this.context, box, pen, 2.5, 'rgb(0 0 0 / 0.5)', [])
    stroke(this.context, box, pen, 1.25, '#fff', [2, 4])
  }

  emphasise(pen) {
    const { context, sent } = this
    const chosen = this.found.kept.find((box) => sent.row[box.index] === this.chosen)
    if (chosen) {
      stroke(context, chosen, pen, pen.line + 5, '#000', [], 1)
      stroke(context, chosen, pen, pen.line + 2, '#fff', [], 1)
      stroke(context, chosen, pen, pen.line, this.look(chosen).colour, [], 1)
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

  labels(pen) {
    const { style } = this.sent
    this.context.font = `600 ${pen.text}px ${getComputedStyle(this.canvas).fontFamily}`
    const taken = []
    return this.found.kept.slice(0, MOST_LABELS).flatMap((box) => {
      const { label, colour, ink } = this.look(box)
      const text = [style.numbers && `#${box.number}`, style.labels && label,
        style.confidence && box.confidence.toFixed(2)].filter(Boolean).join(' ')
      if (!text) return []
      const size = [this.context.measureText(text).width + 8, pen.text * 1.4]
      const [x, y] = placeFor(size, onScreen(box, pen), taken, pen)
      taken.push([x, y, ...size])
      return { text, colour, ink, x, y, size }
    })
  }

  close() {
    this.observer.disconnect()
    clearTimeout(this.timer)
    clearTimeout(this.speech)
    cancelAnimationFrame(this.asked)
  }
}

// ---------------------------------------------------------------- words and lines

function describe(sent, box) {
  const [left, top, right, bottom] = box.xyxy.map((value) => value.toFixed(0))
  const raw = sent.confidence[box.index]
  const size = `${(box.xyxy[2] - box.xyxy[0]).toFixed(0)} x ${
    (box.xyxy[3] - box.xyxy[1]).toFixed(0)}`
  const name = sent.classes[sent.classId[box.index]].label
  const place = `left ${left}, top ${top}, right ${right}, bottom ${bottom} (${size})`
  if (box.remover !== undefined) {
    const by = box.by ? `#${box.by}` : `raw row ${sent.row[box.remover]}`
    const how = sent.soft ? 'softened away by' : 'removed by'
    return `${name} ${raw.toFixed(2)}, ${how} ${by} with IoU ${box.share.toFixed(2)}: ${place}`
  }
  const from = raw === box.confidence ? '' : `, softened from ${raw.toFixed(2)}`
  return `#${box.number} ${name} ${box.confidence.toFixed(2)}${from}: ${place}, raw row ${
    sent.row[box.index]}`
}

function hint(sent) {
  const here = sent.row.length
  const all = here === sent.most ? `The ${here.toLocaleString('en')} surest boxes` : `All ${here} boxes`
  return `Drag: ${all} that can be kept are here, so the browser filters by itself, by the rule of `
    + 'cv2.dnn; let go, and the numbers below follow. Click a box to choose it. With the '
    + 'keyboard: arrow keys walk from box to box, Enter chooses.'
}

function onScreen({ xyxy }, { toScreen }) {
  return xyxy.map((value, side) => value * toScreen[side % 2])
}

// A frame whose line lies inside its box, so that it never leaves the picture.
function stroke(context, box, pen, width, colour, dashes, outwards = 0) {
  const [left, top, right, bottom] = onScreen(box, pen)
  const inset = outwards ? 0 : pen.line / 2
  context.lineWidth = width
  context.strokeStyle = colour
  context.setLineDash(dashes)
  context.strokeRect(left + inset, top + inset,
    Math.max(1, right - left - 2 * inset), Math.max(1, bottom - top - 2 * inset))
  context.setLineDash([])
}

function plate(context, { text, colour, ink, x, y, size }, pen) {
  context.fillStyle = colour
  context.fillRect(x, y, ...size)
  context.fillStyle = ink
  context.textBaseline = 'middle'
  context.fillText(text, x + 4, y + size[1] / 2 + pen.text * 0.05)
}

// Above the box, else in it, else below: the first place that no other label took.
function placeFor([width, height], [left, top, right, bottom], taken, pen) {
  const corners = [[left, top - height], [left, top], [right - width, top - height],
    [right - width, top], [left, bottom], [left, bottom - height], [right - width, bottom]]
  const wished = corners.map(([x, y]) => [
    clipped(x, 0, Math.max(0, pen.width - width)), clipped(y, 0, Math.max(0, pen.height - height))])
  const free = ([x, y]) => taken.every(([otherX, otherY, otherWidth, otherHeight]) =>
    x >= otherX + otherWidth || otherX >= x + width
    || y >= otherY + otherHeight || otherY >= y + height)
  return wished.find(free) ?? wished[0]
}

// ---------------------------------------------------------------- elements

function slider(name, onInput, onChange) {
  const input = element('input')
  Object.assign(input, { type: 'range', min: 0, max: 1, step: 0.01 })
  const output = element('span', 'value')
  Object.assign(input, { oninput: onInput, onchange: onChange, ariaLabel: name })
  return {
    input,
    row: element('label', 'knob', element('span', 'name', name), input, output),
    get value() { return Number(input.value) },
    put(value) { input.value = value },
    tell(text) {
      output.textContent = text
      input.setAttribute('aria-valuetext', text)
    },
  }
}

function element(tag, name = '', ...children) {
  const made = document.createElement(tag)
  if (name) made.className = name
  made.append(...children)
  return made
}
