/**
 * Everything that can be done in the workspace, said once. The keys, the palette, the help (?) and the tooltips all read this table.
 *
 *   id      what [data-command] of a button names, for its tooltip
 *   keys    "e", "g i" (one after the other), "Shift+J", "Mod+k" (Ctrl, ⌘ on a Mac); several ways as a list
 *   name    what it does, in the help and in the palette
 *   group   the heading it stands under
 *   when    (shell) => whether it makes sense now; left out: always
 *   act     (shell) => does it. By then a palette is closed and the row that was in hand is in hand again
 *   fields  works while somebody types, too       repeats  may be held down
 *   ahead   is done by the page that comes, if it is pressed while that is on its way. Only what moves: the rest is about what was seen
 *   quiet   not offered by the palette: only a key makes sense
 */
import * as acts from "./acts.js"
import { pick } from "./picks.js"
import { undo } from "./undo.js"

const RUNS = 120 // milliseconds between two moves of somebody who does not stop to read

const isOpen = (shell) => Boolean(shell.dataset.open && shell.pane)
const hasOne = (shell) => Boolean(acts.inHand(shell))
const mayWrite = (shell) => hasOne(shell) || Boolean(shell.dataset.open) // also to the one that is on its way
const inFocus = (shell) => shell.hasAttribute("data-focus")
const notInFocus = (shell) => !inFocus(shell)
const focusBar = (shell) => shell.querySelector("focus-bar")
const hasRow = () => Boolean(document.activeElement?.closest?.(".row"))
const inList = (shell) => shell.list.parentElement.contains(document.activeElement) // or among the results in its place
const alone = (shell) => hasOne(shell) && !selecting(shell)
const hasSome = (shell) => hasOne(shell) || selecting(shell)
export const selecting = (shell) => Boolean(shell.hands?.any) && !shell.search.isOpen // which covers what is selected
const mayPick = (shell) => notInFocus(shell) && !shell.search.isOpen
const held = (shell) => [...shell.pane.querySelectorAll("hold-line:has(button)")].at(-1)
const waits = (shell) => shell.composer?.contains(document.activeElement) && !shell.composer.field.value && held(shell)
/** For all that is selected, while anything is; else for the one in hand. A button of the open conversation is about that one. */
const each = (act, one) => (shell) => (selecting(shell) && !shell.pointed ? shell.hands.press(act) : one(shell))

export const COMMANDS = [
  { id: "next", keys: ["j"], name: "Next conversation", group: "Moving", repeats: true, ahead: true, when: notInFocus, act: (shell) => move(shell, 1) },
  { id: "previous", keys: ["k"], name: "Previous conversation", group: "Moving", repeats: true, ahead: true, when: notInFocus, act: (shell) => move(shell, -1) },
  { id: "down", keys: ["ArrowDown"], name: "Next in the list", group: "Moving", repeats: true, quiet: true, ahead: true, when: inList, act: (shell) => move(shell, 1) },
  { id: "up", keys: ["ArrowUp"], name: "Previous in the list", group: "Moving", repeats: true, quiet: true, ahead: true, when: inList, act: (shell) => move(shell, -1) },
  { id: "open", keys: ["Enter"], name: "Open the conversation", group: "Moving", ahead: true, when: hasRow, act: (shell) => shell.open(acts.inHand(shell)) },
  { id: "back", keys: ["Escape"], name: "Back", group: "Moving", fields: true, act: back },
  { id: "news", keys: ["."], name: "Show what is new", group: "Moving", when: (shell) => shell.querySelector("[data-pill]:not([hidden])"), act: (shell) => shell.querySelector("[data-pill]").click() },
  { id: "focus", keys: ["f"], name: "Focus: one at a time, or stop", group: "Moving", act: (shell) => focusBar(shell).toggle() },
  { id: "skip", keys: ["s"], name: "Skip to the next in focus", group: "Moving", when: inFocus, act: (shell) => focusBar(shell).skip() },

  { id: "reply", keys: ["r"], name: "Reply", group: "Answering", when: mayWrite, act: (shell) => acts.write(shell, "reply") },
  { id: "note", keys: ["n"], name: "Internal note", group: "Answering", when: mayWrite, act: (shell) => acts.write(shell, "note") },
  { id: "send", keys: ["Mod+Enter"], name: "Send", group: "Answering", fields: true, when: (shell) => shell.composer?.contains(document.activeElement), act: (shell) => shell.composer.submit() },

  { id: "resolve", keys: ["e"], name: "Resolve, or reopen", group: "Conversation", when: hasSome, act: each("resolve", acts.resolve) },
  { id: "snooze", keys: ["h"], name: "Snooze", group: "Conversation", when: hasSome, act: each("snooze", (shell) => pick(shell, "snooze")) },
  { id: "pending", keys: ["b"], name: "Pending: a bot or the customer has it; again: back", group: "Conversation", when: alone, act: acts.pend },
  { id: "assign", keys: ["a"], name: "Assign to a colleague or a team", group: "Conversation", when: hasSome, act: each("assign", (shell) => pick(shell, "assign")) },
  { id: "mine", keys: ["m"], name: "Assign to me", group: "Conversation", when: hasSome, act: each("mine", acts.take) },
  { id: "tag", keys: ["l"], name: "Set tags", group: "Conversation", when: hasSome, act: each("tag", (shell) => pick(shell, "tags")) },
  { id: "priority", keys: ["p"], name: "Set the priority", group: "Conversation", when: hasSome, act: each("priority", (shell) => pick(shell, "priority")) },
  { id: "mood", keys: [], name: "Set the mood", group: "Conversation", when: alone, act: (shell) => pick(shell, "mood") },
  { id: "vip", keys: [], name: "Mark the person as VIP, or no longer", group: "Conversation", when: (shell) => hasOne(shell) && (shell.pointed || !selecting(shell)) && acts.isOfOne(shell), act: acts.markVip },
  { id: "promise", keys: [], name: "Promise by when it will be answered or done", group: "Conversation", when: (shell) => alone(shell) && acts.isUnderWay(shell), act: (shell) => pick(shell, "promise") },
  { id: "needless", keys: [], name: "No answer needed", group: "Conversation", when: (shell) => alone(shell) && acts.isUnderWay(shell), act: acts.needNoAnswer },
  { id: "same", keys: [], name: "Say that somebody else is the same person", group: "Conversation", when: (shell) => alone(shell) && acts.isOfOne(shell), act: (shell) => pick(shell, "merges") },
  { id: "unread", keys: ["u"], name: "Mark as unread", group: "Conversation", when: hasSome, act: each("unread", acts.unread) },
  { id: "spam", keys: ["!"], name: "Mark as spam", group: "Conversation", when: hasSome, act: each("spam", acts.spam) },
  { id: "person", keys: ["i"], name: "Show or hide the person", group: "Conversation", when: isOpen, act: (shell) => shell.toggleContext() },

  { id: "search", keys: ["/"], name: "Search people, handles and messages", group: "Finding", act: (shell) => shell.search.open() },
  { id: "told", keys: ["g n"], name: "What you were told", group: "Going", act: (shell) => shell.querySelector("notice-bell button").click() },
  { id: "undo", keys: ["z"], name: "Undo; again: what you did before", group: "Many and undo", act: (shell) => undo(shell) },
  { id: "unsend", keys: ["Mod+z"], name: "Take back the reply that waits", group: "Many and undo", fields: true, quiet: true, when: waits, act: (shell) => undo(shell, { message: held(shell).closest("[data-id]").dataset.id }) },
  { id: "select", keys: ["x"], name: "Select", group: "Many and undo", when: mayPick, act: (shell) => shell.hands.toggle() },
  { id: "select-next", keys: ["Shift+J"], name: "Select the next one, too", group: "Many and undo", repeats: true, when: mayPick, act: (shell) => shell.hands.extend(1) },
  { id: "select-previous", keys: ["Shift+K"], name: "Select the one before, too", group: "Many and undo", repeats: true, when: mayPick, act: (shell) => shell.hands.extend(-1) },
  { id: "select-all", keys: ["*"], name: "Select the whole view", group: "Many and undo", when: mayPick, act: (shell) => shell.hands.everything() },

  { id: "away", keys: ["w"], name: "Go away: keep what you have, get nothing new; or come back", group: "Conversation", when: (shell) => shell.querySelector("#presence"), act: (shell) => shell.querySelector("#presence").requestSubmit() },

  { id: "palette", keys: ["Mod+k"], name: "Find a command, a view, a person", group: "Finding", fields: true, quiet: true, act: () => document.querySelector("command-palette").show() },
  { id: "filter", keys: ["v"], name: "Filter the list: is:unread due<1h tag:refund", group: "Finding", act: filter },
  { id: "help", keys: ["?"], name: "Keys", group: "Finding", act: () => document.querySelector("key-help").show() },
  { id: "theme", keys: [], name: "Change colours: light, dark, as the system", group: "Finding", act: (shell) => shell.querySelector("theme-switch button").click() },
]

