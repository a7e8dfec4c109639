export {
  AlertCircleIcon as Alert, AlertTriangleIcon as Warning, ArrowDownIcon as Down, ArrowLeftIcon as Back, ArrowUpIcon as Up, ButtonIcon as ButtonBlock, CalendarTimeIcon as Schedule, ClipboardIcon as Copy, CheckCircleIcon as Done,
  CheckIcon as Check, CursorIcon as Clicked, DeleteIcon as Delete, DesktopIcon as Desktop, DragHandleIcon as Drag, DuplicateIcon as Duplicate, EmailIcon as Mail, EmailNewsletterIcon as Newsletter,
  EditIcon as Edit, ExitIcon as Leave, ExternalIcon as External, FormsIcon as Forms, ImageIcon as Image, InfoIcon as Info, LayoutColumns2Icon as Columns, LayoutPopupIcon as Popup, LinkIcon as LinkTo,
  ListBulletedIcon as Bullets, ListNumberedIcon as Numbers, MenuHorizontalIcon as More, MinusIcon as Divide, MinusCircleIcon as Minus, MobileIcon as Phone, MoonIcon as Moon, OrderIcon as Order, PaperCheckIcon as Consent,
  PersonIcon as Person, PersonRemoveIcon as PersonLeft, PersonSegmentIcon as Segment, PlusIcon as Plus, ProductIcon as Product, QuestionCircleIcon as Question, RedoIcon as Redo, RefreshIcon as Refresh, SearchIcon as Search,
  SendIcon as Send, SettingsIcon as Settings, ViewportTallIcon as Space, StatusActiveIcon as Active, TeamIcon as Team, TextBlockIcon as TextBlock, TextBoldIcon as Bold, TextIcon as PlainText, TextItalicIcon as Italic, TextTitleIcon as Title,
  TextUnderlineIcon as Underline, UndoIcon as Undo, ViewIcon as Opened, PersonalizedTextIcon as Merge, XIcon as Close, LockIcon as Lock, CircleDownIcon as CircleDown, CartIcon as Cart,
  CollectionIcon as Group, UploadIcon as Upload,
} from '@shopify/polaris-icons'
