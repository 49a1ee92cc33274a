// The reports' pages work without this; with it, charts are drawn and the board stays up to date.
import "./elements/live-board.js"
import "./elements/local-time.js"
import "./elements/report-chart.js"
import "./elements/theme-switch.js"
import "./lib/current-page.js"

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
