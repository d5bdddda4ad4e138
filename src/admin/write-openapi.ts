import { writeFileSync } from 'node:fs'
import { openApiText } from './openapi.ts'
import { routes } from './routes.ts'

// Run by the build: the document lies in the package, for those who make clients of it.
writeFileSync(new URL('../openapi.json', import.meta.url), openApiText(routes))
