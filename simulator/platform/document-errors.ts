import { Kind, specifiedRules, validate, visit, type ASTNode, type DocumentNode, type GraphQLError, type GraphQLSchema, type ValidationRule } from 'graphql'

export interface DocumentError { message: string; locations?: { line: number; column: number }[]; path: string[]; extensions: Record<string, unknown> }

/** Checks a document against the schema and words the faults as the platform does (its wording is not graphql-js's). */
export function documentErrors(schema: GraphQLSchema, document: DocumentNode): DocumentError[] {
  if (validate(schema, document).length === 0) return []
  const seen = new Set<string>()
  return specifiedRules.flatMap((rule) => validate(schema, document, [rule]).map((error) => reword(rule, error, document))).filter((error) => {
    const key = JSON.stringify([error.message, error.locations])
    return seen.has(key) ? false : seen.add(key)
  })
}

type Words = { message: string; extensions: Record<string, unknown> }

function reword(rule: ValidationRule, error: GraphQLError, document: DocumentNode): DocumentError {
  const path = pathOf(document, error.nodes?.[0])
  const words = wordings[rule.name]?.(error.message, path, error) ?? { message: error.message, extensions: { code: rule.name.replace(/Rule$/, '').replace(/^./, (c) => c.toLowerCase()) } }
  return { ...words, ...(error.locations ? { locations: error.locations.map(({ line, column }) => ({ line, column })) } : {}), path }
}

const quoted = (text: string): string[] => [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1]!.replace(/^\$/, ''))

const wordings: Record<string, (message: string, path: string[], error: GraphQLError) => Words | undefined> = {
  FieldsOnCorrectTypeRule(message) {
    const [fieldName, typeName] = quoted(message)
    return { message: `Field '${fieldName}' doesn't exist on type '${typeName}'`, extensions: { code: 'undefinedField', typeName, fieldName } }
  },
  ProvidedRequiredArgumentsRule(message) {
    const [name, argument] = quoted(message)
    return {
      message: `Field '${name}' is missing required arguments: ${argument}`,
      extensions: { code: 'missingRequiredArguments', className: 'Field', name, arguments: argument },
    }
  },
  KnownArgumentNamesRule(message) {
    const [argumentName, place = ''] = quoted(message)
    const name = place.split('.').at(-1)
    return { message: `Field '${name}' doesn't accept argument '${argumentName}'`, extensions: { code: 'argumentNotAccepted', name, typeName: 'Field', argumentName } }
  },
  ValuesOfCorrectTypeRule(message, path, error) {
    const missing = /^Field "(\w+)\.(\w+)" of required type "([^"]+)" was not provided/.exec(message)
    if (missing) {
      const [, inputObjectType, argumentName, argumentType] = missing
      return {
        message: `Argument '${argumentName}' on InputObject '${inputObjectType}' is required. Expected type ${argumentType}`,
        extensions: { code: 'missingRequiredInputObjectAttribute', argumentName, argumentType, inputObjectType },
      }
    }
    const unknown = /^Field "(\w+)" is not defined by type "(\w+)"/.exec(message)
    if (unknown) {
      const [, argumentName, name] = unknown
      return { message: `InputObject '${name}' doesn't accept argument '${argumentName}'`, extensions: { code: 'argumentNotAccepted', name, typeName: 'InputObject', argumentName } }
    }
    const argumentName = path.at(-1)
    const place = path.at(-2)
    const expected = /"(\w+!?)"|^(\w+) cannot represent|expected (?:value of )?type "?([\w!]+)/i.exec(message)
    const value = error.nodes?.[0]?.loc ? error.nodes[0].loc.source.body.slice(error.nodes[0].loc.start, error.nodes[0].loc.end) : ''
    return {
      message: `Argument '${argumentName}' on Field '${place}' has an invalid value (${value}). Expected type '${expected?.[1] ?? expected?.[2] ?? expected?.[3] ?? ''}'.`,
      extensions: { code: 'argumentLiteralsIncompatible', typeName: 'Field', argumentName },
    }
  },
  ScalarLeafsRule(message) {
    const [name, type = ''] = quoted(message)
    const typeName = type.replace(/[[\]!]/g, '')
    return message.includes('must have a selection')
      ? {
          message: `Field must have selections (field '${name}' returns ${typeName} but has no selections. Did you mean '${name} { ... }'?)`,
          extensions: { code: 'selectionMismatch', nodeName: `field '${name}'`, typeName },
        }
      : { message: `Selections can't be made on scalars (field '${name}' returns ${typeName} but has selections)`, extensions: { code: 'selectionMismatch', nodeName: `field '${name}'`, typeName } }
  },
  NoUnusedVariablesRule(message) {
    const [variableName, operation] = quoted(message)
    return { message: `Variable $${variableName} is declared by ${operation ?? 'anonymous query'} but not used`, extensions: { code: 'variableNotUsed', variableName } }
  },
  NoUndefinedVariablesRule(message) {
    const [variableName, operation] = quoted(message)
    return { message: `Variable $${variableName} is used by ${operation ?? 'anonymous query'} but not declared`, extensions: { code: 'variableNotDefined', variableName } }
  },
  VariablesInAllowedPositionRule(message, path) {
    const [variableName, is, expected] = quoted(message)
    return {
      message: `Type mismatch on variable $${variableName} and argument ${path.at(-1)} (${is} / ${expected})`,
      extensions: { code: 'variableMismatch', variableName, typeName: is, argumentName: path.at(-1) },
    }
  },
  KnownTypeNamesRule(message) {
    const [typeName] = quoted(message)
    return { message: `No such type ${typeName}, so it can't be a fragment condition or an input type`, extensions: { code: 'undefinedType', typeName } }
  },
  KnownFragmentNamesRule(message) {
    const [fragmentName] = quoted(message)
    return { message: `Fragment ${fragmentName} was used, but not defined`, extensions: { code: 'useAndDefineFragment', fragmentName } }
  },
}

/** ["query Name", "shop", "nope"], and the argument inside. */
function pathOf(document: DocumentNode, wanted: ASTNode | undefined): string[] {
  const steps: string[] = []
  let found: string[] | undefined
  visit(document, {
    enter(node) {
      if (found) return false
      const step = stepOf(node)
      if (step !== null) steps.push(step)
      if (node === wanted) found = [...steps]
      return undefined
    },
    leave(node) {
      if (!found && stepOf(node) !== null) steps.pop()
    },
  })
  return found ?? []
}

function stepOf(node: ASTNode): string | null {
  switch (node.kind) {
    case Kind.OPERATION_DEFINITION: return node.name ? `${node.operation} ${node.name.value}` : node.operation
    case Kind.FRAGMENT_DEFINITION: return `fragment ${node.name.value}`
    case Kind.INLINE_FRAGMENT: return `... on ${node.typeCondition?.name.value ?? ''}`
    case Kind.FIELD: return node.alias?.value ?? node.name.value
    case Kind.ARGUMENT:
    case Kind.OBJECT_FIELD: return node.name.value
    default: return null
  }
}
