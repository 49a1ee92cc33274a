/** What somebody was told though they were not looking: a dot while it is unseen, the list with a press. */
import { ask, elements, explain, notify } from "../lib/fragments.js"
import { takeTurn, watchHand } from "../lib/picks.js"

class NoticeBell extends HTMLElement {
  connectedCallback() {
    this.times = 0 // that it rang on this page
    this.dialog = document.getElementById("picker")
    this.querySelector("button").addEventListener("click", () => this.#show())
  }

  ring() {
    this.times++
    this.#dot(true)
  }

  /** All has been seen, says an answer to what was asked when it had rung so many times. What rang since is not in it. */
  quiet(times) {
    if (times === this.times) this.#dot(false)
  }

  /** Something they had not seen is over: dark, unless there is more. Where that cannot be had, it rings on. */
  async look() {
    const { times } = this
    const told = await ask(this.dataset.url).catch(() => null)
    if (told && !elements(told)[0].hasAttribute("data-rings")) this.quiet(times)
  }

  #dot(rings) {
    this.toggleAttribute("data-rings", rings)
    this.querySelector(".bell__said").textContent = rings ? ": something new" : ""
  }

  async #show() {
    const isMine = takeTurn()
    const writesElsewhere = watchHand()
    const { times } = this
    try {
      const [told] = elements(await ask(this.dataset.url))
      if (!isMine() || writesElsewhere()) return // who writes by now is not interrupted: what they type would go into the dialog
      this.dialog.replaceChildren(told)
      this.dialog.setAttribute("aria-label", "What you were told")
      if (!this.dialog.open) this.dialog.showModal()
      told.addEventListener("click", ({ target }) => target.closest("[data-open-conversation]") && this.dialog.close())
      const body = new FormData()
      body.set("up_to_seq", told.dataset.seq)
      await ask(this.dataset.url, { method: "POST", body })
      this.quiet(times)
    } catch (error) {
      notify(explain(error))
    }
  }
}
customElements.define("notice-bell", NoticeBell)
