/** What stands before the caret and asks for a choice: `/` canned replies and macros, `@` colleagues, `{{` variables. */
const TRIGGERS = [
  { kind: "variable", pattern: /\{\{[ \t]*([a-z_. ]{0,40})$/i, modes: ["reply", "note"] },
  { kind: "canned", pattern: /(?:^|\s)(\/([\p{L}\p{N}_-]{0,40}))$/u, modes: ["reply", "note"] },
  { kind: "colleague", pattern: /(?:^|\s)(@([\p{L}\p{N}._-]{0,40}))$/u, modes: ["note"] },
]

/** { kind, start, typed }, or null. `start` is where the sign stands. */
export function triggerAt(text, caret, mode) {
  const before = text.slice(Math.max(0, caret - 60), caret)
  for (const { kind, pattern, modes } of TRIGGERS) {
    const found = modes.includes(mode) && before.match(pattern)
    if (!found) continue
    const written = kind === "variable" ? found[0] : found[1]
    return { kind, start: caret - written.length, typed: (found[2] ?? found[1]).trim().toLowerCase() }
  }
  return null
}

const SLOT = /\{\{[ \t]*(?:agent|brand|contact|conversation)(?:\.[a-z_]+)*[ \t]*(?:\|[^{}|\n]*)?\}\}/i

/** The first variable that nobody has filled in: [where, what], or null. The server refuses the same ones (rules/variables.py). */
export function unfilled(text) {
  const found = text.match(SLOT)
  return found && [found.index, found[0]]
}
