/** Where a Whisper service listens. */
export interface WhisperAddress {
  /** `host:port`. */
  target: string;
  /** Whether it is spoken to over TLS. */
  secure: boolean;
}

const ADDRESS = /^(?:(?<scheme>grpcs?):\/\/)?(?<target>(?:\[[\da-f:.]+\]|[a-z\d._-]+):(?<port>\d{1,5}))\/?$/i;

/** Reads `grpc://host:port`, `grpcs://host:port` or `host:port`; undefined where it is none of them. */
export function parseAddress(text: string): WhisperAddress | undefined {
  const { scheme = 'grpc', target = '', port = '0' } = ADDRESS.exec(text)?.groups ?? {};
  if (Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { target, secure: scheme.toLowerCase() === 'grpcs' };
}
