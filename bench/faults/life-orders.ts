import { z } from 'zod'
import { timeShape } from './clock.ts'

// What is said between a run and one life of the app.

export const lifeOrder = z.discriminatedUnion('ask', [
  z.object({
    ask: z.literal('live'),
    env: z.record(z.string(), z.string()),
    time: timeShape,
    /** How long the mail provider may take to answer, in real milliseconds. */
    timeoutMs: z.number(),
    /** Dies by SIGKILL at its n-th write to the ledger, before it or when it is durable. */
    dies: z.object({ when: z.enum(['before', 'after']), n: z.number() }).nullable(),
    diskFull: z.boolean(),
  }),
  z.object({ ask: z.literal('time'), time: timeShape }),
  /** Every write fails as on a full disk, or none does. */
  z.object({ ask: z.literal('disk'), full: z.boolean() }),
  /** Does not die at a write after all. */
  z.object({ ask: z.literal('spare') }),
])
export type LifeOrder = z.infer<typeof lifeOrder>
/** warm: everything is loaded, waiting to be told to live. lives: started, takes work. works: has written something of a campaign. */
export const lifeNews = z.object({ news: z.enum(['warm', 'lives', 'works']) })
export type LifeNews = z.infer<typeof lifeNews>
