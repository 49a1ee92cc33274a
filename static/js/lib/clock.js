/** The time as the server has it: the instants on a page are the server's, and a browser's own clock may be minutes off. */
const KEPT = 5 // of the newest tellings. What was on its way for long tells too much: the least of them is nearest
const tellings = []
let ahead = 0 // milliseconds by which the browser's clock is

export function now() {
  return Date.now() - ahead
}

/** `server`: what it had on its clock; `heard`: what this browser had when that came. */
export function told(server, heard = Date.now()) {
  tellings.push(heard - server)
  if (tellings.length > KEPT) tellings.shift()
  ahead = Math.min(...tellings)
}

const page = document.querySelector("workspace-shell")?.dataset.now
if (page) told(Number(page) * 1000, Date.now() - performance.now() + (performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now()))
