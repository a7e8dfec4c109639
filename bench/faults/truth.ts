export interface Person {
  /** The key that came with the mail. */
  key: string
  address: string
}

export interface Taken {
  times: number
  last: number
}

/** What the pretend provider really took, counted before it answers. */
export class Truth {
  private readonly addresses = new Map<string, Taken>()
  private readonly keys = new Map<string, { times: number; address: string }>()
  /** Keys that came with more than one address: a mail was about to go to somebody else. */
  mixed = 0
  mails = 0

  take(people: Person[]): void {
    for (const { key, address } of people) {
      this.mails++
      this.addresses.set(address, { times: (this.addresses.get(address)?.times ?? 0) + 1, last: Date.now() })
      const known = this.keys.get(key)
      if (known && known.address !== address) this.mixed++
      this.keys.set(key, { times: (known?.times ?? 0) + 1, address })
    }
  }
  taken = (): number => this.addresses.size
  doubledKeys = (): number => [...this.keys.values()].filter((key) => key.times > 1).length
  /** Each address with how often it was taken, and when the last time was (the machine's clock, milliseconds). */
  list = (): [string, Taken][] => [...this.addresses]
}
