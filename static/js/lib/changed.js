/** So many conversations changed at once that their rows were not sent along: those that are shown here are asked for. */
import { ask, elements } from "./fragments.js"

const AT_A_TIME = 100
const wanted = new Set()
let soon, again

export function refresh(shell, changed) {
  const { list } = shell
  for (const [id, state, assignee, channel] of changed) {
    if (list.find(id) || list.held.has(id)) wanted.add(id)
    else if ("checks" in list.dataset) owe(list)
    else if (list.belongs({ dataset: { state, assignee: String(assignee ?? ""), channel: String(channel) } })) owe(list)
  }
  if (!wanted.size) return
  clearTimeout(soon)
  soon = setTimeout(() => fetchRows(shell), 120)
}

async function fetchRows(shell) {
  while (wanted.size) {
    const ids = [...wanted].slice(0, AT_A_TIME)
    for (const id of ids) wanted.delete(id)
    try {
      const query = new URLSearchParams(ids.map((id) => ["id", id]))
      shell.list.receive(elements(await ask(`/b/${shell.dataset.brand}/bulk/rows/?${query}`)))
    } catch {
      return // the line catches up
    }
  }
}

/** Rows came into the view that are not here: the list is read anew as soon as no hand is on it. */
function owe(list) {
  if (again) return
  again = setTimeout(() => {
    again = null
    if (!list.isConnected) return
    if (list.isFree) list.reload().catch(() => {})
    else owe(list)
  }, 800)
}
