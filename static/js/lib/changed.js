/** So many conversations changed at once that their rows were not sent along: those that are shown here are asked for. */
import { ask, elements, hadOrTold } from "./fragments.js"

const AT_A_TIME = 100
const wanted = new Set()
let soon, again
let wait = 1000 // until what did not come is asked for again; longer each time

export function refresh(shell, changed) {
  const { list } = shell
  for (const [id, state, assignee, channel] of changed) {
    if (list.find(id) || list.held.has(id)) wanted.add(id)
    else if ("checks" in list.dataset) owe(list)
    else if (list.belongs({ dataset: { state, assignee: String(assignee ?? ""), channel: String(channel) } })) owe(list)
  }
  if (wanted.size) askSoon(shell, 120)
}

function askSoon(shell, pause) {
  clearTimeout(soon)
  soon = setTimeout(() => fetchRows(shell), pause)
}

async function fetchRows(shell) {
  while (wanted.size && !shell.line.gone) {
    const ids = [...wanted].slice(0, AT_A_TIME)
    for (const id of ids) wanted.delete(id)
    try {
      const query = new URLSearchParams(ids.map((id) => ["id", id]))
      await hadOrTold(ask(`/b/${shell.dataset.brand}/bulk/rows/?${query}`).then((html) => shell.list.receive(elements(html))))
      wait = 1000
    } catch {
      // Their numbers have passed: nobody else would ask for them.
      for (const id of ids) wanted.add(id)
      shell.line.owe(wanted)
      askSoon(shell, wait)
      wait = Math.min(15_000, wait * 2)
      return
    }
  }
  shell.line.paid(wanted)
}

/** Rows came into the view that are not here: the list is read anew as soon as no hand is on it. */
function owe(list, pause = 800) {
  if (again) return
  again = setTimeout(() => {
    again = null
    if (!list.isConnected || list.closest("workspace-shell").line.gone) return
    if (list.isFree) readAnew(list, pause)
    else owe(list)
  }, pause)
}

async function readAnew(list, pause) {
  const { line } = list.closest("workspace-shell")
  try {
    await hadOrTold(list.reload())
    line.paid(list)
  } catch {
    line.owe(list)
    owe(list, Math.min(15_000, pause * 2))
  }
}
