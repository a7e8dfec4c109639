import { isPostgres } from '../app/db/columns.ts'
import { databaseBattery } from './contracts/database.ts'

databaseBattery(isPostgres ? 'PostgreSQL' : 'SQLite')
