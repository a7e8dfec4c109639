import { defineConfig } from 'drizzle-kit'

process.env.DATABASE_URL = 'postgres://' // before the schema is loaded: it reads the engine from here
export default defineConfig({ dialect: 'postgresql', schema: './app/db/schema.ts', out: './app/db/migrations/postgres', casing: 'snake_case' })
