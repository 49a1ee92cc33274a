// The reports' pages work without this; with it, charts are drawn and the board stays up to date.
import "./elements/live-board.js"
import "./elements/local-time.js"
import "./elements/report-chart.js"
import "./elements/theme-switch.js"

// Paper has no arrow to open a table with.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll(".chart__details")) details.open = true
})
