/**
 * The thread's line that a rule or the model put a tag on has a button to take it off. It is there for as long as the tag is on and nobody
 * has decided about it: that may be done beside the thread, with `z`, or elsewhere. The server leaves it hidden; what stands beside says which.
 */
import { resting } from "./standing-in.js"

export function offerTagUndos(pane) {
  if (!pane) return
  const on = new Set([...pane.querySelectorAll(".triage__tags > [data-unasked] > [data-undo-tag]")].map(({ dataset }) => dataset.undoTag))
  for (const button of [...pane.querySelectorAll(".event__undo[data-undo-tag]")].reverse()) {
    const isHeld = button === document.activeElement
    button.hidden = !on.delete(button.dataset.undoTag) // the newest line about it
    if (button.hidden && isHeld) resting(button.parentElement).focus({ preventScroll: true })
  }
}
