import { z } from 'zod'
import { answerOrders, startChild } from '../children.ts'
import { chanceOf } from './chance.ts'
import { timeShape, worldClock, type WorldClock } from './clock.ts'
import { Evidence } from './evidence.ts'
import { openSendGrid } from './sendgrid-door.ts'
import { openSmtp } from './smtp-door.ts'
import { Truth, type Person, type Taken } from './truth.ts'
import { treatmentOf, type Treatment } from './answers.ts'

/** Where in a call the process that makes it is killed. */
export const callPoint = z.enum(['arrived', 'taken', 'answered'])
export type CallPoint = z.infer<typeof callPoint>

const order = z.discriminatedUnion('ask', [
  /** Opens a front door for each worker, so that it is known who calls. `lateMs`: longer than anybody listens. */
  z.object({ ask: z.literal('listen'), kind: z.enum(['sendgrid', 'smtp']), doors: z.number(), seed: z.number(), time: timeShape, lateMs: z.number(), web: z.string() }),
  z.object({ ask: z.literal('time'), time: timeShape }),
  /** Kills a process at the n-th call from now at its door. */
  z.object({ ask: z.literal('kill'), door: z.number(), pid: z.number(), point: callPoint, n: z.number() }),
  /** wild: as the seed says. refusing: our key is not valid. calm: well, but for addresses that do not exist. */
  z.object({ ask: z.literal('mood'), mood: z.enum(['wild', 'refusing', 'calm']) }),
  /** How long each answer takes, in real milliseconds: of a call with many people, and with one. */
  z.object({ ask: z.literal('latency'), many: z.number(), one: z.number() }),
  z.object({ ask: z.literal('counts') }),
  z.object({ ask: z.literal('truth') }),
])
const opened = z.object({ ports: z.array(z.number()), publicKey: z.string() })
const counts = z.object({
  calls: z.number(),
  /** Different addresses taken. */
  taken: z.number(),
  /** Mails taken, doubles too. */
  mails: z.number(),
  doubledKeys: z.number(),
  mixed: z.number(),
  /** Calls that came from a worker that had been told to wait, later than what was under way. */
  impolite: z.number(),
  /** Events that wait for their time, that are being told, that were told, and deliveries of them that were refused. */
  untold: z.number(),
  telling: z.number(),
  told: z.number(),
  refused: z.number(),
  treatments: z.record(z.string(), z.number()),
})
export type ProviderCounts = z.infer<typeof counts>

export interface PretendProvider {
  ports: number[]
  publicKey: string
  setTime(time: z.infer<typeof timeShape>): Promise<void>
  killAt(door: number, pid: number, point: CallPoint, n: number): Promise<void>
  mood(mood: 'wild' | 'refusing' | 'calm'): Promise<void>
  latency(many: number, one: number): Promise<void>
  counts(): Promise<ProviderCounts>
  /** Each address that it took. */
  truth(): Promise<Map<string, Taken>>
  stop(): Promise<void>
}

export async function startProvider(options: Omit<Extract<z.infer<typeof order>, { ask: 'listen' }>, 'ask'>): Promise<PretendProvider> {
  const child = startChild('./faults/provider.ts')
  const tell = async (message: z.infer<typeof order>): Promise<void> => void (await child.ask(z.null(), message))
  return {
    ...(await child.ask(opened, { ask: 'listen', ...options })),
    setTime: (time) => tell({ ask: 'time', time }),
    killAt: (door, pid, point, n) => tell({ ask: 'kill', door, pid, point, n }),
    mood: (mood) => tell({ ask: 'mood', mood }),
    latency: (many, one) => tell({ ask: 'latency', many, one }),
    counts: () => child.ask(counts, { ask: 'counts' }),
    truth: async () => new Map(await child.ask(z.array(z.tuple([z.string(), z.object({ times: z.number(), last: z.number() })])), { ask: 'truth' })),
    stop: child.stop,
  }
}

/** What a front door asks about a call, and what it reports. */
export interface House {
  seed: number
  lateMs: number
  clock: WorldClock
  /** A call begins. False: its maker was just killed, nothing must be answered. */
  arrives(door: number): boolean
  refusing(): boolean
  treatment(people: Person[]): Treatment
  /** Waits as long as an answer takes. */
  later(people: Person[], then: () => void): void
  /** Counts the mails as taken. False: the maker was just killed. */
  takes(door: number, people: Person[]): boolean
  answered(door: number): void
  /** A rest was asked for, for so many milliseconds of the run's time. */
  asksForRest(door: number, milliseconds: number): void
}

