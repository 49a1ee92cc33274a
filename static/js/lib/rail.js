/** The links to saved views, by name the key of its counter: a colleague may have removed one, or let it ask something else. */
const LINK = '[data-command^="go-view-"]'

export function standFor(shell, views) {
  for (const link of shell.querySelectorAll(`.views ${LINK}`)) {
    const name = link.dataset.command.slice("go-".length)
    if (name in views) link.dataset.count = views[name]
    else leave(link.closest("li"))
  }
}

/** With the heading that stood above it alone. */
function leave(place) {
  const { previousElementSibling: above, nextElementSibling: below } = place
  place.remove()
  if (above.matches(".views__heading") && !below?.querySelector(LINK)) above.remove()
}
