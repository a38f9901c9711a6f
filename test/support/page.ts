import { afterAll, beforeAll, beforeEach } from 'vitest';
import { Browser, findChromium, type Page } from './browser.ts';
import { type Cut, PageServer } from './page-server.ts';
import { type ApiContext, useApi } from './suite.ts';
import type { Switches } from './upstream/switches.ts';

/** Undefined where this machine has none: the tests of pages are skipped there. */
export const chromium = findChromium();
if (!chromium) console.warn('Pages of older frontends are not tested: apt-get install chromium');

/** How the network delivers an answer: in so many bytes at once. */
export const SIZES: Cut[] = [1, 2, 3, 5, 7, 64, 'whole'];
export const FAILS_AT_ONCE: Switches = { status: 400, code: 'invalid_request_error' };

export interface PageTools {
  ctx: ApiContext;
  server: PageServer;
  browser: Browser;
  page: Page;
}

/** A page of an older frontend, on the server of that frontend, in a browser. */
export function usePage(file: string): PageTools {
  const ctx = useApi({ env: { LLM_MAX_RETRIES: '0' } });
  const tools = { ctx } as PageTools;
  beforeAll(async () => {
    tools.server = await new PageServer(file, ctx.api.url).start();
    tools.browser = await Browser.start(chromium!);
    tools.page = await tools.browser.open(tools.server.url);
  });
  beforeEach(() => {
    ctx.upstream.reset();
    Object.assign(tools.server, { cut: 'as written', spare: undefined });
  });
  afterAll(async () => {
    await tools.browser?.stop();
    await tools.server?.stop();
  });
  return tools;
}
