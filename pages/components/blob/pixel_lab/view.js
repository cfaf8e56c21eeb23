// The pixel lab: one point of a blob, seen in the source picture, in the fitted picture
// and in every plane at once, with the arithmetic that leads from one to the other.
//
// Python sends bytes (see __init__.py) and nothing goes back. What is computed here is
// core/blob/arithmetic.py once more; tests/browser/test_pixel_lab.py compares the words.

const ONE = 2048 // cv2.resize weighs the neighbours of uint8 pixels in whole 2048ths
const WRITTEN_FROM = 36 // a pixel of so many CSS pixels a side has room for its numbers
const GRID_FROM = 9
const SPOKEN_AFTER = 300 // milliseconds without a move: nobody wants to hear every step

const LABS = new WeakMap()

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector('.lab')
  if (!LABS.has(root)) LABS.set(root, new Lab(root))
  LABS.get(root).receive(data)
  return () => LABS.get(root).close()
}

// ---------------------------------------------------------------- what Python sent

function unpacked(data) {
  const sent = unpack(data)
  if (sent.type === 'float32') sent.numbers = new Float32Array(sent.numbers.buffer)
  if (sent.columns) {
    sent.columnOf = places(new Int32Array(sent.columns.buffer), sent.image[0])
    sent.rowOf = places(new Int32Array(sent.rows.buffer), sent.image[1])
  }
  return sent
}

// Turn a list of indices round: where in the list is each of them? -1: not there.
function places(indices, count) {
  const found = new Int32Array(count).fill(-1)
  indices.forEach((index, place) => { found[index] = place })
  return found
}

// B, G, R of a pixel of the source picture; null where only the small preview knows it.
function sourcePixel(sent, x, y) {
  let at = y * sent.image[0] + x
  if (sent.columnOf) {
    if (sent.columnOf[x] < 0 || sent.rowOf[y] < 0) return null
    at = sent.rowOf[y] * (sent.columns.length / 4) + sent.columnOf[x]
  }
  return sent.source.subarray(at * 3, at * 3 + 3)
}

function fittedPixel(sent, x, y) {
  const at = (y * sent.blob[0] + x) * 3
  return sent.fitted.subarray(at, at + 3)
}

function blobIndex(sent, channel, x, y) {
  return sent.layout === 'NCHW' ? [0, channel, y, x] : [0, y, x, channel]
}

function blobValue(sent, channel, x, y) {
  const [width, height] = sent.blob
  return sent.layout === 'NCHW'
    ? sent.numbers[(channel * height + y) * width + x]
    : sent.numbers[(y * width + x) * sent.blobOrder.length + channel]
}

// ---------------------------------------------------------------- the arithmetic

// The neighbours along one axis with their weights; see neighbours_across and _down.
function neighbours(resized, step, count, across) {
  const at = Math.fround((resized + 0.5) * step - 0.5)
  let first = Math.floor(at)
  let part = Math.fround(at - first)
  if (across && (first < 0 || first >= count - 1)) {
    first = clipped(first, 0, count - 1)
    part = 0
  }
  return [
    [clipped(first, 0, count - 1), toEven(Math.fround(1 - part) * ONE)],
    [clipped(first + 1, 0, count - 1), toEven(part * ONE)],
  ].filter(([, weight]) => weight > 0)
}

function arithmetic(sent, x, y) {
  const [column, row] = [x - sent.corner[0], y - sent.corner[1]]
  const inBar = column < 0 || row < 0 || column >= sent.resized[0] || row >= sent.resized[1]
  const sources = []
  const shares = []
  if (!inBar) {
    const across = neighbours(column, sent.step[0], sent.image[0], true)
    for (const [sourceY, weightY] of neighbours(row, sent.step[1], sent.image[1], false)) {
      const sums = [0, 0, 0]
      for (const [sourceX, weightX] of across) {
        const values = sourcePixel(sent, sourceX, sourceY)
        values.forEach((value, channel) => { sums[channel] += value * weightX })
        sources.push({ x: sourceX, y: sourceY, values: [...values], weightX, weightY })
      }
      shares.push(sums.map((sum) => (((sum >> 4) * weightY) >> 16) / 4))
    }
  }
  const fitted = [...fittedPixel(sent, x, y)]
  const centred = fitted.map((value, i) => Math.fround(value - sent.mean[i]))
  const scaled = centred.map((value, i) => Math.fround(value * sent.scale[i]))
  const divided = scaled.map((value, i) => Math.fround(value / sent.std[i]))
  const index = sent.places.map((_, channel) => blobIndex(sent, channel, x, y))
  const swapped = sent.places.map((_, channel) => blobValue(sent, channel, x, y))
  return { x, y, inBar, sources, shares, fitted, centred, scaled, divided, swapped, index }
}

