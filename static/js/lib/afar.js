/**
 * What happens to a conversation that is not before the eyes any more: it is said whose it is, with a way there, and stands until it is
 * opened. What was to be chosen there waits for that.
 */
import { elements } from "./fragments.js"

const choices = new Map() // id -> the choice as the server gave it, its line, whether it is about resolving, and the newest that it knew

/** `html`: what the server said. `waits`: it is a choice, and is shown when the conversation is opened. */
export function tellOf(shell, { id, name, html, waits = false }) {
  const [said] = elements(html)
  const words = (said?.querySelector(".stale__title") ?? said)?.textContent.trim() ?? ""
  const line = Object.assign(document.createElement("p"), { className: "notice" })
  line.dataset.tone = "warning"
  line.dataset.of = id
  const told = Object.assign(document.createElement("span"), { textContent: `${name || "Another conversation"}: ${words}`, dir: "auto" })
  const link = Object.assign(document.createElement("a"), { className: "link", href: `/b/${shell.dataset.brand}/conversations/${id}/`, textContent: "Open it" })
  link.dataset.openConversation = ""
  link.dataset.id = id
  line.append(told, " ", link)
  arrived(id)
  if (waits) choices.set(id, { html, line, resolving: Boolean(said?.querySelector("[data-resolve-anyway]")), newest: Number(said?.dataset.newest ?? 0) })
  document.getElementById("notices")?.append(line)
}

/** It is before the eyes now. */
export function arrived(id) {
  for (const line of document.querySelectorAll("#notices > [data-of]")) if (line.dataset.of === id) line.remove()
}

/** What is to be chosen there, once. Nothing where there is nothing. */
export function choiceOf(id) {
  const choice = choices.get(id)
  choices.delete(id)
  return choice
}

/** Rows as they now are: whether to resolve what has been resolved meanwhile is no question any more. */
export function heard(rows) {
  for (const { dataset } of rows) {
    const choice = choices.get(dataset.id)
    if (!choice?.resolving || !isAway(dataset) || Number(dataset.seq) < choice.newest) continue
    choices.delete(dataset.id)
    choice.line.remove()
  }
}

/** Of a row or a head: resolving it would open it again. */
export function isAway({ state }) {
  return state === "resolved" || state === "spam"
}
