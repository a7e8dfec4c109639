/** A fault that the caller can understand. `server.ts` turns it into an answer; everything else becomes a 500. */
export class AppError extends Error {
  readonly status: number
  readonly code: string
  /** Field name -> what is wrong with it, in words a store owner reads. */
  readonly fields: Record<string, string>
  constructor(status: number, code: string, message: string, fields: Record<string, string> = {}) {
    super(message)
    this.name = 'AppError'
    this.status = status
    this.code = code
    this.fields = fields
  }
}

/** Unknown, or another shop's: the two must look alike. */
export const notFound = (): AppError => new AppError(404, 'not_found', 'Not found.')
export const invalid = (message: string, fields: Record<string, string> = {}): AppError =>
  new AppError(422, 'invalid', message, fields)
/** Somebody was faster, or the thing is in a state that forbids this. */
export const conflict = (message: string): AppError => new AppError(409, 'conflict', message)
export const unauthorised = (message = 'Not signed in.'): AppError => new AppError(401, 'unauthorised', message)
export const tooMany = (message: string): AppError => new AppError(429, 'too_many', message)
