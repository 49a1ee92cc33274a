/** What is done with one key and a short choice: who cares for it, tags, priority, snooze. In the list it is about the row in hand, else about the open conversation. */
import { ask, elements, explain, notify } from "./fragments.js"
import { glanced } from "./glance.js"
import { doing, say } from "./undo.js"

const PLACES = { assign: "assignment/", tags: "tags/", priority: "priority/", mood: "mood/", snooze: "snooze/", merges: "merges/", promise: "promise/" }
const PUTS_ASIDE = /\/(snooze|pending|spam)\/$/ // and so ends one's work on it for now
let turn = 0 // of whoever has asked for the dialog

/** Whether what is typed goes into a field, or is the answer to a dialog. */
export function isTyping() {
  return Boolean(document.querySelector("dialog[open]") ?? document.activeElement?.closest?.("input, textarea, select, [contenteditable]"))
}

/**
 * What tells whether somebody has begun to write elsewhere since. A press leaves the focus in its field on a phone, so the field that has it
 * now is not elsewhere.
 */
export function watchHand() {
  const at = document.activeElement
  return () => isTyping() && document.activeElement !== at
}

/** The row, or the result of a search, that a hand is on. */
export function handAt() {
  return document.activeElement?.closest?.(".row, [data-hit]")
}

/**
 * The conversation that a key is about, or a button: the one whose pane the button stands in, the row in hand, or the one that is shown.
 * None while another one is on its way: what still stands there is not meant any more, and what comes has not been seen.
 */
export function inHand(shell) {
  return shell.pointed ?? handAt()?.dataset.id ?? (isShown(shell, shell.dataset.open) ? shell.dataset.open : undefined)
}

export function isShown(shell, id) {
  return shell.pane?.dataset.id === id
}

/** What somebody has seen of it: in the thread, else in the row or the result that they point at. */
export function seenOf(shell, id) {
  if (isShown(shell, id)) return shell.composer?.seen
  const row = handAt() ?? shell.list.find(id)
  return row ? glanced(row) : undefined
}

/** The choices for this conversation, else for the one in hand. */
export async function pick(shell, what, id = inHand(shell)) {
  if (id) await choose(address(shell, id) + PLACES[what], what === "snooze" ? { seen: seenOf(shell, id) } : {})
}

/** The dialog is for whoever has asked last. Returns what tells whether that is still so: an answer that comes late is nobody's. */
export function takeTurn() {
  const mine = ++turn
  return () => turn === mine
}

/** The choices of this address, in the dialog. `seen`: up to where its person has seen the conversation, for what puts it out of the way. */
export async function choose(url, { seen } = {}) {
  const dialog = document.getElementById("picker")
  const early = waitIn(dialog)
  const isMine = takeTurn()
  try {
    const html = await ask(url)
    if (!isMine() || !dialog.open) return
    const parts = elements(html)
    if (seen !== undefined) parts[0].dataset.seen = seen
    dialog.replaceChildren(...parts)
    dialog.querySelector("triage-picker").typed(early.value, early.dataset.entered === "true")
  } catch (error) {
    if (!isMine() || !dialog.open) return
    dialog.close()
    notify(explain(error))
  }
}

/** The field is there with the key, so that nothing typed before the choices have come is lost or taken for another key. */
function waitIn(dialog) {
  const early = Object.assign(document.createElement("input"), { className: "picker__filter", type: "text", autocomplete: "off", ariaLabel: "Find" })
  early.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return
    event.preventDefault()
    early.dataset.entered = "true"
  })
  keepHand(dialog)
  dialog.replaceChildren(early)
  if (!dialog.open) dialog.showModal()
  early.focus()
  return early
}

/**
 * While a dialog is open the hand stays on the row that it was on, though the focus is elsewhere. The row may be renewed meanwhile, and then
 * the browser has nothing to give the focus back to.
 */
export function keepHand(dialog) {
  const { list } = dialog.closest("workspace-shell")
  const row = list.contains(document.activeElement) && document.activeElement.closest(".row")
  if (!row) return
  const mine = (list.handOn = { id: row.dataset.id }) // a dialog that opens with the end of this one has its own by then
  const giveBack = () => {
    if (list.handOn === mine) list.handOn = null
    const at = document.activeElement
    if (at === document.body || dialog.contains(at)) list.find(mine.id)?.focus({ preventScroll: true })
  }
  dialog.addEventListener("close", giveBack, { once: true })
}

/** The newest number of it on the page: what comes after it, while it is being done with, nobody has seen. */
export function newestOf(shell, id) {
  return shell.querySelector("focus-bar").newest(id)
}

/** Sends a choice and shows the answer. True when it was taken. */
export async function settle(shell, url, { method, values = {} }) {
  const body = new FormData()
  for (const [name, value] of Object.entries(values)) body.set(name, value)
  const id = url.split("/").at(-3)
  const newest = newestOf(shell, id)
  try {
    show(shell, await doing(ask(url, method === "DELETE" ? { method } : { method, body })))
    if (method === "POST" && PUTS_ASIDE.test(url)) shell.done(id, newest)
    return true
  } catch (error) {
    notify(explain(error))
    return false
  }
}

/** The row goes to the list; the rest to the open conversation, if it is still that one. */
export function show(shell, html) {
  const pieces = elements(html)
  const template = pieces.find((piece) => piece.hasAttribute("data-live-row"))
  const parts = say(template ? [...template.content.children] : [])
  const rows = parts.filter((part) => part.matches(".row"))
  shell.list.receive(rows)
  const open = rows.some((row) => row.dataset.id === shell.pane?.dataset.id)
  if (open) shell.pane.receive([...pieces, ...parts].filter((piece) => piece !== template && !piece.matches(".row")))
}

export function address(shell, id) {
  return `/b/${shell.dataset.brand}/conversations/${id}/`
}

document.addEventListener("click", ({ target }) => {
  const shell = target.closest("workspace-shell")
  const button = shell && target.closest("[data-pick], [data-undo-tag], [data-set-tag], [data-undo-mood], [data-set-mood], [data-part], [data-needless], [data-join], [data-unjoin], [data-open-other]")
  if (!button) return
  const { pick: what, undoTag, setTag, undoMood, setMood, part, join, unjoin, openOther } = button.dataset
  const here = address(shell, button.closest("conversation-pane")?.dataset.id)
  if (what) pick(shell, what, button.closest("conversation-pane")?.dataset.id)
  else if (button.hasAttribute("data-needless")) settle(shell, `${here}no-reply-needed/`, { method: "POST", values: { seen_seq: shell.composer?.seen ?? "" } })
  else if (openOther) shell.open(openOther)
  else if (join ?? unjoin) settle(shell, `${here}joins/${join ?? unjoin}/`, { method: join ? "POST" : "DELETE" })
  else if (setMood ?? undoMood) settle(shell, `${here}mood/${setMood ?? undoMood}/`, { method: setMood ? "POST" : "DELETE" })
  else if (part) settle(shell, `${here}merges/${part}/`, { method: "DELETE" })
  else settle(shell, `${here}tags/${undoTag ?? setTag}/`, { method: setTag ? "POST" : "DELETE" })
})
