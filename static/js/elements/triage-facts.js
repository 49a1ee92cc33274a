/** Why the conversation stands where it stands. It comes anew with the news; a clock that was opened stays open. */
import { offerTagUndos } from "../lib/tag-undos.js"

const opened = new Set()

class TriageFacts extends HTMLElement {
  connectedCallback() {
    for (const clock of this.querySelectorAll("details[data-clock]")) clock.open = opened.has(clock.dataset.clock)
    this.addEventListener("toggle", ({ target }) => (target.open ? opened.add(target.dataset.clock) : opened.delete(target.dataset.clock)), { capture: true })
    offerTagUndos(this.closest("conversation-pane"))
  }
}
customElements.define("triage-facts", TriageFacts)
