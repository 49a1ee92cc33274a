/** Light, dark, or as the system has it. Kept in this browser. */
const ORDER = ["system", "light", "dark"]

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button")
    this.button.addEventListener("click", () => this.#next())
    this.#say(document.documentElement.dataset.theme ?? "system")
  }

  #next() {
    const now = document.documentElement.dataset.theme ?? "system"
    const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length]
    if (next === "system") delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = next
    try {
      if (next === "system") localStorage.removeItem("parley.theme")
      else localStorage.setItem("parley.theme", next)
    } catch {
      // Then it holds for this page only.
    }
    this.#say(next)
  }

  #say(theme) {
    const words = `Colours: ${theme === "system" ? "as the system" : theme}`
    this.button.title = words
    this.button.querySelector(".visually-hidden").textContent = words
  }
}
customElements.define("theme-switch", ThemeSwitch)
