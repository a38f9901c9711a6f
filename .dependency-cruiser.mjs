/**
 * Who may import whom. `scripts/check-dependency-rules.mjs` plants a violation of every rule and sees it reported:
 * a rule that is added here is added there.
 */

/** The nouns of the product, and the other nouns that each may use. What belongs to somebody refers to `users`. */
const FEATURES = {
  health: [],
  users: [],
  audit: ['users'],
  'api-keys': ['users', 'audit'],
  auth: ['users', 'audit', 'api-keys'],
  prompts: ['users'],
  chatbots: ['users', 'prompts'],
  topics: ['users', 'chatbots'],
  files: ['users'],
  usage: ['users'],
  conversations: ['users', 'chatbots', 'topics', 'files', 'usage', 'llm'],
  speech: ['users', 'files', 'topics', 'usage', 'conversations'],
  completions: ['usage', 'llm'],
  suggestions: ['users', 'conversations', 'usage', 'llm'],
  learning: ['users', 'conversations', 'speech', 'llm', 'usage'],
  // What brings data of older backends in; nobody imports it.
  imports: ['users', 'prompts', 'chatbots', 'topics', 'files', 'conversations', 'speech'],
  // All that belongs to somebody; nobody imports it.
  privacy: [
    ...['users', 'audit', 'auth', 'prompts', 'chatbots', 'topics', 'files', 'usage'],
    ...['conversations', 'speech', 'suggestions', 'learning', 'api-keys'],
  ],
};

/** What every room may import, below the features. */
const GROUND = {
  common: ['common'],
  config: ['config', 'common'],
  database: ['database', 'config', 'common'],
};

const OURS = '^(src|libs|migrations)/';
const SPECS = '\\.(spec|contract)\\.ts$';
/** What a feature shows to the others, beside its modules, services, entities, prompts and wire shapes. */
const PORTS = {
  llm: [
    ...['language-model', 'language-models', 'context-size', 'token-counter', 'request-size'],
    ...['model-answer', 'plain-line'],
  ],
  users: ['password-hasher', 'password-proof', 'login-limits', 'credentials'],
  'api-keys': ['api-key.secret'],
  usage: ['utc-day'],
  completions: ['completion-failure'],
  files: ['file-storage', 'file-response', 'upload'],
  conversations: ['answer', 'turn.events', 'turn.delivery'],
  auth: ['session-cookie'],
  privacy: ['account-removal'],
};

const ROOMS_OF_FEATURES = `(${Object.keys(FEATURES).join('|')})`;
const PORT_FILES = Object.entries(PORTS).map(([room, files]) => `^src/${room}/(${files.join('|')})\\.ts$`);
const FRONT = [
  `^src/${ROOMS_OF_FEATURES}/[^/]+\\.(module|service|entity|prompt)\\.ts$`,
  `^src/${ROOMS_OF_FEATURES}/dto/[^/]+\\.dto\\.ts$`,
  '^src/llm/llm\\.module\\.ts$',
  ...PORT_FILES,
];

const anyOf = (rooms) => `^src/(${rooms.join('|')})/`;
const packages = (...names) => `(^|(^|/)node_modules/(@types/)?)(${names.join('|')})(/|$)`;

