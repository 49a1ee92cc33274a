/** A view that is no more: whoever may has deleted it. It is left for one that exists, with a word, and not under a hand. */
import { Refused, ask, notify, sentence } from "./fragments.js"
import { isTyping } from "./picks.js"

const REST = 1000 // between two looks whether a hand is on something
const KEPT = /^(view|channel)-/ // somebody made them; those of the house are always there
const KEY = "parley.left"

/** Whether the list is left, because the server knows nothing of its view any more. */
export function leaves(list, error) {
  if (list.isLeft) return true
  if (!(error instanceof Refused) || error.status !== 404 || !KEPT.test(list.dataset.view)) return false
  list.isLeft = true
  const shell = list.closest("workspace-shell")
  const words = `The view “${shell.querySelector(".list__title").textContent.trim()}” is no longer there.`
  notify(sentence(words, "warning"))
  leave(shell, words)
  return true
}

async function leave(shell, words) {
  const home = `/b/${shell.dataset.brand}/inbox/open/`
  while (shell.isConnected && !shell.line.gone) {
    await new Promise((rested) => setTimeout(rested, REST))
    if (isHeld(shell)) continue
    try {
      await ask(`${home}rows/`)
    } catch (error) {
      if (error instanceof Refused && error.status < 500) return // nor is all else theirs to see; the line tells of that
      continue
    }
    if (isHeld(shell)) continue
    keep(words)
    location.replace(shell.dataset.open ? `/b/${shell.dataset.brand}/conversations/${shell.dataset.open}/?view=open` : home)
    return
  }
}

/** Something would be lost, or somebody is in the middle of it. */
function isHeld(shell) {
  return isTyping() || shell.hasAttribute("data-focus") || shell.search.isOpen || shell.hands.any || Boolean(shell.querySelector(".pending, .upload, [data-quote]:not([hidden])"))
}

/** The page that comes in its place says so, too: the word on the one before may not have been seen. */
export function tellWhatWasLeft() {
  const words = keep(null)
  if (words) notify(sentence(`${words} This is all that is open.`, "warning"))
}

function keep(words) {
  try {
    const before = sessionStorage.getItem(KEY)
    if (words) sessionStorage.setItem(KEY, words)
    else sessionStorage.removeItem(KEY)
    return before
  } catch {
    return null
  }
}
