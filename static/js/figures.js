// The reports' pages work without this; with it, charts are drawn and the board stays up to date.
import "./elements/live-board.js"
import "./elements/local-time.js"
import "./elements/report-chart.js"
import "./elements/theme-switch.js"
import "./lib/current-page.js"
import "./lib/window-name.js"

// What a figure means closes as it opened, or with Escape, or when one looks elsewhere.
addEventListener("keydown", (event) => {
  const open = event.key === "Escape" ? document.querySelector(".meaning[open]") : null
  if (!open) return
  open.open = false
  open.querySelector("summary").focus()
})
addEventListener("click", (event) => {
  for (const meaning of document.querySelectorAll(".meaning[open]")) if (!meaning.contains(event.target)) meaning.open = false
})
// Beside a figure at the page's edge its words move in, so that all of them are seen.
addEventListener(
  "toggle",
  ({ target }) => {
    const words = target.matches(".meaning[open]") ? target.querySelector(".meaning__words") : null
    if (!words) return
    const beyond = words.getBoundingClientRect().right + 8 - document.documentElement.clientWidth
    if (beyond > 0) words.style.translate = `${-beyond}px`
  },
  true,
)

// Paper has no arrow to open a table with. Afterwards the page is as it was.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".chart__details:not([open])")) {
    details.open = true
    details.dataset.forPaper = ""
  }
})
addEventListener("afterprint", () => {
  for (const details of document.querySelectorAll("[data-for-paper]")) {
    details.open = false
    delete details.dataset.forPaper
  }
})
