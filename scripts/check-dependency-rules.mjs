#!/usr/bin/env node
/**
 * Sees the dependency rules fail. Builds a small house of planted files in a temporary folder, in which every room
 * imports every other one and every other rule is broken once, cruises it with the real rules, and compares: each
 * forbidden import must be reported by exactly the rule that is meant, each permitted one by none.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const CONFIG = '.dependency-cruiser.mjs';

/** The rooms: the file that imports all others, the file that all others import, and the rooms that it may import. */
const LIBS = ['jobs', 'streams'];
const GROUND = ['common', 'config', 'database', ...LIBS];
const ROOMS = {
  main: { dir: 'src', from: 'main.ts', front: 'main.planted.ts', may: 'anything' },
  app: { dir: 'src', from: 'app.module.ts', front: 'app.planted.ts', may: 'anything' },
  common: { dir: 'src/common', may: LIBS },
  config: { dir: 'src/config', may: ['common', ...LIBS] },
  database: { dir: 'src/database', may: ['common', 'config', ...LIBS] },
  health: { dir: 'src/health', front: 'planted.service.ts', may: GROUND },
  users: { dir: 'src/users', front: 'planted.entity.ts', may: GROUND },
  audit: { dir: 'src/audit', front: 'planted.service.ts', may: [...GROUND, 'users'] },
  auth: {
    dir: 'src/auth',
    front: 'planted.module.ts',
    may: [...GROUND, 'users', 'audit', 'api-keys'],
  },
  'api-keys': { dir: 'src/api-keys', front: 'planted.service.ts', may: [...GROUND, 'users', 'audit'] },
  prompts: { dir: 'src/prompts', front: 'planted.service.ts', may: [...GROUND, 'users'] },
  chatbots: { dir: 'src/chatbots', front: 'planted.prompt.ts', may: [...GROUND, 'users', 'prompts'] },
  topics: { dir: 'src/topics', front: 'planted.service.ts', may: [...GROUND, 'users', 'chatbots'] },
  files: { dir: 'src/files', front: 'planted.module.ts', may: [...GROUND, 'users'] },
  usage: { dir: 'src/usage', front: 'planted.service.ts', may: [...GROUND, 'users'] },
  conversations: {
    dir: 'src/conversations',
    front: 'planted.service.ts',
    may: [...GROUND, 'users', 'chatbots', 'topics', 'files', 'usage', 'llm'],
  },
  speech: {
    dir: 'src/speech',
    front: 'planted.service.ts',
    may: [...GROUND, 'users', 'files', 'topics', 'usage', 'conversations'],
  },
  completions: { dir: 'src/completions', front: 'planted.service.ts', may: [...GROUND, 'usage', 'llm'] },
  suggestions: {
    dir: 'src/suggestions',
    front: 'planted.entity.ts',
    may: [...GROUND, 'users', 'conversations', 'usage', 'llm'],
  },
  learning: {
    dir: 'src/learning',
    front: 'planted.service.ts',
    may: [...GROUND, 'users', 'conversations', 'speech', 'llm', 'usage'],
  },
  imports: {
    dir: 'src/imports',
    front: 'planted.entity.ts',
    may: [...GROUND, 'users', 'prompts', 'chatbots', 'topics', 'files', 'conversations', 'speech'],
  },
  privacy: {
    dir: 'src/privacy',
    front: 'planted.module.ts',
    may: [
      ...GROUND,
      ...['users', 'audit', 'auth', 'prompts', 'chatbots', 'topics', 'files', 'usage'],
      ...['conversations', 'speech', 'suggestions', 'learning', 'api-keys'],
    ],
  },
  llm: { dir: 'src/llm', front: 'language-model.ts', may: ['common', 'config'] },
  tutor: {
    dir: 'src/legacy/tutor',
    front: 'planted.service.ts',
    // Neither the database nor llm, and of each feature no more than its service or module: not users' entity here.
    may: [
      'common',
      'config',
      ...LIBS,
      'health',
      'audit',
      'api-keys',
      'auth',
      'prompts',
      'topics',
      'files',
      'usage',
      'conversations',
      'completions',
      'speech',
      'learning',
      'privacy',
    ],
    rules: {
      notebook: 'legacy-one-surface',
      llm: 'legacy-no-llm',
      database: 'legacy-no-typeorm',
      '*': 'legacy-through-services',
    },
  },
  notebook: { dir: 'src/legacy/notebook', front: 'planted.service.ts' },
  jobs: { dir: 'libs/jobs', may: [], rules: { '*': 'room-libs' } },
  streams: { dir: 'libs/streams' },
  migrations: { dir: 'migrations', may: [] },
};

