import type { StaticFile } from './static-file.ts'
import { staticFile } from './static-file.ts'

/** What a browser gets instead of the dashboard until it has shown the token. Asks nothing of anybody but us. */
export const LOGIN_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>fairlead: log in</title>
<link rel="stylesheet" href="/login.css">
<script type="module" src="/login.js"></script>
</head>
<body>
<main>
<h1>fairlead</h1>
<form>
<label for="token">Admin token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
<p role="alert"></p>
</form>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
</body>
</html>
`

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { min-height: 100vh; margin: 0; display: grid; place-items: center; }
main { width: min(20rem, calc(100vw - 2rem)); }
form { display: grid; gap: .5rem; }
input, button { font: inherit; padding: .5rem .75rem; }
[role=alert] { margin: 0; min-height: 3em; color: light-dark(#b00020, #ff8a80); }
`

const SCRIPT = `const form = document.querySelector('form')
const alert = document.querySelector('[role=alert]')
form.addEventListener('submit', async (event) => {
  event.preventDefault()
  alert.textContent = ''
  try {
    const response = await fetch('/api/v1/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: form.elements.token.value }),
    })
    if (response.ok) return location.reload()
    const { error } = await response.json()
    const wait = response.headers.get('Retry-After')
    alert.textContent = error.message + (wait === null ? '' : ' (in ' + wait + ' s)')
  } catch {
    alert.textContent = 'fairlead does not answer'
  }
  form.elements.token.select()
})
`

/** By name. */
export const LOGIN_FILES: Readonly<Record<string, StaticFile>> = {
  'login.css': staticFile('text/css; charset=utf-8', STYLE),
  'login.js': staticFile('text/javascript; charset=utf-8', SCRIPT),
}
