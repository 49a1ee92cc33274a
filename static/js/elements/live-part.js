/** A part of a page that is asked for anew every few seconds while somebody looks at it. What they opened or hold stays as it is, and what
    stands still says since when. */
import { Refused, ask, elements, explain, sentence } from "../lib/fragments.js"

const PATIENCE = 15_000 // for what somebody opened or holds: until then it says nothing of standing still
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })

class LivePart extends HTMLElement {
  connectedCallback() {
    this.trueAt = Date.now()
    this.timer = setInterval(() => this.#renew(), Number(this.dataset.seconds) * 1000)
  }

  disconnectedCallback() {
    clearInterval(this.timer)
  }

  /** The line that says how old it is holds nothing: it stays under the hand until it has something else to say. */
  get #isHeld() {
    const at = document.activeElement
    return (this.contains(at) && !at.closest(".live-part__stale")) || this.querySelector("details[open]") !== null
  }

  async #renew() {
    if (document.hidden || this.asking) return
    if (this.#isHeld) return this.#rest()
    this.asking = true
    try {
      const fresh = elements(await ask(this.dataset.url))
      if (this.#isHeld) return
      this.replaceChildren(...fresh) // the line that said how old it was goes with it
      this.trueAt = Date.now()
      if (this.querySelector("[data-over]")) clearInterval(this.timer) // nothing more will come of it
    } catch (error) {
      this.#tell(error instanceof Refused && error.status < 500 ? explain(error) : sentence("Parley does not answer; it is asked again.", "warning"))
    } finally {
      this.asking = false
    }
  }

  #rest() {
    if (Date.now() - this.trueAt < PATIENCE) return
    this.#tell(sentence("It stands still while something in it is open or in use.", "warning"))
  }

  /** Once: a screen reader is not told every two seconds. */
  #tell(html) {
    const said = this.querySelector(":scope > .live-part__stale")
    if (said?.html === html) return
    const line = document.createElement("div")
    line.className = "live-part__stale"
    line.setAttribute("role", "status")
    line.html = html
    line.append(`Not up to date since ${clock.format(this.trueAt)}.`, ...elements(html))
    if (said) said.replaceWith(line)
    else this.prepend(line)
  }
}
customElements.define("live-part", LivePart)