// The steps between the first and the last line: a name, and a cell for each channel.
function steps(sent, found) {
  const letters = [...sent.order]
  const plain = (values) => values.map((value, i) => ({ letter: letters[i], value }))
  const worked = (before, sign, operand, after) => after.map((value, i) => ({
    letter: letters[i],
    how: `${sign} ${digits(operand[i])}`,
    words: `${digits(before[i])} ${sign} ${digits(operand[i])} = ${digits(value)}`,
    value: digits(value),
  }))
  const rows = found.sources.map((pixel) => {
    const share = (100 * pixel.weightX * pixel.weightY) / ONE ** 2
    const tail = `weight ${pixel.weightX}/${ONE} * ${pixel.weightY}/${ONE} = ${hundredths(share)} %`
    return { name: `pixel (${pixel.x}, ${pixel.y})`, cells: plain(pixel.values), tail, share }
  })
  if (rows.length > 1) {
    const sums = letters.map((_, i) => hundredths(found.sources.reduce(
      (sum, pixel) => sum + (pixel.weightX * pixel.weightY / ONE ** 2) * pixel.values[i], 0)))
    rows.push({ name: 'weighted sum', cells: plain(sums) })
    const rounded = letters.map((letter, i) => {
      const how = found.shares.map((share) => digits(share[i])).join(' + ')
      const value = Math.floor(found.shares.reduce((sum, share) => sum + share[i], 0) + 0.5)
      return { letter, how, words: `${how} → ${value}`, value }
    })
    rows.push({ name: 'in quarters, rounded', cells: rounded })
  }
  rows.push({ name: 'fitted', cells: plain(found.fitted) })
  rows.push({ name: 'minus mean', cells: worked(found.fitted, '-', sent.mean, found.centred) })
  rows.push({
    name: 'times scalefactor', cells: worked(found.centred, '*', sent.scale, found.scaled),
  })
  rows.push({ name: 'over std', cells: worked(found.scaled, '/', sent.std, found.divided) })
  const last = found.swapped.map((value, i) => ({
    letter: sent.blobOrder[i], value: digits(value),
  }))
  const swapped = sent.order === sent.blobOrder ? 'no swap' : 'after the swap'
  rows.push({ name: swapped, cells: last, reordered: true })
  return rows
}

function opening(found) {
  const { x, y, sources } = found
  if (found.inBar) return `blob x ${x}, y ${y} lies in a letterbox bar: no pixel of the picture`
  return sources.length === 1
    ? `blob x ${x}, y ${y} is made of 1 pixel of the picture, as it is`
    : `blob x ${x}, y ${y} is made of ${sources.length} pixels of the picture`
}

function lines(sent, found) {
  return [
    opening(found),
    ...steps(sent, found).map(({ name, cells, tail }) => {
      const named = cells.map((cell) => `${cell.letter} ${cell.words ?? cell.value}`).join(', ')
      return `${name}: ${named}${tail ? `; ${tail}` : ''}`
    }),
    ...found.index.map((index, i) =>
      `blob[${index.join(', ')}] = ${digits(found.swapped[i])} (${sent.blobOrder[i]})`),
  ]
}

// The fewest digits that give the number back, as float32 where it is one.
function digits(value) {
  if (Math.fround(value) !== value || !Number.isFinite(value)) return String(value)
  let written = 0
  for (let count = 1; count <= 9; count += 1) {
    written = Number(value.toPrecision(count))
    if (Math.fround(written) === value) break
  }
  return String(written)
}

function hundredths(value) {
  return (Math.floor(value * 100 + 0.5) / 100).toFixed(2)
}

function toEven(value) {
  const rounded = Math.round(value)
  return value % 1 === 0.5 && rounded % 2 ? rounded - 1 : rounded
}

function clipped(value, low, high) {
  return Math.min(high, Math.max(low, value))
}

// ---------------------------------------------------------------- the pictures

