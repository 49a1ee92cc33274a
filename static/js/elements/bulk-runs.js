/** What is being done to many conversations, how far it has come, and what became of it. */
import { ask, elements, explain, notify } from "../lib/fragments.js"
import { undo } from "../lib/undo.js"

const SILENCE = 2500 // milliseconds after which a run that says nothing is asked
const STAYS = 15 // seconds for which one is seen of which there is nothing more to say

class BulkRuns extends HTMLElement {
  connectedCallback() {
    this.shell = this.closest("workspace-shell")
    this.addEventListener("click", ({ target }) => this.#pressed(target))
    // Notices stand above it.
    this.size = new ResizeObserver(() => this.shell.style.setProperty("--bulks", `${this.offsetHeight}px`))
    this.size.observe(this)
  }

  disconnectedCallback() {
    this.size.disconnect()
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
    if (this.dataset.state === "running") this.later = setTimeout(() => this.ask(), SILENCE)
    else if (!this.querySelector(".bulk__why")) this.#stay()
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
    if (this.isConnected) this.later = setTimeout(() => this.ask(), SILENCE)
  }

  /** Behind a thread on a phone nobody has seen it yet. */
  #stay(seen = 0) {
    if (seen >= STAYS && !this.matches(":hover, :focus-within")) this.remove()
    else this.later = setTimeout(() => this.#stay(seen + Number(this.checkVisibility() && !document.hidden)), 1000)
  }
}
customElements.define("bulk-progress", BulkProgress)
