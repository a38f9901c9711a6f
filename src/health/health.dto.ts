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

  /** True from the moment the process was told to end. */
  shuttingDown!: boolean;
}
