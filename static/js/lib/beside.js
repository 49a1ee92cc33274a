/** The other conversations of the person, beside the thread: nothing tells how they are now, so they are asked for when one changes. */
import { Refused, ask, elements } from "./fragments.js"

const SOON = 300 // until it is asked for: what comes together is asked for once
const LATEST = 15_000
const MANY = 500 // conversations of which it is remembered that they changed
const lately = new Map() // id -> whose, and with which number, the last to change at the end
let forgotten = 0 // the highest number of what is not remembered any more
let soon

/** Conversations that changed: { id, contact, state, seq }. */
export function changed(shell, conversations) {
  for (const { id, contact, seq } of conversations) {
    lately.delete(id)
    if (contact) lately.set(id, { contact, seq })
  }
  for (const [id, { seq }] of lately) {
    if (lately.size <= MANY) break
    forgotten = Math.max(forgotten, seq)
    lately.delete(id)
  }
  const place = placeIn(shell)
  if (place && conversations.some((each) => concerns(each, shell, place))) readSoon(shell)
}

/** A conversation is shown that was read when the brand was at `since`. */
export function opened(shell, since) {
  clearTimeout(soon)
  const place = placeIn(shell)
  if (!place?.dataset.contact) return
  const later = [...lately].some(([id, { contact, seq }]) => seq > since && contact === place.dataset.contact && id !== shell.pane.dataset.id)
  if (later || forgotten > since) readSoon(shell)
}

/** What may be done with the others hangs on how the open one is, too, and on whose it is. */
function concerns({ id, contact, state, seq }, shell, { dataset }) {
  if (id !== shell.pane.dataset.id) return Boolean(contact) && contact === dataset.contact
  return seq > Number(dataset.seq) && (state !== dataset.state || contact !== dataset.contact)
}

function placeIn(shell) {
  return shell.pane?.querySelector("#conversation-others")
}

function readSoon(shell, pause = SOON) {
  clearTimeout(soon)
  soon = setTimeout(() => read(shell, pause), pause)
}

async function read(shell, pause) {
  const place = placeIn(shell)
  if (!place || shell.line.gone) return
  if (isHeld(place)) return readSoon(shell) // nothing moves under a hand
  try {
    const [fresh] = elements(await ask(place.dataset.url))
    if (placeIn(shell) !== place || isHeld(place)) return readSoon(shell)
    place.replaceWith(fresh)
  } catch (error) {
    if (!(error instanceof Refused) || error.status >= 500) readSoon(shell, Math.min(LATEST, Math.max(1000, pause * 2)))
  }
}

function isHeld(place) {
  return place.matches(":hover, :focus-within")
}
