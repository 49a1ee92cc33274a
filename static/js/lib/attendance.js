/** Who is there, away or gone: marks anywhere on the page, and the switch of this page's own person. */
import { ask, elements } from "./fragments.js"

export class Attendance {
  constructor(shell) {
    this.shell = shell
    this.people = {}
    this.there = 0 // when anybody's presence last changed, as far as this page knows
  }

  receive({ there, people }) {
    if (there < this.there) return
    this.there = there
    this.people = people
    this.mark(this.shell)
    this.#mindTheSwitch(people[this.shell.dataset.me])
  }

  /** What is drawn later is marked as it comes. */
  mark(place) {
    for (const mark of place.querySelectorAll("[data-presence-of]")) {
      const state = this.people[mark.dataset.presenceOf]
      if (state) mark.dataset.state = state
    }
    for (const word of place.querySelectorAll("[data-presence-word]")) word.textContent = this.people[word.dataset.presenceWord] ?? word.textContent
  }

  /** Gone away, or come back, in another window. */
  async #mindTheSwitch(state) {
    const here = this.shell.querySelector("#presence")
    if (!here || !state || (state === "away") === (here.dataset.state === "away")) return
    try {
      const [fresh] = elements(await ask(here.getAttribute("hx-post")))
      this.shell.querySelector("#presence").replaceWith(fresh)
      window.htmx?.process(fresh)
    } catch {
      // The next word of anybody's presence asks again.
    }
  }
}
