/** How the names under the bars are set so that each can be read: side by side where they have room, slanted, upright, or, where a bar has less
 * room than a letter is high, each beside a bar that lies. What is still too long ends in an ellipsis; the tooltip has all of it. */
const HEIGHT = 280 // as in figures.css
const SLANTED = 18 // pixels that a bar with all its series must have
const UPRIGHT = 13
const LONGEST = 120
const TALLEST = 4000 // a canvas that is much taller is drawn by no browser

const pen = document.createElement("canvas").getContext("2d")

export function setting(told, width, text) {
  if (!told.named) return { lying: false, height: HEIGHT, left: 8, label: { hideOverlap: true } }
  pen.font = `${text.fontSize}px ${text.fontFamily}`
  const longest = Math.max(...told.labels.map((label) => pen.measureText(label).width))
  const room = (width - 80) / told.labels.length
  if (longest + 8 <= room) return { lying: false, height: HEIGHT, left: 8, label: { interval: 0 } }
  const cut = { interval: 0, width: LONGEST, overflow: "truncate" }
  const asked = Math.min(longest, LONGEST)
  if (room >= SLANTED) return { lying: false, height: HEIGHT + 0.7 * asked, left: 8 + 0.3 * asked, label: { ...cut, rotate: 45 } }
  if (room >= UPRIGHT) return { lying: false, height: HEIGHT + asked, left: 8, label: { ...cut, rotate: 90 } }
  const each = Math.min(8 * told.series.length + 6, Math.max(14, TALLEST / told.labels.length))
  return { lying: true, height: Math.max(HEIGHT, Math.min(TALLEST, each * told.labels.length) + 80), left: 8, label: { ...cut, hideOverlap: each * told.labels.length > TALLEST } }
}
