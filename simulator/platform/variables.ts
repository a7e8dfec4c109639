import { coerceInputValue, isInputType, isNonNullType, print, typeFromAST, type GraphQLSchema, type OperationDefinitionNode } from 'graphql'

const longest = 250

/** What is wrong with the values of an operation's variables, in the platform's shape; empty when nothing is. */
export function variableErrors(schema: GraphQLSchema, operation: OperationDefinitionNode, values: Record<string, unknown>): Record<string, unknown>[] {
  const errors: Record<string, unknown>[] = []
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value
    const type = typeFromAST(schema, definition.type)
    if (!isInputType(type)) continue
    const value = values[name]
    const problems: { path: (string | number)[]; explanation: string }[] = []
    if (value === undefined || value === null) {
      if (isNonNullType(type) && (value === null || !definition.defaultValue)) problems.push({ path: [], explanation: 'Expected value to not be null' })
    } else {
      coerceInputValue(value, type, (path, invalid, error) => problems.push({ path: [...path], explanation: explain(error.message, invalid) }))
    }
    const location = definition.loc ? [{ line: definition.loc.startToken.line, column: definition.loc.startToken.column }] : []
    if (problems.length > 0) {
      const places = problems.map((one) => (one.path.length > 0 ? `${one.path.join('.')} (${one.explanation})` : one.explanation)).join(', ')
      errors.push({
        message: `Variable $${name} of type ${print(definition.type)} was provided invalid value${problems[0]!.path.length > 0 ? ` for ${places}` : ''}`,
        locations: location,
        extensions: { code: 'INVALID_VARIABLE', value: value ?? null, problems },
      })
    }
    const long = longArray(value, [name])
    if (long) {
      errors.push({
        message: `The input array size of ${long.size} is greater than the maximum allowed of ${longest}.`,
        locations: location, path: long.path, extensions: { code: 'MAX_INPUT_SIZE_EXCEEDED' },
      })
    }
  }
  return errors
}

function explain(message: string, invalid: unknown): string {
  if (/was not provided|to be non-nullable|not to be null/.test(message)) return 'Expected value to not be null'
  const unknown = /Field "(\w+)" is not defined by type "(\w+)"/.exec(message)
  if (unknown) return `Field is not defined on ${unknown[2]}`
  if (/does not exist in "(\w+)" enum/.test(message)) return `Expected "${String(invalid)}" to be one of the values of ${/in "(\w+)" enum/.exec(message)![1]}`
  return message
}

function longArray(value: unknown, path: (string | number)[]): { size: number; path: (string | number)[] } | null {
  if (Array.isArray(value)) {
    if (value.length > longest) return { size: value.length, path }
    return value.map((inner, at) => longArray(inner, [...path, at])).find((found) => found !== null) ?? null
  }
  if (typeof value !== 'object' || value === null) return null
  return Object.entries(value).map(([key, inner]) => longArray(inner, [...path, key])).find((found) => found !== null) ?? null
}
