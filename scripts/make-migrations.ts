// Writes the migrations for both engines from app/db/schema.ts. Run after a change of the schema: npm run migrations -- --name what_changed
import { spawnSync } from 'node:child_process'

for (const engine of ['sqlite', 'postgres']) {
  const run = spawnSync('npx', ['--no-install', 'drizzle-kit', 'generate', `--config=app/db/drizzle.${engine}.ts`, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (run.status !== 0) process.exit(run.status ?? 1)
}
