/**
 * Headings in a list that stands by due time. A heading belongs to the first row of its group and is drawn by it,
 * so that rows stay the list's only items. Time moves headings, never rows: what is due first stands first anyway.
 */
const MINUTE = 60_000

export function groupOf(due, now = new Date()) {
  if (!due) return "Later"
  const at = new Date(due)
  const left = at - now
  if (left <= 0) return "Late"
  if (left < 15 * MINUTE) return "< 15 min"
  if (left < 60 * MINUTE) return "< 1 h"
  return at.toDateString() === now.toDateString() ? "Today" : "Later"
}

export function headGroups(rows, now = new Date()) {
  let before = ""
  for (const row of rows) {
    const group = groupOf(row.dataset.due, now)
    const heads = group === before ? undefined : group
    before = group
    if (row.dataset.heads === heads) continue
    if (heads) row.dataset.heads = heads
    else delete row.dataset.heads
  }
}

setInterval(() => {
  const list = document.querySelector('inbox-list[data-sort="due"]')
  list?.keepStill(() => list.arranged())
}, 5000)
