import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { InvalidValueError, quote } from './invalid-value.ts'

/** Where a text is a certificate itself, and not the name of a file. */
const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/**
 * The certificates (PEM) in a file, or in the text itself. Read here, once, so that a wrong file is found before
 * anything listens: TLS would silently trust nobody.
 *
 * @throws {InvalidValueError}
 */
export function readCertificates(text: string): string {
  const isPem = text.trimStart().startsWith('-----BEGIN ')
  const pem = isPem ? text : readText(text)
  const certificates = pem.match(PEM) ?? []
  const where = isPem ? 'the text' : quote(text)
  if (certificates.length === 0)
    throw new InvalidValueError(`${where} holds no certificate: it must be in PEM form`)
  for (const certificate of certificates) assertReadable(certificate, where)
  return certificates.join('\n')
}

/**
 * The name of a folder that is there.
 *
 * @throws {InvalidValueError}
 */
export function readFolder(path: string): string {
  if (!attempt(path, () => statSync(path)).isDirectory())
    throw new InvalidValueError(`${quote(path)} is not a folder`)
  return path
}

/**
 * What a file holds, without the line's end that editors add.
 *
 * @throws {InvalidValueError}
 */
export function readSecret(path: string): string {
  return readText(path).trim()
}

function readText(path: string): string {
  return attempt(path, () => readFileSync(path, 'utf8'))
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const { code = 'it is not a path' } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'is not there' : `cannot be read: ${code}`
    throw new InvalidValueError(`${quote(path)} ${why}`)
  }
}

function assertReadable(certificate: string, where: string): void {
  try {
    void new X509Certificate(certificate)
  } catch {
    throw new InvalidValueError(`${where} holds a certificate that cannot be read`)
  }
}
