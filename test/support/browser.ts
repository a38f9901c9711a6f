import { Child, findProgram, temporaryFolder } from './child.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const LISTENS = /DevTools listening on (ws:\/\/\S+)/;
const START_MS = 60_000;

const SWITCHES = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
  ...[
    '--disable-extensions',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-proxy-server',
  ],
  ...['--remote-debugging-port=0', 'about:blank'],
];

/** Where a Chromium is on this machine; undefined where there is none. `CHROMIUM` names another one. */
export function findChromium(): string | undefined {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of NAMES) {
    try {
      return findProgram(name, 'chromium');
    } catch {
      // The next name.
    }
  }
  return undefined;
}

interface Reply {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: any;
  result?: any;
  error?: { message: string };
}

/** A Chromium without a window, driven over the DevTools protocol. */
export class Browser {
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private readonly child: Child;
  private readonly socket: WebSocket;
  private nextId = 1;

  private constructor(child: Child, socket: WebSocket) {
    this.child = child;
    this.socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.waiting.get(reply.id)?.(reply);
    });
  }

  static async start(program: string): Promise<Browser> {
    const home = temporaryFolder('browser');
    const env = { PATH: process.env.PATH, HOME: home, LANG: 'en_US.UTF-8' };
    const child = new Child(program, [`--user-data-dir=${home}`, ...SWITCHES], { cwd: home, env });
    const [, url] = await child.waitFor(LISTENS, START_MS);
    const socket = new WebSocket(url!);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)), { once: true });
    });
    return new Browser(child, socket);
  }

  async stop(): Promise<void> {
    this.socket.close();
    await this.child.stop(5_000);
  }

  /** A new window with cookies of its own, and the page in it. */
  async open(url: string): Promise<Page> {
    const { browserContextId } = await this.send('Target.createBrowserContext');
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId);
    await page.goTo(url);
    return page;
  }

  /** One call of the protocol. */
  async send(method: string, params: object = {}, sessionId?: string): Promise<any> {
    const id = this.nextId++;
    const reply = await new Promise<Reply>((resolve) => {
      this.waiting.set(id, resolve);
      this.socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
    this.waiting.delete(id);
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result;
  }
}

/** One page in a browser. */
export class Page {
  private readonly browser: Browser;
  private readonly sessionId: string;

  constructor(browser: Browser, sessionId: string) {
    this.browser = browser;
    this.sessionId = sessionId;
  }

  /** Resolves when the document has been loaded, with its pictures. */
  async goTo(url: string): Promise<void> {
    const { errorText } = await this.browser.send('Page.navigate', { url }, this.sessionId);
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await this.evaluate(
      `new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))`,
    );
  }

  /** What an expression, or the promise that it is, gives; it has to be JSON. Throws what the page throws. */
  async evaluate<T = any>(expression: string): Promise<T> {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.browser.send(
      'Runtime.evaluate',
      parameters,
      this.sessionId,
    );
    if (exceptionDetails)
      throw new Error(`the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value as T;
  }

  /** Calls a function of the page. */
  call<T = any>(name: string, ...args: unknown[]): Promise<T> {
    return this.evaluate<T>(`${name}(${args.map((value) => JSON.stringify(value)).join(', ')})`);
  }
}
