import * as z from 'zod'
import { ApiError } from '../api-error.ts'
import { route } from '../http/route.ts'
import { named } from '../schemas.ts'

const login = z.strictObject({ token: z.string().max(4_096) }).register(named, { id: 'Login' })

export const loginRoutes = [
  route({
    method: 'POST',
    path: '/api/v1/login',
    id: 'logIn',
    tag: 'dashboard',
    summary: 'Exchange the token for a cookie',
    description:
      'For browsers: the cookie (HttpOnly, SameSite=Strict, 12 h) stands for the token from then on. After 10 ' +
      'wrong tokens from one address, or one /64 of IPv6, one more is heard each 6 s.',
    access: 'open',
    body: login,
    answers: {
      200: { description: 'Logged in.', schema: z.object({ loggedIn: z.literal(true) }) },
      401: { description: 'The token is wrong.' },
      429: { description: 'Too many wrong tokens; `Retry-After` says when to come back.' },
    },
    handle: ({ context, request, body }) => {
      const cookie = context.credentials.logIn(body.token, request.socket.remoteAddress ?? '')
      if (cookie === undefined)
        throw new ApiError(401, { code: 'WRONG_TOKEN', message: 'the token is wrong' })
      return { json: { loggedIn: true }, headers: { 'Set-Cookie': cookie } }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/logout',
    id: 'logOut',
    tag: 'dashboard',
    summary: 'End the session and drop its cookie',
    answers: { 200: { description: 'Logged out.', schema: z.object({ loggedIn: z.literal(false) }) } },
    handle: ({ context, request }) => ({
      json: { loggedIn: false },
      headers: { 'Set-Cookie': context.credentials.logOut(request.headers) },
    }),
  }),
]
