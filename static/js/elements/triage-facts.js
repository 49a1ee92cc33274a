/**
 * Why the conversation stands where it stands. It comes anew with the news, and when the brand opens or closes, of which nothing is told;
 * a clock that was opened stays open.
 */
import * as clock from "../lib/clock.js"
import { offerTagUndos } from "../lib/tag-undos.js"

const opened = new Set()
const LOOKS = 1000 // milliseconds between two looks at the time: one long wait would end late on a machine that has slept
const SPREAD = 3000 // in which the pages ask that all see the brand open

class TriageFacts extends HTMLElement {
  connectedCallback() {
    for (const each of this.querySelectorAll("details[data-clock]")) each.open = opened.has(each.dataset.clock)
    this.addEventListener("toggle", ({ target }) => (target.open ? opened.add(target.dataset.clock) : opened.delete(target.dataset.clock)), { capture: true })
    offerTagUndos(this.closest("conversation-pane"))
    const at = Date.parse(this.dataset.turns) + Math.random() * SPREAD
    if (at) this.looking = setInterval(() => this.#mindTurn(at), LOOKS)
  }

  disconnectedCallback() {
    clearInterval(this.looking)
  }

  /** Once: what comes says when the next one is. */
  #mindTurn(at) {
    if (clock.now() < at) return
    clearInterval(this.looking)
    this.dispatchEvent(new CustomEvent("person-anew", { bubbles: true }))
  }
}
customElements.define("triage-facts", TriageFacts)
