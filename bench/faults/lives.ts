import { fork, type ChildProcess } from 'node:child_process'
import { lifeNews, type LifeOrder } from './life-orders.ts'

/** A process of the real app (life.ts). */
export interface Life {
  pid: number
  order(order: LifeOrder): void
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void
  warm: Promise<void>
  lives: Promise<void>
  works: Promise<void>
  ended: Promise<{ signal: string | null; code: number | null }>
}

/** Keeps some processes loaded and waiting, so that the next life begins at once when one ends. */
export class Nursery {
  private readonly waiting: Life[] = []
  private readonly born = new Set<ChildProcess>()
  private closed = false
  private readonly file: string
  private readonly log: number
  private readonly env: Record<string, string>
  private readonly spares: number

  /** @param options `file`: what a process runs. `log`: a file descriptor for what they say. */
  constructor(options: { file: string; log: number; env: Record<string, string>; spares: number }) {
    this.file = options.file
    this.log = options.log
    this.env = options.env
    this.spares = options.spares
    this.fill()
  }

  async next(): Promise<Life> {
    const life = this.waiting.shift() ?? this.bear()
    this.fill()
    await life.warm
    return life
  }

  /** No more are kept waiting. */
  enough(): void {
    this.closed = true
    for (const life of this.waiting.splice(0)) life.kill('SIGKILL')
  }

  /** Ends whatever is left. */
  async close(): Promise<void> {
    this.enough()
    await Promise.all([...this.born].map((child) => new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })))
  }

  private fill(): void {
    while (!this.closed && this.waiting.length < this.spares) this.waiting.push(this.bear())
  }

  private bear(): Life {
    const child = fork(this.file, { env: { ...process.env, ...this.env }, execArgv: [], stdio: ['ignore', this.log, this.log, 'ipc'] })
    this.born.add(child)
    const ended = new Promise<{ signal: string | null; code: number | null }>((resolve) => child.once('exit', (code, signal) => {
      this.born.delete(child)
      resolve({ signal, code })
    }))
    child.on('error', () => undefined)
    const heard = (news: 'warm' | 'lives' | 'works'): Promise<void> =>
      new Promise((resolve) => {
        child.on('message', (message) => lifeNews.parse(message).news === news && resolve())
        child.once('exit', () => resolve())
      })
    return { pid: child.pid ?? 0, order: (order) => void (child.connected && child.send(order, () => undefined)), kill: (signal) => void child.kill(signal), warm: heard('warm'), lives: heard('lives'), works: heard('works'), ended }
  }
}
