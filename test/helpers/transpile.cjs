'use strict'
/**
 * What turns the tests' TypeScript into JavaScript, once for each file and not once for each process that imports it:
 * transpiling the whole source costs five seconds of CPU, and every test file is a process. tsconfig.json names it for
 * ts-node, through which tap loads TypeScript.
 *
 * What was made lies under node_modules, by the hash of all that it follows from.
 */
const { createHash } = require('node:crypto')
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const path = require('node:path')

const folder = path.join(__dirname, '../../node_modules/.cache/fairlead-transpiled')

/** @type {import('@isaacs/ts-node-temp-fork-for-pr-2009').TranspilerFactory} */
exports.create = ({ service, nodeModuleEmitKind }) => {
  const typescript = require('typescript')
  const compilerOptions = {
    ...service.config.options,
    module: nodeModuleEmitKind === 'nodecjs' ? typescript.ModuleKind.CommonJS : typescript.ModuleKind.ES2022,
    // ES2022 of modules allows no resolution as Node does it, and one file alone resolves nothing.
    moduleResolution: typescript.ModuleResolutionKind.Bundler,
  }
  const origin = JSON.stringify([typescript.version, compilerOptions])
  mkdirSync(folder, { recursive: true })

  return {
    transpile(text, { fileName }) {
      const key = createHash('sha256').update(`${origin}\n${fileName}\n${text}`).digest('hex')
      const file = path.join(folder, `${key}.json`)
      try {
        return JSON.parse(readFileSync(file, 'utf8'))
      } catch {
        const made = typescript.transpileModule(text, { fileName, compilerOptions, reportDiagnostics: true })
        // A file with mistakes is told of each time, and what is kept is written whole: other processes look here.
        if (made.diagnostics.length === 0) {
          writeFileSync(`${file}.${process.pid}`, JSON.stringify(made))
          renameSync(`${file}.${process.pid}`, file)
        }
        return made
      }
    },
  }
}
