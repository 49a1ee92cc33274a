/** A view gets a name, another place, or goes. What the server refuses is said in the form, and nothing that was typed is lost. */
import { ask, explain } from "../lib/fragments.js"

class ViewForm extends HTMLElement {
  connectedCallback() {
    this.dialog = this.closest("dialog")
    this.dialog.setAttribute("aria-label", this.dataset.label)
    this.fault = this.querySelector(".view-form__fault")
    this.addEventListener("submit", (event) => {
      event.preventDefault()
      this.#send(event.target.action, new FormData(event.target))
    })
    this.addEventListener("click", ({ target }) => {
      const { post, by, delete: gone } = target.dataset
      if (post) this.#send(post, Object.entries({ by }).reduce((body, [name, value]) => (body.set(name, value), body), new FormData()))
      if (gone && confirm("Delete this view? Conversations stay as they are.")) this.#send(gone, undefined, "DELETE")
    })
    if (!this.dialog.open) this.dialog.showModal()
    this.querySelector("input").select()
  }

  async #send(url, body, method = "POST") {
    for (const [name, value] of Object.entries(this.asked ?? {})) body?.set(name, value)
    try {
      location.assign(await ask(url, { method, body }))
    } catch (error) {
      const words = document.createElement("template")
      words.innerHTML = explain(error)
      this.fault.textContent = words.content.textContent.trim()
      this.fault.hidden = false
    }
  }
}
customElements.define("view-form", ViewForm)
