/** What frontends look for in the pieces of an answer: where one begins so, it is an error; with the other comes its id. */
const MARKERS = ['[ERROR]', '[MESSAGE_ID'];

/** Full width: it is seen, copied and read as what it is, and no frontend takes it for the beginning of a marker. */
const BRACKET = '\uFF3B';

/**
 * Cuts a model's text, as it comes, into pieces for frontends that look at each piece by itself. No piece is of white
 * space alone, as such frontends drop those: the last visible character is held back until it is known what follows it.
 * And nothing that the model writes can be taken for a marker, however the network cuts the text: the bracket of what
 * looks like one is replaced.
 */
export class UnmarkedText {
  /** Begins with the last visible character, or the possible beginning of a marker; at first, with what there is. */
  private held = '';

  /** What can be sent now that this has come; often a little less, and sometimes nothing. */
  take(text: string): string {
    const isBlank = text.trim() === '';
    this.held += text;
    if (isBlank) return '';
    const all = unmarked(this.held);
    const end = Math.min(lastVisible(all), possibleMarker(all));
    if (all.slice(0, end).trim() === '') return '';
    this.held = all.slice(end);
    return all.slice(0, end);
  }

  /** What is left when the text has ended: white space after it comes with its last character. */
  rest(): string {
    const all = unmarked(this.held);
    this.held = '';
    return all.trim() === '' ? '' : all;
  }
}

function unmarked(text: string): string {
  return MARKERS.reduce((all, marker) => all.replaceAll(marker, BRACKET + marker.slice(1)), text);
}

/** Where the last character begins that is no white space. */
function lastVisible(text: string): number {
  const last = text.trimEnd().length - 1;
  return /^[\uDC00-\uDFFF]$/.test(text.charAt(last)) && /^[\uD800-\uDBFF]$/.test(text.charAt(last - 1))
    ? last - 1
    : last;
}

/** Where something begins that may yet become a marker; the text's end where nothing does. */
function possibleMarker(text: string): number {
  const at = text.lastIndexOf('[');
  const isPossible = at >= 0 && MARKERS.some((marker) => marker.startsWith(text.slice(at)));
  return isPossible ? at : text.length;
}
