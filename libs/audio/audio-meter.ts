/** Measures an audio file while its bytes go by. */
export interface AudioMeter {
  take(chunk: Uint8Array): void;
  /** Milliseconds of sound; undefined where the bytes are no such file, or hold none. */
  end(): number | undefined;
}

/** A meter of WAV files (of 16 bits), MP3, or Opus in Ogg. */
export function audioMeter(format: 'wav' | 'mp3' | 'opus'): AudioMeter {
  if (format === 'wav') return new WavMeter();
  return format === 'mp3' ? new Mp3Meter() : new OpusMeter();
}

/** Keeps what does not yet make a whole unit until more has come. */
abstract class UnitMeter implements AudioMeter {
  private rest = Buffer.alloc(0);

  take(chunk: Uint8Array): void {
    this.rest = this.rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.rest, chunk]);
    let at = 0;
    for (;;) {
      const length = at < this.rest.length ? this.unit(this.rest.subarray(at)) : undefined;
      if (length === undefined || at + length > this.rest.length) break;
      at += length;
    }
    this.rest = this.rest.subarray(at);
  }

  abstract end(): number | undefined;

  /** Reads the unit that the bytes begin with and says its length; undefined where more is needed to tell. */
  protected abstract unit(bytes: Buffer): number | undefined;
}

class WavMeter implements AudioMeter {
  private head = Buffer.alloc(0);
  private bytes = 0;

  take(chunk: Uint8Array): void {
    if (this.head.length < 44) this.head = Buffer.concat([this.head, chunk.subarray(0, 44)]);
    this.bytes += chunk.length;
  }

  end(): number | undefined {
    if (this.bytes <= 44 || this.head.toString('latin1', 8, 16) !== 'WAVEfmt ') return undefined;
    const bytesPerSecond = this.head.readUInt32LE(28);
    return bytesPerSecond === 0 ? undefined : Math.round(((this.bytes - 44) / bytesPerSecond) * 1_000);
  }
}

const KBITS_V1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_V2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/** By the version's two bits: 2.5, reserved, 2, 1. */
const SAMPLE_RATES = [[11_025, 12_000, 8_000], [], [22_050, 24_000, 16_000], [44_100, 48_000, 32_000]];

/** Adds up the frames, each of which says how long it is. */
class Mp3Meter extends UnitMeter {
  private seconds = 0;
  private noise = 0;
  private bytes = 0;

  override take(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    super.take(chunk);
  }

  end(): number | undefined {
    // What is not frames may be a tag; most of a file it is not.
    return this.seconds === 0 || this.noise > this.bytes / 2 ? undefined : Math.round(this.seconds * 1_000);
  }

  protected override unit(bytes: Buffer): number | undefined {
    if (bytes.length < 10) return undefined;
    if (bytes.toString('latin1', 0, 3) === 'ID3') return 10 + sizeOfTag(bytes);
    const frame = frameOf(bytes);
    if (!frame) {
      this.noise += 1;
      return 1;
    }
    if (frame.length > bytes.length) return undefined;
    this.seconds += frame.seconds;
    return frame.length;
  }
}

function sizeOfTag(bytes: Buffer): number {
  return [6, 7, 8, 9].reduce((size, at) => size * 128 + (bytes[at]! & 0x7f), 0);
}

function frameOf(bytes: Buffer): { length: number; seconds: number } | undefined {
  const head = bytes.readUInt32BE(0);
  const isLayer3 = head >>> 21 === 0x7ff && ((head >>> 17) & 3) === 1;
  const version = (head >>> 19) & 3;
  const kbits = (version === 3 ? KBITS_V1 : KBITS_V2)[(head >>> 12) & 15];
  const rate = SAMPLE_RATES[version]![(head >>> 10) & 3];
  if (!isLayer3 || !kbits || !rate) return undefined;
  const samples = version === 3 ? 1_152 : 576;
  const length = Math.floor(((samples / 8) * kbits * 1_000) / rate) + ((head >>> 9) & 1);
  return { length, seconds: samples / rate };
}

/** The last page says how many samples of 48 kHz there were until then. */
class OpusMeter extends UnitMeter {
  private granule = 0;
  private preSkip: number | undefined;
  private isBroken = false;

  end(): number | undefined {
    if (this.isBroken || this.preSkip === undefined || this.granule <= this.preSkip) return undefined;
    return Math.round((this.granule - this.preSkip) / 48);
  }

  protected override unit(bytes: Buffer): number | undefined {
    if (bytes.length < 27) return undefined;
    const segments = bytes[26]!;
    if (bytes.toString('latin1', 0, 4) !== 'OggS') this.isBroken = true;
    if (this.isBroken) return bytes.length;
    if (bytes.length < 27 + segments) return undefined;
    const start = 27 + segments;
    const length = start + bytes.subarray(27, start).reduce((sum, lacing) => sum + lacing, 0);
    if (length > bytes.length) return undefined;
    if (this.preSkip === undefined && bytes.toString('latin1', start, start + 8) === 'OpusHead')
      this.preSkip = bytes.readUInt16LE(start + 10);
    const granule = Number(bytes.readBigInt64LE(6));
    if (granule > this.granule) this.granule = granule;
    return length;
  }
}
