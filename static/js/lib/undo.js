/** z: the newest thing one did is taken back, then the one before. What it was is said, and words go back where they were written. */
import { ask, clearNotices, elements, explain, notify, sentence } from "./fragments.js"

let turn = Promise.resolve()
const underWay = new Set() // what was done and has no answer yet

/** One after the other, however fast the key is pressed, and after what was done before it. `which`: { undo } or { message }, else the newest. */
export function undo(shell, which = {}) {
  if (underWay.size) sayThatItIs()
  const before = Promise.allSettled([turn, ...underWay])
  turn = before.then(() => take(shell, which))
  return turn
}

/** What may be taken back: an undo that came to the server before it would take back the thing before. Gives back what it was given. */
export function doing(work) {
  underWay.add(work)
  const over = () => underWay.delete(work)
  work.then(over, over)
  return work
}

/** The line that says what was done is shown; what else an answer brought is left to others. */
export function say(pieces) {
  const line = pieces.find((piece) => piece.hasAttribute("data-done"))
  if (line) notify(line.outerHTML)
  return pieces.filter((piece) => piece !== line)
}

function sayThatItIs() {
  notify(sentence("Undoing…", "calm"))
}

async function take(shell, which) {
  sayThatItIs()
  const body = new FormData()
  for (const [name, value] of Object.entries(which)) body.set(name, value)
  try {
    show(shell, elements(await ask(`/b/${shell.dataset.brand}/undo/`, { method: "POST", body })))
  } catch (error) {
    notify(explain(error))
  }
}

function show(shell, pieces) {
  const left = say(pieces)
  const runs = left.filter((piece) => piece.matches("bulk-progress"))
  if (runs.length) {
    clearNotices()
    return shell.querySelector("bulk-runs").receive(runs)
  }
  const goes = left.find((piece) => piece.hasAttribute("data-goes-to"))
  if (goes) return location.assign(goes.dataset.goesTo)
  if (left.some((piece) => piece.hasAttribute("data-anew"))) shell.renew()
  const rows = left.find((piece) => piece.hasAttribute("data-live-row"))
  const gone = left.find((piece) => piece.hasAttribute("data-gone"))?.dataset.gone.split(" ") ?? []
  const written = left.find((piece) => piece.hasAttribute("data-put-back"))
  const parts = rows ? [...rows.content.children] : []
  const row = parts.find((part) => part.matches(".row"))
  if (row) shell.list.receive([row])
  if (row && rows.hasAttribute("data-undone")) shell.querySelector("focus-bar").back(row.dataset.id)
  if (row && row.dataset.id === shell.pane?.dataset.id) shell.pane.receive(parts.filter((part) => part !== row), gone)
  if (written) putBack(shell, written)
}

/** Into the composer where it is open and stays so. The server keeps it as a draft, for when it is opened. */
function putBack(shell, { dataset, content }) {
  const { id, mode, text, replyTo, version } = dataset
  if (shell.stays(id)) return shell.composer.giveBack({ mode, text, replyTo, version, files: [...content.children] })
  shell.ahead.forget(id)
  shell.markDraft(id, true)
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-undo], [data-undo-message]")
  if (!button) return
  const { undo: which, undoMessage: message } = button.dataset
  undo(button.closest("workspace-shell"), which ? { undo: which } : { message })
})
