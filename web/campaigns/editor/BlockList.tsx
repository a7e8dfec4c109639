import { closestCenter, DndContext, type DragEndEvent, KeyboardSensor, PointerSensor, useDroppable, useSensor, useSensors } from '@dnd-kit/core'
import { SortableContext, sortableKeyboardCoordinates, useSortable, verticalListSortingStrategy } from '@dnd-kit/sortable'
import type { Block } from '../../../app/templates/contract.ts'
import { readable } from '../../format.ts'
import { Icon, icons } from '../../ui/index.ts'
import { AddBlock } from './AddBlock.tsx'
import { BlockMenu } from './BlockMenu.tsx'
import css from './BlockList.module.css'
import { find, kindWords, labelOf, type Kind, type Place } from './blocks.ts'
import type { BlockVerbs } from './useBlocks.ts'

export const kindIcons: Record<Kind, typeof icons.Title> = {
  heading: icons.Title, text: icons.TextBlock, image: icons.Image, button: icons.ButtonBlock, products: icons.Product, divider: icons.Divide, spacer: icons.Space, columns: icons.Columns,
}

interface Props {
  blocks: Block[]
  selected: string | null
  faulty: Set<string>
  verbs: BlockVerbs
}

/** The mail's blocks in their order: chosen by a press, moved by dragging, by the menu, or with Alt and the arrow keys. */
export function BlockList({ blocks, selected, faulty, verbs }: Props) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 5 } }), useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }))
  const drop = ({ active, over }: DragEndEvent): void => {
    if (!over || active.id === over.id) return
    const empty = parseSide(String(over.id))
    const target = find(blocks, String(over.id))
    if (empty) verbs.move(String(active.id), empty, 0)
    else if (target) verbs.move(String(active.id), target.place, target.index)
  }
  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={drop}>
      <List blocks={blocks} place={{ in: 'mail' }} selected={selected} faulty={faulty} verbs={verbs} />
    </DndContext>
  )
}

function List({ blocks, place, selected, faulty, verbs }: Props & { place: Place }) {
  return (
    <SortableContext items={blocks.map((block) => block.id)} strategy={verticalListSortingStrategy}>
      <ul className={place.in === 'mail' ? css.list : css.inner}>
        {blocks.map((block, index) => (
          <Row key={block.id} block={block} place={place} first={index === 0} last={index === blocks.length - 1} selected={selected} faulty={faulty} verbs={verbs} />
        ))}
      </ul>
    </SortableContext>
  )
}

function Row({ block, place, first, last, selected, faulty, verbs }: { block: Block; place: Place; first: boolean; last: boolean } & Omit<Props, 'blocks'>) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({ id: block.id })
  const label = labelOf(block)
  return (
    <li
      ref={setNodeRef}
      className={isDragging ? css.dragging : undefined}
      style={{ transform: transform ? `translate3d(${transform.x}px, ${transform.y}px, 0)` : undefined, transition }}
    >
      <div className={selected === block.id ? css.rowChosen : css.row}>
        <button type="button" ref={setActivatorNodeRef} {...attributes} {...listeners} className={css.handle} aria-label={`Drag ${kindWords[block.type]}${label ? `: ${label.slice(0, 40)}` : ''}`}>
          <Icon source={icons.Drag} tone="subdued" />
        </button>
        <button
          type="button"
          className={css.name}
          aria-current={selected === block.id}
          onClick={() => verbs.select(block.id)}
          onKeyDown={(event) => {
            if (event.altKey && event.key === 'ArrowUp') verbs.nudge(block.id, -1)
            else if (event.altKey && event.key === 'ArrowDown') verbs.nudge(block.id, 1)
            else if (event.key === 'Delete') verbs.remove(block.id)
            else return
            event.preventDefault()
          }}
        >
          <span className={css.icon}>
            <Icon source={faulty.has(block.id) ? icons.Alert : kindIcons[block.type]} {...(faulty.has(block.id) ? { tone: 'critical' as const } : { tone: 'base' as const })} />
          </span>
          <span className={css.words}>{readable(label) || kindWords[block.type]}</span>
        </button>
        <span className={css.menu}>
          <BlockMenu block={block} place={place} first={first} last={last} verbs={verbs} />
        </span>
      </div>
      {block.type === 'columns' &&
        ([0, 1] as const).map((side) => (
          <div key={side} className={css.side}>
            <div className={css.sideHead}>
              <span>{side === 0 ? 'Left' : 'Right'}</span>
              <AddBlock small inColumn onAdd={(kind) => verbs.add(kind, { in: block.id, side }, block.columns[side]?.length ?? 0)} />
            </div>
            {block.columns[side]?.length ? (
              <List blocks={block.columns[side]} place={{ in: block.id, side }} selected={selected} faulty={faulty} verbs={verbs} />
            ) : (
              <EmptySide id={`${block.id}:${side}`} />
            )}
          </div>
        ))}
    </li>
  )
}

function EmptySide({ id }: { id: string }) {
  const { setNodeRef, isOver } = useDroppable({ id })
  return (
    <div ref={setNodeRef} className={isOver ? css.emptyOver : css.empty}>
      Empty
    </div>
  )
}

function parseSide(id: string): Place | null {
  const [block, side] = id.split(':')
  return block && (side === '0' || side === '1') ? { in: block, side: side === '0' ? 0 : 1 } : null
}
