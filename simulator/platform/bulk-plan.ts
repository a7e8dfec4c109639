import { getNamedType, isAbstractType, isLeafType, isListType, isNonNullType, isObjectType, Kind, type GraphQLNamedType, type GraphQLObjectType, type SelectionSetNode } from 'graphql'
import { check } from './document.ts'
import { NotTaught } from './faults.ts'
import { personalFields } from './personal.ts'
import { loadSchema } from './schema.ts'
import { argumentsOf, isConnection, reading, refuseUntaught, selectedFields, selectionSets, type Reading } from './selection.ts'
import { taught } from './taught/index.ts'
import type { Args, Connection, Context } from './taught/teach.ts'

/** How one kind of object becomes a line: its own fields, and the lists below it that become lines of their own. */
export interface Shape {
  /** Null when a field that may never be null was held back. */
  project(item: unknown): Record<string, unknown> | null
  children: BulkChild[]
}
export interface BulkChild { connection: Connection<unknown, unknown>; args: Args; place: string; shape: Shape }
export interface BulkPlan { root: BulkChild; denied: boolean }

const mostConnections = 5
const deepest = 2

/**
 * Turns the text of a bulk query into a plan, once, so that half a million lines need no interpreter. The text is checked against the
 * real schema and against the platform's rules for bulk reads; what breaks them comes back as a message. Throws NotTaught.
 */
export function compileBulk(context: Context, text: string): BulkPlan | { message: string } {
  const checked = check(text)
  if ('errors' in checked) return { message: `Invalid bulk query: ${checked.errors[0]!.message}` }
  const operations = checked.document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
  const operation = operations[0]
  if (operations.length !== 1 || operation?.operation !== 'query') return { message: 'Invalid bulk query: exactly one query is needed' }
  if ((operation.variableDefinitions?.length ?? 0) > 0) return { message: 'Invalid bulk query: variables are not allowed' }
  const { schema } = loadSchema()
  const read = reading(schema, checked.document, {})
  const root = schema.getQueryType()!
  refuseUntaught(read, taught(), root, [operation.selectionSet])
  const compiler = new Compiler(context, read)
  try {
    const roots = selectedFields(read, root, [operation.selectionSet])
    if (roots.length !== 1 || !isConnection(getNamedType(roots[0]!.field!.type).name)) throw new Broken('Bulk queries must have exactly one top-level connection')
    const child = compiler.connection(root, roots[0]!, 0)
    if (compiler.connections > mostConnections) throw new Broken(`Bulk queries cannot contain more than ${mostConnections} connections`)
    return { root: child, denied: compiler.denied }
  } catch (error) {
    if (error instanceof Broken) return { message: error.message }
    throw error
  }
}

class Broken extends Error {}

type Selected = ReturnType<typeof selectedFields>[number]
type Write = (item: unknown, row: Record<string, unknown>) => boolean

class Compiler {
  connections = 0
  denied = false
  readonly #context: Context
  readonly #read: Reading

  constructor(context: Context, read: Reading) {
    this.#context = context
    this.#read = read
  }

