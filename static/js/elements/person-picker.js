/** Type a part of a name, take a colleague with the arrows and Enter. */
class PersonPicker extends HTMLElement {
  connectedCallback() {
    this.filter = this.querySelector(".picker__filter")
    this.options = [...this.querySelectorAll("[role=option]")]
    this.dialog = this.closest("dialog")
    window.htmx?.process(this)
    this.filter.addEventListener("input", () => this.#narrow())
    this.filter.addEventListener("keydown", (event) => this.#pressed(event))
    this.addEventListener("click", ({ target }) => target.closest("[role=option]") && this.#take(target.closest("[role=option]")))
    this.#pick(this.options[0])
    this.dialog.showModal()
    this.filter.focus()
  }

  get visible() {
    return this.options.filter((option) => !option.hidden)
  }

  #narrow() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean)
    for (const option of this.options) option.hidden = !words.every((word) => option.dataset.words.includes(word))
    this.#pick(this.visible[0])
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      const all = this.visible
      this.#pick(all[(all.indexOf(this.picked) + step + all.length) % all.length])
    }
    if (event.key === "Enter") {
      event.preventDefault()
      if (this.picked) this.#take(this.picked)
    }
  }

  #pick(option) {
    this.picked = option
    for (const each of this.options) each.setAttribute("aria-selected", each === option)
    this.filter.setAttribute("aria-activedescendant", option?.id ?? "")
    option?.scrollIntoView({ block: "nearest" })
  }

  #take(option) {
    this.querySelector("[name=person]").value = option.dataset.person
    this.querySelector("form").requestSubmit()
    this.dialog.close()
  }
}
customElements.define("person-picker", PersonPicker)
