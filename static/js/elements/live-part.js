/** A part of a page that is asked for anew every few seconds while somebody looks at it. What they opened or hold stays as it is. */
import { ask, elements } from "../lib/fragments.js"

class LivePart extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.#renew(), Number(this.dataset.seconds) * 1000)
  }

  disconnectedCallback() {
    clearInterval(this.timer)
  }

  async #renew() {
    if (document.hidden || this.asking || this.contains(document.activeElement) || this.querySelector("details[open]")) return
    this.asking = true
    try {
      const fresh = elements(await ask(this.dataset.url))
      if (!this.contains(document.activeElement) && !this.querySelector("details[open]")) this.replaceChildren(...fresh)
    } catch {
      // The next look may find the way again; what is shown was true a moment ago.
    } finally {
      this.asking = false
    }
  }
}
customElements.define("live-part", LivePart)
