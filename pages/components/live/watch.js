// Looks once a second at streamlit-webrtc's frame, which comes from this very server, and at
// what the browser says about its cameras; tells Python a word when it changes.

const LOOK_MS = 1000
const PATIENCE_MS = 12000
const NAMES = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
}
const WATCHES = new WeakMap()

function player() {
  for (const frame of document.querySelectorAll("iframe[title*='webrtc']")) {
    try {
      if (frame.contentDocument?.body) return frame.contentDocument
    } catch {
      // a browser that keeps frames apart: there is nothing to be seen then
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

function playerTrouble(view) {
  const alert = view?.querySelector('.MuiAlert-colorError, .MuiAlert-standardError')
  if (!alert) return ''
  const text = alert.textContent.trim()
  const name = Object.keys(NAMES).find((each) => text.startsWith(each))
  if (name) return NAMES[name]
  return text.includes('not loaded securely') ? 'insecure' : text.slice(0, 200)
}

function painted(video) {
  return video?.getVideoPlaybackQuality?.().totalVideoFrames ?? 0
}

function wantsToPlay(view) {
  const buttons = [...(view?.querySelectorAll('button') ?? [])]
  return buttons.some((each) => /^stop$/i.test(each.textContent.trim()))
}

export default function ({ data, parentElement, setStateValue }) {
  const before = WATCHES.get(parentElement)
  if (before) {
    before.camera = data.camera
    before.report = setStateValue
    return before.end
  }
  const words = parentElement.querySelector('.watch')
  const state = { camera: data.camera, report: setStateValue, said: '', since: null, last: null }
  WATCHES.set(parentElement, state)

  function show(video) {
    const now = { frames: painted(video), at: performance.now() }
    const last = state.last
    state.last = now
    if (!video?.videoWidth || !last || now.frames < last.frames) return ''
    const fps = (1000 * (now.frames - last.frames)) / (now.at - last.at)
    return `On this screen: ${fps.toFixed(1)} frames a second, ${video.videoWidth} x ${video.videoHeight}`
  }

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
    words.textContent = show(video)
    const trouble =
      (state.camera ? await cameraTrouble() : '') || playerTrouble(view) || unconnected(view, video)
    if (trouble !== state.said) {
      state.said = trouble
      state.report('trouble', trouble)
    }
  }

  const timer = setInterval(lookAround, LOOK_MS)
  lookAround()
  state.end = () => {
    clearInterval(timer)
    WATCHES.delete(parentElement)
  }
  return state.end
}
