import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { requestContext } from './request-context.js';

/** Nest's JSON logger, with the request's id on every line that was written while serving one. */
export class JsonLogger extends ConsoleLogger {
  constructor(debug: boolean) {
    const logLevels: LogLevel[] = debug
      ? ['debug', 'log', 'warn', 'error', 'fatal']
      : ['log', 'warn', 'error', 'fatal'];
    super({ json: true, colors: false, logLevels });
  }

  protected override getJsonLogObject(
    ...args: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const requestId = requestContext.getStore()?.requestId;
    return { ...super.getJsonLogObject(...args), ...(requestId && { requestId }) };
  }
}
