import { Empty, icons, PageFrame } from '../ui/index.ts'

export function Lost({ what = 'page' }: { what?: string }) {
  return (
    <PageFrame title="Not found" sentence={`This ${what} does not exist.`}>
      <Empty icon={icons.Search} heading="Nothing here" action={{ content: 'Go to the home page', url: '/' }}>
        It may have been deleted, or the address is not complete.
      </Empty>
    </PageFrame>
  )
}
