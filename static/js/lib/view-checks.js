/**
 * Whether a row belongs to a view now, and until when: the same as inbox/rules/view_checks.py, and judged by the same table of
 * cases (tests/inbox/rules/view_cases.json). Times are milliseconds.
 */
import * as clock from "./clock.js"

const DAY = 86_400_000

/** Now, and the brand's own today. `days`: midnights. A page that stands for longer than they reach goes on counting days of 24 hours. */
export function moment(days, now = clock.now()) {
  const last = days.at(-1)
  if (now >= last) {
    const begins = last + Math.floor((now - last) / DAY) * DAY
    return { now, begins, ends: begins + DAY }
  }
  const ends = days.find((midnight) => midnight > now) ?? Infinity
  return { now, begins: days[days.indexOf(ends) - 1] ?? -Infinity, ends }
}

export function judge(checks, facts, at) {
  let holds = true
  let until = null
  for (const check of checks) {
    const so = is(check, facts, at) !== Boolean(check.not)
    if (check.kind !== "today" && !("span" in check)) {
      if (!so) return { holds: false, until: null }
      continue
    }
    holds &&= so
    const turns = turn(check, facts, at)
    if (turns !== null && (until === null || turns < until)) until = turns
  }
  return { holds, until }
}

function is({ kind, of, values = [], ...check }, facts, { now, begins, ends }) {
  const value = facts[of]
  if (kind === "in") return values.includes(value) || (of === "channel" && values.includes(facts.platform))
  if (kind === "tags") return values.some((tag) => value.includes(tag)) || (values.includes("") && !value.length)
  if (kind === "yes") return value !== null && value !== false
  if (kind === "says") return values.some((words) => value.includes(words))
  if (kind === "today") return value !== null && begins <= value && value < ends
  const limit = "span" in check ? now + check.span * 1000 : check.at
  return value !== null && value <= limit === (kind === "by")
}

function turn({ kind, of, span }, facts, { now, begins, ends }) {
  const value = facts[of]
  if (value === null) return null
  if (kind === "today") return value >= begins ? ends : null
  const at = value - span * 1000
  return at > now ? at : null
}
