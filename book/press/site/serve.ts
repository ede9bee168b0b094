/**
 * Serves the site on this machine alone.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { CannotRun } from '../../../lib/errors.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}
/** The port that is tried first, so that the address usually stays the same. */
const USUAL_PORT = 8413

function fileOf(folder: string, url: string): string | undefined {
  const path = join(folder, normalize(decodeURIComponent(new URL(url, 'http://book').pathname)))
  const file = path.endsWith('/') ? `${path}index.html` : path
  return file.startsWith(folder) && existsSync(file) && statSync(file).isFile() ? file : undefined
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/**
 * Serves a folder on the loopback.
 * @param port the one that is wanted; without it, the usual one or any that is free
 * @returns the server and its address
 * @throws CannotRun when the port is taken
 */
export async function serve(
  folder: string,
  port?: number,
): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((request, response) => {
    let file: string | undefined
    try {
      file = fileOf(folder, request.url ?? '/')
    } catch {
      // A malformed escape in the path: there is no file of that name.
    }
    response.writeHead(file ? 200 : 404, {
      'content-type': TYPES[extname(file ?? '')] ?? 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    })
    response.end(file ? readFileSync(file) : 'There is no such page.\n')
  })
  try {
    const taken = await listen(server, port ?? USUAL_PORT).catch(error => {
      if (port === undefined && error.code === 'EADDRINUSE') return listen(server, 0)
      throw error
    })
    return { server, address: `http://127.0.0.1:${taken}/` }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CannotRun(`port ${port} cannot be used (${code})\nhint: leave --port away, and a free one is taken`)
  }
}
