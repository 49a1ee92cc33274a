/** How long a text is in the unit a platform counts: the same figures as inbox/rules/lengths.py. */
const encoder = new TextEncoder()

export function measure(text, unit) {
  if (unit === "utf8_bytes") return encoder.encode(text).length
  if (unit === "utf16_units") return text.length
  return [...text].length
}
