import type { Contender } from '../contender.ts'
import { buildGo, goProgram, goVersion } from '../go.ts'

/** Go's ReverseProxy as it comes: its transport keeps two idle connections a backend, and dials for all others. */
export const goHttp = variant({ name: 'go-http', title: 'Go ReverseProxy', idlePerBackend: 0 })

/** The same with a pool of idle connections that suits the load. */
export const goHttpPool = variant({
  name: 'go-http-pool',
  title: 'Go ReverseProxy (idle pool)',
  idlePerBackend: 256,
})

/** `idlePerBackend` 0 = Go's default. */
function variant(of: { name: string; title: string; idlePerBackend: number }): Contender {
  return {
    suite: 'http',
    name: of.name,
    title: of.title,
    install: 'apt install golang-go',
    version: goVersion,
    prepare: (workspace) => buildGo(workspace, 'reverse-proxy'),
    start({ workspace, port, backendPorts, place }) {
      const args = [port, of.idlePerBackend, ...backendPorts].map(String)
      return workspace.start(goProgram(workspace, 'reverse-proxy'), args, place)
    },
  }
}
