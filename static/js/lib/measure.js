/** How long a text is in the unit a platform counts: the same figures as inbox/rules/lengths.py. */
import { emoji } from "./emoji.js"

const encoder = new TextEncoder()
const light = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]]

// An address ends at the first letter that none holds: where nothing is spaced, words are glued to it.
const common =
  "com|net|org|info|biz|edu|gov|int|mil|name|mobi|pro|jobs|asia|xyz|shop|store|online|site|app|dev|page|blog|news|cloud|tech|agency|group" +
  "|company|email|help|support|world|live|life|media|studio|design|digital|global|space|website|club|today|travel|link|click|one|bank" +
  "|hotel|restaurant|cafe|art|fashion|beauty|health|energy|finance|london|berlin|paris|tokyo|nyc|рф|укр|срб|бел|中国|한국|ไทย"
const tail = String.raw`(?![a-z0-9@])(?::[0-9]+)?(?:[/?](?:[a-z0-9!?*'();:=+,.$/%#\[\]_~@|&\-]*[a-z0-9=_#/+&\-])?)?`
const address = new RegExp(
  String.raw`(?<![a-z0-9@＠$#＃])https?://(?:[^\s!-,./:-@\[-^\x60{-~\u3000-\u3020]+\.)+(?:[a-z]{2,24}|xn--[a-z0-9\-]+|${common})${tail}` +
    String.raw`|(?<![a-z0-9\u00c0-\u024f@＠$#＃_./\-])(?:[a-z0-9\u00c0-\u024f\-]+\.)+(?:[a-z]{2}|${common})${tail}`,
  "gi",
)

/** X's counting of public posts: an address weighs 23, an emoji of however many signs 2, as does a CJK letter. */
function weigh(text) {
  let weight = 0
  const weighed = (each, instead) => () => {
    weight += each
    return instead
  }
  const plain = text.normalize("NFC").replace(address, weighed(22, " ")).replace(emoji, weighed(2, ""))
  for (const letter of plain) {
    const code = letter.codePointAt(0)
    weight += light.some(([first, last]) => first <= code && code <= last) ? 1 : 2
  }
  return weight
}

export function measure(text, unit) {
  if (unit === "utf8_bytes") return encoder.encode(text).length
  if (unit === "utf16_units") return text.length
  if (unit === "weighted") return weigh(text)
  return [...text].length
}
