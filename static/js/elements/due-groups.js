/**
 * Headings in a list that stands by due time. A heading belongs to the first row of its group and is drawn by it,
 * so that rows stay the list's only items. Time moves headings, never rows: what is due first stands first anyway.
 */
import * as clock from "../lib/clock.js"

const MINUTE = 60_000
const ORDER = ["Late", "< 15 min", "< 1 h", "Today", "Later"]

export function groupOf(due, now = new Date(clock.now())) {
  if (!due) return "Later"
  const at = new Date(due)
  const left = at - now
  if (left <= 0) return "Late"
  if (left < 15 * MINUTE) return "< 15 min"
  if (left < 60 * MINUTE) return "< 1 h"
  return at.toDateString() === now.toDateString() ? "Today" : "Later"
}

/** A row that is held where a hand is on it may stand too high for what it is by now: it heads no group there. */
export function headGroups(rows, now = new Date(clock.now())) {
  const all = [...rows]
  const groups = all.map((row) => groupOf(row.dataset.due, now))
  const earliest = [] // of the groups from each row on
  for (let at = all.length - 1; at >= 0; at--) earliest[at] = Math.min(ORDER.indexOf(groups[at]), earliest[at + 1] ?? ORDER.length)
  let reached = -1
  for (const [at, row] of all.entries()) {
    const rank = ORDER.indexOf(groups[at])
    const heads = rank > reached && rank === earliest[at] ? groups[at] : undefined
    if (heads) reached = rank
    if (row.dataset.heads === heads) continue
    if (heads) row.dataset.heads = heads
    else delete row.dataset.heads
  }
}

setInterval(() => {
  const list = document.querySelector('inbox-list[data-sort="due"]')
  list?.keepStill(() => list.arranged())
}, 5000)
