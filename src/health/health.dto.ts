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

  /**
   * Whether recordings can be turned into text: `starting` while a model is loaded, `down` where no engine can be
   * reached, `not_set_up` where there is none. A process is ready without it.
   */
  speech!: 'ready' | 'starting' | 'down' | 'not_set_up';

  /** True from the moment the process was told to end. */
  shuttingDown!: boolean;
}
