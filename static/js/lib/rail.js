/**
 * The rail: colleagues save, rename, move and remove views, and channels break and work again. What it shows is drawn by the server
 * for each person; what is certain without asking is shown at once.
 */
import { ask, elements } from "./fragments.js"
import { standIn } from "./standing-in.js"
import { Wanted } from "./wanted.js"

const LINK = '[data-command^="go-view-"]'
const SPREAD = 1500 // milliseconds in which the pages ask that hear of it all at once
const wanted = new Wanted(fetchRail)

/** As it is drawn now: something of it may be another. */
export function readAnew(shell) {
  wanted.set("rail", {})
  wanted.askSoon(shell, Math.random() * SPREAD)
}

/** `drawn`: the server's word for all that it would draw. */
export function mind(shell, drawn) {
  if (drawn && drawn !== railIn(shell).dataset.drawn) readAnew(shell)
}

function railIn(shell) {
  return shell.querySelector(".views__list")
}

async function fetchRail(shell) {
  const [fresh] = elements(await ask(`/b/${shell.dataset.brand}/rail/`))
  while (railIn(shell).matches(":active")) await new Promise((pressed) => setTimeout(pressed, 100)) // else the press is on nothing
  const list = railIn(shell)
  const shown = fresh.querySelector(`[data-command="go-${CSS.escape(shell.dataset.view)}"]`)
  shown?.setAttribute("aria-current", "page")
  if (shown?.matches(LINK)) call(shell, shown.querySelector(".view__label").textContent)
  const isNew = keepFigures(list, fresh)
  const { scrollTop } = list
  standIn(fresh, list)
  fresh.scrollTop = scrollTop
  if (isNew) shell.line.askCounts()
}

/** The view that the list shows may have another name by now. */
function call(shell, name) {
  const title = shell.querySelector(".list__title")
  const was = title.textContent
  if (name === was) return
  title.textContent = name
  shell.dataset.title = name + shell.dataset.title.slice(was.length)
  if (!shell.dataset.open) document.title = shell.dataset.title
}

/** Those that stand here may have been told of since the others were read. Whether there are counters of which nothing stood here. */
function keepFigures(list, fresh) {
  let isNew = false
  for (const link of fresh.querySelectorAll("[data-count]:not([data-count=''])")) {
    const stands = list.querySelector(`[data-count="${CSS.escape(link.dataset.count)}"] .view__count`)
    if (stands) link.querySelector(".view__count").replaceWith(stands.cloneNode(true))
    else isNew = true
  }
  return isNew
}

/** The links to saved views, by name the key of its counter: a colleague may have removed one, or let it ask something else. */
export function standFor(shell, views) {
  for (const link of shell.querySelectorAll(`.views ${LINK}`)) {
    const name = link.dataset.command.slice("go-".length)
    if (!(name in views)) leave(link.closest("li"))
    else if (link.dataset.count !== views[name]) turn(link, views[name])
  }
}

/** What it held is no figure of what it asks for now: that comes with the counters, or never, where it is not counted. */
function turn(link, key) {
  link.dataset.count = key
  const figure = link.querySelector(".view__count")
  figure.textContent = key ? "…" : "–"
  for (const said of ["data-unread", "title"]) figure.removeAttribute(said)
}

/** With the heading that stood above it alone. */
function leave(place) {
  const { previousElementSibling: above, nextElementSibling: below } = place
  place.remove()
  if (above.matches(".views__heading") && !below?.querySelector(LINK)) above.remove()
}
