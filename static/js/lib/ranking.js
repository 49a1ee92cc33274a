/** How well what is typed fits a name. Every word must be found; where it is found decides: 0 is not at all. */
const START = 100 // the name begins so
const WORD = 80 // a later word of it does
const INITIALS = 60 // "atm" is Assign to me
const INSIDE = 40
const BESIDE = 30 // not the name, but what stands beside it: an address, another word for it

export function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
}

export function rank(typed, name, beside = "") {
  const words = plain(typed).split(/\s+/).filter(Boolean)
  const own = plain(name)
  const found = words.map((word) => fit(word, own, plain(beside)))
  if (!found.every(Boolean)) return 0
  const whole = own === words.join(" ") ? START : own.startsWith(words.join(" ")) ? WORD : 0
  // Among equals the shorter name is the nearer one.
  return found.reduce((sum, each) => sum + each, whole) - Math.min(own.length, 60) / 10
}

function fit(word, name, beside) {
  if (name.startsWith(word)) return START
  const parts = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const at = parts.findIndex((part) => part.startsWith(word))
  if (at >= 0) return WORD - Math.min(at, 9)
  if (word.length > 1 && parts.map((part) => part[0]).join("").startsWith(word)) return INITIALS
  if (name.includes(word)) return INSIDE
  return beside.split(/[\s@.]+/).some((part) => part.startsWith(word)) ? BESIDE : 0
}
