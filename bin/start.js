// `npm start` alone shows the demo; `npm start -- 8080 3001 3002` is `fairlead 8080 3001 3002`.
if (process.argv.length === 2) process.argv.push('demo')
await import('./fairlead.js')
