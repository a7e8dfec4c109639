import { GraphQLError, parse, type DocumentNode } from 'graphql'
import { documentErrors, type DocumentError } from './document-errors.ts'
import { loadSchema } from './schema.ts'

const checkedDocuments = new Map<string, { document: DocumentNode } | { errors: (DocumentError | { message: string })[] }>()

/** Parses and checks a document, once per text. */
export function check(query: string): { document: DocumentNode } | { errors: (DocumentError | { message: string })[] } {
  const known = checkedDocuments.get(query)
  if (known) return known
  const made = checkAfresh(query)
  if (checkedDocuments.size >= 200) checkedDocuments.delete(checkedDocuments.keys().next().value!)
  checkedDocuments.set(query, made)
  return made
}

function checkAfresh(query: string): { document: DocumentNode } | { errors: (DocumentError | { message: string })[] } {
  let document: DocumentNode
  try {
    document = parse(query)
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const words = error.message.replace(/^Syntax Error: /, '')
    return { errors: [{ message: `syntax error, ${words.charAt(0).toLowerCase()}${words.slice(1)}`, ...(error.locations ? { locations: [...error.locations] } : {}) }] }
  }
  const errors = documentErrors(loadSchema().schema, document)
  return errors.length > 0 ? { errors } : { document }
}
