import { z } from 'zod'
import { segmentView } from '../../app/segments/contract.ts'

export const segmentsReply = z.object({ segments: z.array(segmentView) })
