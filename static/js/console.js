// The sync console works without this; with it, times are the reader's own and what is under way moves.
import "./elements/local-time.js"
import "./elements/live-part.js"
import "./lib/current-page.js"
import "./lib/window-name.js"
