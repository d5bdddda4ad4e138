import { notFound } from '../api-error.ts'
import type { AdminContext } from '../context.ts'
import type { Answer } from '../http/route.ts'
import { route } from '../http/route.ts'
import { LOGIN_FILES } from '../login-page.ts'
import type { StaticFile } from '../static-file.ts'

const HTML = 'text/html; charset=utf-8'

export const dashboardRoutes = [
  route({
    method: 'GET',
    path: '/',
    id: 'getDashboard',
    tag: 'dashboard',
    summary: 'The dashboard; the login page where a token is needed and not shown',
    type: HTML,
    answers: { 200: { description: 'The page.' }, 304: { description: 'It is as the caller knows it.' } },
    handle: ({ context, request }) =>
      answer(dashboardFile(context, 'index.html'), request.headers['if-none-match']),
  }),
  ...['login.css', 'login.js'].map((name) =>
    route({
      method: 'GET',
      path: `/${name}`,
      id: name === 'login.css' ? 'getLoginStyle' : 'getLoginScript',
      tag: 'dashboard',
      summary: 'Part of the login page',
      access: 'open',
      type: LOGIN_FILES[name]?.type ?? '',
      answers: { 200: { description: 'The file.' }, 304: { description: 'It is as the caller knows it.' } },
      handle: ({ request }) => answer(LOGIN_FILES[name], request.headers['if-none-match']),
    }),
  ),
  route({
    method: 'GET',
    path: '/dashboard/{file}',
    id: 'getDashboardFile',
    tag: 'dashboard',
    summary: 'Part of the dashboard',
    type: '*/*',
    answers: { 200: { description: 'The file.' }, 304: { description: 'It is as the caller knows it.' } },
    handle: ({ context, path, request }) =>
      answer(dashboardFile(context, path['file'] ?? ''), request.headers['if-none-match']),
  }),
]

function dashboardFile({ dashboard }: AdminContext, name: string): StaticFile | undefined {
  return dashboard.get(name)
}

/** Files change with the version only, but their names do not: browsers ask each time, by ETag. */
function answer(file: StaticFile | undefined, known: string | undefined): Answer {
  if (file === undefined) throw notFound('no such file')
  const headers = { ETag: file.etag, 'Cache-Control': 'no-cache' }
  if (known === file.etag) return { status: 304, type: file.type, text: '', headers }
  return { type: file.type, text: file.bytes, headers }
}
