import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { ENTITIES, MIGRATIONS } from '../../src/app.module.js';
import type { Env } from '../../src/config/env.js';
import { connect, dataSourceOptions } from '../../src/database/data-source.js';
import { Transcription } from '../../src/speech/transcription.entity.js';
import { TranscriptionStore } from '../../src/speech/transcription.store.js';
import { UsageDay } from '../../src/usage/usage-day.entity.js';
import { UsageService } from '../../src/usage/usage.service.js';
import { User } from '../../src/users/user.entity.js';

export interface SpeechOnSqlite {
  dataSource: DataSource;
  store: TranscriptionStore;
  usage: UsageService;
  /** A queued transcription of an account's. */
  queued(): Promise<Transcription>;
  /** The row as it stands. */
  row(id: number): Promise<Transcription>;
}

/** What jobs of speech write, over a SQLite file of its own, for specs; destroy its data source afterwards. */
export async function speechOnSqlite(dir: string, audioPerDay: number): Promise<SpeechOnSqlite> {
  const options = dataSourceOptions(
    {
      ...{ DIALECT: 'sqlite', DATABASE_URL: `sqlite:${join(dir, 'speech.sqlite')}`, DATA_DIR: dir },
      ...{ DATABASE_POOL_SIZE: 1, DATABASE_STATEMENT_TIMEOUT_MS: 1_000 },
    },
    ENTITIES,
    MIGRATIONS,
  );
  const dataSource = await connect(options);
  const env = { RATE_LIMIT_SCALE: 1, TURNS_AT_ONCE: 1, TURNS_PER_MINUTE: 1, SPEECH_JOBS_PER_USER: 1 };
  const usage = new UsageService(dataSource.getRepository(UsageDay), {
    ...env,
    QUOTA_AUDIO_SECONDS_PER_DAY: audioPerDay,
  } as Env);
  const users = dataSource.getRepository(User);
  const { id: ownerId } = await users.save(
    users.create({
      ...{ username: 'anna', usernameKey: 'anna', email: null, emailKey: null },
      ...{ passwordHash: '', role: 'user', deactivatedAt: null },
    }),
  );
  const transcriptions = dataSource.getRepository(Transcription);
  const queued = () =>
    transcriptions.save(
      transcriptions.create({
        ...{ ownerId, status: 'queued', attempt: 1, losses: 2, task: 'transcribe', wantsWords: false },
        ...{ progress: 0, createdAt: new Date(), dueAt: new Date() },
      }),
    );
  const row = (id: number) => transcriptions.findOneByOrFail({ id, ownerId });
  return { dataSource, store: new TranscriptionStore(dataSource, usage), usage, queued, row };
}
