import { writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plan } from './args.ts'
import type { Time, WorldClock } from './clock.ts'
import { fatesOfWorkers, type Fate } from './fates.ts'
import { Nursery, type Life } from './lives.ts'
import type { PretendProvider } from './provider.ts'

const fatedFor = 800 // milliseconds of work after which a life ends whose moment does not come
const idleFor = 5_000 // milliseconds after which a life ends that finds no work
const leaseOver = 130_000 // milliseconds of the run's time after which every lease of a frozen process is over
const askedFor = 30_000 // milliseconds within which a process ends that was asked to

interface Options {
  plan: Plan
  random: () => number
  provider: PretendProvider
  clock: WorldClock
  timeoutMs: number
  /** What a process runs, and where to what it says goes. */
  file: string
  log: number
  webPort: number
  workers: number
  /** Settings of a worker behind a door of the provider. */
  env: (door: number) => Record<string, string>
}
type Place = { role: 'web' } | { role: 'worker'; door: number }

/** The processes of a run: one that serves the web and some that work. Whoever dies has a successor at once. */
export class Stage {
  kills = 0
  killsWhileSending = 0
  frozen = 0
  asked = 0
  by: Record<string, number> = {}
  faults: string[] = []
  private diskFull = false
  /** Share of the audience that is still to be sent; kept by who looks. */
  left = 1
  private doomed = 0
  private over = false
  private readonly on = new Map<Place, Life>()
  private readonly started = new Set<Place>()
  private readonly places: Place[]
  private readonly nursery: Nursery
  private readonly fates: Generator<Fate, never>
  private readonly options: Options
  private turns: Promise<void>[] = []

  constructor(options: Options) {
    this.options = options
    this.places = [{ role: 'web' }, ...Array.from({ length: options.workers }, (_, door): Place => ({ role: 'worker', door }))]
    this.nursery = new Nursery({ file: options.file, log: options.log, env: { NODE_COMPILE_CACHE: join(dirname(options.file), 'cache') }, spares: options.plan.kills > 0 ? 2 : 0 })
    this.fates = fatesOfWorkers(options.random)
  }

  open(): void {
    this.turns = this.places.map((place) => this.inhabit(place))
  }

  async setTime(time: Time): Promise<void> {
    this.options.clock.set(time)
    await this.options.provider.setTime(time)
    for (const life of this.on.values()) life.order({ ask: 'time', time })
  }

  /** Everybody is there and nobody is about to die. */
  calm = (): boolean => this.on.size === this.places.length && this.started.size === this.on.size

  /** Lets every write of every process fail, or no longer. */
  setDisk(full: boolean): void {
    this.diskFull = full
    for (const life of this.on.values()) life.order({ ask: 'disk', full })
  }

  /** Asks everybody to end, and looks how they do it. */
  async close(): Promise<void> {
    this.over = true
    this.nursery.enough()
    for (const [place, life] of this.on) {
      life.order({ ask: 'spare' })
      life.kill('SIGCONT')
      void this.ask(life, place)
    }
    await Promise.all(this.turns)
    await this.nursery.close()
  }

  private async inhabit(place: Place): Promise<void> {
    while (!this.over) {
      const life = await this.nursery.next()
      if (this.over) break
      this.on.set(place, life)
      const fate = this.fateFor(place)
      await this.doom(place, life, fate)
      this.note(place, `process ${life.pid} begins; its fate: ${JSON.stringify(fate)}`)
      void life.lives.then(() => this.note(place, 'takes work'))
      void life.works.then(() => this.note(place, 'has written'))
      const bornFull = this.diskFull
      life.order({ ask: 'live', env: this.envOf(place), time: this.options.clock.time(), timeoutMs: this.options.timeoutMs, dies: fate?.how === 'write' ? { when: fate.when, n: fate.n } : null, diskFull: this.diskFull })
      void life.lives.then(() => this.on.get(place) === life && this.started.add(place))
      const { signal, code } = await life.ended
      const lived = this.started.has(place)
      this.note(place, `ended by ${signal ?? `exit code ${code}`}`)
      this.on.delete(place)
      this.started.delete(place)
      if (this.over) break
      if (signal === 'SIGKILL' && fate && fate.how !== 'asked') this.count(place, fate)
      else if (bornFull && !lived && code === 1) {
        // A process that begins while nothing can be written says so and ends; whoever looks after it starts it again, as we do.
        if (fate && fate.how !== 'asked') this.doomed--
      } else if (!(fate?.how === 'asked' && code === 0)) this.faults.push(`a process (${place.role}) ended by itself: ${signal ?? `exit code ${code}`}`)
    }
  }

