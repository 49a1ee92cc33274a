/** A piece of the page comes in the place of an older one. Whoever has the focus in it keeps their place: Tab goes on from there. */
const REACHED = "a[href], button, input, select, textarea, summary, [tabindex]"

export function standIn(piece, existing) {
  const held = existing.contains(document.activeElement) ? document.activeElement : null
  const [before, at] = held ? placeIn(existing, held) : []
  existing.replaceWith(piece)
  if (held && piece.isConnected) (counterpart(piece, held, before) ?? placeOf(piece, at)).focus({ preventScroll: true })
}

// Held, Enter presses a button again and again, and the one that has come in its place.
document.addEventListener("keydown", (event) => event.repeat && event.key === "Enter" && event.target.closest("button") && event.preventDefault())

/** Its place among its like, and among all that can be reached. */
function placeIn(existing, held) {
  const all = reachedIn(existing)
  return [all.filter((each) => marks(each) === marks(held)).indexOf(held), all.indexOf(held)]
}

/** The same control; else the link that leads to the same, whatever key it has by now; else one that is about the same thing ("yes" at a tag has become "undo"). */
function counterpart(piece, held, before) {
  const all = reachedIn(piece)
  const same = all.filter((each) => marks(each) === marks(held))
  const leads = held.href && all.find(({ href }) => href === held.href)
  const about = subject(held) && all.find((each) => subject(each) === subject(held))
  return same[before] ?? same.at(-1) ?? (leads || about || undefined)
}

/** Around what stands where it stood. Not that itself: it does something else, and a second Enter would do it. */
function placeOf(piece, at) {
  const all = reachedIn(piece)
  let place = all[Math.min(at, all.length - 1)]?.parentElement ?? piece
  while (place !== piece && !place.checkVisibility()) place = place.parentElement
  return resting(place)
}

/** Where the focus may rest though nothing can be done there. */
export function resting(place) {
  if (place.hasAttribute("tabindex")) return place
  place.tabIndex = -1
  place.addEventListener("blur", () => place.removeAttribute("tabindex"), { once: true }) // a click there leaves the focus where it is
  return place
}

function reachedIn(place) {
  return [...place.querySelectorAll(REACHED)].filter((each) => each.checkVisibility())
}

function marks({ tagName, id, dataset }) {
  return JSON.stringify([tagName, id, { ...dataset }])
}

function subject({ dataset }) {
  return Object.values(dataset).join(" ").trim()
}
