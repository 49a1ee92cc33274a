/** What is being done to many conversations, how far it has come, and what became of it. */
import { ask, elements, explain, notify } from "../lib/fragments.js"
import { undo } from "../lib/undo.js"

const SILENCE = 2500 // milliseconds after which a run that says nothing is asked
const STAYS = 15_000 // one of which there is nothing more to say

class BulkRuns extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.addEventListener("click", ({ target }) => this.#pressed(target))
  }

  /** As they now are; an older word never replaces a newer one. */
  receive(runs) {
    for (const run of runs) {
      const here = this.querySelector(`#${CSS.escape(run.id)}`)
      if (here && (here.dataset.state !== "running" || Number(here.dataset.worked) > Number(run.dataset.worked))) continue
      if (here?.dataset.state !== run.dataset.state) this.#say(run)
      if (here) here.replaceWith(run)
      else this.append(run)
    }
  }

  /** That it has begun, and what became of it; not each batch. */
  #say(run) {
    const words = [...run.querySelectorAll(".bulk__said, .bulk__why")].map((each) => each.textContent.replace(/\s+/g, " ").trim())
    document.getElementById("bulk-said").textContent = words.join(". ")
  }

  async #pressed(target) {
    const run = target.closest("bulk-progress")
    if (!run) return
    if (target.closest("[data-bulk-close]")) run.remove()
    if (target.closest("[data-bulk-undo]")) {
      run.remove()
      undo(this.shell, { run: run.dataset.id })
    }
    if (target.closest("[data-bulk-stop]")) run.ask("DELETE")
  }
}
customElements.define("bulk-runs", BulkRuns)

class BulkProgress extends HTMLElement {
  connectedCallback() {
    const quiet = this.dataset.state === "running" ? SILENCE : STAYS
    this.later = setTimeout(() => this.#silent(), quiet)
  }

  disconnectedCallback() {
    clearTimeout(this.later)
  }

  async ask(method = "GET") {
    try {
      this.parentElement.receive(elements(await ask(this.dataset.url, { method })))
    } catch (error) {
      if (method !== "GET") notify(explain(error))
    }
    clearTimeout(this.later)
    if (this.isConnected) this.later = setTimeout(() => this.#silent(), SILENCE)
  }

  #silent() {
    if (this.dataset.state === "running") this.ask()
    else if (!this.querySelector(".bulk__why") && !this.matches(":hover, :focus-within")) this.remove()
  }
}
customElements.define("bulk-progress", BulkProgress)
