import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Served {
  url: string
  port: number
  process: ChildProcess
  /** What it wrote to its log. */
  log(): string
  stop(signal?: NodeJS.Signals): Promise<void>
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** `gedanken serve` over a folder; GEDANKEN names another command than the source tree's own. */
export async function startServer(folder: string, port?: number, options: string[] = []): Promise<Served> {
  const chosen = port ?? (await freePort())
  const runs = join(folder, 'runs')
  mkdirSync(runs, { recursive: true })
  const command = process.env.GEDANKEN ?? join(root, '.venv/bin/gedanken')
  const database = `sqlite:///${join(folder, 'history.sqlite')}`
  const words = ['serve', '--port', String(chosen), '--database', database, '--runs', runs, ...options]
  const child = spawn(command, words, {
    cwd: folder,
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (piece: Buffer) => {
      log += piece.toString()
    })
  const url = `http://127.0.0.1:${chosen}`
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 600) throw new Error(`the server did not start:\n${log}`)
    const answer = await fetch(`${url}/health`).catch(() => null)
    if (answer?.ok) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return {
    url,
    port: chosen,
    process: child,
    log: () => log,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      await gone
    },
  }
}
