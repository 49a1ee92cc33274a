/** Asks for its content again every few seconds while somebody looks at it, or only while it says that work goes on. What has the focus keeps it,
    and a meaning that is being read stays open. */
import { Refused, ask, explain, sentence } from "../lib/fragments.js"

const EVERY = 5000
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" })

class LiveBoard extends HTMLElement {
  connectedCallback() {
    this.trueAt = Date.now()
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
      this.#show(await ask(this.dataset.url))
    } catch (error) {
      this.#tell(error instanceof Refused && error.status < 500 ? explain(error) : sentence("Parley does not answer; it is asked again.", "warning"))
    } finally {
      this.asks = false
    }
  }

  /** Once for each reason: a screen reader is not told every five seconds. */
  #tell(html) {
    this.setAttribute("data-stale", "")
    const said = this.querySelector(":scope > .board__stale")
    if (said?.html === html) return
    const line = Object.assign(document.createElement("div"), { className: "board__stale", html })
    line.setAttribute("role", "status")
    line.innerHTML = html
    line.prepend(`Not up to date since ${clock.format(this.trueAt)}.`)
    if (said) said.replaceWith(line)
    else this.prepend(line)
  }

  #show(html) {
    const focused = this.contains(document.activeElement) ? document.activeElement.dataset.key : null
    const board = new DOMParser().parseFromString(html, "text/html").querySelector(".board")
    if (!board) return
    this.trueAt = Date.now()
    this.removeAttribute("data-stale")
    const scrolled = [...this.querySelectorAll(".chart__table")].map(({ scrollLeft, scrollTop }) => ({ scrollLeft, scrollTop }))
    const read = [...this.querySelectorAll(".meaning[open]")].map((each) => each.dataset.meaning)
    this.replaceChildren(board)
    for (const meaning of this.querySelectorAll(".meaning")) meaning.open = read.includes(meaning.dataset.meaning)
    this.querySelectorAll(".chart__table").forEach((each, place) => Object.assign(each, scrolled[place]))
    if (focused) this.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  }
}
customElements.define("live-board", LiveBoard)
