import {
  getNamedType, isAbstractType, isObjectType, Kind, valueFromAST,
  type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLField, type GraphQLNamedType, type GraphQLObjectType, type GraphQLSchema, type SelectionSetNode,
} from 'graphql'
import { NotTaught } from './faults.ts'
import type { Args, Taught } from './taught/teach.ts'

/** A document being read: its schema, fragments and the values of its variables. */
export interface Reading {
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  variables: Record<string, unknown>
}

export function reading(schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown>): Reading {
  const fragments = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
  return { schema, fragments: new Map(fragments.map((one) => [one.name.value, one])), variables }
}

export interface Selected { key: string; name: string; nodes: FieldNode[]; field: GraphQLField<unknown, unknown> | null }

/** The fields that a selection asks of one object type, fragments opened, same keys together; `__typename` has no field. */
export function selectedFields(given: Reading, type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Selected[] {
  const found = new Map<string, Selected>()
  const definitions = type.getFields()
  const open = (set: SelectionSetNode): void => {
    for (const one of set.selections) {
      if (one.kind === Kind.FIELD) {
        const key = one.alias?.value ?? one.name.value
        const known = found.get(key)
        if (known) known.nodes.push(one)
        else found.set(key, { key, name: one.name.value, nodes: [one], field: definitions[one.name.value] ?? null })
        continue
      }
      const fragment = one.kind === Kind.FRAGMENT_SPREAD ? given.fragments.get(one.name.value) : one
      if (fragment && applies(given.schema, fragment.typeCondition?.name.value, type)) open(fragment.selectionSet)
    }
  }
  for (const set of sets) open(set)
  return [...found.values()]
}

export const selectionSets = (selected: Selected): SelectionSetNode[] => selected.nodes.flatMap((node) => node.selectionSet ?? [])

/** The arguments as given, variables put in; undefined ones are left out. */
export function argumentsOf(given: Reading, selected: Selected): Args {
  const args: Record<string, unknown> = {}
  for (const argument of selected.field?.args ?? []) {
    const node = selected.nodes[0]?.arguments?.find((one) => one.name.value === argument.name)
    const value = node ? valueFromAST(node.value, argument.type, given.variables) : undefined
    if (value !== undefined) args[argument.name] = value
    else if (argument.defaultValue !== undefined) args[argument.name] = argument.defaultValue
  }
  return args
}

export const objectTypes = (schema: GraphQLSchema, type: GraphQLNamedType): readonly GraphQLObjectType[] =>
  isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : []

export const isConnection = (name: string): boolean => name.endsWith('Connection')
const scaffold = (name: string): boolean => isConnection(name) || name.endsWith('Edge') || name === 'PageInfo'
const connectionArgs = new Set(['first', 'last', 'after', 'before', 'query', 'reverse', 'sortKey'])

/** Refuses by name what a selection asks and the simulator was not taught: fields and arguments, before anything is done. */
export function refuseUntaught(given: Reading, taught: Taught, type: GraphQLObjectType, sets: readonly SelectionSetNode[]): void {
  for (const selected of selectedFields(given, type, sets)) {
    if (!selected.field || selected.name.startsWith('__')) continue
    const place = `${type.name}.${selected.name}`
    const entry = taught[type.name]?.[selected.name]
    if (!entry && !scaffold(type.name)) throw new NotTaught(place)
    for (const argument of selected.nodes[0]?.arguments ?? []) {
      const name = argument.name.value
      if (scaffold(type.name) || !entry) continue
      if (entry.kind === 'connection' ? !connectionArgs.has(name) && !entry.connection.args?.includes(name) : !entry.args.has(name)) throw new NotTaught(`the argument ${name} of ${place}`)
    }
    if (scaffold(type.name) && !['nodes', 'edges', 'node', 'cursor', 'pageInfo', 'hasNextPage', 'hasPreviousPage', 'startCursor', 'endCursor'].includes(selected.name)) throw new NotTaught(place)
    const inner = selectionSets(selected)
    if (inner.length === 0) continue
    const named = getNamedType(selected.field.type)
    // Of an interface only the kinds that exist here can come.
    for (const possible of objectTypes(given.schema, named)) {
      if (!isAbstractType(named) || taught[possible.name]) refuseUntaught(given, taught, possible, inner)
    }
  }
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true
  const wanted = schema.getType(condition)
  return isAbstractType(wanted) && schema.isSubType(wanted, type)
}
