/** How long a text is in the unit a platform counts: the same figures as inbox/rules/lengths.py. */
const encoder = new TextEncoder()
const light = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]]

/** X's counting of public posts: an address weighs 23, an emoji or a CJK letter 2, what is joined to an emoji nothing. */
function weigh(text) {
  let joined = false
  let weight = 23 * (text.match(/https?:\/\/\S+/g) ?? []).length
  for (const letter of text.replace(/https?:\/\/\S+/g, "")) {
    const code = letter.codePointAt(0)
    if (code === 0x200d) joined = true
    else if (code === 0xfe0f || (code >= 0x1f3fb && code <= 0x1f3ff)) continue
    else if (joined) joined = false
    else weight += light.some(([first, last]) => first <= code && code <= last) ? 1 : 2
  }
  return weight
}

export function measure(text, unit) {
  if (unit === "utf8_bytes") return encoder.encode(text).length
  if (unit === "utf16_units") return text.length
  if (unit === "weighted") return weigh(text)
  return [...text].length
}
