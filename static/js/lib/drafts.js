/** What was typed and not yet taken by the server. One draft per person, conversation and kind, in this browser. */
const key = (me, conversation, mode) => `parley.draft.${me}.${conversation}.${mode}`
const KEEP = 14 * 86_400_000

export function read(me, conversation, mode) {
  try {
    return JSON.parse(localStorage.getItem(key(me, conversation, mode)))?.text ?? ""
  } catch {
    return ""
  }
}

export function write(me, conversation, mode, text) {
  try {
    if (text) localStorage.setItem(key(me, conversation, mode), JSON.stringify({ text, at: Date.now() }))
    else localStorage.removeItem(key(me, conversation, mode))
  } catch {
    // A full or forbidden store: the text stays in the field.
  }
}

/** What the server was last asked to take and has not answered yet: { asked, clientId }, or nothing. */
export function asked(me, conversation) {
  try {
    const { asked, clientId } = JSON.parse(localStorage.getItem(key(me, conversation, "asked"))) ?? {}
    return { asked, clientId }
  } catch {
    return {}
  }
}

export function keepAsked(me, conversation, what) {
  try {
    if (what) localStorage.setItem(key(me, conversation, "asked"), JSON.stringify({ ...what, at: Date.now() }))
    else localStorage.removeItem(key(me, conversation, "asked"))
  } catch {
    // As above; only a page that is loaded anew could then ask twice.
  }
}

export function forgetOld() {
  try {
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith("parley.draft.")) continue
      if (Date.now() - (JSON.parse(localStorage.getItem(name))?.at ?? 0) > KEEP) localStorage.removeItem(name)
    }
  } catch {
    // Nothing to tidy where nothing is kept.
  }
}