// Make a canvas of a picture's own size; paint(i, colour) sets red, green, blue of pixel i.
function painted([width, height], paint) {
  const canvas = element('canvas')
  canvas.width = width
  canvas.height = height
  const pixels = new ImageData(width, height)
  pixels.data.fill(255)
  const colour = [0, 0, 0]
  for (let i = 0, at = 0; i < width * height; i += 1, at += 4) {
    paint(i, colour)
    pixels.data[at] = colour[0]
    pixels.data[at + 1] = colour[1]
    pixels.data[at + 2] = colour[2]
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0)
  return canvas
}

function paintedBytes(size, bytes) {
  return painted(size, (i, colour) => {
    colour[0] = bytes[3 * i + 2]
    colour[1] = bytes[3 * i + 1]
    colour[2] = bytes[3 * i]
  })
}

// As core/render/planes.py colours them: place 1 is low, 255 is high, 128 the middle.
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

// One canvas with its title and caption. Its own coordinates are continuous pixels of what
// it shows: pixel 0 reaches from 0 to 1. `origin` is what lies in the upper left corner.
class Picture {
  constructor(lab, kind, channel) {
    Object.assign(this, { lab, kind, channel, origin: [0, 0], bitmap: null })
    this.title = element('span', 'title')
    this.note = element('span', 'note')
    this.canvas = element('canvas')
    this.canvas.tabIndex = 0
    this.canvas.setAttribute('role', 'application')
    this.canvas.setAttribute('aria-roledescription', 'picture with a cross-hair')
    this.canvas.setAttribute('aria-describedby', 'lab-hint')
    this.figure = element('figure', kind, element('figcaption', '', this.title, this.note),
      this.canvas)
    this.context = this.canvas.getContext('2d')
  }

  receive(sent) {
    this.rgba = null
    this.asked = null
    const name = { source: 'source picture', fitted: 'fitted picture' }[this.kind]
      ?? `plane ${sent.blobOrder[this.channel]}`
    this.size = this.kind === 'source' ? sent.image : sent.blob
    this.title.textContent = name
    this.canvas.setAttribute('aria-label', `${name}, ${this.size[0]} by ${this.size[1]} pixels`)
    if (this.kind === 'source' && sent.preview) this.decode(sent.preview)
    else if (this.kind === 'source') this.bitmap = paintedBytes(sent.image, sent.source)
    else if (this.kind === 'fitted') this.bitmap = paintedBytes(sent.blob, sent.fitted)
    else this.bitmap = paintedPlane(sent, this.channel)
  }

