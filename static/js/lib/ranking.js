/** How well what is typed fits a name. Every word must be found; where it is found decides: 0 is not at all. */
const START = 100 // the name begins so
const WORD = 80 // a later word of it does
const INITIALS = 60 // "atm" is Assign to me
const BESIDE = 40 // not the name, but what stands beside it does: an address, another word for it
const INSIDE = 30

// Scripts that write without spaces: a word may begin at any letter.
const UNSPACED = /^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u

export function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
}

function wordsOf(typed) {
  return plain(typed).split(/\s+/).filter(Boolean)
}

/** `inside`: also in the middle of a word. Not for what is done at once: "tom" is nothing that is done to a customer. */
export function rank(typed, name, beside = "", { inside = true } = {}) {
  const words = wordsOf(typed)
  const own = plain(name)
  const found = words.map((word) => fit(word, own, plain(beside), inside))
  if (!found.every(Boolean)) return 0
  const whole = own === words.join(" ") ? START : own.startsWith(words.join(" ")) ? WORD : 0
  // Among equals the shorter name is the nearer one.
  return found.reduce((sum, each) => sum + each, whole) - Math.min(own.length, 60) / 10
}

function fit(word, name, beside, inside) {
  if (name.startsWith(word)) return START
  const parts = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const at = parts.findIndex((part) => part.startsWith(word))
  if (at >= 0) return WORD - Math.min(at, 9)
  if (word.length > 1 && parts.map((part) => part[0]).join("").startsWith(word)) return INITIALS
  if (beside.split(/[\s@.]+/).some((part) => part.startsWith(word))) return BESIDE
  return (inside || UNSPACED.test(word)) && name.includes(word) ? INSIDE : 0
}

/** Whether each typed word begins a word of the text. */
export function begins(typed, text) {
  const own = plain(text)
  return wordsOf(typed).every((word) => isBegun(word, own))
}

/** Those whose words begin as it was typed. Where none do: those that have it in the middle of a word. */
export function fitting(typed, all, textOf, { inside = true } = {}) {
  const begun = all.filter((each) => begins(typed, textOf(each)))
  if (begun.length || !inside) return begun
  return all.filter((each) => wordsOf(typed).every((word) => plain(textOf(each)).includes(word)))
}

function isBegun(word, text) {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (UNSPACED.test(word) || !/[\p{L}\p{N}]$/u.test(text.slice(0, at))) return true
  }
  return false
}
