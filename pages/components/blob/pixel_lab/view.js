// The pixel lab: one point of a blob, seen in the source picture, in the fitted picture
// and in every plane at once, with the arithmetic that leads from one to the other.
//
// Python sends bytes (see __init__.py) and gets nothing back. The arithmetic is in
// arithmetic.js, a picture in picture.js, the table in table.js; here is what joins them.

import { element, part } from '../../browser/dom.js'
import { clipped } from '../../browser/numbers.js'
import { arithmetic, digits, lines, opening, weight } from './arithmetic.js'
import { Picture } from './picture.js'
import { pair, unpacked } from './sent.js'
import { tabulated } from './table.js'

/** @import { Mount } from '../../browser/dom.js' */
/** @import { Arithmetic } from './arithmetic.js' */
/** @import { Pair, Sent } from './sent.js' */

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
