// The package carries no types. Only what compile.ts uses.
declare module 'mjml' {
  export interface MjmlFault {
    line: number
    message: string
    tagName: string
    formattedMessage: string
  }
  export interface MjmlOptions {
    validationLevel?: 'strict' | 'soft' | 'skip'
    keepComments?: boolean
    ignoreIncludes?: boolean
    /** Web fonts to load when their names occur; {} loads none. */
    fonts?: Record<string, string>
  }
  export default function mjml2html(source: string, options?: MjmlOptions): Promise<{ html: string; errors: MjmlFault[] }>
}
