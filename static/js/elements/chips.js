/** Times that run: how long a customer waits, how long the brand may still answer. Text, shape and colour say the same. */
import * as clock from "../lib/clock.js"

const MINUTE = 60_000
const running = new Set()

setInterval(() => {
  for (const chip of running) chip.tell()
}, 15_000)

export function span(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / MINUTE))
  if (minutes < 1) return "< 1 m"
  if (minutes < 60) return `${minutes} m`
  const hours = Math.floor(minutes / 60)
  if (hours < 10 && minutes % 60) return `${hours} h ${minutes % 60} m`
  if (hours < 48) return `${hours} h`
  return `${Math.floor(hours / 24)} d`
}

class Running extends HTMLElement {
  connectedCallback() {
    running.add(this)
    this.tell()
  }

  disconnectedCallback() {
    running.delete(this)
  }

  show(text, tone) {
    if (this.textContent !== text) this.textContent = text
    if (this.dataset.tone !== tone) this.dataset.tone = tone
  }
}

class WaitChip extends Running {
  /** The word stands in an element of its own, so that a narrow row can leave it to those who cannot see the hourglass. */
  show(text, tone) {
    const word = Object.assign(document.createElement("span"), { className: "wait__word", textContent: "waits " })
    if (this.textContent !== `waits ${text}`) this.replaceChildren(word, text)
    if (this.dataset.tone !== tone) this.dataset.tone = tone
  }

  tell(now = clock.now()) {
    const waited = now - new Date(this.getAttribute("since"))
    const long = waited < 600 * MINUTE ? "long" : "longest"
    this.show(span(waited), waited > 60 * MINUTE ? long : waited > 10 * MINUTE ? "late" : "calm")
  }
}

/** In a row it counts on to when a person may answer still, once the standard window is over; the composer asks how it is then. */
class WindowChip extends Running {
  tell(now = clock.now()) {
    const state = this.getAttribute("state")
    const ended = new Date(this.getAttribute("until")) <= now && state !== "closed"
    const left = new Date((ended && this.getAttribute("then")) || this.getAttribute("until")) - now
    this.title = left <= 0 || state === "closed" ? "window closed" : "" // in a row only its mark may have room
    if (this.title) this.show("window closed", "closed")
    else this.show(`window ${span(left)}`, left < 30 * MINUTE ? "urgent" : left < 180 * MINUTE ? "soon" : "calm")
    if (ended && !this.ended) this.dispatchEvent(new CustomEvent("window-ended", { bubbles: true }))
    this.ended = ended
  }
}

customElements.define("wait-chip", WaitChip)
customElements.define("window-chip", WindowChip)
