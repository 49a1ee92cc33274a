/**
 * A page that is being left. Browsers end what it has asked for before it has gone: that is no answer, and what it is about stays as it is
 * kept, for the page that comes.
 */
import { Refused } from "./fragments.js"

const WITHIN = 5000 // milliseconds in which it goes; one that is still here then stays, since it was a file or a mail that was asked for
const REST = 100

let since = -Infinity

window.addEventListener("pagehide", () => (since = Date.now()))

/** As the work ends. That it failed is told only where the page stays. */
export async function heardHere(work) {
  const goes = () => (since = Date.now())
  window.addEventListener("beforeunload", goes) // only meanwhile: some browsers keep no page ready for its return that listens to this
  try {
    return await work
  } catch (error) {
    while (!(error instanceof Refused) && Date.now() - since < WITHIN) await new Promise((rested) => setTimeout(rested, REST))
    throw error
  } finally {
    window.removeEventListener("beforeunload", goes)
  }
}
