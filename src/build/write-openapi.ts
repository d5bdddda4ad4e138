import { writeFileSync } from 'node:fs'
import { openApiText } from '../admin/openapi.ts'
import { routes } from '../admin/routes.ts'
import { inPackage } from '../core/in-package.ts'

// Run by the build: the document lies in the package, for those who make clients of it.
writeFileSync(inPackage('dist/openapi.json'), openApiText(routes))
