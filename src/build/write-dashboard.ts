import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inPackage } from '../core/in-package.ts'

// Run by the build: puts the dashboard's scripts, and what they need beside them, into the one flat folder that is
// served.
const source = inPackage('src/admin/dashboard')
const scripts = fileURLToPath(new URL('../admin/dashboard/', import.meta.url))
const charts = dirname(createRequire(import.meta.url).resolve('uplot'))
const to = inPackage('dist/dashboard')

mkdirSync(to, { recursive: true })
for (const name of readdirSync(source)) {
  if (['.html', '.css', '.svg'].includes(extname(name))) copyFileSync(join(source, name), join(to, name))
}
for (const name of readdirSync(scripts)) {
  // The maps to their source are for the tests' coverage: the package has neither.
  if (extname(name) === '.js')
    writeFileSync(
      join(to, name),
      readFileSync(join(scripts, name), 'utf8').replace(/\/\/# sourceMappingURL=.*\n?$/, ''),
    )
}
for (const name of ['uPlot.iife.min.js', 'uPlot.min.css']) copyFileSync(join(charts, name), join(to, name))
