// What payload.py packs, unpacked.

/**
 * The values of the head by their names, and the parts by theirs: bytes that begin at 0.
 *
 * @param {Uint8Array | ArrayBuffer} data
 * @returns {any}
 */
export function unpack(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const sent = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)))
  let at = 4 + length
  for (const [name, size] of sent.parts) {
    sent[name] = bytes.slice(at, at + size) // a copy begins at 0: numbers need that
    at += size
  }
  return sent
}
