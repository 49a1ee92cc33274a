/** What a row says of new words counts as seen when it has stood there for a glance: a push may come a moment before the key. */
export const GLANCE = 700 // milliseconds on screen, of a row as of a message
const turned = new WeakMap() // row -> { said, at }: what it said before, as far as that had been seen, and when it changed

/** A row stands in the place of another. */
export function turns(from, to) {
  if (from.dataset.said !== to.dataset.said) turned.set(to, { said: glanced(from), at: performance.now() })
  else if (turned.has(from)) turned.set(to, turned.get(from))
}

/** Up to where somebody who looks at this row, or result, has seen its conversation. */
export function glanced(row) {
  const before = turned.get(row)
  return before && performance.now() - before.at < GLANCE ? before.said : row.dataset.said
}
