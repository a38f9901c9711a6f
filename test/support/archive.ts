import { buffer } from 'node:stream/consumers';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';

export interface ArchiveEntry {
  bytes: Buffer;
  /** When it was last changed, as the archive says. */
  date: Date;
  isUtf8: boolean;
  /** As it stands in the archive: nothing was cleaned. */
  rawName: string;
}

/** Everything in a ZIP archive, by name; the checksums are right where this returns. */
export async function unzip(archive: Buffer): Promise<Map<string, ArchiveEntry>> {
  const zip = await open(archive);
  const entries = new Map<string, ArchiveEntry>();
  await new Promise<void>((resolve, reject) => {
    zip.on('error', reject).on('end', resolve);
    zip.on('entry', (entry: Entry) => {
      read(zip, entry).then((bytes) => {
        if (entries.has(entry.fileName)) throw new Error(`${entry.fileName} is there twice`);
        entries.set(entry.fileName, {
          ...{ bytes, date: entry.getLastModDate({ timezone: 'UTC' }) },
          ...{ isUtf8: (entry.generalPurposeBitFlag & 0x800) !== 0, rawName: entry.fileNameRaw.toString() },
        });
        zip.readEntry();
      }, reject);
    });
    zip.readEntry();
  });
  return entries;
}

/** A JSON document of an archive. */
export function jsonOf(entries: Map<string, ArchiveEntry>, name: string): any {
  const entry = entries.get(name);
  if (!entry) throw new Error(`no ${name} among ${[...entries.keys()].join(', ')}`);
  return JSON.parse(entry.bytes.toString());
}

function open(archive: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(archive, { lazyEntries: true, strictFileNames: true }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    );
  });
}

function read(zip: ZipFile, entry: Entry): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(buffer(stream))));
  });
}
