import { faultyConnSuite } from './faulty-conn-suite.ts'

await faultyConnSuite('handles')
