/** What is done with one key and a short choice: who cares for it, tags, priority, snooze. In the list it is about the row in hand, else about the open conversation. */
import { ask, elements, explain, notify } from "./fragments.js"
import { say } from "./undo.js"

const PLACES = { assign: "assignment/", tags: "tags/", priority: "priority/", mood: "mood/", snooze: "snooze/", merges: "merges/", promise: "promise/" }

/** The row, or the result of a search, that a hand is on. */
export function handAt() {
  return document.activeElement?.closest?.(".row, [data-hit]")
}

/** The conversation that a key is about. */
export function inHand(shell) {
  return handAt()?.dataset.id ?? shell.dataset.open
}

export async function pick(shell, what) {
  const id = inHand(shell)
  if (id) await choose(address(shell, id) + PLACES[what])
}

/** The choices of this address, in the dialog. */
export async function choose(url) {
  const dialog = document.getElementById("picker")
  const early = waitIn(dialog)
  try {
    const html = await ask(url)
    if (!dialog.open) return
    dialog.replaceChildren(...elements(html))
    dialog.querySelector("triage-picker").typed(early.value, early.dataset.entered === "true")
  } catch (error) {
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
  dialog.replaceChildren(early)
  if (!dialog.open) dialog.showModal()
  early.focus()
  return early
}

/** Sends a choice and shows the answer. True when it was taken. */
export async function settle(shell, url, { method, values = {} }) {
  const body = new FormData()
  for (const [name, value] of Object.entries(values)) body.set(name, value)
  try {
    show(shell, await ask(url, method === "DELETE" ? { method } : { method, body }))
    if (method === "POST" && url.endsWith("/snooze/")) shell.done(url.split("/").at(-3))
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
  if (what) pick(shell, what)
  else if (button.hasAttribute("data-needless")) settle(shell, `${address(shell, shell.dataset.open)}no-reply-needed/`, { method: "POST", values: { seen_seq: shell.composer?.seen ?? "" } })
  else if (openOther) shell.open(openOther)
  else if (join ?? unjoin) settle(shell, `${address(shell, shell.dataset.open)}joins/${join ?? unjoin}/`, { method: join ? "POST" : "DELETE" })
  else if (setMood ?? undoMood) settle(shell, `${address(shell, shell.dataset.open)}mood/${setMood ?? undoMood}/`, { method: setMood ? "POST" : "DELETE" })
  else if (part) settle(shell, `${address(shell, shell.dataset.open)}merges/${part}/`, { method: "DELETE" })
  else settle(shell, `${address(shell, shell.dataset.open)}tags/${undoTag ?? setTag}/`, { method: setTag ? "POST" : "DELETE" })
})
