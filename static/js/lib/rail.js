/** The links to saved views, by name the key of its counter: a colleague may have removed one, or let it ask something else. */
const LINK = '[data-command^="go-view-"]'

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
