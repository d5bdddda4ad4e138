import { readFileSync, writeFileSync } from 'node:fs'
import { inPackage } from '../core/in-package.ts'

// Run by the build: what is not installed beside fairlead but copied into it keeps its licence.
const COPIED = ['uplot', 'zod']

const texts = COPIED.map((name) => {
  const folder = inPackage(`node_modules/${name}`)
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }
  return `${name} ${version}\n\n${readFileSync(`${folder}/LICENSE`, 'utf8').trim()}\n`
})
writeFileSync(inPackage('dist/third-party-licences.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`))
