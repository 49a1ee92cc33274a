/** A moment in the viewer's own time, or in the zone that the page around it names. The server's text stands until then. */
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
const FULL = { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" } // the same clock beside it
const EXACT = { ...FULL, timeStyle: "medium" } // to the second
const clock = new Intl.DateTimeFormat(undefined, CLOCK)
export const { timeZone: zone } = clock.resolvedOptions() // times that are typed are read in it, too
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" })
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" })
const dayMonthYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" })
const full = new Intl.DateTimeFormat(undefined, FULL)
const exact = new Intl.DateTimeFormat(undefined, EXACT)
const zones = { "": { clock, full, exact } }
export const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" })

function of(zone) {
  zones[zone] ??= {
    clock: new Intl.DateTimeFormat(undefined, { ...CLOCK, timeZone: zone }),
    full: new Intl.DateTimeFormat(undefined, { ...FULL, timeZone: zone }),
    exact: new Intl.DateTimeFormat(undefined, { ...EXACT, timeZone: zone }),
  }
  return zones[zone]
}

function short(at) {
  const today = new Date()
  if (at.toDateString() === today.toDateString()) return clock.format(at)
  const days = (today - at) / 86_400_000
  if (days >= 0 && days < 6) return weekday.format(at)
  return (Math.abs(days) < 180 ? dayMonth : dayMonthYear).format(at) // of another year a day and a month say the wrong one
}

class LocalTime extends HTMLElement {
  connectedCallback() {
    this.tell()
  }

  tell() {
    const at = new Date(this.getAttribute("datetime"))
    if (Number.isNaN(at.getTime())) return
    const format = this.getAttribute("format")
    const told = of(this.closest("[data-zone]")?.dataset.zone ?? "")
    this.textContent = told[format]?.format(at) ?? short(at)
    this.title = told.full.format(at)
  }
}
customElements.define("local-time", LocalTime)

/** "10:12" is of today: once the day is over, what stands there is told anew. */
let day = new Date().toDateString()

function newDay() {
  const today = new Date().toDateString()
  if (today === day) return
  day = today
  for (const each of document.querySelectorAll("local-time")) each.tell()
}

setInterval(newDay, 30_000)
document.addEventListener("visibilitychange", newDay)
