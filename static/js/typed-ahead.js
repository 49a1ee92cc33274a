/**
 * Keys between two pages: what is pressed after a key of ours has the page left, and before the next one listens. They are handed on to the
 * address that was meant and to no other, within a few seconds, and not where a click, another window or the way back came between.
 * No module: the next page keeps them before its modules have come.
 */
window.typedAhead = (() => {
  const KEY = "parley.typed-ahead"
  const FRESH = 5000 // milliseconds: who has waited longer may have thought of something else
  const MOVES = /^(?:.|Enter|Arrow(?:Up|Down))$/u // the others are the browser's own
  const SILENT = new Set(["Shift", "AltGraph", "CapsLock", "Control", "Alt", "Meta"])

  let kept = null // { to, at, keys, isOver }: once it is over, no more are kept, since what they are about was not done
  let until

  function begin(what) {
    end()
    kept = what
    until = setTimeout(stays, FRESH)
    window.addEventListener("keydown", keep, { capture: true })
    window.addEventListener("pointerdown", stays, { capture: true })
    window.addEventListener("pagehide", end)
    window.addEventListener("popstate", stays)
    document.addEventListener("visibilitychange", stays)
  }

  /** No more are kept by this page. */
  function end() {
    kept = null
    clearTimeout(until)
    window.removeEventListener("keydown", keep, { capture: true })
    window.removeEventListener("pointerdown", stays, { capture: true })
    window.removeEventListener("pagehide", end)
    window.removeEventListener("popstate", stays)
    document.removeEventListener("visibilitychange", stays)
  }

  function keep(event) {
    const { key, code, shiftKey, repeat } = event
    if (event.isComposing || SILENT.has(key)) return
    // Whoever turns to something else on this page means nothing of it for the next.
    if (event.ctrlKey || event.metaKey || event.altKey || key === "Escape" || key === "Tab") return stays()
    const isMove = MOVES.test(key)
    if (isMove) {
      event.preventDefault()
      event.stopImmediatePropagation()
    }
    if (kept.isOver || repeat) return
    if (isMove && api.fits(event)) kept.keys.push({ key, code, shiftKey, at: Date.now() })
    else kept.isOver = true
    store()
  }

  function store() {
    if (!kept?.to) return
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept))
    } catch {
      // Then they are lost, as all of them were.
    }
  }

  function takeStored() {
    try {
      const stored = JSON.parse(sessionStorage.getItem(KEY))
      sessionStorage.removeItem(KEY)
      return stored
    } catch {
      return null
    }
  }

  /** Nobody goes: what was pressed is forgotten. */
  function stays() {
    end()
    takeStored()
  }

  const api = {
    /** Whether a key may be one of those that are handed on; the page that has the table of commands says so. */
    fits: () => true,
    stays,
    /** The page is about to be left. Where to may be told later. */
    leaves(to) {
      begin({ at: Date.now(), keys: [], isOver: false })
      if (to) this.goes(to)
    },
    /** These were pressed before, and are for the page that comes. */
    adds(keys) {
      kept?.keys.push(...keys)
      store()
    },
    goes(to) {
      if (!kept) return
      kept.to = new URL(to, location.href).href
      store()
    },
    get isLeaving() {
      return Boolean(kept?.to)
    },
    /** What was pressed for this page, once. */
    take() {
      const { keys = [], at } = kept ?? {}
      end()
      return Date.now() - (keys[0]?.at ?? at) < FRESH ? keys : []
    },
  }

  const stored = takeStored()
  const isMeant = stored?.to === location.href && performance.getEntriesByType("navigation")[0]?.type !== "back_forward"
  if (isMeant && !document.hidden && Date.now() - stored.at < FRESH) begin({ ...stored, to: null })
  return api
})()
