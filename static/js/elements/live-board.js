/** Asks for its content again every few seconds while somebody looks at it, or only while it says that work goes on. What has the focus keeps it. */
import { patience } from "../lib/fragments.js"

const EVERY = 5000

class LiveBoard extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.#look(), Number(this.dataset.every) || EVERY)
    document.addEventListener("visibilitychange", this)
  }

  disconnectedCallback() {
    clearInterval(this.timer)
    document.removeEventListener("visibilitychange", this)
  }

  handleEvent() {
    if (!document.hidden) this.#look()
  }

  async #look() {
    if (document.hidden || this.asks) return
    if (this.dataset.while && !this.querySelector(`[data-${this.dataset.while}]`)) return
    this.asks = true
    try {
      const answer = await fetch(this.dataset.url, { headers: { "X-Parley-Fragment": "1" }, signal: patience() })
      if (answer.ok) this.#show(await answer.text())
      this.toggleAttribute("data-stale", !answer.ok)
    } catch {
      this.setAttribute("data-stale", "")
    } finally {
      this.asks = false
    }
  }

  #show(html) {
    const focused = this.contains(document.activeElement) ? document.activeElement.dataset.key : null
    const board = new DOMParser().parseFromString(html, "text/html").querySelector(".board")
    if (!board) return
    const scrolled = [...this.querySelectorAll(".chart__table")].map((each) => each.scrollLeft)
    this.replaceChildren(board)
    this.querySelectorAll(".chart__table").forEach((each, place) => (each.scrollLeft = scrolled[place] ?? 0))
    if (focused) this.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  }
}
customElements.define("live-board", LiveBoard)
