import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { MigrationInterface } from 'typeorm';
import { ENV, type Env } from '../config/env.js';
import { isDatabaseUnavailable } from './failures.js';
import { connect, dataSourceOptions } from './data-source.js';

interface DatabaseOptions {
  entities: (new () => object)[];
  migrations: (new () => MigrationInterface)[];
}

/** Waits for a database that is still starting; anything else that is wrong (a password, a migration) ends the start. */
const RETRY = {
  retryAttempts: 15,
  retryDelay: 1_000,
  toRetry: isDatabaseUnavailable,
};

/** Connects to the database, bringing its tables up to date first. */
@Module({})
export class DatabaseModule {
  static forRoot({ entities, migrations }: DatabaseOptions): DynamicModule {
    const typeOrm = TypeOrmModule.forRootAsync({
      inject: [ENV],
      useFactory: (env: Env) => ({ ...dataSourceOptions(env, entities, migrations), ...RETRY }),
      dataSourceFactory: (options) => connect(options!),
    });
    return { module: DatabaseModule, imports: [typeOrm] };
  }
}