const groundRules = Object.entries(GROUND).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room} stands below the features: it imports ${allowed.join(', ')}, libs and packages.`,
  from: { path: anyOf([room]) },
  to: { path: OURS, pathNot: [anyOf(allowed), '^libs/'] },
}));

const featureRules = Object.entries(FEATURES).map(([room, others]) => ({
  name: `room-${room}`,
  comment: `${room} imports common, database, config, libs${others.map((other) => `, ${other}`).join('')} and nothing else of ours.`,
  from: { path: anyOf([room]) },
  to: { path: OURS, pathNot: [anyOf([room, 'common', 'database', 'config', ...others]), '^libs/'] },
}));

const frontRules = Object.entries(FEATURES)
  .filter(([, others]) => others.length > 0)
  .map(([room, others]) => ({
    name: `front-${room}`,
    comment: `${room} takes the module, service, entity, prompt, DTO or port of another feature; what else that has is its own.`,
    from: { path: anyOf([room]) },
    to: { path: anyOf(others), pathNot: FRONT },
  }));

const vendorRules = [
  {
    name: 'vendor-grpc',
    sdk: 'gRPC',
    names: ['@grpc', 'grpc-health-check', '@nestjs/microservices'],
    home: '^libs/whisper/',
  },
  { name: 'vendor-openai', sdk: 'openai', names: ['openai'], home: '^src/(llm|speech)/' },
  { name: 'vendor-redis', sdk: 'bull and ioredis', names: ['bull', 'bullmq', 'ioredis'], home: '^libs/' },
  {
    name: 'vendor-rate-limiter',
    sdk: 'rate-limiter-flexible',
    names: ['rate-limiter-flexible'],
    home: '^libs/',
  },
  { name: 'vendor-s3', sdk: 'the S3 client', names: ['@aws-sdk'], home: '^src/files/' },
  {
    name: 'vendor-sql-drivers',
    sdk: 'mysql2 and libsql',
    names: ['mysql2', 'libsql'],
    home: '^src/database/',
  },
].map(({ name, sdk, names, home }) => ({
  name,
  comment: `${sdk} lives in one place (${home}); everything else uses the port.`,
  from: { path: '^(src|libs)/', pathNot: home },
  to: { path: packages(...names) },
}));

const legacyRules = [
  {
    name: 'legacy-one-surface',
    comment: 'A legacy surface knows no other surface.',
    from: { path: '^src/legacy/([^/]+)/' },
    to: { path: '^src/legacy/[^/]+/', pathNot: '^src/legacy/$1/' },
  },
  {
    name: 'legacy-no-llm',
    comment: 'A legacy surface talks to conversations, not to a language model.',
    from: { path: '^src/legacy/' },
    to: { path: '^src/llm/' },
  },
  {
    name: 'legacy-no-typeorm',
    comment: 'A legacy surface reads and writes through services.',
    from: { path: '^src/legacy/' },
    to: { path: [packages('typeorm', '@nestjs/typeorm'), '^src/database/'] },
  },
  {
    name: 'legacy-through-services',
    comment:
      'A legacy surface uses features through their services and ports, and knows what those give by their DTOs.',
    from: { path: '^src/legacy/' },
    to: {
      path: OURS,
      pathNot: [
        '^src/legacy/',
        '^src/llm/',
        '^src/database/',
        '^src/(common|config)/',
        `^src/${ROOMS_OF_FEATURES}/[^/]+\\.(module|service)\\.ts$`,
        `^src/${ROOMS_OF_FEATURES}/dto/[^/]+\\.dto\\.ts$`,
        ...PORT_FILES,
        '^libs/',
      ],
    },
  },
];

const rules = [
  ...groundRules,
  ...featureRules,
  {
    name: 'room-llm',
    comment: 'llm imports common and config.',
    from: { path: '^src/llm/' },
    to: { path: OURS, pathNot: anyOf(['llm', 'common', 'config']) },
  },
  {
    name: 'room-libs',
    comment: 'A library knows nothing of Parley, nor of another library.',
    from: { path: '^libs/([^/]+)/' },
    to: { path: OURS, pathNot: '^libs/$1/' },
  },
  {
    name: 'room-migrations',
    comment: 'Migrations import typeorm only: they must still run when everything else has changed.',
    from: { path: '^migrations/' },
    to: { pathNot: ['(^|/)node_modules/typeorm/', '^test/'] },
  },
  {
    name: 'rooms-are-known',
    comment: 'A new folder of src needs its row in this file (and in docs/architecture.md).',
    from: {
      path: '^src/[^/]+/',
      pathNot: anyOf([...Object.keys(GROUND), ...Object.keys(FEATURES), 'llm', 'legacy']),
    },
    to: {},
  },
  ...frontRules,
  ...vendorRules,
  ...legacyRules,
  {
    name: 'no-cycles',
    comment: 'Imports go one way, of types too.',
    from: { path: OURS },
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'Nobody imports it and it imports nothing: remove it.',
    from: { orphan: true, path: '^(src|libs)/', pathNot: ['^src/main[^/]*\\.ts$', '\\.d\\.ts$'] },
    to: {},
  },
  {
    name: 'no-barrels',
    comment: 'Import the file that has it.',
    from: { path: OURS },
    to: { path: '/index\\.ts$', pathNot: 'node_modules' },
  },
  {
    name: 'no-utils',
    comment: 'Name a file by what it is.',
    from: { path: OURS },
    to: { path: '/(utils?|helpers?)(/|\\.ts$)', pathNot: 'node_modules' },
  },
  {
    name: 'no-test-code',
    comment: 'What ships imports nothing of the tests; specs and contract suites may.',
    from: { path: OURS, pathNot: SPECS },
    to: { path: ['^test/', SPECS] },
  },
  {
    name: 'no-unlisted-packages',
    comment: 'A package that is imported stands in package.json; types alone may come with another package.',
    from: { path: OURS },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-dev-packages',
    comment: 'What ships runs without the dev dependencies.',
    from: { path: OURS, pathNot: SPECS },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'no-unresolvable',
    comment: 'The file is not there.',
    from: { path: OURS },
    to: { couldNotResolve: true, path: '^\\.' },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: rules.map((rule) => ({ ...rule, severity: 'error' })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
