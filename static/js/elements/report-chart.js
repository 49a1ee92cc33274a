/** Draws the figures that stand in its script element. Arrow keys go from point to point, Enter opens what is behind one. */
import { colours, options, setNames } from "../lib/chart-options.js"

class ReportChart extends HTMLElement {
  connectedCallback() {
    this.told = JSON.parse(this.querySelector("script").textContent)
    this.place = document.createElement("div")
    this.place.className = "chart__canvas"
    this.place.setAttribute("aria-hidden", "true")
    this.append(this.place)
    this.at = { series: 0, point: -1 }
    this.addEventListener("keydown", (event) => this.#move(event))
    this.dark = matchMedia("(prefers-color-scheme: dark)")
    this.dark.addEventListener("change", this)
    this.paper = { handleEvent: (event) => this.#print(event.type === "beforeprint") }
    for (const type of ["beforeprint", "afterprint"]) addEventListener(type, this.paper)
    this.theme = new MutationObserver(() => this.#draw())
    this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] })
    this.size = new ResizeObserver(() => this.#fit())
    this.size.observe(this.place)
    if (window.echarts) this.#draw()
    else addEventListener("load", () => this.#draw(), { once: true })
  }

  disconnectedCallback() {
    this.dark.removeEventListener("change", this)
    for (const type of ["beforeprint", "afterprint"]) removeEventListener(type, this.paper)
    this.theme.disconnect()
    this.size.disconnect()
    this.chart?.dispose()
  }

  handleEvent() {
    this.#draw()
  }

  /** A canvas is a picture that was drawn already: for paper it is drawn in the colours of paper. */
  #print(onPaper) {
    this.onPaper = onPaper
    this.#draw()
  }

  #draw() {
    if (!window.echarts) return
    this.chart?.dispose()
    const colour = colours(this, this.onPaper)
    this.set = setNames(this.told, colour, this.place.clientWidth)
    this.place.style.blockSize = `${this.set.height}px`
    this.chart = window.echarts.init(this.place, null, { renderer: "canvas" })
    this.chart.setOption(options(this.told, colour, this.set))
    this.chart.on("click", (event) => this.#open(this.#named(event)))
    this.dataset.drawn = ""
  }

  /** Names that had room may have none in another width, or the other way round. */
  #fit() {
    if (!this.chart) return
    const next = setNames(this.told, colours(this, this.onPaper), this.place.clientWidth)
    if (JSON.stringify(next) === JSON.stringify(this.set)) this.chart.resize()
    else this.#draw()
  }

  #named(event) {
    if (this.told.draw !== "heat") return { series: event.seriesIndex, point: event.dataIndex }
    return { series: event.value[0], point: event.value[1] }
  }

  #open({ series, point }) {
    const url = this.told.series[series]?.urls[point]
    if (url) location.assign(url)
  }

  #move(event) {
    const heat = this.told.draw === "heat"
    const last = { series: this.told.series.length - 1, point: this.told.labels.length - 1 }
    const steps = heat
      ? { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
      : { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }
    if (event.key === "Enter") return this.#open(this.at)
    const step = steps[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return undefined
    event.preventDefault()
    if (this.at.point < 0) this.at = { series: 0, point: 0 }
    else {
      this.at.series = Math.min(last.series, Math.max(0, this.at.series + step[0]))
      this.at.point = Math.min(last.point, Math.max(0, this.at.point + step[1]))
    }
    return this.#say()
  }

  #say() {
    const { series, point } = this.at
    const one = this.told.series[series]
    this.querySelector("[aria-live]").textContent = `${this.told.labels[point]}, ${one.name}: ${one.texts[point]}`
    const heat = this.told.draw === "heat"
    this.chart?.dispatchAction({ type: "downplay" })
    const place = heat ? { seriesIndex: 0, dataIndex: point * this.told.series.length + series } : { seriesIndex: series, dataIndex: point }
    this.chart?.dispatchAction({ type: "highlight", ...place })
    this.chart?.dispatchAction({ type: "showTip", ...place })
  }
}
customElements.define("report-chart", ReportChart)