/** One violation a rule, for those that are not about rooms. */
const PLANTS = [
  ...['common', 'users', 'conversations', 'files'].map((room) => [
    'vendor-openai',
    `src/${room}/sdk-openai.ts`,
    'openai',
  ]),
  ['vendor-openai', 'libs/jobs/sdk-openai.ts', 'openai'],
  ['vendor-redis', 'src/conversations/sdk-redis.ts', 'ioredis'],
  ['vendor-grpc', 'src/speech/sdk-grpc.ts', '@grpc/grpc-js'],
  ['vendor-grpc', 'libs/jobs/sdk-grpc.ts', '@nestjs/microservices'],
  ['vendor-redis', 'src/speech/sdk-bull.ts', 'bull'],
  ['vendor-rate-limiter', 'src/auth/sdk-limiter.ts', 'rate-limiter-flexible'],
  ['vendor-s3', 'src/speech/sdk-s3.ts', '@aws-sdk/client-s3'],
  ['vendor-sql-drivers', 'src/users/sdk-mysql.ts', 'mysql2/promise'],
  ['legacy-no-typeorm', 'src/legacy/tutor/sdk-typeorm.ts', 'typeorm'],
  ['legacy-no-typeorm', 'src/legacy/tutor/sdk-nest-typeorm.ts', '@nestjs/typeorm'],
  ['room-migrations', 'migrations/sdk-nest.ts', '@nestjs/common'],
  ['front-api-keys', 'src/api-keys/inner.ts', '../users/planted-inner.js'],
  ['front-audit', 'src/audit/inner.ts', '../users/planted-inner.js'],
  ['front-auth', 'src/auth/inner.ts', '../users/planted-inner.js'],
  ['front-prompts', 'src/prompts/inner.ts', '../users/planted-inner.js'],
  ['front-chatbots', 'src/chatbots/inner.ts', '../prompts/planted-inner.js'],
  ['front-topics', 'src/topics/inner.ts', '../chatbots/planted-inner.js'],
  ['front-files', 'src/files/inner.ts', '../users/planted-inner.js'],
  ['front-usage', 'src/usage/inner.ts', '../users/planted-inner.js'],
  ['front-conversations', 'src/conversations/inner.ts', '../files/planted-inner.js'],
  ['front-conversations', 'src/conversations/inner-llm.ts', '../llm/openai.language-model.js'],
  ['front-speech', 'src/speech/inner.ts', '../conversations/planted-inner.js'],
  ['front-completions', 'src/completions/inner.ts', '../llm/openai.language-model.js'],
  ['front-suggestions', 'src/suggestions/inner.ts', '../conversations/planted-inner.js'],
  ['front-learning', 'src/learning/inner.ts', '../conversations/planted-inner.js'],
  ['front-imports', 'src/imports/inner.ts', '../conversations/planted-inner.js'],
  ['front-privacy', 'src/privacy/inner.ts', '../conversations/planted-inner.js'],
  ['legacy-through-services', 'src/legacy/tutor/inner.ts', '../../conversations/planted-inner.js'],
  ['rooms-are-known', 'src/gadgets/gadget.ts', '../common/planted.js'],
  ['no-barrels', 'src/users/barrel.ts', './index.js'],
  ['no-utils', 'src/users/drawer.ts', './utils/planted.js'],
  ['no-utils', 'libs/jobs/drawer.ts', './helpers.js'],
  ['no-test-code', 'src/main.worker.ts', '../test/support/planted.js'],
  ['no-test-code', 'libs/jobs/tested.ts', './planted.contract.js'],
  ['no-unlisted-packages', 'src/users/unlisted.ts', 'picomatch', 'value'],
  ['no-dev-packages', 'src/users/dev.ts', 'vitest', 'value'],
  ['no-unresolvable', 'src/users/lost.ts', './nowhere.js'],
];

/** What must pass. */
const PERMITTED = [
  ['src/llm/sdk-openai.ts', 'openai'],
  ['src/speech/sdk-openai.ts', 'openai'],
  ['libs/jobs/sdk-redis.ts', 'ioredis'],
  ['libs/whisper/sdk-grpc.ts', '@grpc/grpc-js'],
  ['src/files/sdk-s3.ts', '@aws-sdk/client-s3'],
  ['src/database/sdk-mysql.ts', 'mysql2/promise'],
  ['src/users/dev.spec.ts', 'vitest', 'value'],
  ['src/llm/upstream.spec.ts', '../../test/support/planted.js'],
  ['src/users/types.ts', 'fastify'],
  ['migrations/fine.ts', 'typeorm'],
  ['src/auth/shape.ts', '../users/dto/planted.dto.js'],
  ['src/speech/listener.ts', '../conversations/turn.events.js'],
  ['src/main.whisper.ts', './common/planted.js'],
];

const files = new Map();
const expected = new Map();