  connection(parent: GraphQLObjectType, selected: Selected, depth: number): BulkChild {
    this.connections += 1
    if (depth > deepest) throw new Broken('Bulk queries cannot contain connections with a nesting depth greater than 2.')
    this.#checkAccess(parent, selected)
    const place = `${parent.name}.${selected.name}`
    const entry = taught()[parent.name]?.[selected.name]
    if (entry?.kind !== 'connection') throw new NotTaught(`${place} in bulk`)
    const type = getNamedType(selected.field!.type)
    if (!isObjectType(type)) throw new NotTaught(`${place} in bulk`)
    const edges = this.#only(selectedFields(this.#read, type, selectionSets(selected)), 'edges')
    const edge = getNamedType(edges.field!.type)
    if (!isObjectType(edge)) throw new NotTaught(`${edge.name} in bulk`)
    const node = this.#only(selectedFields(this.#read, edge, selectionSets(edges)), 'node')
    const nodeType = getNamedType(node.field!.type)
    if (!isObjectType(nodeType)) throw new NotTaught(`lists of ${nodeType.name} in bulk`)
    const shape = this.shape(nodeType, selectionSets(node), depth)
    return { connection: entry.connection, args: argumentsOf(this.#read, selected), place, shape }
  }

  shape(type: GraphQLObjectType, sets: readonly SelectionSetNode[], depth: number): Shape {
    const writes: Write[] = []
    const children: BulkChild[] = []
    const selection = selectedFields(this.#read, type, sets)
    for (const selected of selection) {
      if (selected.nodes.some((node) => (node.directives?.length ?? 0) > 0)) throw new NotTaught('directives in bulk')
      if (selected.name === '__typename') {
        writes.push((_, row) => { row[selected.key] = type.name; return true })
      } else if (isConnection(getNamedType(selected.field!.type).name)) {
        if (depth < 0) throw new NotTaught(`${type.name}.${selected.name} inside an object in bulk`)
        if (!selection.some((one) => one.key === 'id')) throw new Broken("The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of 'ID' return type.")
        children.push(this.connection(type, selected, depth + 1))
      } else {
        writes.push(this.#writer(type, selected))
      }
    }
    return {
      children,
      project(item) {
        const row: Record<string, unknown> = {}
        for (const write of writes) if (!write(item, row)) return null
        return row
      },
    }
  }

  #writer(type: GraphQLObjectType, selected: Selected): Write {
    this.#checkAccess(type, selected)
    const { key, name } = selected
    const field = selected.field!
    const entry = taught()[type.name]?.[name]
    if (entry?.kind !== 'value') throw new NotTaught(`${type.name}.${name} in bulk`)
    const required = isNonNullType(field.type)
    if (!this.#context.store.protectedDataApproved && personalFields[type.name]?.has(name)) {
      return (_, row) => { row[key] = null; return !required }
    }
    const args = argumentsOf(this.#read, selected)
    const { resolve } = entry
    const context = this.#context
    const named = getNamedType(field.type)
    const put = (row: Record<string, unknown>, value: unknown): boolean => {
      row[key] = value ?? null
      return !(required && (value === null || value === undefined))
    }
    if (isLeafType(named)) return (item, row) => put(row, resolve(item, args, context))
    const project = this.#projection(named, selectionSets(selected))
    const list = isListType(isNonNullType(field.type) ? field.type.ofType : field.type)
    if (list) return (item, row) => put(row, (resolve(item, args, context) as unknown[] | null)?.map((one) => project(one)))
    return (item, row) => {
      const value = resolve(item, args, context)
      return put(row, value === null || value === undefined ? null : project(value))
    }
  }

  /** An object inside a line; one of an interface says itself what it is. */
  #projection(named: GraphQLNamedType, sets: readonly SelectionSetNode[]): (item: unknown) => unknown {
    if (isObjectType(named)) {
      const shape = this.shape(named, sets, -1)
      return (item) => shape.project(item)
    }
    if (!isAbstractType(named)) throw new NotTaught(`${named.name} in bulk`)
    const shapes = new Map(this.#read.schema.getPossibleTypes(named).filter((one) => taught()[one.name]).map((one) => [one.name, this.shape(one, sets, -1)]))
    return (item) => {
      const name = (item as { __typename: string }).__typename
      const shape = shapes.get(name)
      if (!shape) throw new NotTaught(`${name} in bulk`)
      return shape.project(item)
    }
  }

  #checkAccess(type: GraphQLObjectType, selected: Selected): void {
    const access = loadSchema().accessOf(type.name, selected.name, selected.field!.type)
    if (access && !access.scopes.some((scope) => this.#context.scopes.has(scope))) this.denied = true
  }

  #only(selection: Selected[], wanted: 'edges' | 'node'): Selected {
    if (selection.some((one) => one.name === 'nodes')) throw new Broken("Bulk queries must use 'edges { node }' instead of 'nodes'.")
    const found = selection.find((one) => one.name === wanted)
    if (!found) throw new Broken(`Bulk queries must select '${wanted}' in a connection`)
    return found
  }
}
