/** How long is left until something is due, or how late it is: the same words as inbox/rules/due_words.py. */
import * as clock from "../lib/clock.js"

const MINUTE = 60_000
const running = new Set()

setInterval(() => {
  for (const chip of running) chip.tell()
}, 5000)

/** Words of different widths: a row keeps room for the longest that they come to (static/css/components/chip.css). */
export function length(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / MINUTE))
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)} d`
  if (hours) return `${hours} h ${String(minutes % 60).padStart(2, "0")} m`
  return minutes ? `${minutes} m` : "< 1 m"
}

class DueChip extends HTMLElement {
  connectedCallback() {
    running.add(this)
    this.tell()
  }

  disconnectedCallback() {
    running.delete(this)
  }

  tell(now = clock.now()) {
    const left = new Date(this.getAttribute("at")) - now
    const tone = left <= 0 ? "late" : left < 15 * MINUTE ? "urgent" : left < 60 * MINUTE ? "soon" : "calm"
    const text = this.getAttribute("kind") === "window" ? (left > 0 ? `window ${length(left)}` : "window closed") : left > 0 ? `${length(left)} left` : `${length(-left)} late`
    if (this.textContent !== text) this.textContent = text
    if (this.dataset.tone !== tone) this.dataset.tone = tone
  }
}
customElements.define("due-chip", DueChip)
