/** Asking the server for fragments, and turning their text into elements. */

const PATIENCE = 20_000 // milliseconds for an answer

export class Refused extends Error {
  constructor(status, html) {
    super(`Refused with ${status}`)
    this.status = status
    this.html = html
  }
}

export function csrf() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? ""
}

/** Ends a request that nobody answers: a line that is half open says nothing of itself, and what waits behind it would wait for minutes. */
export function patience(signal) {
  const end = AbortSignal.timeout(PATIENCE)
  return signal ? AbortSignal.any([signal, end]) : end
}

/** The answer's HTML. Throws Refused with the server's own words, TypeError when there is no connection, TimeoutError when no answer came. */
export async function ask(url, { method = "GET", body, signal, keepalive } = {}) {
  const headers = { "X-Parley-Fragment": "1" }
  if (method !== "GET") headers["X-CSRFToken"] = csrf()
  const answer = await fetch(url, { method, body, headers, signal: patience(signal), keepalive, credentials: "same-origin" })
  if (answer.status === 205) return null // so much has changed that the page had better read it anew
  const html = answer.status === 204 ? "" : await answer.text()
  if (!answer.ok) throw new Refused(answer.status, html)
  return html
}

export function elements(html) {
  const template = document.createElement("template")
  template.innerHTML = html
  return [...template.content.children]
}

export function notify(html) {
  const place = document.getElementById("notices")
  const [notice] = elements(html)
  if (!place || !notice) return
  clearNotices()
  if (notice.hasAttribute("data-stays")) for (const each of place.querySelectorAll(":scope > [data-stays]")) each.remove()
  else setTimeout(() => notice.remove(), 9000)
  place.append(notice)
}

/** All but what stands until its conversation is opened, and what stays: that this page is over. */
export function clearNotices() {
  for (const each of document.querySelectorAll("#notices > :not([data-of], [data-stays])")) each.remove()
}

export function sentence(text, tone = "danger") {
  const line = document.createElement("p")
  line.className = "notice"
  line.dataset.tone = tone
  line.textContent = text
  return line.outerHTML
}

/** What to tell when an action did not go through. */
export function explain(error) {
  if (error instanceof Refused) {
    if (error.html.includes('class="notice"')) return error.html
    if (error.status === 403) return sentence("The page was open for too long. Reload it; what you typed is kept.")
    if (error.status === 413) return sentence("This is too large to send up. Choose a smaller file; what you typed is kept.")
    if (error.status === 404) return sentence("This is no longer there, or no longer yours to see.")
    return sentence("That did not work. Try again in a moment; what you typed is kept.")
  }
  if (error.name === "TimeoutError") return sentence("Parley has not answered. What you typed is kept; look whether it was done before you try again.", "warning")
  return sentence("No connection. Nothing is lost; try again when the line says live.", "warning")
}

/** Settles when it is had, or refused for good: that is told, and not asked for again. Throws where it may be had later. */
export async function hadOrTold(asked) {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof Refused) || error.status >= 500) throw error
    notify(explain(error))
  }
}

export function newer(incoming, existing) {
  return Number(incoming.dataset.seq ?? 0) >= Number(existing.dataset.seq ?? 0)
}
