/**
 * Downloads a Whisper model in ggml format and verifies it; see scripts/get-whisper-model. A download that was cut goes
 * on where it stopped; under its name stands nothing but a verified file.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MODELS } from './whisper-models.mjs';

const BASE_URL = 'https://huggingface.co/ggerganov/whisper.cpp/resolve/main';
/** Cuts in a row without a byte between them before it gives up; more of it comes with the next start. */
const TRIES = 5;
const SILENCE_MS = 60_000;

/** What ends the program with one line. */
class Trouble extends Error {}
/** What may pass. */
class Cut extends Error {}

function readArguments() {
  const options = {
    dir: { type: 'string', default: join(process.env.DATA_DIR || './data', 'models') },
    'base-url': { type: 'string', default: BASE_URL },
    sha256: { type: 'string' },
    'retry-ms': { type: 'string', default: '1000' },
  };
  const usage =
    'usage: scripts/get-whisper-model NAME [--dir DIR] [--base-url URL] [--sha256 SUM] [--retry-ms N]';
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length !== 1) throw new Error('one name');
    return { name: positionals[0], ...values };
  } catch {
    throw new Trouble(`${usage}\nmodels: ${Object.keys(MODELS).join(', ')}`);
  }
}

/** What the file must be: what the caller says, else what is known. */
function sumOf({ name, sha256 }) {
  if (sha256) return { algorithm: 'sha256', sum: sha256.toLowerCase() };
  if (MODELS[name]) return { algorithm: 'sha1', sum: MODELS[name] };
  return null;
}

function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function checkStatus({ status }, url) {
  if (status === 200 || status === 206 || status === 416) return;
  if (status === 404) throw new Trouble(`There is no such model at ${url} (404)`);
  if (status === 401 || status === 403) throw new Trouble(`${url} is not for everybody (${status})`);
  if (status === 429 || status >= 500) throw new Cut(`${status}`);
  throw new Trouble(`${url} answered ${status}`);
}

/** Appends what is missing. */
async function fetchRest(url, part) {
  const control = new AbortController();
  const watch = setTimeout(() => control.abort(new Cut('silence')), SILENCE_MS);
  try {
    const offset = sizeOf(part);
    const headers = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const response = await fetch(url, { headers, signal: control.signal });
    checkStatus(response, url);
    // Nothing is missing: the sum will say whether it is right.
    if (response.status === 416) return;
    const goesOn = response.status === 206;
    const expected = Number(response.headers.get('content-length') ?? Number.NaN);
    const progress = reporter(goesOn ? offset : 0, expected);
    const body = Readable.fromWeb(response.body).on('data', (chunk) => {
      watch.refresh();
      progress(chunk.length);
    });
    await pipeline(body, createWriteStream(part, { flags: goesOn ? 'a' : 'w' }));
    if (expected > 0 && sizeOf(part) < (goesOn ? offset : 0) + expected) throw new Cut('short');
  } finally {
    clearTimeout(watch);
  }
}

/** Says every tenth of the way on standard error. */
function reporter(already, left) {
  let done = already;
  const total = already + left;
  let told = Math.floor((10 * already) / total);
  return (bytes) => {
    done += bytes;
    const tenth = Math.floor((10 * done) / total);
    if (tenth > told) console.error(`  ${tenth * 10} % of ${Math.round(total / 2 ** 20)} MiB`);
    told = Math.max(told, tenth);
  };
}

async function download(url, part, retryMs) {
  for (let failures = 0; ;) {
    const before = sizeOf(part);
    try {
      await fetchRest(url, part);
      return;
    } catch (error) {
      if (error instanceof Trouble) throw error;
      if (error.code === 'ENOSPC') throw new Trouble(`The disk is full: ${part} keeps what there is so far`);
      if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw new Trouble(`${part} cannot be written`);
      failures = sizeOf(part) > before ? 1 : failures + 1;
      const why = error.cause?.code ?? error.code ?? error.message;
      if (failures >= TRIES)
        throw new Trouble(`${url} cannot be reached or breaks off (${why}); start again to go on`);
      await sleep(retryMs * 2 ** (failures - 1));
    }
  }
}

async function digest(file, algorithm) {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

async function verify(file, { algorithm, sum }) {
  const found = await digest(file, algorithm);
  return found === sum ? null : `its ${algorithm} is ${found}, not ${sum}`;
}

async function main() {
  const wanted = readArguments();
  const known = sumOf(wanted);
  if (!/^[\w.-]+$/.test(wanted.name) || (!MODELS[wanted.name] && !wanted.sha256))
    throw new Trouble(
      `No model is known as ${wanted.name}. Known: ${Object.keys(MODELS).join(', ')}; another one needs --sha256`,
    );
  const file = join(wanted.dir, `ggml-${wanted.name}.bin`);
  if (sizeOf(file) > 0) {
    const wrong = await verify(file, known);
    if (wrong) throw new Trouble(`${file} is there, but ${wrong}: remove it and start again`);
    return file;
  }
  mkdirSync(wanted.dir, { recursive: true });
  const url = `${wanted['base-url'].replace(/\/+$/, '')}/ggml-${wanted.name}.bin`;
  const part = `${file}.part`;
  console.error(`Downloading ${url}`);
  await download(url, part, Number(wanted['retry-ms']));
  const wrong = await verify(part, known);
  if (wrong) {
    rmSync(part);
    throw new Trouble(`What came from ${url} is not the model: ${wrong}. It was removed`);
  }
  renameSync(part, file);
  return file;
}

/** Node looks at the variables for proxies only when it is told to at its start. */
function isRunAgainForProxy() {
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy, NODE_USE_ENV_PROXY } = process.env;
  if (NODE_USE_ENV_PROXY || !(HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy)) return false;
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const env = { ...process.env, NODE_USE_ENV_PROXY: '1' };
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
  return true;
}

if (!isRunAgainForProxy())
  main().then(
    (file) => console.log(file),
    (error) => {
      console.error(error instanceof Trouble ? error.message : error);
      process.exitCode = 1;
    },
  );
