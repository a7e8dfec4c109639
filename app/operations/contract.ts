import { z } from 'zod'

/** Why nothing leaves until whoever runs the server confirms it. */
export const fenceCause = z.enum(['restored', 'copied', 'moved', 'elsewhere', 'by_hand'])
export type FenceCause = z.infer<typeof fenceCause>
/** Why nothing leaves for the moment; it goes on by itself. `damaged` does not: the backup must be brought back. */
export const restCause = z.enum(['disk_full', 'opt_outs', 'stopping', 'damaged'])
export type RestCause = z.infer<typeof restCause>

const asks = 'Nothing is sent until whoever runs the server has confirmed that this is right.'
/** For everybody: the owners of the stores read these. */
export const causeWords: Record<FenceCause | RestCause, string> = {
  restored: `The service was brought back from a backup, and mails that have left since then are not in it. ${asks}`,
  copied: `The service runs on a copy of its database. ${asks}`,
  moved: `The public address of the service has changed, so this may be a copy. ${asks}`,
  elsewhere: `Another copy of the service answers at its public address. ${asks}`,
  by_hand: 'Whoever runs the server has stopped all sending.',
  disk_full: 'The disk of the server is full. Sending goes on by itself when there is room again.',
  opt_outs: 'People who have just unsubscribed are being written down first. Sending goes on by itself.',
  stopping: 'The service is being started again. Sending goes on by itself.',
  damaged: 'The database file is damaged. Nothing is sent from it until whoever runs the server has brought back a backup.',
}
/** For whoever runs the server, in the log and on the command line. */
export const fenceHint = 'To lift it: npm run operations -- lift-fence (docs/deploying.md, "After a restore or a move").'
export const damageHint = 'See docs/deploying.md, "Backups".'

/** Said to who wants to begin a campaign while there is still room for what is under way. */
export const diskLowWords = 'The disk of the server is almost full, so no campaign can begin now. Ask whoever runs the server to make room.'

/** GET /api/operations: whether anything keeps mail from leaving, in words, or null. */
export const operationsView = z.object({ rests: z.object({ because: z.enum([...fenceCause.options, ...restCause.options]), words: z.string() }).nullable() })
export type OperationsView = z.infer<typeof operationsView>

/** GET /installation/:nonce. Both are keyed hashes: who does not hold this installation's key learns nothing. */
export const whoIsThere = z.object({ family: z.string(), one: z.string() })
