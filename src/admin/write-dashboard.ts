import { copyFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Run by the build, from `dist`: puts what the dashboard needs beside its scripts, in the one flat folder that is served.
const from = fileURLToPath(new URL('../../src/admin/dashboard/', import.meta.url))
const to = fileURLToPath(new URL('./dashboard/', import.meta.url))
const charts = dirname(createRequire(import.meta.url).resolve('uplot'))

for (const name of readdirSync(from)) {
  if (['.html', '.css', '.svg'].includes(extname(name))) copyFileSync(join(from, name), join(to, name))
}
for (const name of ['uPlot.iife.min.js', 'uPlot.min.css']) copyFileSync(join(charts, name), join(to, name))
