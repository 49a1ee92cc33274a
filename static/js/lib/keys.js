/** One hand on the keyboard: finds the command of what is pressed. Off in fields and dialogs; never with Alt. */
import { commands, makesSense } from "./commands.js"

const PATIENCE = 1200 // milliseconds between the keys of one command
const ON_A_MAC = /Mac|iP(hone|ad)/.test(navigator.platform)
const WORDS = { Mod: ON_A_MAC ? "⌘" : "Ctrl", Enter: "↵", Escape: "Esc", ArrowDown: "↓", ArrowUp: "↑" }

const HELD = new Set(["Shift", "Control", "Meta", "Alt", "AltGraph", "CapsLock"])
const SIGNS = { Slash: ["/", "?"], Period: [".", ">"] } // without and with Shift, where other alphabets have letters of their own

let begun = ""
let until = 0

export function listen(shell) {
  window.typedAhead.fits = (event) => ahead(shell).some((command) => usable(shell, command).some((keys) => keys.split(" ").includes(chord(event))))
  window.addEventListener("keydown", leaveToInputMethod, { capture: true })
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || HELD.has(event.key)) return // a digit may need Shift: that is not the next key of a command
    const [dialog] = document.querySelectorAll("dialog[open]")
    if (dialog) return void (event.key === "Escape" && dismiss(dialog, event))
    // What was closed with its dialog keeps the hand until the browser paints again: a key in that moment is typed nowhere.
    const inField = Boolean(event.target.closest("input, textarea, select, [contenteditable]")?.checkVisibility())
    if (inField) until = 0
    const command = meant(shell, event, commands(shell).filter((each) => each.fields || !inField))
    if (!command) return
    event.preventDefault()
    if (!event.repeat || command.repeats) command.act(shell)
  })
}

/** What was pressed while this page was on its way. It ends with the first key that does not move: what follows was meant for what that does. */
export function catchUp(shell) {
  const keys = window.typedAhead.take()
  while (keys.length) {
    const key = keys.shift()
    const command = meant(shell, key, ahead(shell), key.at)
    if (!command && until <= key.at) return
    command?.act(shell)
    if (window.typedAhead.isLeaving) return window.typedAhead.adds(keys)
  }
}

function ahead(shell) {
  return commands(shell).filter((command) => command.ahead)
}

/** The command among these that a key is of, or ends. Of the first key of one it is remembered for a moment. */
function meant(shell, key, among, now = Date.now()) {
  const pressed = now < until ? `${begun} ${chord(key)}` : chord(key)
  until = 0
  const able = among.filter((command) => makesSense(command, shell))
  const command = able.find((each) => usable(shell, each).includes(pressed))
  if (!command && able.some((each) => usable(shell, each).some((keys) => keys.startsWith(`${pressed} `)))) {
    begun = pressed
    until = now + PATIENCE
  }
  return command
}

/** Those of its keys that its person has. Letters, digits and signs alone may be switched off: speech would press them. */
export function usable(shell, { keys }) {
  return shell.hasAttribute("data-no-letters") ? keys.filter((each) => !/^(?:Shift\+)?.(?: |$)/.test(each)) : keys
}

/**
 * While an input method chooses letters, its Enter, Esc and arrows are its own: no handler of the page hears them. Safari tells the Enter
 * that ends it as any other key, but for its code.
 */
function leaveToInputMethod(event) {
  if (!event.isComposing && event.keyCode !== 229) return
  event.stopImmediatePropagation()
  if (event.key === "Escape") event.preventDefault() // by itself the browser would close the dialog, or empty a search
}

/** At once: left to the browser it closes a moment later, and the next key would be lost. */
function dismiss(dialog, event) {
  event.preventDefault()
  dialog.close()
}

/** What is pressed, as the table writes it. Capitals by Caps Lock are small letters, and what other alphabets write counts by its place. */
function chord({ key, code, shiftKey, ctrlKey, metaKey }) {
  const letter = key > "~" ? (code.match(/^(?:Key|Digit)(.)$/)?.[1] ?? SIGNS[code]?.[Number(shiftKey)] ?? key) : key
  const shift = shiftKey && (letter.length > 1 || /[a-z]/i.test(letter)) ? "Shift+" : ""
  const name = /^[a-z]$/i.test(letter) ? (shift ? letter.toUpperCase() : letter.toLowerCase()) : letter
  return `${ctrlKey || metaKey ? "Mod+" : ""}${shift}${name}`
}

/** How a key is written for people: "Mod+Enter" is Ctrl ↵. */
export function said(keys) {
  return keys.split(" ").flatMap((each) => each.split("+")).map((each) => WORDS[each] ?? each)
}

export function kbds(keys) {
  return said(keys).map((word) => Object.assign(document.createElement("kbd"), { textContent: word }))
}
