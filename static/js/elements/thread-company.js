/** In the head of the open conversation: who else looks, who writes, who has it in focus and may be relieved of it. */
import { face, says } from "../lib/company.js"
import { ask, explain, notify, sentence } from "../lib/fragments.js"

class ThreadCompany extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.addEventListener("click", ({ target }) => target.closest("[data-take-over]") && this.#takeOver())
    this.draw()
  }

  get others() {
    return this.shell?.company?.of(this.dataset.id) ?? []
  }

  draw() {
    const { others } = this
    if (!others.length && !this.childElementCount) return
    const [first] = [...others].sort((one, other) => weight(other) - weight(one))
    const words = Object.assign(document.createElement("span"), { className: "company__words", textContent: first ? says({ ...first, name: first.name.split(" ")[0] }) : "" })
    this.title = others.map(says).join("\n")
    const parts = first ? [...others.slice(0, 3).map(face), words] : []
    if (others.some(({ focus }) => focus)) parts.push(takeOver())
    this.replaceChildren(...parts)
  }

  async #takeOver() {
    const holder = this.others.find(({ focus }) => focus)
    try {
      await ask(this.dataset.url, { method: "POST" })
      if (this.shell.dataset.open === this.dataset.id) this.shell.querySelector("focus-bar").took(this.dataset.id)
      notify(sentence(`You have it now; ${holder?.name ?? "your colleague"} is told.`, "calm"))
    } catch (error) {
      notify(explain(error))
    }
  }
}

function weight({ doing, focus }) {
  return ["", "looks", "note", "reply"].indexOf(doing) + (focus ? 0.5 : 0)
}

function takeOver() {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "company__take", textContent: "Take over" })
  button.dataset.takeOver = ""
  return button
}
customElements.define("thread-company", ThreadCompany)
