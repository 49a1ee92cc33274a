/** So many conversations changed at once that their rows were not sent along: those that are shown here are asked for. */
import { ask, elements, hadOrTold } from "./fragments.js"
import { Wanted } from "./wanted.js"

const wanted = new Wanted(fetchRows)
const missed = new Wanted(fetchMissed) // what may have come into a view by a query: one entry, since which number
let again

export function refresh(shell, { changed, first }) {
  const { list } = shell
  const judges = "checks" in list.dataset // by more than what is told of each
  let missing = false
  for (const [id, state, assignee, channel] of changed) {
    list.early.delete(id) // what waits for its time is not as it is now
    if (list.find(id) || list.held.has(id) || shell.search.shows(id)) wanted.set(id, {})
    else missing ||= judges || list.belongs({ dataset: { state, assignee: String(assignee ?? ""), channel: String(channel) } })
  }
  if (missing && judges) {
    missed.set("since", { since: Math.min(missed.get("since")?.since ?? Infinity, first - 1) })
    missed.askSoon(shell, 120)
  } else if (missing) lacks(list)
  if (wanted.size) wanted.askSoon(shell, 120)
}

/** Rows came into the view that are not here, and are not told of. */
export function lacks(list) {
  list.lack()
  owe(list)
}

async function fetchMissed(shell) {
  await shell.list.catchUp(missed.get("since").since)
}

async function fetchRows(shell, ids) {
  const query = new URLSearchParams(ids.map((id) => ["id", id]))
  shell.list.receive(elements(await ask(`/b/${shell.dataset.brand}/bulk/rows/?${query}`)))
}

/** The list is read anew as soon as no hand is on it, or the hand asks for it. */
function owe(list, pause = 800) {
  if (again) return
  again = setTimeout(() => {
    again = null
    if (!list.isConnected || list.closest("workspace-shell").line.gone) return
    if (!list.lacks) return list.closest("workspace-shell").line.paid(list) // it was read anew meanwhile
    if (list.isFree) readAnew(list, pause)
    else owe(list)
  }, pause)
}

async function readAnew(list, pause) {
  const { line } = list.closest("workspace-shell")
  const { bursts } = list
  try {
    await hadOrTold(list.reload())
    list.readAfter(bursts) // also where the view was refused for good, which is told
    if (!list.lacks) line.paid(list)
  } catch {
    line.owe(list)
    owe(list, Math.min(15_000, pause * 2))
  }
}
