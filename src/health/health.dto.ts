/** The process answers. */
export class LiveDto {
  /** @example 'live' */
  status!: 'live';
}

/** Whether this process can do its work now. */
export class ReadyDto {
  status!: 'ready' | 'not_ready';

  /** Whether the database answered within a second. */
  database!: 'up' | 'down';

  /** Whether turns can be followed from every process: `none` where no Redis is configured, and none is needed. */
  redis!: 'up' | 'down' | 'none';

  /** True from the moment the process was told to end. */
  shuttingDown!: boolean;
}
