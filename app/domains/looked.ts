import type { Looked } from '../lib/dns.ts'
import type { Finding } from './contract.ts'

/** A look-up as it is told to the owner. */
export const look = (type: string, name: string, answer: Looked<string>): Finding['looked'][number] => ({ type, name, answer: answer.kind, found: answer.kind === 'found' ? shorten(answer.records) : [] })

/** What is kept of an answer: enough to recognise it. */
export const shorten = (records: string[]): string[] => records.slice(0, 5).map((one) => (one.length > 300 ? `${one.slice(0, 300)}…` : one))