  decode(preview) {
    this.asked = preview // until it is there, the picture before stays
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

  get room() {
    return [Math.max(1, this.canvas.clientWidth), Math.max(1, this.canvas.clientHeight)]
  }

  // Where the cross-hair is: in the source picture mostly between pixels.
  get cross() {
    const { sent, point } = this.lab
    return this.kind !== 'source'
      ? point.map((value) => value + 0.5)
      : point.map((value, axis) => (value - sent.corner[axis] + 0.5) * sent.step[axis])
  }

  // The blob's pixel under a place on the screen.
  pointAt(event) {
    const { sent } = this.lab
    const frame = this.canvas.getBoundingClientRect()
    const at = [event.clientX - frame.left - this.canvas.clientLeft,
      event.clientY - frame.top - this.canvas.clientTop]
    return at.map((value, axis) => {
      const here = this.origin[axis] + value / this.pixel
      const blob = this.kind === 'source' ? here / sent.step[axis] + sent.corner[axis] : here
      return clipped(Math.floor(blob), 0, sent.blob[axis] - 1)
    })
  }

  // Where on the canvas the cross-hair is, 0..1.
  get relative() {
    return this.cross.map((value, axis) =>
      ((value - this.origin[axis]) * this.pixel) / this.room[axis])
  }

  // Scroll so that the cross-hair is there, or as near as the picture's edges allow.
  scrollTo(relative) {
    this.origin = this.cross.map((value, axis) => {
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
    context.imageSmoothingEnabled = pixel < 1 || (this.kind === 'source' && this.lab.sent.preview)
    context.imageSmoothingQuality = 'high'
    if (this.bitmap) context.drawImage(this.bitmap, left, top, across, down)
    if (this.kind === 'source') this.shadeWhatIsCut()
    if (pixel >= GRID_FROM) this.drawPixels()
    this.drawCross()
  }

  onCanvas(place) {
    return place.map((value, axis) => (value - this.origin[axis]) * this.pixel)
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
      sent.blob.map((side, axis) => (end * side - sent.corner[axis]) * sent.step[axis])))
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

  // Red, green, blue.
  colourAt(x, y) {
    const { sent } = this.lab
    if (this.kind === 'plane') {
      const at = 4 * (y * this.size[0] + x)
      this.rgba ??= this.bitmap.getContext('2d').getImageData(0, 0, ...this.size).data
      return [...this.rgba.subarray(at, at + 3)]
    }
    const pixel = this.kind === 'source' ? sourcePixel(sent, x, y) : fittedPixel(sent, x, y)
    return pixel && [pixel[2], pixel[1], pixel[0]]
  }

  wordsAt(x, y) {
    const { sent } = this.lab
    if (this.kind === 'plane') return [this.short(blobValue(sent, this.channel, x, y))]
    const pixel = this.kind === 'source' ? sourcePixel(sent, x, y) : fittedPixel(sent, x, y)
    const words = [...sent.order].map((letter, channel) => `${letter} ${pixel[channel]}`)
    const share = this.kind === 'source' ? this.lab.shareOf(x, y) : 0
    return share ? [...words, `${Math.round(100 * share)} %`] : words
  }

  // Exact where it fits, else the leading digits.
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
    const boxes = this.kind === 'source'
      ? found.sources.map(({ x, y }) => [x, y])
      : [[found.x, found.y]]
    const gap = Math.max(5, this.pixel * (this.kind === 'source' ? 1 : 0.5))
    this.stroke('rgba(0, 0, 0, 0.7)', 3, cross, boxes, gap)
    this.stroke('#fff', 1.25, cross, boxes, gap)
  }

  stroke(colour, width, [x, y], boxes, gap) {
    const { context, pixel, room } = this
    context.strokeStyle = colour
    context.lineWidth = width
    context.beginPath()
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

  describe(found) {
    const { sent } = this.lab
    const size = this.size.join(' x ')
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
  constructor(root) {
    Object.assign(this, { root, zoom: 0, point: null, pinned: false, pictures: [], drag: null })
    this.build()
    this.observer = new ResizeObserver(() => this.rearrange())
  }

  build() {
    this.slider = element('input')
    Object.assign(this.slider, { type: 'range', min: 0, max: 100, value: 0, step: 1 })
    this.slider.oninput = () => this.zoomTo(this.slider.value / 100)
    this.slider.setAttribute('aria-label', 'zoom')
    const button = (text, label, act) => {
      const made = element('button', '', text)
      made.type = 'button'
      made.setAttribute('aria-label', label)
      made.onclick = act
      return made
    }
    this.pin = element('span', 'pin')
    this.hint = element('p', 'hint', 'Hover, touch or use the arrow keys (Shift: ten at once). ',
      'A click pins the point, Esc lets it go. Zoom with + and -, or with the wheel once a ',
      'picture is clicked; then drag to move it.')
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
      '2048ths: share of the column times share of the row. For bytes, cv2 cuts what each row ',
      'adds down to a quarter before it rounds, so that 27.7 can become 27. From the mean on, ',
      'all numbers are exact float32. ')
    this.partly = element('span')
    why.append(this.partly)
    const panel = element('div', 'panel', this.opening, this.table, why, this.spoken)
    this.legend = element('p', 'legend')
    this.root.replaceChildren(element('div', 'bench', bar, this.gallery, panel))
  }

  receive(data) {
    if (data === this.data) return this.draw()
    this.data = data
    this.sent = unpacked(data)
    this.font = getComputedStyle(this.root).getPropertyValue('--st-code-font') || 'monospace'
    if (this.pictures.length !== this.sent.blobOrder.length + 2) this.hang()
    for (const picture of this.pictures) picture.receive(this.sent)
    const [width, height] = this.sent.blob
    this.root.style.setProperty('--ratio', clipped(width / height, 0.6, 1.9))
    const middle = this.sent.blob.map((side) => Math.floor(side / 2))
    this.point = (this.point ?? middle)
      .map((value, axis) => clipped(value, 0, this.sent.blob[axis] - 1))
    this.partly.textContent = this.sent.columns
      ? 'Of a picture as large as this one, only the pixels that the blob is made of are here.' : ''
    this.tellScale()
    this.rearrange()
    return this.tell()
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

  // How much of a source pixel is in the chosen one, 0..1; a row at the edge may count twice.
  shareOf(x, y) {
    return this.found.sources.reduce((sum, pixel) => (pixel.x === x && pixel.y === y
      ? sum + (pixel.weightX * pixel.weightY) / ONE ** 2 : sum), 0)
  }

  // Hang the pictures; a blob has as many planes as the picture has channels.
  hang() {
    const channels = [...this.sent.blobOrder].map((_, channel) => channel)
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
      // the page scrolls on until a picture is clicked; Ctrl is what a pinch looks like
      if (!event.ctrlKey && canvas.getRootNode().activeElement !== canvas) return
      event.preventDefault()
      this.zoomTo(this.zoom - Math.sign(event.deltaY) * 0.07)
    }, { passive: false })
  }

  onMove(picture, event) {
    const { drag } = this
    if (drag && this.zoom > 0) {
      const moved = [event.clientX - drag.from[0], event.clientY - drag.from[1]]
      drag.far ||= Math.hypot(...moved) > 4
      if (drag.far) return this.dragged(picture, moved)
    }
    if (this.pinned && !(drag && event.pointerType !== 'mouse')) return undefined
    const point = picture.pointAt(event)
    if (point.every((value, axis) => value === this.point[axis])) return undefined
    return this.moveTo(point, picture)
  }

  dragged(picture, moved) {
    picture.origin = this.drag.origin.map((value, axis) => {
      const spare = picture.size[axis] - picture.room[axis] / picture.pixel
      return spare <= 0 ? spare / 2 : clipped(value - moved[axis] / picture.pixel, 0, spare)
    })
    this.follow(picture)
    this.draw()
  }

  onUp(picture, event) {
    const clicked = this.drag && !this.drag.far
    this.drag = null
    if (!clicked) return
    const point = picture.pointAt(event)
    const same = point.every((value, axis) => value === this.point[axis])
    this.setPinned(event.pointerType === 'mouse' && !(this.pinned && same))
    this.moveTo(point, picture)
  }

  setPinned(pinned) {
    this.pinned = pinned
    this.pin.textContent = pinned ? 'pinned' : ''
  }

  onKey(picture, event) {
    const far = event.shiftKey ? 10 : 1
    const act = {
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
    }[event.key]
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act()
  }

  step(picture, by) {
    const point = this.point.map((value, axis) =>
      clipped(value + by[axis], 0, this.sent.blob[axis] - 1))
    this.point = point
    picture.scrollTo(picture.relative.map((value) => clipped(value, 0.15, 0.85)))
    this.moveTo(point, picture)
  }

  // Move the cross-hair; the picture it is moved in stays as it is, the others follow.
  moveTo(point, picture) {
    this.point = point
    this.follow(picture)
    this.draw()
    this.tell()
  }

  // In all pictures the cross-hair comes to the same place of the canvas, if it can.
  follow(leader) {
    const relative = leader.relative.map((value) => clipped(value, 0, 1))
    for (const picture of this.pictures) if (picture !== leader) picture.scrollTo(relative)
  }

  zoomTo(zoom) {
    const places = this.pictures.map((picture) =>
      picture.relative.map((value) => clipped(value, 0.15, 0.85)))
    this.zoom = clipped(Math.round(zoom * 100) / 100, 0, 1)
    this.slider.value = this.zoom * 100
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
    cancelAnimationFrame(this.asked)
  }
}

// ---------------------------------------------------------------- the table

function tabulated(sent, found) {
  const header = (letters, first) => element('tr', 'letters', heading('col', first),
    ...[...letters].map((letter) => {
      const cell = heading('col', letter)
      cell.classList.add(letter)
      return cell
    }))
  const rows = [element('thead', '', header(sent.order, 'step'))]
  const body = element('tbody')
  for (const row of steps(sent, found)) {
    if (row.reordered) body.append(header(sent.blobOrder, row.name))
    body.append(tableRow(row))
  }
  const index = element('tr', 'index', heading('row', 'index in the blob'),
    ...found.index.map((each) => element('td', '', `[${each.join(',')}]`)))
  body.append(index)
  return [...rows, body]
}

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

function heading(scope, text) {
  const made = element('th', '', text)
  made.scope = scope
  return made
}

function element(tag, name = '', ...children) {
  const made = document.createElement(tag)
  if (name) made.className = name
  made.append(...children)
  return made
}
