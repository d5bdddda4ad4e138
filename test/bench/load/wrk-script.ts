export interface Upload {
  readonly method: 'PUT' | 'POST'
  readonly isChunked: boolean
}

/** What wrk runs: it says the result exactly, and uploads 1 MB a request if that is asked for. */
export function wrkScript(upload: Upload | undefined): string {
  if (upload === undefined) return REPORT
  return `wrk.method = "${upload.method}"\n${upload.isChunked ? CHUNKED : WITH_LENGTH}${REPORT}`
}

const WITH_LENGTH = 'wrk.body = string.rep("x", 1000000)\n'

const CHUNKED = `
wrk.headers["Transfer-Encoding"] = "chunked"
local message
function init()
  local chunk = string.format("%x\\r\\n", 20000) .. string.rep("x", 20000) .. "\\r\\n"
  message = wrk.format() .. string.rep(chunk, 50) .. "0\\r\\n\\r\\n"
end
function request()
  return message
end
`

const REPORT = `
function done(summary)
  io.write(string.format("result: %d %d %d\\n", summary.requests, summary.bytes, summary.duration))
end
`