  private count(place: Place, fate: Fate): void {
    this.kills++
    if (this.left > 0) this.killsWhileSending++
    const name = place.role === 'web' ? 'web, random' : fate.how === 'write' ? `${fate.when} a write` : fate.how === 'call' ? `call ${fate.point}` : fate.how
    this.by[name] = (this.by[name] ?? 0) + 1
  }

  /** For whoever looks into a run that failed. */
  private note(place: Place, what: string): void {
    writeSync(this.options.log, `${(performance.now() / 1000).toFixed(2)} ${place.role}${place.role === 'worker' ? ` ${place.door}` : ''}: ${what}\n`)
  }

  private fateFor(place: Place): Fate | null {
    const { plan, random } = this.options
    if (this.doomed >= plan.kills) {
      this.nursery.enough()
      return null
    }
    const fate: Fate = place.role === 'web' ? { how: 'time', after: 2_000 + Math.floor(random() * 8_000) } : this.fates.next().value
    if (fate.how !== 'asked') this.doomed++
    return fate
  }

  /** Prepares the end of a life that has not begun. */
  private async doom(place: Place, life: Life, fate: Fate | null): Promise<void> {
    if (!fate) return
    const later = (milliseconds: number, work: () => void): void => {
      const timer = setTimeout(work, milliseconds)
      void life.ended.then(() => clearTimeout(timer))
    }
    const end = (): void => void (this.over || life.kill('SIGKILL'))
    if (fate.how === 'call' && place.role === 'worker') await this.options.provider.killAt(place.door, life.pid, fate.point, fate.n)
    void life.lives.then(() => later(idleFor, fate.how === 'asked' ? () => void this.ask(life, place) : end))
    void (place.role === 'web' ? life.lives : life.works).then(() => {
      if (fate.how === 'time') later(fate.after, end)
      else if (fate.how === 'asked') later(fate.after, () => void this.ask(life, place))
      else if (fate.how !== 'frozen') later(fatedFor, end)
      else
        later(fate.after, () => {
          if (this.over) return
          this.frozen++
          life.kill('SIGSTOP')
          later(leaseOver / this.options.clock.time().factor, () => {
            life.kill('SIGCONT')
            later(500 + fate.after, end)
          })
        })
    })
  }

  private async ask(life: Life, place: Place): Promise<void> {
    await life.lives // before that nobody listens
    const timer = setTimeout(() => {
      this.faults.push(`a process (${place.role}) that was asked to end was still there after ${askedFor / 1000} s`)
      life.kill('SIGKILL')
    }, askedFor)
    life.kill('SIGTERM')
    const { signal, code } = await life.ended
    clearTimeout(timer)
    if (code === 0) this.asked++
    else if (this.over) this.faults.push(`a process (${place.role}) that was asked to end did so by ${signal ?? `exit code ${code}`}`)
  }

  private envOf(place: Place): Record<string, string> {
    const { env, webPort } = this.options
    return { ...env(place.role === 'worker' ? place.door : 0), ROLE: place.role, PORT: String(place.role === 'web' ? webPort : 0), MAIL_PER_SECOND: '10000' }
  }
}
