const PHONE = matchMedia("(max-width: 767px)")

/**
 * The views, where they are a drawer, and the person on a phone lie over the rest without shutting it off: they go when the hand goes on
 * to something else, so that nobody types into what they cover. A dialog that was opened from there comes back to it.
 */
export function closeWhenLeft(shell) {
  shell.addEventListener("focusout", ({ target, relatedTarget: to }) => {
    if (!to || to.closest("dialog")) return
    const leaves = (place) => target.closest(place) && !to.closest(place)
    if (leaves(".views")) shell.menu(false)
    if (PHONE.matches && shell.isCovered && leaves(".context") && !to.closest("[data-context]")) shell.toggleContext()
  })
}