const underWay = 1_000 // milliseconds (real) in which calls may still arrive that were made before the answer was read

class Provider implements House {
  readonly truth = new Truth()
  readonly clock: WorldClock
  /** Only who tells by events tells anything. */
  readonly evidence: Evidence | null
  readonly seed: number
  readonly lateMs: number
  mood: 'wild' | 'refusing' | 'calm' = 'wild'
  latency = { many: 0, one: 0 }
  private readonly attempts = new Map<string, number>()
  private readonly deaths = new Map<number, { pid: number; point: CallPoint; left: number }>()
  private readonly rests = new Map<number, { asked: number; until: number }>()
  readonly treatments: Record<string, number> = {}
  calls = 0
  impolite = 0

  constructor(options: { kind: 'sendgrid' | 'smtp'; seed: number; lateMs: number; time: z.infer<typeof timeShape>; web: string }) {
    this.seed = options.seed
    this.lateMs = options.lateMs
    this.clock = worldClock(options.time)
    this.evidence = options.kind === 'sendgrid' ? new Evidence(options.seed, this.clock, options.web) : null
  }

  arrives(door: number): boolean {
    this.calls++
    const rest = this.rests.get(door)
    if (rest && Date.now() > rest.asked + underWay && this.clock.now().getTime() < rest.until) this.impolite++
    return !this.dies(door, 'arrived')
  }
  refusing = (): boolean => this.mood === 'refusing'
  treatment(people: Person[]): Treatment {
    const first = people[0]!.address
    const attempt = (this.attempts.get(first) ?? 0) + 1
    this.attempts.set(first, attempt)
    const treatment = this.mood === 'calm' ? 'take' : treatmentOf(this.seed, first, attempt, people.length)
    this.treatments[treatment] = (this.treatments[treatment] ?? 0) + 1
    return treatment
  }
  later(people: Person[], then: () => void): void {
    const { many, one } = this.latency
    const wait = people.length > 1 ? many : one
    if (wait < 2) then()
    else setTimeout(then, wait * (0.5 + chanceOf(this.seed, 'wait', people[0]!.address)))
  }
  takes(door: number, people: Person[]): boolean {
    this.truth.take(people)
    this.evidence?.of(people)
    return !this.dies(door, 'taken')
  }
  answered(door: number): void {
    this.dies(door, 'answered')
  }
  asksForRest(door: number, milliseconds: number): void {
    this.rests.set(door, { asked: Date.now(), until: this.clock.now().getTime() + milliseconds })
  }
  kill(door: number, pid: number, point: CallPoint, left: number): void {
    this.deaths.set(door, { pid, point, left })
    this.rests.delete(door) // a new process cannot know
  }

  private dies(door: number, point: CallPoint): boolean {
    const death = this.deaths.get(door)
    if (!death || death.point !== point || --death.left > 0) return false
    this.deaths.delete(door)
    try {
      process.kill(death.pid, 'SIGKILL')
    } catch {
      return false // died of something else meanwhile
    }
    return true
  }
}

if (import.meta.main && process.send) {
  let house: Provider | null = null
  const there = (): Provider => {
    if (!house) throw new Error('the provider has not been opened')
    return house
  }
  answerOrders(async (message) => {
    const given = order.parse(message)
    switch (given.ask) {
      case 'listen': {
        const opening = (house = new Provider(given))
        const open = given.kind === 'sendgrid' ? openSendGrid : openSmtp
        const ports = await Promise.all(Array.from({ length: given.doors }, (_, door) => open(opening, door)))
        return { ports, publicKey: opening.evidence?.publicKey ?? '' }
      }
      case 'time':
        there().clock.set(given.time)
        return null
      case 'kill':
        there().kill(given.door, given.pid, given.point, given.n)
        return null
      case 'mood':
        there().mood = given.mood
        return null
      case 'latency':
        there().latency = { many: given.many, one: given.one }
        return null
      case 'counts': {
        const { truth, evidence, calls, impolite, treatments } = there()
        return { calls, taken: truth.taken(), mails: truth.mails, doubledKeys: truth.doubledKeys(), mixed: truth.mixed, impolite, untold: evidence?.waiting ?? 0, telling: evidence?.underWay() ?? 0, told: evidence?.told ?? 0, refused: evidence?.refused ?? 0, treatments }
      }
      case 'truth':
        return there().truth.list()
    }
  })
}
