/** What was typed and not yet taken by the server. One draft per person, conversation and kind, in this browser: for when there is no line. */
const key = (me, conversation, mode) => `parley.draft.${me}.${conversation}.${mode}`
const KEEP = 14 * 86_400_000

/** { text, base, dirty, at }: `base` is the server's version that it began from, `dirty` that the server has not got it yet. Or null. */
export function read(me, conversation, mode) {
  try {
    return JSON.parse(localStorage.getItem(key(me, conversation, mode)))
  } catch {
    return null
  }
}

export function write(me, conversation, mode, draft) {
  try {
    if (draft?.text || draft?.dirty) localStorage.setItem(key(me, conversation, mode), JSON.stringify({ ...draft, at: Date.now() }))
    else localStorage.removeItem(key(me, conversation, mode))
  } catch {
    // A full or forbidden store: the text stays in the field.
  }
}

/** Words that go before what is kept already. */
export function before(me, conversation, mode, text) {
  const { text: typed, base } = read(me, conversation, mode) ?? {}
  write(me, conversation, mode, { text: typed ? `${text}\n${typed}` : text, base, dirty: true })
}

/**
 * What to show where this browser and the server both keep something. `other` is what the one that stands back says, if it says
 * anything else: nothing is lost without a word. The later one stands, unless only one of them has gone on since they were the same.
 */
export function reconcile(local, server) {
  const kept = { text: server?.text ?? "", base: server?.version ?? 0 }
  const unsaved = local && local.dirty !== false
  if (!unsaved || local.text === kept.text) return { ...kept, dirty: false, other: "" }
  const mine = { text: local.text, base: kept.base, dirty: true, other: "" }
  if (!kept.text || (local.base ?? 0) === kept.base) return mine
  if (!local.text.trim() || kept.text.startsWith(local.text)) return { ...kept, dirty: false, other: "" }
  if (local.text.startsWith(kept.text)) return mine
  return local.at > server.at ? { ...mine, other: kept.text } : { ...kept, dirty: false, other: local.text }
}

/** What the server was last asked to take and has not answered yet: { asked, clientId, at }, or nothing. `kind`: what was written, or a macro's run. */
export function asked(me, conversation, kind = "asked") {
  try {
    const { asked, clientId, at } = JSON.parse(localStorage.getItem(key(me, conversation, kind))) ?? {}
    return { asked, clientId, at }
  } catch {
    return {}
  }
}

export function keepAsked(me, conversation, what, kind = "asked") {
  try {
    if (what) localStorage.setItem(key(me, conversation, kind), JSON.stringify({ ...what, at: Date.now() }))
    else localStorage.removeItem(key(me, conversation, kind))
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
