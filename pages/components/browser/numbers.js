// Numbers.

/**
 * The value, or the end of low..high that is nearest to it.
 *
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clipped(value, low, high) {
  return Math.min(high, Math.max(low, value))
}
