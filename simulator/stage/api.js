/** The stage's few questions to the simulator. A refusal becomes an Error with its sentence. */

async function answer(response) {
  const body = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(body.error || `The simulator answered ${response.status}.`)
  return body
}

export const get = async (path, query = {}) => answer(await fetch(`${path}?${new URLSearchParams(query)}`))

export const post = async (path, body) =>
  answer(await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }))

export const remove = async (path, query = {}) =>
  answer(await fetch(`${path}?${new URLSearchParams(query)}`, { method: "DELETE" }))

export const upload = async (file, query) =>
  answer(await fetch(`/stage/uploads?${new URLSearchParams({ ...query, name: file.name })}`, { method: "POST", body: file }))
