// Checks once a second the iframe of streamlit-webrtc, which has the same origin, and what the
// browser reports about cameras; sends Python a word when it changes.

/** @import { Mount } from '../browser/dom.js' */

/**
 * What is known of a stream between two looks at it.
 *
 * @typedef {object} Watch
 * @property {boolean} camera whether the stream is that of the visitor's camera
 * @property {Mount['setStateValue']} report
 * @property {string} said the word that Python knows
 * @property {number | null} since when somebody waits for the first frame, in ms
 * @property {Frames | null} last
 * @property {() => void} end
 */

/** @typedef {{ frames: number, at: number }} Frames painted so far, and when, in ms */

const LOOK_MS = 1000
const PATIENCE_MS = 12000
/** @type {Record<string, string>} */
const NAMES = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
}
/** @type {WeakMap<Mount['parentElement'], Watch>} */
const WATCHES = new WeakMap()

function player() {
  for (const frame of document.querySelectorAll("iframe[title*='webrtc']")) {
    try {
      const { contentDocument } = /** @type {HTMLIFrameElement} */ (frame)
      if (contentDocument?.body) return contentDocument
    } catch {
      // a browser that isolates iframes: there is nothing to read
    }
  }
  return null
}

async function cameraTrouble() {
  if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) return 'insecure'
  try {
    const permission = await navigator.permissions.query({ name: 'camera' })
    if (permission.state === 'denied') return 'denied'
  } catch {
    // a browser that does not know this permission asks when START is pressed
  }
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices.some((each) => each.kind === 'videoinput') ? '' : 'missing'
}

/**
 * The word for what streamlit-webrtc says in its alert, or the beginning of the alert.
 *
 * @param {string} alert
 */
export function troubleOf(alert) {
  const name = Object.keys(NAMES).find((each) => alert.startsWith(each))
  if (name) return NAMES[name]
  return alert.includes('not loaded securely') ? 'insecure' : alert.slice(0, 200)
}

/** @param {Document | null} view */
function playerTrouble(view) {
  const alert = view?.querySelector('.MuiAlert-colorError, .MuiAlert-standardError')
  return alert ? troubleOf((alert.textContent ?? '').trim()) : ''
}

/** @param {HTMLVideoElement | null} [video] */
function painted(video) {
  return video?.getVideoPlaybackQuality?.().totalVideoFrames ?? 0
}

/** @param {Document | null} view */
function wantsToPlay(view) {
  const buttons = [...(view?.querySelectorAll('button') ?? [])]
  return buttons.some((each) => /^stop$/i.test((each.textContent ?? '').trim()))
}

/**
 * Frames a second between two looks; null if there is nothing to compare.
 *
 * @param {Frames | null} last
 * @param {Frames} now
 */
export function frameRate(last, now) {
  if (!last || now.frames < last.frames) return null
  return (1000 * (now.frames - last.frames)) / (now.at - last.at)
}

/** @param {Mount} mount */
export default function ({ data, parentElement, setStateValue }) {
  const before = WATCHES.get(parentElement)
  if (before) {
    before.camera = data.camera
    before.report = setStateValue
    return before.end
  }
  const words = parentElement.querySelector('.watch')
  /** @type {Watch} */
  const state = {
    camera: data.camera,
    report: setStateValue,
    said: '',
    since: null,
    last: null,
    end: () => {
      clearInterval(timer)
      WATCHES.delete(parentElement)
    },
  }
  WATCHES.set(parentElement, state)

  /** @param {HTMLVideoElement | null} [video] */
  function show(video) {
    const now = { frames: painted(video), at: performance.now() }
    const fps = frameRate(state.last, now)
    state.last = now
    if (!video?.videoWidth || fps === null) return ''
    return `On this screen: ${fps.toFixed(1)} FPS, ${video.videoWidth} x ${video.videoHeight}`
  }

  /**
   * @param {Document | null} view
   * @param {HTMLVideoElement | null} [video]
   */
  function unconnected(view, video) {
    if (!wantsToPlay(view) || painted(video) > 0) {
      state.since = null
      return ''
    }
    state.since ??= performance.now()
    return performance.now() - state.since > PATIENCE_MS ? 'unconnected' : ''
  }

  async function lookAround() {
    const view = player()
    const video = view?.querySelector('video')
    if (words) words.textContent = show(video)
    const trouble =
      (state.camera ? await cameraTrouble() : '') || playerTrouble(view) || unconnected(view, video)
    if (trouble !== state.said) {
      state.said = trouble
      state.report('trouble', trouble)
    }
  }

  const timer = setInterval(lookAround, LOOK_MS)
  lookAround()
  return state.end
}
