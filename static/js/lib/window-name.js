/**
 * What this window is called, for all its pages one after the other. A window that is duplicated gets a copy of this one's store, so while a
 * page stands the name is not in there: it is taken out as the page comes and put back as it goes, and a duplicate takes a name of its own.
 */
const KEY = "parley.window"

export const here = taken() ?? crypto.randomUUID()

window.addEventListener("pagehide", () => store((tab) => tab.setItem(KEY, here)))
window.addEventListener("pageshow", ({ persisted }) => persisted && taken()) // the page after it had the same name, and has put it back

function taken() {
  return store((tab) => {
    const name = tab.getItem(KEY)
    tab.removeItem(KEY)
    return name
  })
}

function store(use) {
  try {
    return use(sessionStorage)
  } catch {
    return null // a store that is full or forbidden: each page has a name of its own
  }
}
