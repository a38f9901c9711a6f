import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { requestContext } from './request-context.js';

/** What Nest says of itself while it starts: a line a module and a route. */
const STARTUP = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** What stops the start is said once, in one line, by whoever starts. */
const FAILED_START = new Set(['ExceptionHandler', 'NestApplication']);

/** Nest's JSON logger, with the request's id on every line that was written while serving one, and its API key's. */
export class JsonLogger extends ConsoleLogger {
  constructor(private readonly debugging: boolean) {
    const logLevels: LogLevel[] = debugging
      ? ['debug', 'log', 'warn', 'error', 'fatal']
      : ['log', 'warn', 'error', 'fatal'];
    super({ json: true, colors: false, logLevels });
  }

  override log(message: unknown, ...optional: unknown[]): void {
    if (!this.debugging && STARTUP.has(String(optional.at(-1)))) return;
    super.log(message, ...optional);
  }

  override error(message: unknown, ...optional: unknown[]): void {
    if (!this.debugging && FAILED_START.has(String(optional.at(-1)))) return;
    super.error(message, ...optional);
  }

  protected override getJsonLogObject(
    ...args: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const { requestId, apiKeyId } = requestContext.getStore() ?? {};
    return {
      ...super.getJsonLogObject(...args),
      ...(requestId && { requestId }),
      ...(apiKeyId && { apiKeyId }),
    };
  }
}
