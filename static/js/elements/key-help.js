/** The keys, as the table of commands has them. */
import { COMMANDS, commands } from "../lib/commands.js"
import { kbds, usable } from "../lib/keys.js"

class KeyHelp extends HTMLElement {
  show() {
    const shell = this.closest("workspace-shell")
    const all = commands(shell).map((command) => ({ ...command, keys: usable(shell, command) })).filter((command) => command.keys.length)
    const groups = [...new Set([...COMMANDS.map((command) => command.group), "Going"])]
    this.replaceChildren(...groups.map((group) => section(group, all.filter((command) => command.group === group))))
    this.closest("dialog").showModal()
  }
}

function section(group, commands) {
  const place = document.createElement("section")
  place.className = "keys__group"
  const list = Object.assign(document.createElement("dl"), { className: "keys" })
  for (const { id, keys, name } of commands) {
    const line = document.createElement("div")
    line.dataset.id = id
    const dt = document.createElement("dt")
    dt.append(...kbds(keys[0]).flatMap((kbd, at) => (at ? [" ", kbd] : [kbd])))
    line.append(dt, Object.assign(document.createElement("dd"), { textContent: name }))
    list.append(line)
  }
  place.append(Object.assign(document.createElement("h3"), { className: "keys__title", textContent: group }), list)
  return place
}
customElements.define("key-help", KeyHelp)
