import { defineConfig } from 'drizzle-kit'

process.env.DATABASE_URL = '' // before the schema is loaded: it reads the engine from here
export default defineConfig({ dialect: 'sqlite', schema: './app/db/schema.ts', out: './app/db/migrations/sqlite', casing: 'snake_case' })
