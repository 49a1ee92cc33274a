/** Which signs make one emoji together: the same as inbox/rules/emoji.py. */
const either = // text, or a picture where U+FE0F follows
  "‼⁉™ℹ↔-↙↩↪⌚⌛⌨⏏⏭-⏯⏱⏲⏸-⏺Ⓜ▪▫▶◀◻-◾☀-☄☎☑☔☕☘☝☠☢☣☦☪☮☯☸-☺♀♂♈-♓♟♠♣♥♦♨♻♾♿⚒-⚗" +
  "⚙⚛⚜⚠⚡⚧⚪⚫⚰⚱⚽⚾⛄⛅⛈⛏⛑⛓⛔⛩⛪⛰-⛵⛷-⛺⛽✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❗❣❤➡⤴⤵⬅-⬇⬛⬜⭐⭕〰〽㊗㊙🀄🅰🅱🅾" +
  "🅿🈂🈚🈯🈷🌡🌤-🌬🌶🍽🎖🎗🎙-🎛🎞🎟🏋-🏎🏔-🏟🏳🏵🏷🐿👁📽🕉🕊🕯🕰🕳-🕹🖇🖊-🖍🖐🖥🖨🖱🖲🖼🗂-🗄🗑-🗓🗜-🗞🗡🗣🗨🗯🗳🗺🛋🛍-🛏" +
  "🛠-🛥🛩🛰🛳"
const bodies = // what a skin tone colours
  "✊✋🎅🏂-🏄🏇🏊👂👃👆-👐👦-👸👼💁-💃💅-💇💏💑💪🕺🖕🖖🙅-🙇🙋-🙏🚣🚴-🚶🛀🛌🤌🤏🤘-🤟🤦🤰-🤹🤼-🤾🥷🦵🦶🦸🦹🦻🧍-🧏🧑-🧝" +
  "🫃-🫅🫰-🫸"
const plainBodies = "☝⛹✌✍🏋🏌🕴🕵🖐" // the same, and text where neither it nor U+FE0F follows
const flags =
  "A:CDEFGILMOQRSTUWXZ B:ABDEFGHIJLMNOQRSTVWYZ C:ACDFGHIKLMNOPQRUVWXYZ D:EGJKMOZ E:ACEGHRSTU F:IJKMOR " +
  "G:ABDEFGHILMNPQRSTUWY H:KMNRTU I:CDELMNOQRST J:EMOP K:EGHIMNPRWYZ L:ABCIKRSTUVY M:ACDEFGHKLMNOPQRSTUVWXYZ " +
  "N:ACEFGILOPRUZ O:M P:AEFGHKLMNRSTWY Q:A R:EOSUW S:ABCDEGHIJKLMNORSTVXYZ T:ACDFGHJKLMNORTVWZ U:AGMNSYZ " +
  "V:ACEGINU W:FS X:K Y:ET Z:AMW"

const meant = { "+": "\u200d", "!": "\ufe0f", "~": "[\u{1f3fb}-\u{1f3ff}]" } // a skin tone
const sequences = [
  "[👨👩🧑]~?+(?:[⚕⚖✈]!|[🌾🍳🍼🎄🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳🩰]|[🦯🦼🦽](?:+➡!)?)", // what they do, and their hair
  "[👨👩🧑]~?+(?:❤!(?:+💋)?|[🤝🐰🫯])+[👨👩🧑]~?", // couples
  "(?:👨+(?:[👨👩]+)?|👩+(?:👩+)?)(?:👧(?:+[👦👧])?|👦(?:+👦)?)|🧑+(?:🧑+)?🧒(?:+🧒)?", // families
  "🫱~+🫲~", // hands
  "[🏃🚶🧎]~?(?:+[♀♂]!)?+➡!", // which way they go
  "[🏃🏄🏊👮-👱👳👷💁💂💆💇🙅-🙇🙋🙍🙎🚣🚴-🚶🤦🤵🤷-🤹🤼-🤾🦸🦹🧍-🧏🧔🧖-🧟]~?+[♀♂]!|[⛹🏋🏌🕴🕵](?:!|~)+[♀♂]!", // women and men
  "🏳!+(?:🌈|⚧!)|🏴+☠!|👁!+🗨!|👁+🗨|❤!+[🔥🩹]|⛓!+💥|🙂+[↔↕]!|😮+💨|😵+💫|😶+🌫!",
  "🐕+🦺|🐈+⬛|🐦+[⬛🔥]|🐻+❄!|🍄+🟫|🍋+🟩",
  `[${plainBodies}]!?~|[${bodies}]~|[©®${either}]!|[0-9#*]!?\u20e3`,
].join("|").replace(/[+!~]/g, (sign) => meant[sign])

/** Two regional letters, of a region that has a flag. */
function ofRegions() {
  const pairs = flags.split(" ").map((each) => each.replace(/(.):(.+)/, "$1[$2]")).join("|")
  return pairs.replace(/[A-Z]/g, (letter) => String.fromCodePoint(0x1f1e6 + letter.charCodeAt(0) - 65))
}

/** A black flag with the region in tags. */
function tagged(...regions) {
  const tags = regions.map((each) => [...each].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join(""))
  return `🏴(?:${tags.join("|")})\u{e007f}`
}

export const emoji = new RegExp([sequences, ofRegions(), tagged("gbeng", "gbsct", "gbwls")].join("|"), "gu")
