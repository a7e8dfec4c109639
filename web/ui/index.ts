// Our vocabulary. This folder is the only one that knows Polaris, so that another platform may bring another skin.
// What only some pages need (Dialog, Rows) is imported from its own file: what stands here comes with the first page.
export {
  ActionList, Badge, Banner, BlockStack, Box, Button, ButtonGroup, Card, Checkbox, ChoiceList, Divider, FormLayout, Icon, InlineError, InlineGrid, InlineStack, Link, List, Pagination, Popover,
  ProgressBar, RangeSlider, Select, SkeletonBodyText, SkeletonDisplayText, Spinner, Tabs, Tag, Text, TextField, Thumbnail, Tooltip, useBreakpoints,
} from '@shopify/polaris'
export type { BadgeProps, IconSource } from '@shopify/polaris'
export { Empty } from './Empty.tsx'
export { Failed } from './Failed.tsx'
export * as icons from './icons.ts'
export { Frame, Notice, PageFrame, type Action } from './PageFrame.tsx'
export { PageSkeleton, RowsSkeleton, CardSkeleton } from './Skeletons.tsx'
export { Section } from './Section.tsx'
