/** In a row of the list: who else is in this conversation, as small as can be; the words are in its title. */
import { face, says } from "../lib/company.js"

class CompanyMark extends HTMLElement {
  connectedCallback() {
    this.draw()
  }

  draw() {
    const others = this.closest("workspace-shell")?.company?.of(this.closest(".row")?.dataset.id) ?? []
    if (!others.length && !this.childElementCount) return
    const told = others.map(says).join(", ")
    this.title = told
    const words = Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: told })
    const held = others.find(({ focus }) => focus)
    const short = held && Object.assign(document.createElement("span"), { className: "company__short", textContent: "in focus", ariaHidden: "true" })
    this.replaceChildren(...(others.length ? [...others.slice(0, 2).map(face), ...(short ? [short] : []), words] : []))
  }
}
customElements.define("company-mark", CompanyMark)
