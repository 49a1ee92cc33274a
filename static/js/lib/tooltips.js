/** A button that names its command says the command's key when a pointer or the focus comes to it. */
import { find } from "./commands.js"
import { said, usable } from "./keys.js"

export function tell(shell) {
  for (const kind of ["pointerover", "focusin"]) shell.addEventListener(kind, ({ target }) => say(shell, target.closest?.("[data-command]")))
}

function say(shell, element) {
  const command = element && find(shell, element.dataset.command)
  const [first] = command ? usable(shell, command) : []
  if (!first) return
  const keys = said(first).join(" ")
  const title = element.title || command.name
  element.setAttribute("aria-keyshortcuts", first.replace("Mod+", "Control+"))
  if (!title.endsWith(`(${keys})`)) element.title = `${title} (${keys})`
}