function add(file, specifier, kind = 'type') {
  const line = kind === 'type' ? `import type {} from '${specifier}';` : `import '${specifier}';`;
  files.set(file, `${files.get(file) ?? ''}${line}\n`);
}

function expectRule(file, specifier, rule) {
  const missing = rule === 'no-unresolvable' || !specifier.startsWith('.');
  const target = missing ? specifier : join(dirname(file), specifier.replace(/\.js$/, '.ts'));
  expected.set(`${file} -> ${target}`, rule);
}

function plantRooms() {
  const targetOf = ({ dir, front }) => `${dir}/${front ?? 'planted.ts'}`;
  for (const [name, room] of Object.entries(ROOMS)) {
    files.set(targetOf(room), 'export {};\n');
    for (const [otherName, other] of Object.entries(ROOMS)) {
      if (name === otherName || !room.may) continue;
      const file = `${room.dir}/${room.from ?? 'planted-imports.ts'}`;
      const specifier = specifierOf(room.dir, targetOf(other));
      add(file, specifier);
      if (room.may === 'anything' || room.may.includes(otherName)) continue;
      expectRule(file, specifier, room.rules?.[otherName] ?? room.rules?.['*'] ?? `room-${name}`);
    }
  }
}

function specifierOf(dir, file) {
  const path = relative(dir, file).replace(/\.ts$/, '.js');
  return path.startsWith('.') ? path : `./${path}`;
}

function plantOthers() {
  for (const [rule, file, specifier, kind] of PLANTS) {
    add(file, specifier, kind);
    expectRule(file, specifier, rule);
  }
  for (const [file, specifier, kind] of PERMITTED) add(file, specifier, kind);
  for (const room of ['users', 'prompts', 'chatbots', 'files', 'conversations']) {
    files.set(`src/${room}/planted-inner.ts`, 'export {};\n');
  }
  const targets = [
    'src/llm/openai.language-model.ts',
    'src/conversations/turn.events.ts',
    'src/users/index.ts',
    'src/users/utils/planted.ts',
    'src/users/dto/planted.dto.ts',
    'libs/jobs/helpers.ts',
    'libs/jobs/planted.contract.ts',
    'test/support/planted.ts',
  ];
  for (const file of targets) files.set(file, 'export {};\n');
  files.set('src/topics/alone.ts', 'export {};\n');
  expected.set('src/topics/alone.ts -> src/topics/alone.ts', 'no-orphans');
  files.set('src/topics/hen.ts', "import type {} from './egg.js';\n");
  files.set('src/topics/egg.ts', "import type {} from './hen.js';\n");
  // A cycle is reported once.
  expected.set('src/topics/egg.ts -> src/topics/hen.ts', 'no-cycles');
}

function cruise(dir) {
  for (const [file, text] of files) {
    mkdirSync(join(dir, dirname(file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  for (const file of [CONFIG, 'tsconfig.json', 'package.json']) cpSync(join(ROOT, file), join(dir, file));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const bin = join(ROOT, 'node_modules/.bin/depcruise');
  const args = [bin, '--config', CONFIG, '--output-type', 'json', 'src', 'libs', 'migrations'];
  let output;
  try {
    output = execFileSync(process.execPath, args, {
      cwd: dir,
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    // It exits with the number of violations.
    if (!error.stdout?.length) throw error;
    output = error.stdout;
  }
  return JSON.parse(String(output)).summary;
}

plantRooms();
plantOthers();
const dir = mkdtempSync(join(tmpdir(), 'parley-rules-'));
try {
  const summary = cruise(dir);
  const reported = new Map();
  for (const { from, to, rule } of summary.violations) {
    // A package's file differs between machines: what was written in the import does not.
    const [, written] = /'([^'.][^']*)'/.exec(files.get(from)) ?? [];
    const where = `${from} -> ${files.has(to) || !written ? to : written}`;
    reported.set(where, [...(reported.get(where) ?? []), rule.name]);
  }
  const rules = summary.ruleSetUsed.forbidden.map((rule) => rule.name);
  const problems = [
    ...[...expected]
      .filter(([where, rule]) => String(reported.get(where)) !== rule)
      .map(([where, rule]) => `${where}: ${rule} wanted, got ${reported.get(where) ?? 'nothing'}`),
    ...[...reported]
      .filter(([where]) => !expected.has(where))
      .map(([where, names]) => `${where}: permitted, but reported by ${names}`),
    ...rules
      .filter((rule) => ![...expected.values()].includes(rule))
      .map((rule) => `${rule}: no violation of it is planted here`),
  ];
  for (const problem of problems) console.error(problem);
  console.log(
    `${rules.length} dependency rules, ${expected.size} planted violations, ${problems.length} surprises`,
  );
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
