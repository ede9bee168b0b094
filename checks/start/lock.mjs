/**
 * One at a time: a process that installs in a checkout holds an abstract socket, which exists exactly as long as a
 * process has it open. There is nothing to clean up, whatever happens, and the kernel wakes those that wait.
 */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { connect, createServer } from 'node:net'

/** The name of a folder's lock, the same by whatever path the folder is reached. @see unix(7) */
function nameOf(folder) {
  const { dev, ino } = statSync(folder)
  const hash = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 16)
  return `\0containers-from-clone.start.${hash}`
}

/** Takes the lock if it is free. */
const take = name =>
  new Promise((resolve, reject) => {
    const server = createServer(() => {})
    server.once('error', error => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
    server.listen(name, () => resolve(server))
  })

/** Waits until the process that holds the lock ends. */
const ended = name =>
  new Promise(resolve => {
    // ECONNREFUSED, ECONNRESET: it has ended already.
    const socket = connect(name).on('error', () => {})
    socket.on('close', resolve).resume()
  })

/**
 * Does something while no other process does it in the same folder.
 * @param tell is called if another process is at it and has to be waited for
 * @param work gets the descriptor of the lock: a child that inherits it goes on holding it after our own end
 */
export async function withLock(folder, tell, work) {
  const name = nameOf(folder)
  let server = await take(name)
  if (!server) tell()
  while (!server) {
    await ended(name)
    server = await take(name)
  }
  const clients = new Set()
  server.on('connection', client => {
    clients.add(client.on('error', () => {}).resume())
  })
  try {
    return await work(server._handle.fd)
  } finally {
    for (const client of clients) client.destroy()
    server.close()
  }
}
