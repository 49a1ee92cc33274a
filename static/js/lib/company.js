/**
 * Who else is where: conversation -> [person, name, what they do, whether they have it in focus]. News of a conversation is whole,
 * so that the same news twice, or one that was lost, does no harm. Never oneself.
 */
export class Company {
  #at = new Map()

  constructor(me) {
    this.me = Number(me)
  }

  of(conversation) {
    return (this.#at.get(conversation) ?? []).map(([person, name, doing, focus]) => ({ person, name, doing, focus }))
  }

  forget() {
    const known = [...this.#at.keys()]
    this.#at.clear()
    return known
  }

  /** Takes the news; answers with the conversations it concerns. */
  receive({ at, whole }) {
    const concerned = new Set(whole ? this.forget() : [])
    for (const [conversation, people] of Object.entries(at)) {
      const others = people.filter(([person]) => person !== this.me)
      if (others.length) this.#at.set(conversation, others)
      else this.#at.delete(conversation)
      concerned.add(conversation)
    }
    return concerned
  }
}

/** In a few words: what matters most of what they do. */
export function says({ name, doing, focus }) {
  if (doing === "reply") return `${name} is writing a reply…`
  if (doing === "note") return `${name} is writing a note…`
  return focus ? `${name} has it in focus` : `${name} is looking`
}

export function initials(name) {
  const letters = name.split(/\s+/).map((word) => word.match(/[\p{L}\p{N}]/u)?.[0]).filter(Boolean)
  return (letters.length > 1 ? letters[0] + letters.at(-1) : (letters[0] ?? "·")).toUpperCase()
}

export function face({ person, name, doing, focus }) {
  const place = Object.assign(document.createElement("span"), { className: "company__face", textContent: initials(name) })
  place.setAttribute("aria-hidden", "true")
  Object.assign(place.dataset, { hue: person % 8, doing })
  if (focus) place.dataset.focus = ""
  return place
}