/** The table, and a command for each view that the page shows; a view brings its own key. */
export function commands(shell) {
  return [...COMMANDS, ...going(shell)]
}

export function find(shell, id) {
  return commands(shell).find((command) => command.id === id)
}

export function makesSense(command, shell) {
  return !command.when || Boolean(command.when(shell))
}

function going(shell) {
  return [...shell.querySelectorAll("a.view[data-command]")].map((view) => ({
    id: view.dataset.command,
    keys: view.dataset.key ? [`g ${view.dataset.key}`] : [],
    name: `Go to ${view.querySelector(".view__label").textContent.trim().replace(/\s+/g, " ")}`,
    group: "Going",
    ahead: true,
    act: () => {
      window.typedAhead.leaves(view.href)
      view.click()
    },
  }))
}

/** To the next row; where a conversation is open already, it opens too. */
function move(shell, step) {
  if (shell.search.isOpen) return shell.search.move(step)
  const row = shell.list.neighbour(step)
  if (!row) return
  row.focus({ preventScroll: true })
  row.scrollIntoView({ block: "nearest" })
  shell.list.way = step
  if (!shell.dataset.open) return shell.ahead.want(row.dataset.id)
  clearTimeout(shell.rest)
  shell.list.mark(row.dataset.id)
  // A key held down runs through the list; what it rests on is opened.
  const runs = performance.now() - (shell.movedAt ?? -Infinity) < RUNS
  shell.movedAt = performance.now()
  if (runs) shell.rest = setTimeout(() => shell.open(row.dataset.id), RUNS)
  else shell.open(row.dataset.id)
}

/** On a phone the thread covers the list, and the bar with it. What ends first is what would open or hide it again. */
function filter(shell) {
  focusBar(shell).stop()
  shell.search.close()
  if (shell.dataset.open && matchMedia("(max-width: 767px)").matches) shell.close()
  shell.querySelector("query-bar").take()
}

function back(shell) {
  const field = document.activeElement?.closest?.("input, textarea, select, [contenteditable]")
  if (field) field.blur()
  else if (shell.hasAttribute("data-menu-open")) shell.menu(false) // first what lies over the rest
  else if (shell.isCovered) shell.toggleContext()
  else if (selecting(shell)) shell.hands.clear()
  else if (inFocus(shell)) focusBar(shell).stop()
  else if (shell.dataset.open) shell.close()
  else shell.search.close()
}
