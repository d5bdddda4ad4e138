import module from 'node:module'

// Loaded into every process of `npm test` before anything else. tap gives each a thread of its own, through which all
// modules go, to note which files a test uses. That takes two seconds of CPU for each test file, and serves `tap
// --changed`, which nobody uses here; coverage finds the files without.
Object.assign(module, { register: () => undefined })
