/** The conversations somebody opened last in this browser, for the palette. */
const MANY = 12
const key = (shell) => `parley.recent.${shell.dataset.me}.${shell.dataset.brand}`

export function recent(shell) {
  try {
    return JSON.parse(localStorage.getItem(key(shell))) ?? []
  } catch {
    return []
  }
}

export function note(shell, { id, name, where }) {
  const others = recent(shell).filter((each) => each.id !== id)
  try {
    localStorage.setItem(key(shell), JSON.stringify([{ id, name, where }, ...others].slice(0, MANY)))
  } catch {
    // Then the palette finds people by their names only.
  }
}
