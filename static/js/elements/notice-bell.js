/** What somebody was told though they were not looking: a dot while it is unseen, the list with a press. */
import { ask, elements, explain, notify } from "../lib/fragments.js"
import { isTyping, takeTurn } from "../lib/picks.js"

class NoticeBell extends HTMLElement {
  connectedCallback() {
    this.dialog = document.getElementById("picker")
    this.querySelector("button").addEventListener("click", () => this.#show())
  }

  ring(rings = true) {
    this.toggleAttribute("data-rings", rings)
    this.querySelector(".bell__said").textContent = rings ? ": something new" : ""
  }

  async #show() {
    const isMine = takeTurn()
    try {
      const [told] = elements(await ask(this.dataset.url))
      if (!isMine() || isTyping()) return // who writes by now is not interrupted: what they type would go into the dialog
      this.dialog.replaceChildren(told)
      this.dialog.setAttribute("aria-label", "What you were told")
      if (!this.dialog.open) this.dialog.showModal()
      told.addEventListener("click", ({ target }) => target.closest("[data-open-conversation]") && this.dialog.close())
      const body = new FormData()
      body.set("up_to_seq", told.dataset.seq)
      await ask(this.dataset.url, { method: "POST", body })
      this.ring(false)
    } catch (error) {
      notify(explain(error))
    }
  }
}
customElements.define("notice-bell", NoticeBell)
