/** One hand on the keyboard. Off in fields and dialogs; never with Alt. */
import { pick } from "./picks.js"

let waitsForG = 0

export function listen(shell) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return
    const inField = event.target.closest("input, textarea, select, [contenteditable]")
    if (document.querySelector("dialog[open]")) return
    if (event.key === "Escape") {
      if (inField) event.target.blur()
      else shell.close()
      return
    }
    if (inField) return
    const act = Date.now() < waitsForG ? going(shell)[event.key] : acts(shell)[event.key]
    waitsForG = event.key === "g" ? Date.now() + 1200 : 0
    if (!act) return
    event.preventDefault()
    act()
  })
}

function going(shell) {
  return Object.fromEntries([...shell.querySelectorAll(".view[data-key]")].map((view) => [view.dataset.key, () => view.click()]))
}

function acts(shell) {
  const press = (act) => {
    const element = shell.querySelector(`conversation-head [data-act="${act}"]`)
    if (element?.requestSubmit) element.requestSubmit()
    else element?.click()
  }
  return {
    j: () => move(shell, 1),
    k: () => move(shell, -1),
    ArrowDown: shell.list.contains(document.activeElement) ? () => move(shell, 1) : null,
    ArrowUp: shell.list.contains(document.activeElement) ? () => move(shell, -1) : null,
    r: () => shell.composer?.write("reply"),
    n: () => shell.composer?.write("note"),
    e: () => press("resolve"),
    a: () => press("assign"),
    m: () => press("mine"),
    h: () => pick(shell, "snooze"),
    l: () => pick(shell, "tags"),
    p: () => pick(shell, "priority"),
    u: () => shell.pane?.unread(),
    i: () => shell.toggleContext(),
    ".": () => shell.querySelector("[data-pill]:not([hidden])")?.click(),
    "?": () => document.getElementById("help").showModal(),
  }
}

/** To the next row; where a conversation is open already, it opens too. */
function move(shell, step) {
  const row = shell.list.neighbour(step)
  if (!row) return
  row.focus({ preventScroll: true })
  row.scrollIntoView({ block: "nearest" })
  if (shell.dataset.open) {
    clearTimeout(shell.rest)
    shell.list.mark(row.dataset.id)
    // A key held down runs through the list; what it rests on is opened.
    shell.rest = setTimeout(() => shell.open(row.dataset.id), 120)
  }
}
