/** How long something lasts that goes on: the same words as inbox/templatetags/lengths.py. A clock's sum and the last of its parts go on together. */
import * as clock from "../lib/clock.js"

const SECOND = 1000
const running = new Set()

setInterval(() => {
  for (const each of running) each.tell()
}, SECOND)

function lasting(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const padded = (number) => String(number).padStart(2, "0")
  if (hours) return `${hours} h ${padded(minutes)} m ${padded(rest)} s`
  return minutes ? `${minutes} m ${padded(rest)} s` : `${rest} s`
}

class LastingTime extends HTMLElement {
  connectedCallback() {
    running.add(this)
    this.tell()
  }

  disconnectedCallback() {
    running.delete(this)
  }

  /** What happens is told and comes anew; where nothing is told, as at the end of a day's work, it stands still by itself. */
  tell() {
    const now = Math.min(clock.now(), new Date(this.getAttribute("until")))
    const passed = Math.max(0, Math.floor((now - new Date(this.getAttribute("since"))) / SECOND))
    const text = lasting(Number(this.getAttribute("seconds")) + passed)
    this.dataset.longest = text.replace(/^\d\b/, "0$&") // what it comes to in its unit
    if (this.textContent !== text) this.textContent = text
  }
}
customElements.define("lasting-time", LastingTime)
