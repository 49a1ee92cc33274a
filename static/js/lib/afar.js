/**
 * What happens to a conversation that is not before the eyes any more: it is said whose it is, with a way there, and stands until it is
 * opened. What was to be chosen there waits for that.
 */
import { elements } from "./fragments.js"

const choices = new Map() // id -> the choice, as the server gave it

/** `html`: what the server said. `waits`: it is a choice, and is shown when the conversation is opened. */
export function tellOf(shell, { id, name, html, waits = false }) {
  if (waits) choices.set(id, html)
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
  document.getElementById("notices")?.append(line)
}

/** It is before the eyes now. */
export function arrived(id) {
  for (const line of document.querySelectorAll("#notices > [data-of]")) if (line.dataset.of === id) line.remove()
}

/** What is to be chosen there, once. Nothing where there is nothing. */
export function choiceOf(id) {
  const html = choices.get(id)
  choices.delete(id)
  return html
}
