/** What ECharts is asked to draw. Tooltips are drawn on the canvas, too: a styled element would be against the page's security policy. */
import { setting } from "./chart-names.js"

const NAMES = ["ink", "ink-soft", "line", "raised", "surface", "chart-1", "chart-2", "chart-3", "chart-4", "chart-5", "chart-6", "heat-low", "heat-high"]

/** The colours of the page as they are now, light or dark; on paper they are the light ones. */
export function colours(place, onPaper) {
  const probe = document.createElement("span")
  if (onPaper) probe.style.colorScheme = "light"
  place.append(probe)
  const found = {}
  for (const name of NAMES) {
    probe.style.color = `var(--color-${name})`
    found[name] = getComputedStyle(probe).color
  }
  found.font = getComputedStyle(place).fontFamily
  probe.remove()
  return found
}

const UNITS = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]

/** Its two largest units, as the table says it: ticks that differ differ in these. */
function length(seconds) {
  let left = Math.round(seconds)
  const first = UNITS.findIndex(([name, size]) => left >= (name === "d" ? 2 * size : size))
  if (first < 0) return "0 s"
  const parts = UNITS.slice(first, first + 2).map(([name, size]) => {
    const many = Math.floor(left / size)
    left -= many * size
    return many && `${many} ${name}`
  })
  return parts.filter(Boolean).join(" ")
}

/** Steps of an axis at which people count time. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800]

function step(most) {
  return STEPS.find((each) => most / each <= 6) ?? Math.ceil(most / 6 / 604800) * 604800
}

const said = { time: length, number: (value) => `${value}`, share: (value) => `${value} %` }

function ink(colour) {
  return { color: colour["ink-soft"], fontFamily: colour.font, fontSize: 12 }
}

/** `width`: of the place that it is drawn in. */
export function setNames(told, colour, width) {
  return setting(told, width, ink(colour))
}

/** `set`: what `setNames` said of it. */
export function options(told, colour, set) {
  const text = ink(colour)
  const shared = {
    animation: false,
    textStyle: text,
    color: [1, 2, 3, 4, 5, 6].map((number) => colour[`chart-${number}`]),
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: colour.raised,
      borderColor: colour.line,
      textStyle: { ...text, color: colour.ink },
    },
  }
  return told.draw === "heat" ? { ...shared, ...heat(told, colour, text) } : { ...shared, ...along(told, colour, text, shared.tooltip, set) }
}

function along(told, colour, text, tooltip, set) {
  const unit = told.series[0].unit
  const most = Math.max(0, ...told.series.flatMap((each) => each.values.map((value) => value ?? 0)))
  const line = { lineStyle: { color: colour.line } }
  const bars = told.draw === "bars" || told.draw === "stack"
  const names = {
    type: "category", data: told.labels, inverse: set.lying, axisLine: line, axisTick: { show: false }, axisLabel: { ...text, ...set.label },
  }
  const values = {
    type: "value",
    max: unit === "share" && most > 50 ? 100 : unit === "time" && most ? Math.ceil(most / step(most)) * step(most) : undefined,
    interval: unit === "time" && most ? step(most) : undefined,
    axisLabel: { ...text, formatter: said[unit], hideOverlap: set.lying },
    splitLine: line,
    minInterval: unit === "number" ? 1 : undefined,
  }
  return {
    grid: { left: set.left, right: 16, top: 36, bottom: 8, containLabel: true },
    legend: { show: told.series.length > 1, top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8, textStyle: text, type: "scroll" },
    tooltip: { ...tooltip, trigger: "axis", formatter: (points) => tip(told, points) },
    ...(set.lying ? { xAxis: values, yAxis: names } : { xAxis: names, yAxis: values }),
    series: told.series.map((each) => ({
      name: each.name,
      color: each.faint ? colour["chart-6"] : undefined,
      type: bars ? "bar" : "line",
      stack: told.draw === "stack" ? "all" : undefined,
      data: each.values,
      barMaxWidth: 28,
      connectNulls: false,
      symbolSize: 7,
      showSymbol: told.labels.length < 40,
      lineStyle: each.faint ? { type: "dashed", width: 1.5 } : { width: 2 },
      emphasis: { focus: "none" },
    })),
  }
}

function tip(told, points) {
  const at = points[0].dataIndex
  return [told.labels[at], ...points.map((point) => `${point.seriesName}: ${told.series[point.seriesIndex].texts[at]}`)].join("\n")
}

/** Hours across, days down: a series is an hour, a label a day. */
function heat(told, colour, text) {
  const data = told.labels.flatMap((_, day) => told.series.map((hour, number) => [number, day, hour.values[day] ?? "-"]))
  const values = data.map((each) => each[2]).filter((value) => value !== "-")
  return {
    grid: { left: 8, right: 8, top: 8, bottom: 48, containLabel: true },
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: colour.raised, borderColor: colour.line, textStyle: { ...text, color: colour.ink },
      formatter: ({ value }) => `${told.labels[value[1]]}, ${told.series[value[0]].name}:00\n${told.series[value[0]].texts[value[1]]}`,
    },
    xAxis: { type: "category", data: told.series.map((hour) => hour.name), axisLabel: text, axisTick: { show: false }, axisLine: { show: false } },
    yAxis: { type: "category", data: told.labels, inverse: true, axisLabel: text, axisTick: { show: false }, axisLine: { show: false } },
    visualMap: {
      min: Math.min(...values, 0), max: Math.max(...values, 1), calculable: false, orient: "horizontal", left: "center", bottom: 0, itemHeight: 120,
      textStyle: text, formatter: (value) => said[told.series[0].unit](value), inRange: { color: [colour["heat-low"], colour["heat-high"]] },
    },
    series: [{ type: "heatmap", data, itemStyle: { borderColor: colour.surface, borderWidth: 1 }, emphasis: { itemStyle: { borderColor: colour.ink, borderWidth: 2 } } }],
  }
}
