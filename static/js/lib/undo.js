/** z: the newest thing one did is taken back, then the one before. What it was is said, and words go back where they were written. */
import { ask, clearNotices, elements, explain, notify, sentence } from "./fragments.js"

let turn = Promise.resolve()
let underWay = 0 // what was done and has no answer yet
let lately = [] // what was done since all had been answered, oldest first: what each is called at the server, as soon as that is known

/**
 * `which`: { undo }, { message } or { run }, which goes at once: a reply that waits out its hold waits for nothing else. Without it what was done
 * last when it was asked for is meant, also where that has no answer yet; one after the other, however fast the key is pressed.
 */
export function undo(shell, which) {
  if (which) {
    const taken = take(shell, which)
    turn = Promise.allSettled([turn, taken])
    return taken
  }
  const meant = lately.pop()
  if (meant) sayThatItIs()
  turn = Promise.allSettled([turn]).then(() => meant).then((name) => take(shell, name ?? {}), sayThatItWasNot)
  return turn
}

/** What may be taken back: an undo that came to the server before it would take back the thing before. Gives back what it was given. */
export function doing(work) {
  const name = work.then(nameOf)
  const forget = () => (lately = lately.filter((each) => each !== name))
  lately.push(name)
  underWay += 1
  name.then((known) => known || forget(), forget).finally(() => {
    underWay -= 1
    if (!underWay) lately = [] // the newest is the newest for the server, too, whatever else was done there
  })
  return work
}

/** What an answer says that it can be taken back by. */
function nameOf(html) {
  const find = (selector) => pieces.map((piece) => (piece.matches(selector) ? piece : (piece.content ?? piece).querySelector(selector))).find(Boolean)
  const pieces = elements(html ?? "")
  const [line, held, run] = ["[data-undo]", "[data-id]:has(hold-line)", "bulk-progress"].map(find)
  if (line) return { undo: line.dataset.undo }
  if (held) return { message: held.dataset.id }
  return run && { run: run.dataset.id }
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

/** With the reason; what came that was not seen is shown by who had asked. */
function sayThatItWasNot(error) {
  const [line] = elements(error.status === 409 ? sentence("That was not done.", "warning") : explain(error))
  line.append(" Nothing was taken back.")
  notify(line.outerHTML)
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
