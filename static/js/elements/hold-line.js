/** How long a reply waits before it leaves. Who wrote it may take it back until then. What holds it up after that is said, as long as it does. */
import * as clock from "../lib/clock.js"
import { undo } from "../lib/undo.js"

class HoldLine extends HTMLElement {
  connectedCallback() {
    const shell = this.closest("workspace-shell")
    this.until = Date.parse(this.getAttribute("until"))
    this.words = Object.assign(document.createElement("span"), { ariaHidden: "true" })
    this.append(this.words)
    if (this.dataset.by === shell?.dataset.me) {
      this.button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: "Undo" })
      this.button.append(" ", Object.assign(document.createElement("kbd"), { textContent: "z" }))
      this.button.addEventListener("click", () => undo(shell, { message: this.closest("[data-id]").dataset.id }))
      this.append(" · ", this.button)
    }
    this.#tick()
  }

  disconnectedCallback() {
    clearTimeout(this.next)
  }

  #tick() {
    const left = Math.ceil((this.until - clock.now()) / 1000)
    if (left > 0) {
      this.words.textContent = `sending in ${left} s`
      this.next = setTimeout(() => this.#tick(), (this.until - clock.now()) % 1000 || 1000)
    } else this.#then()
  }

  #then() {
    const { then, thenUntil } = this.dataset
    const left = Date.parse(thenUntil) - clock.now() // not a number where nobody knows for how long
    if (!then || left <= 0) return this.replaceChildren("sending")
    if (!thenUntil) return this.replaceChildren(then)
    const until = document.createElement("local-time")
    until.setAttribute("datetime", thenUntil)
    this.replaceChildren(`${then} until `, until)
    this.next = setTimeout(() => this.#then(), Math.min(left, 3_600_000))
  }
}
customElements.define("hold-line", HoldLine)
